"""Formats of 6D poses, 3D boxes and cameras."""
