"""What the buttons of a list of the category table do: remove its active row, and move it."""

import bpy
from bpy.props import EnumProperty


class NeedsRow:
    """An operator on the active row of a list of the category table.

    Attributes:
        rows, active: properties of the table with the rows and with the number of the active one.
        empty: what to say where the list has no rows.
    """

    bl_options = {"REGISTER", "UNDO"}

    rows: str
    active: str
    empty: str

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not getattr(context.scene.labelpass.table, cls.rows):
            cls.poll_message_set(cls.empty)
            return False
        return True


class RemovesRow(NeedsRow):
    def execute(self, context: bpy.types.Context) -> set[str]:
        table = context.scene.labelpass.table
        rows, index = getattr(table, self.rows), getattr(table, self.active)
        rows.remove(min(index, len(rows) - 1))
        setattr(table, self.active, max(0, min(index, len(rows) - 1)))
        return {"FINISHED"}


class MovesRow(NeedsRow):
    """Moves the row by one place, if there is one."""

    direction: EnumProperty(
        name="Direction",
        description="Where to move it",
        items=[("UP", "Up", "Towards the first"), ("DOWN", "Down", "Towards the last")],
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        table = context.scene.labelpass.table
        rows = getattr(table, self.rows)
        last = len(rows) - 1
        index = min(getattr(table, self.active), last)
        place = max(0, min(last, index + (-1 if self.direction == "UP" else 1)))
        rows.move(index, place)
        setattr(table, self.active, place)
        return {"FINISHED"}
