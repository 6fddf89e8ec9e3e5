"""The buttons that give every instance a pass index of its own, and that give objects back those they had."""

import bpy

from ...core.base.phrases import counted
from ...core.preflight.pass_indices import LARGEST_INDEX, plan_indices
from ...core.settings.settings import Parts
from .. import compat
from ..reports import cancels_on_error
from .labelled_objects import label_objects
from .remembered import Remembered

_INDEX = Remembered("pass_index", "labelpass_pass_index_before")


class LABELPASS_OT_assign_indices(bpy.types.Operator):
    """Give each instance a pass index, which its objects share, and background the index 0; can be restored"""

    bl_idname = "labelpass.assign_indices"
    bl_label = "Assign Indices"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        engine = context.scene.render.engine
        if engine in compat.RASTERISERS:
            name = "Workbench" if "WORKBENCH" in engine else "EEVEE"
            cls.poll_message_set(f"{name} has no Object Index pass")
            return False
        return True

    @cancels_on_error
    def execute(self, context: bpy.types.Context) -> set[str]:
        found, _ = label_objects(context.scene)
        parts = context.scene.labelpass.parts == Parts.OBJECT.value
        plan = plan_indices([one.indexed(parts) for one in found])
        changed = sum(_INDEX.change(one.object, index) for one, index in zip(found, plan.indices, strict=True))
        numbered = counted(plan.instances, "part" if parts else "instance")
        self.report({"INFO"}, f"{numbered}, each with a pass index of its own; {counted(changed, 'object')} changed")
        if plan.left_over:
            self.report(
                {"WARNING"},
                f"Blender has pass indices up to {LARGEST_INDEX}: {counted(plan.left_over, 'instance')} became "
                "background; use the Cryptomatte Object pass instead",
            )
        if plan.stuck:
            self.report(
                {"WARNING"},
                f"{counted(plan.stuck, 'linked object')} with the index 0 cannot be changed and will be background; "
                "make a library override, or use Cryptomatte Object",
            )
        if plan.shared:
            self.report(
                {"WARNING"},
                f"{plan.shared}, which is linked and cannot be changed; make a library override, or use Cryptomatte "
                "Object",
            )
        return {"FINISHED"}


class LABELPASS_OT_restore_indices(bpy.types.Operator):
    """Give objects back the pass indices that they had before Assign Indices"""

    bl_idname = "labelpass.restore_indices"
    bl_label = "Restore Indices"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _INDEX.changed(context.scene.objects):
            cls.poll_message_set("Assign Indices has changed no pass index of this scene")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        restored = _INDEX.restore(ob for ob in bpy.data.objects if ob.is_editable)
        self.report({"INFO"}, f"Pass indices of {counted(restored, 'object')} restored")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((LABELPASS_OT_assign_indices, LABELPASS_OT_restore_indices))
