"""The buttons that give objects pass indices of their own, and that give them back those they had."""

import bpy

from ..core.errors import LabelpassError
from ..core.run import counted
from .scene_reader import own_objects, read_label_tables

# What the user had, kept on the object and so in the .blend until it is restored.
_REMEMBERED = "labelpass_pass_index_before"
_LARGEST = 32767


class LABELPASS_OT_assign_indices(bpy.types.Operator):
    """Give each object that has a category a pass index of its own, and background the index 0; can be restored"""

    bl_idname = "labelpass.assign_indices"
    bl_label = "Assign Indices"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        objects = sorted(own_objects(context.scene), key=lambda ob: (ob.name, ob.library is not None))
        try:
            entries = read_label_tables(context.scene, objects).objects.entries
        except LabelpassError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        pairs = list(zip(objects, entries, strict=True))
        mine = [(ob, entry.category is not None) for ob, entry in pairs if ob.is_editable]
        linked = {ob.pass_index for ob, _ in pairs if not ob.is_editable}
        free = iter(sorted(set(range(1, _LARGEST + 1)) - linked))
        without, changed = 0, 0
        for ob, labelled in mine:
            index = next(free, None) if labelled else 0
            if index is None:
                without, index = without + 1, 0
            if ob.pass_index != index:
                ob[_REMEMBERED] = ob.get(_REMEMBERED, ob.pass_index)
                ob.pass_index = index
                changed += 1
        labelled_count = sum(labelled for _, labelled in mine)
        self.report(
            {"INFO"}, f"{counted(labelled_count - without, 'object')} with a pass index of its own, {changed} changed"
        )
        if without:
            self.report(
                {"WARNING"},
                f"Blender has pass indices up to {_LARGEST}: {counted(without, 'object')} became background; use the "
                "Cryptomatte Object pass instead",
            )
        if len(mine) < len(pairs):
            left = counted(len(pairs) - len(mine), "linked object")
            self.report({"WARNING"}, f"{left} cannot be changed; make a library override, or use Cryptomatte Object")
        return {"FINISHED"}


class LABELPASS_OT_restore_indices(bpy.types.Operator):
    """Give objects back the pass indices that they had before Assign Indices"""

    bl_idname = "labelpass.restore_indices"
    bl_label = "Restore Indices"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not any(_REMEMBERED in ob for ob in context.scene.objects):
            cls.poll_message_set("Assign Indices has changed no pass index of this scene")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = [ob for ob in bpy.data.objects if _REMEMBERED in ob and ob.is_editable]
        for ob in found:
            ob.pass_index = ob[_REMEMBERED]
            del ob[_REMEMBERED]
        self.report({"INFO"}, f"{counted(len(found), 'object')} with the pass index of before")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((LABELPASS_OT_assign_indices, LABELPASS_OT_restore_indices))
