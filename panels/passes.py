"""The checklist: what a render of the scene will give to label."""

import bpy

from .sidebar import SidebarPanel
from .text import draw_text

_ICONS = {"good": "CHECKMARK", "note": "INFO", "wrong": "ERROR"}


class Passes(SidebarPanel):
    bl_label = "Passes"
    name = "passes"
    parent = "export"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        wrong = sum(finding.status == "wrong" for finding in context.window_manager.labelpass.findings)
        if wrong:
            self.layout.label(text=str(wrong), icon="ERROR")

    def draw(self, context: bpy.types.Context) -> None:
        layout, state = self.layout, context.window_manager.labelpass
        column = layout.column(align=True)
        for finding in state.findings:
            draw_text(context, column, finding.name, _ICONS[finding.status], alert=finding.status == "wrong")
        layout.operator("labelpass.set_up_passes", icon="MODIFIER")
        row = layout.row(align=True)
        row.operator("labelpass.assign_indices")
        row.operator("labelpass.restore_indices")
