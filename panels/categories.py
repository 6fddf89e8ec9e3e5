"""The categories of the scene, and which objects belong to them."""

import bpy

from .category_table import draw_table
from .sidebar import SidebarPanel
from .text import draw_text


class LABELPASS_UL_categories(bpy.types.UIList):
    """Colour, id, name and number of objects of each category."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property) -> None:
        row = layout.row(align=True)
        swatch = row.row()
        swatch.enabled = False  # it follows the order of names
        swatch.ui_units_x = 0.8
        swatch.prop(item, "colour", text="")
        number = row.row()
        number.ui_units_x = 1.5
        number.label(text=str(item.id))
        row.label(text=item.name, translate=False)
        objects = row.row()
        objects.alignment = "RIGHT"
        objects.label(text=str(item.objects))


class Categories(SidebarPanel):
    bl_label = "Categories"
    bl_options = {"DEFAULT_CLOSED"}
    name = "categories"
    parent = "export"

    def draw(self, context: bpy.types.Context) -> None:
        layout, state = self.layout, context.window_manager.labelpass
        table = context.scene.labelpass.table
        if state.categories_problem:
            draw_text(context, layout, state.categories_problem, "ERROR", alert=True)
        if table.categories:
            draw_table(layout, table)
            active = table.categories[min(table.category_index, len(table.categories) - 1)]
            layout.operator("labelpass.select_category", icon="RESTRICT_SELECT_OFF").category = active.name
            if state.unlisted_categories:
                draw_text(context, layout, f"Not in the table: {state.unlisted_categories}", "ERROR")
        elif not state.categories_problem:
            self._draw_found(context)
        if state.background_objects:
            layout.label(text=f"Background objects: {state.background_objects}", icon="BLANK1")
        column = layout.column(align=True)
        column.operator("labelpass.categories_from_scene", icon="SCENE_DATA")
        row = column.row(align=True)
        row.operator("labelpass.categories_import", text="Import", icon="IMPORT")
        row.operator("labelpass.categories_export", text="Export", icon="EXPORT")
        column = layout.column()
        column.label(text="Unknown Objects")  # the longest choice has no room next to so long a label
        column.prop(table, "unknown", text="")
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(context.scene.labelpass, "ignored")

    def _draw_found(self, context: bpy.types.Context) -> None:
        """What the scene has without a table."""
        layout, state = self.layout, context.window_manager.labelpass
        if not state.categories:
            layout.label(text="No objects to label", icon="INFO")
            return
        layout.template_list(
            "LABELPASS_UL_categories",
            "",
            state,
            "categories",
            state,
            "category_index",
            rows=min(6, 1 + len(state.categories)),
        )
        index = min(state.category_index, len(state.categories) - 1)
        category = state.categories[index]
        draw_text(context, layout, f"{category.name}: {category.origin}", "INFO")
        layout.operator("labelpass.select_category", icon="RESTRICT_SELECT_OFF").category = category.name


LISTS = (LABELPASS_UL_categories,)
