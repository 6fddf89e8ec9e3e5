"""Labelpass without Blender: EXR files in, frame records and dataset files out.

The modules in the order of the data: `exr` -> `passes` -> `labels` -> `instances` -> `record` -> `formats`;
`annotate` is the only module that knows that order. Nothing here imports bpy.
"""

from .base.version import VERSION as __version__

__all__ = ["__version__"]
