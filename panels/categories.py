"""The categories of the scene, and which objects are of them."""

import bpy

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
        if state.categories_problem:
            draw_text(context, layout, state.categories_problem, "ERROR", alert=True)
            return
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
        draw_text(context, layout, f"{category.name}: by {category.origin}", "INFO")
        layout.operator("labelpass.select_category", icon="RESTRICT_SELECT_OFF").category = category.name
        if state.background_objects:
            layout.label(text=f"Background objects: {state.background_objects}", icon="BLANK1")


LISTS = (LABELPASS_UL_categories,)
