"""Triangles, surfaces and points of the scene against the pixels of a frame."""
