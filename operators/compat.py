"""What differs between the Blender versions; every test of the version lives here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

# Folders may start with "//", the folder of the .blend; from 4.5 on a property has to say so.
FOLDER_OPTIONS = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()

# How to save all passes of a render. Blender 5.0 cannot write one part a pass where pixels are not square.
ALL_PASSES: dict[str, Any] = {"color_mode": "RGBA", "color_depth": "32", "exr_codec": "ZIP"}
if bpy.app.version >= (5, 0, 0):
    ALL_PASSES["use_exr_interleave"] = True

# Setting one of these changes which values the ones after it may have.
_IMAGE_SETTINGS_FIRST = ("media_type", "file_format", "color_mode", "color_depth")


@contextmanager
def image_settings(scene: bpy.types.Scene, file_format: str, **values: Any) -> Iterator[None]:
    """Give the scene other output settings for the length of a block, and then its own again, to the last value.

    `Image.save_render` knows no other way to be told a file format.
    """
    settings = scene.render.image_settings
    names = [prop.identifier for prop in settings.bl_rna.properties if not prop.is_readonly]
    names.sort(key=lambda name: _IMAGE_SETTINGS_FIRST.index(name) if name in _IMAGE_SETTINGS_FIRST else 99)
    before = {name: getattr(settings, name) for name in names}
    try:
        if bpy.app.version >= (5, 0, 0):
            settings.media_type = "MULTI_LAYER_IMAGE" if file_format == "OPEN_EXR_MULTILAYER" else "IMAGE"
        settings.file_format = file_format
        settings.color_management = "FOLLOW_SCENE"
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            if getattr(settings, name) != value:
                setattr(settings, name, value)


def writes_multilayer(scene: bpy.types.Scene) -> bool:
    """Whether the scene's own output holds all passes."""
    return bool(scene.render.image_settings.file_format == "OPEN_EXR_MULTILAYER")


def file_output_folders(scene: bpy.types.Scene) -> list[Path]:
    """The folders into which the File Output nodes of the compositor write EXR files."""
    if bpy.app.version >= (5, 0, 0):
        tree = scene.compositing_node_group
    else:
        tree = scene.node_tree if scene.use_nodes else None
    folders = []
    for node in tree.nodes if tree else ():
        if node.bl_idname == "CompositorNodeOutputFile" and not node.mute and "EXR" in node.format.file_format:
            folder = node.directory if bpy.app.version >= (5, 0, 0) else node.base_path
            folders.append(Path(bpy.path.abspath(folder)))
    return folders
