"""The tab "Labelpass" in the sidebars of the 3D Viewport and the Image Editor."""

from collections.abc import Collection, Iterator, Sequence
from enum import IntEnum

import bpy

_PREFIXES = {"VIEW_3D": "LABELPASS_PT_", "IMAGE_EDITOR": "LABELPASS_PT_image_"}


class Order(IntEnum):
    """The places of the main panels, in the order of the work."""

    OVERLAY = 0
    LABELS = 1
    RANDOM_FRAMES = 2
    EXPORT = 3


class SidebarPanel:
    """What all panels have in common; one may be drawn in several editors, so Blender's classes are made from these.

    Attributes:
        name: of the panel, unique among those of Labelpass.
        parent: the name of the panel that it is a part of.
    """

    bl_region_type = "UI"
    bl_category = "Labelpass"
    bl_options: Collection[str] = frozenset()
    name: str
    parent = ""


def in_sidebar(
    space: str, panels: Sequence[type[SidebarPanel]], closed: Collection[type[SidebarPanel]] = ()
) -> Iterator[type[bpy.types.Panel]]:
    """The classes to register for the panels of an editor.

    Args:
        space: its type.
        panels: in their order, a parent before its children.
        closed: those of them that are closed at first, besides those that are so everywhere.
    """
    prefix = _PREFIXES[space]
    for panel in panels:
        options = {*panel.bl_options, *({"DEFAULT_CLOSED"} if panel in closed else ())}
        attributes = {"bl_space_type": space, "bl_idname": prefix + panel.name, "bl_options": options}
        if panel.parent:
            attributes["bl_parent_id"] = prefix + panel.parent
        yield type(prefix + panel.name, (panel, bpy.types.Panel), attributes)


def settings_layout(context: bpy.types.Context, layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A layout for settings with their names at the left; grey while an export runs."""
    layout.use_property_split = True
    layout.use_property_decorate = False
    layout.enabled = not context.window_manager.labelpass.running
    return layout


def draw_in_header(panel: bpy.types.Panel, text: str, icon: str = "NONE") -> None:
    """At the right of a panel's header: what a closed panel does that is not the default."""
    if text:
        panel.layout.label(text=text, icon=icon, translate=False)
