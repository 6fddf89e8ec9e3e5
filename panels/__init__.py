"""Panels: layout only, drawn from properties."""

import bpy

from . import categories, category_table, export, maps, objects, output, overlay, passes, presets, random_frames, result
from .sidebar import in_sidebars

# A parent stands before its children, and these in the order in which a person goes through them.
_PANELS = (
    export.Export,
    passes.Passes,
    categories.Categories,
    category_table.Rules,
    objects.Objects,
    output.Output,
    maps.DenseMaps,
    result.Result,
)
_LISTS = (*categories.LISTS, *category_table.LISTS, *objects.LISTS, *result.LISTS)
# In the Image Editor what is drawn over the image comes first.
_CLASSES = (
    *presets.CLASSES,
    *_LISTS,
    overlay.LABELPASS_PT_overlay,
    *in_sidebars(_PANELS),
    *random_frames.CLASSES,
)
register, unregister = bpy.utils.register_classes_factory(_CLASSES)
