"""The button Set Up Passes: whatever the checklist can fix, in one step that can be undone."""

import bpy

from ...core.base.errors import LabelpassError
from ..shown import shown_of
from .setup_fixes import set_up_passes


class LABELPASS_OT_set_up_passes(bpy.types.Operator):
    """Turn on what is missing, and say what was changed; Ctrl-Z takes it back"""

    bl_idname = "labelpass.set_up_passes"
    bl_label = "Set Up Passes"
    bl_options = {"REGISTER", "UNDO"}

    keep_output: bpy.props.BoolProperty(
        name="Keep Output Format",
        description="Leave the output format as it is, and write the passes with a File Output node in the compositor",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        findings = shown_of(context).findings
        if findings and not any(finding.fixable for finding in findings):
            cls.poll_message_set("There is nothing that this button can set up; you have to do the rest")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        changed: list[str] = []
        try:
            settings = scene.labelpass.core_settings()
            changed.extend(set_up_passes(scene, settings, scene.labelpass.needs_files, self.keep_output))
        except LabelpassError as error:
            self.report({"ERROR"}, str(error))
        if not changed:
            self.report({"INFO"}, "There was nothing that Set Up Passes could fix")
            return {"CANCELLED"}
        text = "; ".join(changed)
        self.report({"INFO"}, f"{text[0].upper()}{text[1:]}")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((LABELPASS_OT_set_up_passes,))
