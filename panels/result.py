"""The last export in numbers, and its problems by frame."""

import bpy

from .sidebar import SidebarPanel, draw_in_header
from .text import draw_text


class LABELPASS_UL_remarks(bpy.types.UIList):
    """Frames that failed, and those that there is something to say about."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property) -> None:
        layout.label(text=f"{item.name}: {item.text}", icon="ERROR" if item.failed else "INFO", translate=False)


class Result(SidebarPanel):
    bl_label = "Last Export"
    name = "result"
    parent = "export"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(context.window_manager.labelpass.lines) > 0

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        state = context.window_manager.labelpass
        failed = sum(remark.failed for remark in state.remarks)
        if failed:
            draw_in_header(self, f"{failed} failed", "ERROR")
        elif not any(map(_is_bad, state.lines)):
            draw_in_header(self, f"{state.done} frame{'' if state.done == 1 else 's'}", "CHECKMARK")

    def draw(self, context: bpy.types.Context) -> None:
        layout, state = self.layout, context.window_manager.labelpass
        bad = [line for line in state.lines if _is_bad(line)]
        for line in bad:
            draw_text(context, layout, line.name, "ERROR", alert=True)
        if any(remark.failed for remark in state.remarks):
            _draw_remarks(context, layout)
        for line in state.lines:
            if not _is_bad(line):
                draw_text(context, layout, line.name, "CANCEL" if line.name.startswith("Stopped") else "CHECKMARK")
        row = layout.row(align=True)
        row.operator("labelpass.open_folder", icon="FILE_FOLDER")
        row.operator("labelpass.open_report", icon="FILE_IMAGE")
        if state.remarks and not any(remark.failed for remark in state.remarks):
            _draw_remarks(context, layout)


def _is_bad(line: bpy.types.PropertyGroup) -> bool:
    return line.name.startswith("Failed") or " failed" in line.name


def _draw_remarks(context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
    state = context.window_manager.labelpass
    layout.template_list(
        "LABELPASS_UL_remarks", "", state, "remarks", state, "remark_index", rows=min(5, 1 + len(state.remarks))
    )
    remark = state.remarks[min(state.remark_index, len(state.remarks) - 1)]
    draw_text(context, layout, f"{remark.name}: {remark.text}", "ERROR" if remark.failed else "INFO")


LISTS = (LABELPASS_UL_remarks,)
