"""What is drawn over an image of the Image Editor, and why some of it is not."""

import bpy

from ..operators.overlay.overlay import missing_of, sequences_of_image, status_of
from .sidebar import Order, SidebarPanel
from .text import draw_text


class Overlay(SidebarPanel):
    bl_label = "Overlay"
    bl_order = Order.OVERLAY
    name = "overlay"

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.prop(context.window_manager.labelpass_overlay, "show", text="")

    def draw(self, context: bpy.types.Context) -> None:
        layout, switches = self.layout, context.window_manager.labelpass_overlay
        layout.use_property_split = True
        layout.use_property_decorate = False

        column = layout.column(heading="Show")
        column.active = switches.show
        missing = missing_of(context.space_data) if switches.show else {}
        column.prop(switches, "boxes")
        column.prop(switches, "names")
        column.prop(switches, "masks")
        row = column.row()
        row.active = switches.masks
        row.prop(switches, "opacity")
        for switch in ("boxes_3d", "keypoints", "amodal"):
            row = column.row()
            row.enabled = switch not in missing
            row.prop(switches, switch)

        # Last, so that nothing above it moves under the mouse.
        if switches.show:
            sequences = sequences_of_image(context.space_data)
            if sequences:
                layout.prop(switches, "sequence", placeholder=sequences[0])
            record, note = status_of(context.space_data)
            if record:
                draw_text(context, layout, record, "CHECKMARK")
            if note:
                draw_text(context, layout, note, "INFO")


class NotExported(SidebarPanel):
    """Why the shown frame lacks something."""

    bl_label = "Not Exported"
    bl_options = frozenset({"DEFAULT_CLOSED"})
    name = "not_exported"
    parent = "overlay"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.window_manager.labelpass_overlay.show and bool(missing_of(context.space_data))

    def draw(self, context: bpy.types.Context) -> None:
        for reason in missing_of(context.space_data).values():
            draw_text(context, self.layout, reason, "INFO")
