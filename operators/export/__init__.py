"""Exporting annotations: which frames, in which order, while Blender goes on or renders."""
