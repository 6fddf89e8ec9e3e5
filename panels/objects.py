"""Which object goes to which category and instance: as colors in the viewport, and as a table."""

import bpy

from ..operators.shown import shown_of
from .sidebar import SidebarPanel, draw_in_header
from .text import draw_text

# Of the width: the name of the object, then that of its category next to that of its instance.
_NAME, _CATEGORY = 0.37, 0.5


class LABELPASS_UL_objects(bpy.types.UIList):
    """Name, category and instance of each object, and a button that selects it."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property) -> None:
        row = layout.row(align=True)
        labelled = item.category != "" and not item.without_index
        _draw_columns(row, item.object, item.category or "None", item.instance or "None", active=labelled)
        button = row.operator("labelpass.select_labelled_object", text="", icon="RESTRICT_SELECT_OFF", emboss=False)
        button.object = item.object


class Objects(SidebarPanel):
    bl_label = "Objects"
    bl_options = frozenset({"DEFAULT_CLOSED"})
    name = "objects"
    parent = "labels"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        draw_in_header(self, str(len(shown_of(context).objects)))

    def draw(self, context: bpy.types.Context) -> None:
        layout, shown = self.layout, shown_of(context)
        _draw_preview(context, layout)
        if shown.categories_problem:
            draw_text(context, layout, shown.categories_problem, "ERROR", alert=True)
            return
        if not shown.objects:
            layout.label(text="No objects to label", icon="INFO")
            return
        head = layout.row(align=True)
        head.scale_y = 0.7
        head.separator()
        _draw_columns(head, "Object", "Category", "Instance", active=True)
        for _ in ("the buttons", "the scroll bar"):
            head.label(text="", icon="BLANK1")
        layout.template_list(
            "LABELPASS_UL_objects",
            "",
            shown,
            "objects",
            shown,
            "object_index",
            rows=min(8, 1 + len(shown.objects)),
        )
        item = shown.objects[min(shown.object_index, len(shown.objects) - 1)]
        what = f"{item.category or 'background'}, {item.origin}"
        if item.without_index:
            what = f"background, since its pass index is 0 (otherwise {what})"
        draw_text(context, layout, f"{item.object}: {what}", "INFO")
        row = layout.row(align=True)
        cell = row.row(align=True)
        cell.enabled = item.category != ""
        button = cell.operator("labelpass.select_instance")
        button.instance, button.category = item.instance, item.category
        row.operator("labelpass.select_background")


def _draw_columns(row: bpy.types.UILayout, name: str, category: str, instance: str, active: bool) -> None:
    columns = row.split(factor=_NAME, align=True)
    columns.label(text=name, translate=False)
    columns = columns.split(factor=_CATEGORY, align=True)
    columns.active = active
    columns.label(text=category, translate=False)
    columns.label(text=instance, translate=False)


def _draw_preview(context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
    preview = context.scene.labelpass.preview
    column = layout.column(align=True)
    column.label(text="Viewport Colors")
    row = column.row(align=True)
    row.operator("labelpass.restore_colours", text="Own", depress=preview == "NONE")
    for by, text in (("category", "Category"), ("instance", "Instance")):
        row.operator("labelpass.preview_labels", text=text, depress=preview == by).by = by


LISTS = (LABELPASS_UL_objects,)
