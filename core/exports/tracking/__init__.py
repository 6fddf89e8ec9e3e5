"""Formats of tracks: a folder for each sequence, with its frames numbered from 1."""
