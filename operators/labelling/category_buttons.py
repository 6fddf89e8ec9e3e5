"""The buttons of the category table: add, remove and move rows and rules, fill it from the scene, import, export."""

from pathlib import Path

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...core.base.phrases import counted
from ...core.settings.category_files import read_table, write_table
from ...core.settings.category_table import DEFAULT_RULES, Source
from ..category_table import add_category, rules_of, store_rules, store_table, table_of
from ..reports import cancels_on_error
from .labelled_objects import categories_of_scene
from .row_buttons import MovesRow, NeedsRow, RemovesRow


class _Categories:
    rows, active = "categories", "category_index"
    empty = "The category table has no rows"


class _Rules:
    rows, active = "rules", "rule_index"
    empty = "These are the default rules; press Edit Rules first"


class LABELPASS_OT_category_add(bpy.types.Operator):
    """Add a category to the table, with the smallest free ID"""

    bl_idname = "labelpass.category_add"
    bl_label = "Add Category"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        add_category(context.scene)
        return {"FINISHED"}


class LABELPASS_OT_category_remove(_Categories, RemovesRow, bpy.types.Operator):
    """Remove the active category from the table"""

    bl_idname = "labelpass.category_remove"
    bl_label = "Remove Category"


class LABELPASS_OT_category_move(_Categories, MovesRow, bpy.types.Operator):
    """Move the active category in the table; its ID stays"""

    bl_idname = "labelpass.category_move"
    bl_label = "Move Category"


class LABELPASS_OT_categories_from_scene(bpy.types.Operator):
    """Add the categories that the scene's objects have now, by their custom properties, collections or names"""

    bl_idname = "labelpass.categories_from_scene"
    bl_label = "Add From Scene"
    bl_options = {"REGISTER", "UNDO"}

    @cancels_on_error
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        known = {row.name for row in scene.labelpass.table.categories}
        found = [category for category in categories_of_scene(scene) if category.name not in known]
        if not found:
            self.report({"WARNING"}, "The table already has all categories of the scene")
            return {"CANCELLED"}
        for category in found:
            add_category(scene, category)
        self.report({"INFO"}, f"{_counted(len(found))} added")
        return {"FINISHED"}


class LABELPASS_OT_categories_import(ImportHelper, bpy.types.Operator):
    """Replace the categories of this scene with those of a file, and its rules if the file has any"""

    bl_idname = "labelpass.categories_import"
    bl_label = "Load List"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".json"
    filter_glob: StringProperty(
        name="Filter", description="File names to show", default="*.json;*.toml", options={"HIDDEN"}
    )

    @cancels_on_error
    def execute(self, context: bpy.types.Context) -> set[str]:
        table = read_table(Path(bpy.path.abspath(self.filepath)), base=rules_of(context.scene))
        store_table(context.scene, table)
        self.report({"INFO"}, f"{_counted(len(table.categories))} imported")
        return {"FINISHED"}


class LABELPASS_OT_categories_export(ExportHelper, bpy.types.Operator):
    """Write the categories and rules of this scene to a file that other scenes and the command line can use"""

    bl_idname = "labelpass.categories_export"
    bl_label = "Save List"

    filename_ext = ".json"
    filter_glob: StringProperty(name="Filter", description="File names to show", default="*.json", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = "categories.json"
        return super().invoke(context, event)

    @cancels_on_error
    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        table = table_of(context.scene)
        write_table(path, table)
        self.report({"INFO"}, f"{_counted(len(table.categories))} written to {path}")
        return {"FINISHED"}


class LABELPASS_OT_rules_edit(bpy.types.Operator):
    """List the default rules, so that you can change them"""

    bl_idname = "labelpass.rules_edit"
    bl_label = "Edit Rules"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not context.scene.labelpass.table.rules:
            store_rules(context.scene, DEFAULT_RULES)
        return {"FINISHED"}


class LABELPASS_OT_rules_reset(_Rules, NeedsRow, bpy.types.Operator):
    """Remove all rules of this scene, and use the default rules again"""

    bl_idname = "labelpass.rules_reset"
    bl_label = "Reset Rules"

    def execute(self, context: bpy.types.Context) -> set[str]:
        store_rules(context.scene, ())
        return {"FINISHED"}


class LABELPASS_OT_rule_add(_Rules, NeedsRow, bpy.types.Operator):
    """Add a rule above the active one"""

    bl_idname = "labelpass.rule_add"
    bl_label = "Add Rule"

    def execute(self, context: bpy.types.Context) -> set[str]:
        table = context.scene.labelpass.table
        rule = table.rules.add()
        rule.source = Source.OBJECT_NAME.value
        table.rules.move(len(table.rules) - 1, table.rule_index)
        return {"FINISHED"}


class LABELPASS_OT_rule_remove(_Rules, RemovesRow, bpy.types.Operator):
    """Remove the active rule; without any rules, the default ones are used"""

    bl_idname = "labelpass.rule_remove"
    bl_label = "Remove Rule"


class LABELPASS_OT_rule_move(_Rules, MovesRow, bpy.types.Operator):
    """Move the active rule; the first that fits decides"""

    bl_idname = "labelpass.rule_move"
    bl_label = "Move Rule"


def _counted(number: int) -> str:
    return counted(number, "category")


register, unregister = bpy.utils.register_classes_factory(
    (
        LABELPASS_OT_category_add,
        LABELPASS_OT_category_remove,
        LABELPASS_OT_category_move,
        LABELPASS_OT_categories_from_scene,
        LABELPASS_OT_categories_import,
        LABELPASS_OT_categories_export,
        LABELPASS_OT_rules_edit,
        LABELPASS_OT_rules_reset,
        LABELPASS_OT_rule_add,
        LABELPASS_OT_rule_remove,
        LABELPASS_OT_rule_move,
    )
)
