"""Panels: layout only, drawn from properties."""

import bpy

from . import (
    categories,
    export,
    export_settings,
    instances,
    labels,
    maps,
    objects,
    overlay,
    presets,
    random_frames,
    result,
    rules,
)
from .sidebar import in_sidebar

# A parent stands before its children, and these in the order in which a person goes through them.
_PANELS = (
    labels.Labels,
    categories.Categories,
    categories.ActiveCategory,
    rules.Rules,
    objects.Objects,
    instances.Instances,
    random_frames.RandomFrames,
    random_frames.Conditions,
    export.Export,
    result.Result,
    *export_settings.BEFORE_MAPS,
    maps.Maps,
    *export_settings.AFTER_MAPS,
)
_IMAGE_PANELS = (overlay.Overlay, overlay.NotExported, labels.Labels, export.Export, result.Result)
_LISTS = (*categories.LISTS, *rules.LISTS, *objects.LISTS, *random_frames.LISTS, *export.LISTS, *result.LISTS)
_CLASSES = (
    *presets.CLASSES,
    *random_frames.MENUS,
    *_LISTS,
    *in_sidebar("VIEW_3D", _PANELS),
    *in_sidebar("IMAGE_EDITOR", _IMAGE_PANELS, closed=(labels.Labels, export.Export)),
)
register, unregister = bpy.utils.register_classes_factory(_CLASSES)
