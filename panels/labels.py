"""Labels: what a render of the scene will give to label, and the button that mends what is red."""

import bpy

from ..core.preflight.finding import Mend
from ..operators.shown import shown_of
from .sidebar import Order, SidebarPanel, draw_in_header
from .text import draw_text

ICONS = {"good": "CHECKMARK", "note": "INFO", "wrong": "ERROR"}
_TALL = 1.5
# Of the width: the subject, next to how it stands.
_SUBJECT = 0.42
_BUTTONS = {
    Mend.SET_UP_PASSES: ("labelpass.set_up_passes", "MODIFIER"),
    Mend.ADD_CAMERA: ("labelpass.add_camera", "OUTLINER_OB_CAMERA"),
    Mend.ASSIGN_INDICES: ("labelpass.assign_indices", "LINENUMBERS_ON"),
    Mend.WRITE_BESIDE: ("labelpass.write_beside", "FILE_FOLDER"),
    Mend.SAVE_FILE: ("wm.save_mainfile", "FILE_TICK"),
}


class Labels(SidebarPanel):
    bl_label = "Labels"
    bl_order = Order.LABELS
    name = "labels"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        wrong = sum(finding.status == "wrong" for finding in shown_of(context).findings)
        draw_in_header(self, str(wrong) if wrong else "", "ERROR")

    def draw(self, context: bpy.types.Context) -> None:
        layout, shown = self.layout, shown_of(context)
        running = context.window_manager.labelpass.running
        if shown.red:
            draw_text(context, layout, shown.red, "ERROR", alert=True)
            _draw_mend(layout, Mend[shown.mend], running)
        column = layout.column(align=True)
        column.scale_y = 0.85
        for check in shown.checks:
            row = column.split(factor=_SUBJECT, align=True)
            subject = row.row(align=True)
            subject.alignment = "LEFT"
            button = subject.operator("labelpass.explain", text=check.name, icon=ICONS[check.status], emboss=False)
            button.text = check.text
            row.label(text=check.value, translate=False)
        if shown.mend != Mend.SET_UP_PASSES.name and any(finding.fixable for finding in shown.findings):
            row = layout.row()
            row.enabled = not running
            row.operator("labelpass.set_up_passes", icon="MODIFIER")


def _draw_mend(layout: bpy.types.UILayout, mend: Mend, running: bool) -> None:
    """The button that mends the red line, where there is one."""
    if mend is Mend.NONE:
        return
    row = layout.row()
    row.enabled = not running
    row.scale_y = _TALL
    operator, icon = _BUTTONS[mend]
    row.operator(operator, text=mend.value, icon=icon)
