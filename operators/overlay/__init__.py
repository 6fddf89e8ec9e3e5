"""Showing the labels of a frame over its image."""
