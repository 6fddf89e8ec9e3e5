"""The buttons of Random Frames: rows, Try One, Bake Frames and Remove."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bpy
from bpy.props import EnumProperty

from ...core.base.phrases import counted
from ...core.random_frames.kinds import RowKind
from .. import compat
from ..choices import enum_items
from ..random_rows import LabelpassRandomRow
from ..redraw import redraw_sidebars
from ..reports import cancels_on_error
from .adding import add_default_rows, add_row
from .bake import bake, remove
from .titles import title_of


class NeedsRow:
    """An operator on the active row."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.labelpass.random_frames.rows:
            cls.poll_message_set("Nothing varies yet; add a row with the plus")
            return False
        return True


class LABELPASS_OT_random_row_add(bpy.types.Operator):
    """Add something that varies, with values that suit the scene"""

    bl_idname = "labelpass.random_row_add"
    bl_label = "Add Row"
    bl_options = {"REGISTER", "UNDO"}

    kind: EnumProperty(name="Kind", description="What varies", items=enum_items(RowKind))

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return RowKind(properties.kind).help

    @cancels_on_error
    def execute(self, context: bpy.types.Context) -> set[str]:
        row = add_row(context.scene, RowKind(self.kind))
        if RowKind(self.kind) is RowKind.MATERIAL_INPUT:
            _take_active_material(context, row)
        self.report({"INFO"}, f"Random frames vary {title_of(row)}")
        return {"FINISHED"}


class LABELPASS_OT_random_row_remove(NeedsRow, bpy.types.Operator):
    """Remove the active row; what is baked stays until you bake again"""

    bl_idname = "labelpass.random_row_remove"
    bl_label = "Remove Row"

    def execute(self, context: bpy.types.Context) -> set[str]:
        stored = context.scene.labelpass.random_frames
        index = min(stored.row_index, len(stored.rows) - 1)
        stored.rows.remove(index)
        stored.row_index = max(0, min(index, len(stored.rows) - 1))
        return {"FINISHED"}


class LABELPASS_OT_random_row_move(NeedsRow, bpy.types.Operator):
    """Move the active row; of two that vary the same, the lower one counts"""

    bl_idname = "labelpass.random_row_move"
    bl_label = "Move Row"

    direction: EnumProperty(
        name="Direction",
        description="Where to move it",
        items=[("UP", "Up", "Towards the first"), ("DOWN", "Down", "Towards the last")],
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        stored = context.scene.labelpass.random_frames
        last = len(stored.rows) - 1
        index = min(stored.row_index, last)
        place = max(0, min(last, index + (-1 if self.direction == "UP" else 1)))
        stored.rows.move(index, place)
        stored.row_index = place
        return {"FINISHED"}


class LABELPASS_OT_random_try(bpy.types.Operator):
    """Show one draw in the viewport, another one at each press; Remove takes it back"""

    bl_idname = "labelpass.random_try"
    bl_label = "Try One"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        stored = context.scene.labelpass.random_frames
        if stored.baked and not stored.trying:
            cls.poll_message_set("Frames are baked; go through them on the timeline, or press Remove first")
            return False
        return NeedsRow.poll.__func__(cls, context)

    @cancels_on_error
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        stored = scene.labelpass.random_frames
        number = stored.tried + 1
        with _busy_cursor(context):
            bake(scene, [number], stored.seed, list(stored.rows), trial=True)
        stored.tried = number
        redraw_sidebars(context)
        self.report({"INFO"}, f"This is the draw of frame {number}; Remove takes it back")
        return {"FINISHED"}


class LABELPASS_OT_random_bake(bpy.types.Operator):
    """Write the draws of all frames as keyframes; Remove brings back what was there before"""

    bl_idname = "labelpass.random_bake"
    bl_label = "Bake Frames"
    bl_options = {"REGISTER", "UNDO"}

    @cancels_on_error
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        stored = scene.labelpass.random_frames
        if not any(row.use for row in stored.rows):
            self.report({"INFO"}, f"Random frames vary {add_default_rows(scene)}")
        remove(scene)
        frames = range(scene.frame_start, scene.frame_start + stored.count)
        with _busy_cursor(context) as progress:
            report = bake(scene, frames, stored.seed, list(stored.rows), progress)
        redraw_sidebars(context)
        self.report({"WARNING" if report.unmet else "INFO"}, "; ".join(report.lines()))
        return {"FINISHED"}


class LABELPASS_OT_random_remove(bpy.types.Operator):
    """Remove the random keyframes, and bring back every value and animation of before"""

    bl_idname = "labelpass.random_remove"
    bl_label = "Remove"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.labelpass.random_frames.baked:
            cls.poll_message_set("Nothing is baked")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        count = remove(context.scene)
        redraw_sidebars(context)
        self.report({"INFO"}, f"{counted(count, 'data block')} as before")
        return {"FINISHED"}


def _take_active_material(context: bpy.types.Context, row: LabelpassRandomRow) -> None:
    """Let a new row vary the colour of what the user looks at."""
    ob = context.object
    material = ob.active_material if ob else None
    tree = compat.shader_tree(material)
    shader = next((node for node in (tree.nodes if tree else ()) if node.bl_idname == "ShaderNodeBsdfPrincipled"), None)
    row.block = material
    if shader and not shader.inputs["Base Color"].is_linked:
        row.path = f"node_tree.{shader.inputs['Base Color'].path_from_id('default_value')}"
    elif shader:
        row.path = f"node_tree.{shader.inputs['Roughness'].path_from_id('default_value')}"


@contextmanager
def _busy_cursor(context: bpy.types.Context) -> Iterator[Callable[[float], None]]:
    """Progress at the mouse pointer."""
    manager = context.window_manager
    manager.progress_begin(0.0, 1.0)
    try:
        yield manager.progress_update
    finally:
        manager.progress_end()


CLASSES = (
    LABELPASS_OT_random_row_add,
    LABELPASS_OT_random_row_remove,
    LABELPASS_OT_random_row_move,
    LABELPASS_OT_random_try,
    LABELPASS_OT_random_bake,
    LABELPASS_OT_random_remove,
)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
