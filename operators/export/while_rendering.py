"""Annotate While Rendering: each frame of an animation goes to a worker as soon as it is written.

render_watch.py reads what there is to know on the thread that renders. All else is done here, on the main thread: from
a timer where there is a window, and between the frames in a background process, where no timers run.
"""

import time
import traceback
from collections import deque
from pathlib import Path

import bpy

from ...core.base.console import print_line
from ...core.base.dataset_folder import DatasetFolder
from ...core.base.errors import LabelpassError, WorkerError
from ...core.frames.dataset_plan import DatasetPlan
from ...core.frames.sequences import declare_sequences
from ...core.records.frame_job import FrameJob
from ...core.records.origin import Origin
from ...core.records.replacing import check_replaced
from ...core.run.progress import Progress
from ...core.scene.scene_record import scene_path
from ...core.settings.settings import Settings
from ..handlers import stop_timer
from ..redraw import redraw_sidebars
from ..scene.random_draws import baked_seed
from . import render_watch
from .frame_run import PATIENT_SECONDS, SECONDS_BETWEEN_TURNS, SECONDS_OF_A_TURN, SECONDS_TO_WAIT, FrameRun
from .render_watch import BadFrame, RenderBegan, RenderEnded, WrittenFrame
from .result import clear_result, print_result, show_progress, show_result, show_start_failed, show_started

# The renderer wants the processor, and one worker is many times faster than it.
_WORKERS = 1
_SECONDS_BETWEEN_LOOKS = 0.25

_EXPORT_IS_RUNNING = (
    "An export is running, so frames that are rendered meanwhile are not annotated; export them afterwards with "
    "Animation"
)


class RenderFollower:
    """Annotates the frames of one render after the other."""

    def __init__(self) -> None:
        self._run: FrameRun | None = None
        self._progress = Progress(0, 0.0)
        self._ending = False  # no more frames come for this run
        self._ignoring = False  # the user does not want the rest of this render, or it is not available
        self._told: set[str] = set()

    @property
    def busy(self) -> bool:
        return self._run is not None or bool(render_watch.events)

    def step(self, timeout: float = 0.0) -> bool:
        """Take frames that were written, and what the worker has answered.

        Args:
            timeout: seconds to wait for the worker if it is at work.

        Returns:
            Whether there is nothing more to do before the next frame is written.
        """
        try:
            if self._run is not None and bpy.context.window_manager.labelpass.stop_requested:
                self._run.summary.stopped = True
                self._give_up()
            if self._run is not None and self._run.step(timeout, more=not self._ending):
                self._finish()
            self._take_events()
            if self._run is not None:
                show_progress(bpy.context, self._progress, self._run.summary)
        except LabelpassError as error:
            self._give_up()
            self._refuse(str(error))
        except BaseException:
            self.stop()
            raise
        return not self.busy

    def stop(self) -> None:
        """End at once; finished frames stay."""
        if self._run is not None:
            self._run.summary.stopped = True
            self._finish()

    def _give_up(self) -> None:
        """End now, and leave out what the render still writes."""
        self._ignoring = not self._ending
        self._finish()

    def _take_events(self) -> None:
        """Take events of one render, as far as the worker keeps up."""
        events: deque[render_watch.Event] = render_watch.events
        while events and not self._ending:
            if self._run is not None and not self._run.wants_more and not isinstance(events[0], RenderEnded):
                return
            event = events.popleft()
            if isinstance(event, RenderEnded):
                self._ending = self._run is not None
                self._ignoring = False
                self._told.clear()
            elif isinstance(event, RenderBegan):
                if not bpy.context.window_manager.labelpass.running:
                    clear_result(bpy.context)  # it says nothing of what is rendered now
            elif not self._ignoring:
                self._take_frame(event)

    def _take_frame(self, event: WrittenFrame | BadFrame) -> None:
        origins = _origins(event)
        if event.output is not None and not event.redo:
            # Where it says no, what the render still writes is left out; a bad frame would remove a record.
            check_replaced(DatasetFolder(event.output), origins, bpy.data.scenes.keys())
        run = self._run or self._start(event)
        if run is None:
            return
        if isinstance(event, BadFrame):
            for name in event.names:
                run.fail_and_forget(name, event.error)
            return
        declare_sequences(DatasetFolder(event.output), [variant.files for variant, _ in event.variants])
        for variant, scene in event.variants:
            try:
                path = scene_path(DatasetFolder(event.output).scenes, variant.files.path)
                scene.write(path)
                origin = origins[variant.files.path]
                job = FrameJob(variant.files, event.output, path, variant.settings, origin=origin)
                run.add(job, event.look, job.takes_composite(scene.record))
            except WorkerError:
                raise
            except LabelpassError as error:
                run.fail_with(variant.files.path, error)

    def _start(self, event: WrittenFrame | BadFrame) -> FrameRun | None:
        state = bpy.context.window_manager.labelpass
        if state.running:
            self._say_once(_EXPORT_IS_RUNNING)
            return None
        if event.output is None:
            self._refuse(event.error)
            return None
        if plan := DatasetPlan.read(DatasetFolder(event.output)):
            plan.check_settings(bpy.data.scenes[event.scene].labelpass.core_settings())
            variants = event.variants if isinstance(event, WrittenFrame) else ()
            for draws in plan.draws_of(variant.files.path for variant, _ in variants):
                draws.check(baked_seed(bpy.data.scenes[event.scene]))
        self._run = FrameRun(event.output, _WORKERS, low_priority=True, hung_after=_hung_after(event))
        self._progress = Progress(event.total, time.monotonic())
        show_started(bpy.context, event.output, event.total)
        state.follows_render = True
        return self._run

    def _refuse(self, error: str) -> None:
        """Say why the render is not annotated."""
        if self._say_once(error):
            show_start_failed(bpy.context, error)
            redraw_sidebars(bpy.context)

    def _say_once(self, text: str) -> bool:
        """Print a sentence, once in a render; returns whether it was news."""
        if text in self._told:
            return False
        self._told.add(text)
        print_line(f"Labelpass: {text}", wrong=True)
        return True

    def _finish(self) -> None:
        """Report the result of the frames, and clean up."""
        run, self._run = self._run, None
        self._ending = False
        if run is None:
            return
        run.stop()
        show_result(bpy.context, run.summary)
        print_result(run.summary)
        redraw_sidebars(bpy.context)


