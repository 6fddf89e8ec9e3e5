"""The last export in numbers, and its problems by frame."""

import bpy

from .sidebar import SidebarPanel
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

    def draw(self, context: bpy.types.Context) -> None:
        layout, state = self.layout, context.window_manager.labelpass
        for line in state.lines:
            draw_text(context, layout, line.name, _icon_of(line.name))
        if state.remarks:
            layout.template_list(
                "LABELPASS_UL_remarks", "", state, "remarks", state, "remark_index", rows=min(5, 1 + len(state.remarks))
            )
            remark = state.remarks[min(state.remark_index, len(state.remarks) - 1)]
            draw_text(context, layout, f"{remark.name}: {remark.text}", "ERROR" if remark.failed else "INFO")
        layout.operator("labelpass.open_folder", icon="FILE_FOLDER")
        layout.operator("labelpass.open_report", icon="FILE_IMAGE")


def _icon_of(line: str) -> str:
    if line.startswith("Stopped"):
        return "CANCEL"
    if line.startswith("Failed") or " failed" in line:
        return "ERROR"
    return "CHECKMARK"


LISTS = (LABELPASS_UL_remarks,)
