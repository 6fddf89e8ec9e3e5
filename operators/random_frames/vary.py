"""Vary in Random Frames: a row for any property, from the menu of a right-click on it."""

import bpy

from ...core.random_frames.kinds import RowKind
from ..random_rows import LabelpassRandomRow
from .adding import add_row
from .titles import title_of

# Where a value may go when its property does not say: this part of it either way.
_EITHER_WAY = 0.5
# Soft limits beyond these say nothing.
_WIDE = 1e4


class LABELPASS_OT_random_vary(bpy.types.Operator):
    """Give this property another value in each random frame; a row in the panel Random Frames says which"""

    bl_idname = "labelpass.random_vary"
    bl_label = "Vary in Random Frames"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        prop = getattr(context, "button_prop", None)
        if prop is None or getattr(context, "button_pointer", None) is None:
            cls.poll_message_set("Right-click a property, and choose this in its menu")
            return False
        if not prop.is_animatable or prop.is_readonly:
            cls.poll_message_set("This property cannot be animated")
            return False
        return prop.type in ("FLOAT", "INT", "BOOLEAN", "ENUM")

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = place_of(context.button_pointer, context.button_prop.identifier)
        if found is None:
            self.report({"ERROR"}, "This property belongs to nothing that is saved with the .blend")
            return {"CANCELLED"}
        row = add_property_row(context.scene, *found)
        self.report({"INFO"}, f"Random frames vary {title_of(row)}")
        return {"FINISHED"}


def add_property_row(scene: bpy.types.Scene, block: bpy.types.ID, path: str) -> LabelpassRandomRow:
    """A row for a property, with values around the one that it has."""
    row = add_row(scene, RowKind.PROPERTY)
    row.block, row.path = block, path
    fit_values(row)
    return row


def fit_values(row: LabelpassRandomRow) -> None:
    """Values that suit the property of a row: all of a short range, else some around what it is now."""
    head, _, name = row.path.rpartition(".")
    holder = row.block.path_resolve(head) if head else row.block
    prop = holder.bl_rna.properties.get(name)
    value = row.block.path_resolve(row.path)
    if prop is None or prop.type not in ("FLOAT", "INT") or not isinstance(value, float | int):
        return
    if prop.subtype in ("FACTOR", "PERCENTAGE") and prop.soft_max - prop.soft_min < _WIDE:
        row.low, row.high = prop.soft_min, prop.soft_max
    else:
        around = abs(value) * _EITHER_WAY or 1.0
        row.low, row.high = max(value - around, prop.hard_min), min(value + around, prop.hard_max)
    row.mean, row.deviation = value, (row.high - row.low) / 4


def place_of(holder: bpy.types.bpy_struct, name: str) -> tuple[bpy.types.ID, str] | None:
    """The data block that a property belongs to and that rows can name, and its path from there.

    Args:
        holder: what has the property, as an object or a socket of a node.
        name: of the property.
    """
    block = holder.id_data
    if block is None:
        return None
    path = name if holder == block else holder.path_from_id(name)
    if not block.is_embedded_data:
        return block, path
    for owner in (*bpy.data.materials, *bpy.data.worlds, *bpy.data.lights, *bpy.data.scenes):
        if getattr(owner, "node_tree", None) == block:
            return owner, f"node_tree.{path}"
    return None


def _draw(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    prop = getattr(context, "button_prop", None)
    if prop is not None and prop.is_animatable and prop.type in ("FLOAT", "INT", "BOOLEAN", "ENUM"):
        self.layout.separator()
        self.layout.operator(LABELPASS_OT_random_vary.bl_idname, icon="MOD_ARRAY")


def register() -> None:
    bpy.utils.register_class(LABELPASS_OT_random_vary)
    bpy.types.UI_MT_button_context_menu.append(_draw)


def unregister() -> None:
    bpy.types.UI_MT_button_context_menu.remove(_draw)
    bpy.utils.unregister_class(LABELPASS_OT_random_vary)
