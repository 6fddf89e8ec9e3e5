"""The buttons Render and Export, Export Annotations, and Stop Export."""

import dataclasses
from pathlib import Path

import bpy

from ...core.base.errors import UsageError
from ..rendering.last_render import NOTHING_RENDERED, frame_of_last_render, is_rendered
from ..shown import red_line, shown_of
from .export_plan import ExportPlan, Way
from .export_run import ExportRun
from .run_operator import Run, RunOperator, end_runs
from .still_render import StillRender
from .wanted import plan_of_files, plan_of_stills, wanted_by_settings


def plan_from_settings(scene: bpy.types.Scene) -> ExportPlan:
    """What the settings of the scene ask for; raises LabelpassError where that cannot be done."""
    settings = scene.labelpass
    if settings.source == "RENDER":
        return wanted_by_settings(scene, [frame_of_last_render(scene)]).plan(Way.LAST_RENDER)
    if settings.source == "ANIMATION":
        return plan_of_files(wanted_by_settings(scene))
    folder = settings.chosen_folder("frames_folder")
    return dataclasses.replace(wanted_by_settings(scene), folder=folder).plan(Way.FILES)


class LABELPASS_OT_render_and_export(RunOperator, bpy.types.Operator):
    """Render these frames with all passes, and annotate each as soon as it is there"""

    bl_idname = "labelpass.render_and_export"
    bl_label = "Render and Export"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if problem := _not_baked(context) or red_line(context):
            cls.poll_message_set(problem)
            return False
        return super().poll(context)

    def begin(self, context: bpy.types.Context) -> tuple[Run, Path, int]:
        scene = context.scene
        if scene.labelpass.source == "FILES":
            raise UsageError("Files that are there are not rendered; choose This Frame or Animation")
        frames = [scene.frame_current] if scene.labelpass.source == "RENDER" else None
        plan = plan_of_stills(wanted_by_settings(scene, frames), scene.labelpass.keep_passes)
        return ExportRun(plan, StillRender(wait=not self.stays_usable)), plan.output, plan.total


class LABELPASS_OT_export_annotations(RunOperator, bpy.types.Operator):
    """Annotate what is rendered already"""

    bl_idname = "labelpass.export_annotations"
    bl_label = "Export Annotations"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not bpy.app.background and not _is_rendered(context):  # scripts are told when they try
            cls.poll_message_set(red_line(context) or NOTHING_RENDERED)
            return False
        return super().poll(context)

    def begin(self, context: bpy.types.Context) -> tuple[Run, Path, int]:
        plan = plan_from_settings(context.scene)
        return ExportRun(plan), plan.output, plan.total


def _not_baked(context: bpy.types.Context) -> str:
    """Why an animation of the scene would show the same frame again and again; "" if it would not."""
    random_frames = context.scene.labelpass.random_frames
    waits = any(row.use for row in random_frames.rows) and (random_frames.trying or not random_frames.baked)
    if context.scene.labelpass.source != "ANIMATION" or not waits:
        return ""
    return "Random Frames are not baked, so all frames would look alike; press Bake Frames"


def _is_rendered(context: bpy.types.Context) -> bool:
    if context.scene.labelpass.source == "RENDER":
        return is_rendered(context.scene)
    return context.scene.labelpass.source == "FILES" or bool(shown_of(context).rendered)


class LABELPASS_OT_stop(bpy.types.Operator):
    """Stop after the frames in work; what is done stays, and the next export goes on from there"""

    bl_idname = "labelpass.stop"
    bl_label = "Stop Export"

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


_CLASSES = (
    LABELPASS_OT_render_and_export,
    LABELPASS_OT_export_annotations,
    LABELPASS_OT_stop,
    LABELPASS_OT_open_folder,
)
register, _unregister_classes = bpy.utils.register_classes_factory(_CLASSES)


def unregister() -> None:
    end_runs()
    _unregister_classes()
