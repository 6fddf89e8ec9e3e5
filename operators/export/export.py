"""The button: Export Annotations, and its Stop."""

import time
from pathlib import Path

import bpy

from ...core.base.errors import LabelpassError
from ...core.base.phrases import counted
from ...core.run.progress import Progress
from ..redraw import redraw_sidebars
from .export_plan import ExportPlan, Way, plan_export
from .export_run import ExportRun
from .frame_run import PATIENT_SECONDS, SECONDS_BETWEEN_TURNS, SECONDS_OF_A_TURN, SECONDS_TO_WAIT
from .last_render import frame_of_last_render
from .result import print_result, show_progress, show_result, show_start_failed, show_started

# The operator that exports while Blender stays usable, with the window in which it does; there is one at most.
_under_way: "list[tuple[LABELPASS_OT_export_annotations, bpy.types.Window]]" = []


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


class LABELPASS_OT_export_annotations(bpy.types.Operator):
    """Write boxes, masks, images and pictures of the rendered frames, in COCO format"""

    bl_idname = "labelpass.export_annotations"
    bl_label = "Export Annotations"

    _run: ExportRun | None = None
    _timer: bpy.types.Timer | None = None
    _progress: Progress

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        state = context.window_manager.labelpass
        if state.follows_render:
            cls.poll_message_set("The frames of a render are being annotated; wait for them, or press Stop")
            return False
        if state.running:
            cls.poll_message_set("An export is running; wait for it, or stop it with Escape")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Export and wait, for scripts and background processes."""
        if not self._start(context):
            return {"CANCELLED"}
        try:
            while not self._run.step(PATIENT_SECONDS):
                pass
        except LabelpassError as error:
            self.report({"ERROR"}, str(error))
        except BaseException:
            self._finish(context)
            raise
        return self._finish(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Export while Blender stays usable."""
        if bpy.app.background:
            return self.execute(context)
        if not self._start(context):
            return {"CANCELLED"}
        manager = context.window_manager
        self._timer = manager.event_timer_add(SECONDS_BETWEEN_TURNS, window=context.window)
        manager.modal_handler_add(self)
        _under_way.append((self, context.window))
        self._show_progress(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        state = context.window_manager.labelpass
        if state.stop_requested or (event.type == "ESC" and event.value == "PRESS"):
            self._run.stop()
            return self._finish(context)
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        # One redraw costs as much as many steps, so several of them share it.
        until = time.monotonic() + SECONDS_OF_A_TURN
        ended = False
        try:
            while not ended and time.monotonic() < until:
                ended = self._run.step(SECONDS_TO_WAIT)
        except LabelpassError as error:
            self.report({"ERROR"}, str(error))
            ended = True
        except BaseException:
            self._finish(context)
            raise
        self._show_progress(context)
        return self._finish(context) if ended else {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender quits or loads another file."""
        if self._run is not None:
            self._run.stop()
            self._finish(context)

    def _start(self, context: bpy.types.Context) -> bool:
        try:
            plan = plan_from_settings(context.scene)
            self._run = ExportRun(plan)
        except LabelpassError as error:
            show_start_failed(context, str(error))
            self.report({"ERROR"}, str(error))
            return False
        show_started(context, plan.output, plan.total)
        self._progress = Progress(plan.total, time.monotonic())
        return True

    def _show_progress(self, context: bpy.types.Context) -> None:
        summary = self._run.summary
        if show_progress(context, self._progress, summary):
            found = counted(summary.instances, "instance")
            context.workspace.status_text_set(f"Labelpass: {self._progress.text()}, {found} (Esc stops)")

    def _finish(self, context: bpy.types.Context) -> set[str]:
        """Report the result of the export, and clean up."""
        summary = self._run.summary
        self._run = None
        _under_way.clear()
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        show_result(context, summary)
        if summary.lines() != [summary.headline()]:  # which the report says
            print_result(summary)
        if context.workspace is not None:
            context.workspace.status_text_set(None)
            redraw_sidebars(context)
        failures = (remark.text for remark in summary.remarks() if remark.failed)
        first_problem = next(iter([*failures, *summary.problems]), "")
        level = "ERROR" if first_problem else "WARNING" if summary.stopped or not summary.instances else "INFO"
        self.report({level}, f"{summary.headline()}. {first_problem}" if first_problem else summary.headline())
        return {"FINISHED"} if summary.annotated + summary.kept else {"CANCELLED"}


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
    """End an export first: when a class goes, Blender drops its operators without a call of theirs."""
    for operator, window in list(_under_way):
        with bpy.context.temp_override(window=window):
            operator.cancel(bpy.context)
    _unregister_classes()
