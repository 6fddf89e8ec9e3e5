"""The button Export Formats: a dataset that is there, in the formats that training programs read."""

from pathlib import Path

import bpy

from ...core.base.dataset_folder import DatasetFolder
from ...core.base.errors import InputError, UsageError
from ...core.run.annotation_run import Summary
from .dataset_run import DatasetRun
from .run_operator import Run, RunOperator, end_runs
from .sources import output_folder


class LABELPASS_OT_export_formats(RunOperator, bpy.types.Operator):
    """Write the dataset, as it was exported last, in the chosen formats, without annotating anything again"""

    bl_idname = "labelpass.export_formats"
    bl_label = "Export Formats"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.labelpass.core_settings().formats:
            cls.poll_message_set("Choose a format first")
            return False
        return super().poll(context)

    def begin(self, context: bpy.types.Context) -> tuple[Run, Path, int]:
        scene = context.scene
        settings = scene.labelpass.core_settings()
        if not settings.formats:
            raise UsageError("No format is chosen; add one in Render & Export")
        folder = scene.labelpass.chosen_folder("frames_folder") if scene.labelpass.source == "FILES" else None
        output = output_folder(scene, (), folder)
        if not DatasetFolder(output).records.is_dir():
            raise InputError(f"{output} holds no dataset yet; press Export Annotations first")
        return DatasetRun(output, settings, lambda run: run.export(settings)), output, 1

    def headline(self, summary: Summary) -> str:
        if summary.stopped:
            return "Stopped: no format was exported"
        return summary.exports[0] if summary.exports else "No format was exported"

    def is_done(self, summary: Summary) -> bool:
        return bool(summary.exports)

    def has_written(self, summary: Summary) -> bool:
        return bool(summary.exports)


register, _unregister_classes = bpy.utils.register_classes_factory((LABELPASS_OT_export_formats,))


def unregister() -> None:
    end_runs()
    _unregister_classes()
