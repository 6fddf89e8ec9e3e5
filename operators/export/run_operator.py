"""Operators that go on while Blender stays usable: a run, a timer that takes its steps, Escape, and the result."""

import time
from pathlib import Path
from typing import Protocol

import bpy

from ...core.base.errors import LabelpassError
from ...core.base.phrases import counted, in_short
from ...core.run.annotation_run import Summary
from ...core.run.progress import Progress
from ..redraw import redraw_sidebars
from .frame_run import PATIENT_SECONDS, SECONDS_BETWEEN_TURNS, SECONDS_OF_A_TURN, SECONDS_TO_WAIT
from .result import print_result, show_progress, show_result, show_start_failed, show_started

# The operator whose run goes on, with the window in which it does; there is one at most.
_under_way: "list[tuple[RunOperator, bpy.types.Window]]" = []


class Run(Protocol):
    """What such an operator drives: ExportRun, for example."""

    @property
    def summary(self) -> Summary: ...

    def step(self, timeout: float = 0.0) -> bool:
        """Do the next small thing; whether all is done."""

    def stop(self) -> None:
        """End it now."""


class RunOperator:
    """What operators with a run share; they say in begin() what it is.

    Attributes:
        stays_usable: whether Blender is to stay usable meanwhile.
    """

    _run: Run | None = None
    _timer: bpy.types.Timer | None = None
    _progress: Progress
    stays_usable = False

    def begin(self, context: bpy.types.Context) -> tuple[Run, Path, int]:
        """The run, the dataset's folder, and how many frames there are; LabelpassError where it cannot begin."""
        raise NotImplementedError

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        state = context.window_manager.labelpass
        if state.follows_render:
            cls.poll_message_set("The frames of a render are being annotated; wait for them, or press Stop Export")
            return False
        if state.running:
            cls.poll_message_set("An export is running; wait for it, or press Stop Export")
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
        self.stays_usable = True
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
            self._report("ERROR", str(error))
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
            self._run, output, total = self.begin(context)
        except LabelpassError as error:
            show_start_failed(context, str(error))
            self._report("ERROR", str(error))
            return False
        show_started(context, output, total)
        self._progress = Progress(total, time.monotonic())
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
        headline = self.headline(summary)
        level = "ERROR" if first_problem else "WARNING" if summary.stopped or not self.is_done(summary) else "INFO"
        if first_problem and self.stays_usable and summary.failed:
            self._report(level, f"{len(summary.failed)} of {counted(summary.frames, 'frame')} failed, see Last Export")
        elif first_problem and self.stays_usable:
            self._report(level, first_problem)
        else:
            self._report(level, f"{headline}. {first_problem}" if first_problem else headline)
        return {"FINISHED"} if self.has_written(summary) else {"CANCELLED"}

    def _report(self, level: str, text: str) -> None:
        """Into a popup that fits the window, where there is one: the panel says the rest."""
        self.report({level}, in_short(text) if self.stays_usable and level == "ERROR" else text)

    def headline(self, summary: Summary) -> str:
        """The result in one sentence."""
        return summary.headline()

    def is_done(self, summary: Summary) -> bool:
        """Whether there is nothing to be warned of."""
        return bool(summary.instances)

    def has_written(self, summary: Summary) -> bool:
        """Whether anything came of it."""
        return bool(summary.annotated + summary.kept)


def end_runs() -> None:
    """End what goes on: when a class goes, Blender drops its operators without a call of theirs."""
    for operator, window in list(_under_way):
        with bpy.context.temp_override(window=window):
            operator.cancel(bpy.context)
