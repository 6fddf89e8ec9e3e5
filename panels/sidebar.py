"""The tab "Labelpass" in the sidebars of the 3D Viewport and the Image Editor."""

from collections.abc import Iterator, Sequence

import bpy

_PREFIXES = {"VIEW_3D": "LABELPASS_PT_", "IMAGE_EDITOR": "LABELPASS_PT_image_"}


class SidebarPanel:
    """What all panels have in common; each is drawn in several editors, so Blender's classes are made from these.

    Attributes:
        name: of the panel, unique among those of Labelpass.
        parent: the name of the panel that it is a part of.
    """

    bl_region_type = "UI"
    bl_category = "Labelpass"
    name: str
    parent = ""


def in_sidebars(panels: Sequence[type[SidebarPanel]]) -> Iterator[type[bpy.types.Panel]]:
    """The classes to register for panels that every editor has."""
    for space, prefix in _PREFIXES.items():
        for panel in panels:
            attributes = {"bl_space_type": space, "bl_idname": prefix + panel.name}
            if panel.parent:
                attributes["bl_parent_id"] = prefix + panel.parent
            yield type(prefix + panel.name, (panel, bpy.types.Panel), attributes)
