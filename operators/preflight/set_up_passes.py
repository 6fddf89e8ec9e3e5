"""The button Set Up Passes: whatever the checklist can fix, in one step that can be undone."""

import bpy

from ...core.base.errors import LabelpassError
from ...core.preflight.checklist import Fix, check
from ..labelling.labelled_objects import read_labelled_objects
from .render_setup import read_render_setup
from .setup_fixes import carry_out


class LABELPASS_OT_set_up_passes(bpy.types.Operator):
    """Turn on the passes that the export needs and nothing else, and write them to files if the export reads files"""

    bl_idname = "labelpass.set_up_passes"
    bl_label = "Set Up Passes"
    bl_options = {"REGISTER", "UNDO"}

    keep_output: bpy.props.BoolProperty(
        name="Keep Output Format",
        description="Leave the output format as it is, and write the passes with a File Output node in the compositor",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        findings = context.window_manager.labelpass.findings
        if findings and not any(finding.fixable for finding in findings):
            cls.poll_message_set("There is nothing that this button can set up; you have to do the rest")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        labelled = read_labelled_objects(scene).facts
        changed: list[str] = []
        done: set[Fix] = set()
        try:
            settings = scene.labelpass.core_settings()
            # One fix may bring up the next: an output that is EXR now has a codec.
            while True:
                setup = read_render_setup(scene, labelled)
                findings = check(setup, settings, scene.labelpass.needs_files)
                fix = next((finding.fix for finding in findings if finding.fix and finding.fix not in done), None)
                if fix is None:
                    break
                changed.append(carry_out(scene, setup, settings, fix, self.keep_output))
                done.add(fix)
        except LabelpassError as error:
            self.report({"ERROR"}, str(error))
        if not changed:
            self.report({"INFO"}, "There was nothing that Set Up Passes could fix")
            return {"CANCELLED"}
        text = "; ".join(changed)
        self.report({"INFO"}, f"{text[0].upper()}{text[1:]}")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((LABELPASS_OT_set_up_passes,))
