"""What is drawn over an image of the Image Editor."""

import bpy

from ..operators.overlay.overlay import missing_of, sequences_of_image, status_of
from .text import draw_text


class LABELPASS_PT_overlay(bpy.types.Panel):
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Labelpass"
    bl_label = "Overlay"

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
        for switch in ("boxes_3d", "keypoints", "amodal"):
            row = column.row()
            row.enabled = switch not in missing
            row.prop(switches, switch)
        column.prop(switches, "names")
        column.prop(switches, "masks")
        row = column.row()
        row.active = switches.masks
        row.prop(switches, "opacity")

        if switches.show:
            sequences = sequences_of_image(context.space_data)
            if sequences:
                layout.prop(switches, "sequence", placeholder=sequences[0])
            record, note = status_of(context.space_data)
            if record:
                draw_text(context, layout, record, "CHECKMARK")
            for reason in missing.values():
                draw_text(context, layout, reason, "INFO")
            if note:
                draw_text(context, layout, note, "INFO")
