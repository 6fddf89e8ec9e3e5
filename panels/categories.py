"""The categories of the scene, which objects belong to them, and the category table."""

from collections.abc import Iterable

import bpy

from ..operators.shown import shown_of
from .sidebar import SidebarPanel, draw_in_header, settings_layout
from .text import draw_text

# In units of the interface.
_SWATCH_WIDTH, _NUMBER_MARGIN, _DIGIT_WIDTH, _COUNT_WIDTH = 0.8, 1.0, 0.5, 2.4


class LABELPASS_UL_categories(bpy.types.UIList):
    """Color, ID, name and number of objects of each category that the scene has."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property) -> None:
        row = layout.row(align=True)
        swatch = row.row()
        swatch.enabled = False  # it follows the order of names
        swatch.ui_units_x = _SWATCH_WIDTH
        swatch.prop(item, "colour", text="")
        number = row.row()
        number.ui_units_x = _id_width(data.categories)
        number.alignment = "CENTER"
        number.label(text=str(item.id))
        row.label(text=item.name, translate=False)
        _draw_objects(row, item.name, item.objects)


class LABELPASS_UL_category_table(bpy.types.UIList):
    """Color, ID, name and number of objects of each row of the category table."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property) -> None:
        row = layout.row(align=True)
        swatch = row.row()
        swatch.ui_units_x = _SWATCH_WIDTH
        swatch.prop(item, "colour", text="")
        number = row.row()
        number.ui_units_x = _id_width(data.categories)
        number.prop(item, "id", text="", emboss=False)
        row.prop(item, "name", text="", emboss=False, translate=False)
        found = shown_of(context).categories.get(item.name)
        if item.id > 0:
            _draw_objects(row, item.name, found.objects if found else 0)


def _id_width(categories: Iterable[bpy.types.PropertyGroup]) -> float:
    """So wide that the longest ID is shown whole."""
    return _NUMBER_MARGIN + _DIGIT_WIDTH * max(2, *(len(str(category.id)) for category in categories))


def _draw_objects(row: bpy.types.UILayout, category: str, objects: int) -> None:
    """How many objects a category has, and the button that selects them."""
    count = row.row()
    count.alignment = "RIGHT"
    count.label(text=str(objects))
    row.operator("labelpass.select_category", text="", icon="RESTRICT_SELECT_OFF", emboss=False).category = category


class LABELPASS_MT_categories(bpy.types.Menu):
    bl_label = "Category Specials"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator("labelpass.category_move", text="Move Up", icon="TRIA_UP").direction = "UP"
        layout.operator("labelpass.category_move", text="Move Down", icon="TRIA_DOWN").direction = "DOWN"
        layout.separator()
        layout.operator("labelpass.categories_from_scene", icon="SCENE_DATA")
        layout.operator("labelpass.categories_import", text="Load List…", icon="IMPORT")
        layout.operator("labelpass.categories_export", text="Save List…", icon="EXPORT")


class Categories(SidebarPanel):
    bl_label = "Categories"
    name = "categories"
    parent = "labels"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        table = context.scene.labelpass.table
        draw_in_header(self, str(len(table.categories) or len(shown_of(context).categories)))

    def draw(self, context: bpy.types.Context) -> None:
        layout, shown, table = self.layout, shown_of(context), context.scene.labelpass.table
        layout.enabled = not context.window_manager.labelpass.running
        if shown.categories_problem and shown.categories_problem != shown.red:
            draw_text(context, layout, shown.categories_problem, "ERROR", alert=True)
        if table.categories:
            self._draw_table(context)
        elif shown.categories:
            self._draw_found(context)
        elif not shown.categories_problem:
            layout.label(text="No objects to label", icon="INFO")
        if table.categories and shown.unlisted_categories:
            draw_text(context, layout, f"Not in the list: {shown.unlisted_categories}", "INFO")
        if table.categories or table.rules:
            column = layout.column()
            column.use_property_split = True
            column.use_property_decorate = False
            column.prop(table, "unknown")

    def _draw_found(self, context: bpy.types.Context) -> None:
        """What the scene has without a table."""
        layout, shown = self.layout, shown_of(context)
        _draw_head(layout, beside=0)
        layout.template_list(
            "LABELPASS_UL_categories", "", shown, "categories", shown, "category_index", rows=3, maxrows=6
        )
        row = layout.row(align=True)
        row.operator("labelpass.categories_from_scene", text="Edit Categories", icon="GREASEPENCIL")
        row.menu("LABELPASS_MT_categories", icon="DOWNARROW_HLT", text="")

    def _draw_table(self, context: bpy.types.Context) -> None:
        layout, table = self.layout, context.scene.labelpass.table
        _draw_head(layout, beside=1)
        row = layout.row()
        row.template_list(
            "LABELPASS_UL_category_table", "", table, "categories", table, "category_index", rows=4, maxrows=8
        )
        column = row.column(align=True)
        column.operator("labelpass.category_add", icon="ADD", text="")
        column.operator("labelpass.category_remove", icon="REMOVE", text="")
        column.separator()
        column.menu("LABELPASS_MT_categories", icon="DOWNARROW_HLT", text="")


def _draw_head(layout: bpy.types.UILayout, beside: int) -> None:
    """What the columns of a list of categories are, with so many columns of buttons beside it."""
    head = layout.row(align=True)
    head.scale_y = 0.7
    swatch = head.row()
    swatch.ui_units_x = _SWATCH_WIDTH + 0.5
    swatch.label(text="")
    number = head.row()
    number.ui_units_x = _NUMBER_MARGIN + 2 * _DIGIT_WIDTH
    number.label(text="ID")
    head.label(text="Name")
    objects = head.row()
    objects.alignment = "RIGHT"
    objects.label(text="Objects")
    for _ in range(1 + beside):
        head.label(text="", icon="BLANK1")


class ActiveCategory(SidebarPanel):
    """The active row of the table in full, under its own name."""

    bl_label = ""
    bl_options = frozenset({"DEFAULT_CLOSED"})
    name = "category"
    parent = "categories"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(context.scene.labelpass.table.categories) > 0

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.label(text=_active(context).name, translate=False)

    def draw(self, context: bpy.types.Context) -> None:
        category = _active(context)
        column = settings_layout(context, self.layout).column()
        column.prop(category, "supercategory")
        rest = column.column()
        rest.enabled = category.id > 0
        rest.prop(category, "stuff")
        rest.prop(category, "grouping")
        rest.prop(category, "keypoints")
        rest.prop(category, "skeleton")


def _active(context: bpy.types.Context) -> bpy.types.PropertyGroup:
    table = context.scene.labelpass.table
    return table.categories[min(table.category_index, len(table.categories) - 1)]


LISTS = (LABELPASS_UL_categories, LABELPASS_UL_category_table, LABELPASS_MT_categories)
