"""The button: Export Annotations, and its Stop."""

from pathlib import Path

import bpy

from .export_plan import ExportPlan, Way, plan_export
from .export_run import ExportRun
from .last_render import frame_of_last_render
from .run_operator import Run, RunOperator, end_runs


def plan_from_settings(scene: bpy.types.Scene) -> ExportPlan:
    """What the settings of the scene ask for; raises LabelpassError where that cannot be done."""
    settings = scene.labelpass
    if settings.source == "RENDER":
        return plan_export(
            scene,
            settings.core_settings(),
            Way.LAST_RENDER,
            [frame_of_last_render(scene)],
            sequence=settings.sequence,
        )
    return plan_export(
        scene,
        settings.core_settings(),
        Way.FILES,
        folder=settings.chosen_folder("frames_folder"),
        sequence=settings.sequence,
    )


class LABELPASS_OT_export_annotations(RunOperator, bpy.types.Operator):
    """Write boxes, masks, images and pictures of the rendered frames, in COCO format"""

    bl_idname = "labelpass.export_annotations"
    bl_label = "Export Annotations"

    def begin(self, context: bpy.types.Context) -> tuple[Run, Path, int]:
        plan = plan_from_settings(context.scene)
        return ExportRun(plan), plan.output, plan.total


class LABELPASS_OT_stop(bpy.types.Operator):
    """Stop the export that is running; finished frames stay"""

    bl_idname = "labelpass.stop"
    bl_label = "Stop"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(context.window_manager.labelpass.running)

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.labelpass.stop_requested = True
        return {"FINISHED"}


class LABELPASS_OT_open_folder(bpy.types.Operator):
    """Open the folder of the last export"""

    bl_idname = "labelpass.open_folder"
    bl_label = "Open Folder"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        folder = context.window_manager.labelpass.output
        if not folder or not Path(folder).is_dir():
            cls.poll_message_set("Nothing has been exported yet")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = context.window_manager.labelpass.output
        try:
            bpy.ops.wm.path_open(filepath=folder)
        except RuntimeError:
            self.report({"WARNING"}, f"This system has no program that opens folders; the dataset is in {folder}")
            return {"CANCELLED"}
        return {"FINISHED"}


_CLASSES = (LABELPASS_OT_export_annotations, LABELPASS_OT_stop, LABELPASS_OT_open_folder)
register, _unregister_classes = bpy.utils.register_classes_factory(_CLASSES)


def unregister() -> None:
    end_runs()
    _unregister_classes()
