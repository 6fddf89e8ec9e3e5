"""All that the settings want to be known of a frame's scene."""

import dataclasses

import bpy

from ..core.categories import CategoryTable
from ..core.scene import SceneRecord
from ..core.settings import Settings
from .placement_reader import read_placements
from .scene_reader import read_scene


def describe(
    scene: bpy.types.Scene,
    depsgraph: bpy.types.Depsgraph,
    settings: Settings,
    table: CategoryTable | None = None,
    view: str = "",
    every_layer: bool = False,
) -> SceneRecord:
    """Like read_scene, with what only some settings want."""
    record = read_scene(scene, depsgraph, table, view, every_layer)
    if settings.poses:
        return dataclasses.replace(record, placements=read_placements(scene, depsgraph, record.objects))
    return record