def _origins(event: WrittenFrame | BadFrame) -> dict[str, Origin]:
    """The path of each sequence's frame, and what it is made of; none where the dataset is not known."""
    if event.output is None:
        return {}
    if isinstance(event, BadFrame):
        files: dict[str, list[Path]] = {name: [] for name in event.names}
    else:
        files = {one.files.path: [file.path for file in one.files.files] for one, _ in event.variants}
    blend = bpy.data.filepath
    return {frame: Origin.of(event.output, paths, blend, event.scene) for frame, paths in files.items()}


_follower = RenderFollower()


def _follow() -> float:
    """Work for a moment while the user works too; returns when to do so again, as timers want it."""
    until = time.monotonic() + SECONDS_OF_A_TURN
    try:
        while _follower.busy and time.monotonic() < until:
            _follower.step(SECONDS_TO_WAIT)
    except Exception:  # a timer that raises is not called again
        traceback.print_exc()
    return SECONDS_BETWEEN_TURNS if _follower.busy else _SECONDS_BETWEEN_LOOKS


def _hung_after(event: WrittenFrame | BadFrame) -> int:
    settings = [variant.settings for variant, _ in event.variants] if isinstance(event, WrittenFrame) else []
    return (settings[0] if settings else Settings()).hung_after


def _follow_in_background() -> None:
    """Work between two frames, which must not wait, and after the last one until all is done."""
    ended = any(isinstance(event, RenderEnded) for event in render_watch.events)
    while not _follower.step(PATIENT_SECONDS if ended else 0.0) and ended:
        pass


def register() -> None:
    if bpy.app.background:
        render_watch.start(_follow_in_background)
        return
    render_watch.start(lambda: None)
    bpy.app.timers.register(_follow, first_interval=_SECONDS_BETWEEN_LOOKS, persistent=True)


def unregister() -> None:
    render_watch.stop()
    stop_timer(_follow)
    _follower.stop()
