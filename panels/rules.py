"""The rules of the category table."""

import bpy

from .sidebar import SidebarPanel, draw_in_header
from .text import draw_text


class LABELPASS_UL_category_rules(bpy.types.UIList):
    """What each rule looks at, and what happens to what fits."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property) -> None:
        row = layout.row(align=True)
        row.label(text=item.bl_rna.properties["source"].enum_items[item.source].name)
        row.label(text=item.pattern, translate=False)
        row.label(text="" if item.ignore else item.category, icon="CANCEL" if item.ignore else "NONE", translate=False)


class Rules(SidebarPanel):
    bl_label = "Rules"
    bl_options = frozenset({"DEFAULT_CLOSED"})
    name = "category_rules"
    parent = "categories"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        table = context.scene.labelpass.table
        return len(table.categories) + len(table.rules) > 0

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        rules = context.scene.labelpass.table.rules
        draw_in_header(self, str(len(rules)) if rules else "")

    def draw(self, context: bpy.types.Context) -> None:
        layout, table = self.layout, context.scene.labelpass.table
        layout.enabled = not context.window_manager.labelpass.running
        if not table.rules:
            draw_text(
                context,
                layout,
                "Custom property, then a collection or an object that is named like a category of the table; holdouts, "
                "shadow catchers and objects with the custom property ignore are ignored",
                "INFO",
            )
            layout.operator("labelpass.rules_edit", icon="GREASEPENCIL")
            return
        row = layout.row()
        row.template_list("LABELPASS_UL_category_rules", "", table, "rules", table, "rule_index", rows=5, maxrows=10)
        _draw_list_buttons(row, "labelpass.rule")
        rule = table.rules[min(table.rule_index, len(table.rules) - 1)]
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(rule, "source")
        if rule.source not in {"property", "holdout", "shadow_catcher"}:
            column.prop(rule, "pattern")
        column.prop(rule, "ignore")
        if not rule.ignore and rule.source != "property":
            column.prop_search(rule, "category", table, "categories", results_are_suggestions=True)
        layout.operator("labelpass.rules_reset", icon="LOOP_BACK")


def _draw_list_buttons(row: bpy.types.UILayout, operator: str) -> None:
    """Add, remove and move, next to a list."""
    column = row.column(align=True)
    column.operator(f"{operator}_add", icon="ADD", text="")
    column.operator(f"{operator}_remove", icon="REMOVE", text="")
    column.separator()
    column.operator(f"{operator}_move", icon="TRIA_UP", text="").direction = "UP"
    column.operator(f"{operator}_move", icon="TRIA_DOWN", text="").direction = "DOWN"


LISTS = (LABELPASS_UL_category_rules,)
