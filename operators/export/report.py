"""The button Open Report: a page of the dataset to look at, written anew and opened in the browser."""

from pathlib import Path

import bpy

from ...core.base.dataset_folder import DatasetFolder
from ...core.run.annotation_run import Summary
from .dataset_run import DatasetRun
from .run_operator import Run, RunOperator, end_runs


class LABELPASS_OT_open_report(RunOperator, bpy.types.Operator):
    """Write a page with all frames, charts, and what is wrong first, and open it in the browser"""

    bl_idname = "labelpass.open_report"
    bl_label = "Open Report"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        folder = context.window_manager.labelpass.output
        if not folder or not DatasetFolder(Path(folder)).records.is_dir():
            cls.poll_message_set("Nothing has been exported yet")
            return False
        return super().poll(context)

    def begin(self, context: bpy.types.Context) -> tuple[Run, Path, int]:
        output, settings = Path(context.window_manager.labelpass.output), context.scene.labelpass.core_settings()
        return DatasetRun(output, settings, lambda run: run.report(settings)), output, 1

    def headline(self, summary: Summary) -> str:
        if summary.stopped:
            return "Stopped: no report was written"
        return summary.exports[0] if summary.exports else "No report was written"

    def is_done(self, summary: Summary) -> bool:
        return bool(summary.exports)

    def has_written(self, summary: Summary) -> bool:
        return bool(summary.exports)

    def _finish(self, context: bpy.types.Context) -> set[str]:
        page = DatasetFolder(Path(context.window_manager.labelpass.output)).report_page
        result = super()._finish(context)
        if result == {"FINISHED"} and not bpy.app.background:
            try:
                bpy.ops.wm.path_open(filepath=str(page))
            except RuntimeError:
                self.report({"WARNING"}, f"This system has no program that opens pages; the report is {page}")
        return result


register, _unregister_classes = bpy.utils.register_classes_factory((LABELPASS_OT_open_report,))


def unregister() -> None:
    end_runs()
    _unregister_classes()
