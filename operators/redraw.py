"""Showing the panels anew after what they show has changed."""

import bpy


def redraw_sidebars(context: bpy.types.Context) -> None:
    """Only the sidebars: the viewport next to them may take long to draw."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "IMAGE_EDITOR"):
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
