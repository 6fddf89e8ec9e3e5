"""An annotation run: many frames through the workers, and what became of each of them.

The sidebar, the headless script and the command line all drive this; it runs in Blender's process too.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.dataset_folder import DatasetFolder
from ..base.errors import ExrError, LabelpassError, OutputError, SceneError, WorkerError
from ..base.files import check_writable, identity
from ..base.phrases import counted
from ..base.temporary_names import remove_old_leftovers
from ..frames.frame_messages import frames_in_words, said_once
from ..records.frame_job import FrameJob
from ..records.record_store import open_records
from ..settings.settings import Settings
from .disk_outlook import DiskOutlook
from .exit_codes import ExitCode
from .interrupts import ctrl_c_noted
from .pool import Done, Event, Failed, Progress, Task, WorkerPool

# From the first of so many frames is known what one of them takes on the disk.
_FRAMES_TO_TELL = 3


@dataclass(frozen=True)
class Remark:
    """A sentence on a frame, or on several that it holds for.

    Attributes:
        where: the frame's name, or how many frames and which.
        text: what is wrong with it, or should be known about it.
        failed: whether the frame could not be annotated.
    """

    where: str
    text: str
    failed: bool

    def __str__(self) -> str:
        return f"{'Failed' if self.failed else 'Note'}: {self.where}: {self.text}"


@dataclass
class Summary:
    """What became of the frames so far.

    Attributes:
        annotated, kept: how many frames were annotated, and how many were up to date already.
        instances: in all of them.
        dropped: how many instances more were left out, as the settings say.
        written: bytes of the files of the frames that were annotated.
        failed: frame -> a sentence on what is wrong with it.
        notes: frame -> sentences on what the user should know about it.
        dataset: a sentence on the dataset file, "" until it is written.
        dataset_notes: sentences on what the user should know about the whole.
        exports: lines on the formats that were exported, or on the report that was written.
        problems: a sentence on each record that the dataset file, or an export, could not take.
        stopped: whether the user stopped the run.
    """

    annotated: int = 0
    kept: int = 0
    instances: int = 0
    dropped: int = 0
    written: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    dataset: str = ""
    dataset_notes: list[str] = field(default_factory=list)
    exports: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    stopped: bool = False

    @property
    def frames(self) -> int:
        """Frames that are dealt with, well or badly."""
        return self.annotated + self.kept + len(self.failed)

    @property
    def exit_code(self) -> ExitCode:
        """How a program ends that made this run."""
        if self.stopped:
            return ExitCode.STOPPED
        return ExitCode.FAILED if self.failed or self.problems else ExitCode.DONE

    def headline(self) -> str:
        """The run in one sentence."""
        parts = [f"{counted(self.annotated, 'frame')} annotated"]
        if self.kept:
            parts.append(f"{self.kept} up to date")
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        text = f"{', '.join(parts)}; {counted(self.instances, 'instance')}"
        if self.dropped:
            text += f", {self.dropped} dropped"
        return f"Stopped: {text}" if self.stopped else text

    def outline(self) -> list[str]:
        """The run as a whole: headline, dataset, exports, and what is wrong with these."""
        lines = [self.headline()] if self.frames or self.stopped else []
        return [
            *lines,
            *([self.dataset] if self.dataset else []),
            *(f"Note: {text}" for text in self.dataset_notes),
            *self.exports,
            *self.problems,
        ]

    def remarks(self) -> list[Remark]:
        """Every failure and every note once, each with its frames."""
        return [*_remarks(self.failed.items(), failed=True), *self._notes()]

    def remarks_by_frame(self) -> list[Remark]:
        """Every failure by frame, and every note once."""
        return [*(Remark(frame, error, failed=True) for frame, error in sorted(self.failed.items())), *self._notes()]

    def _notes(self) -> list[Remark]:
        return _remarks(((frame, note) for frame, notes in self.notes.items() for note in notes), failed=False)

    def lines(self) -> list[str]:
        """The run in full: outline and remarks."""
        return [*self.outline(), *map(str, self.remarks())]


def _remarks(sentences: Iterable[tuple[str, str]], failed: bool) -> list[Remark]:
    return [Remark(frames_in_words(frames), text, failed) for frames, text in said_once(sentences)]


def _left_out(records: Mapping[str, int]) -> str:
    """Words on records that the dataset file was not to hold, by sequence; "" where there are none."""
    if not records:
        return ""
    names = ", ".join(repr(name) if name else "the unnamed one" for name in records)
    sequences = "a sequence" if len(records) == 1 else "sequences"
    number = counted(sum(records.values()), "record")
    return f"; {number} left out, of {sequences} that the latest export does not make ({names})"


class DiskWatch:
    """Tells once what the rest of a run will take of the disk, as soon as that is known.

    Args:
        output: the dataset's folder.
        total: how many frames the run has.
    """

    def __init__(self, output: Path, total: int) -> None:
        self._output, self._total, self._told = output, total, False

    def news(self, summary: Summary, bytes_besides: float = 0.0) -> DiskOutlook | None:
        """The outlook where it is worth telling and was not told yet.

        Args:
            summary: what became of the frames so far.
            bytes_besides: of each frame, in files that no record names.
        """
        if self._told or summary.annotated < _FRAMES_TO_TELL:
            return None
        self._told = True
        each = summary.written / summary.annotated + bytes_besides
        outlook = DiskOutlook.of(self._output, self._total - summary.frames, each)
        return outlook if outlook.is_worth_telling else None


class AnnotationRun:
    """Frames on their way through a pool of workers.

    Attributes:
        summary: what became of them so far.
        blocked: a sentence on why nothing more can be written, after which no frame should be submitted; "" so far.
    """

    def __init__(self, pool: WorkerPool, output: Path) -> None:
        self.summary = Summary()
        self.blocked = ""
        self._pool = pool
        self._output = output
        self._identity = identity(output)

    def settled(self, job: FrameJob) -> bool:
        """Whether there is nothing to do for a frame: its record is valid already, or its files are missing."""
        if job.settings.redo:
            return False
        try:
            record = job.finished_record()
        except ExrError as error:
            # The files of a finished frame may be gone on purpose; its record and its image still belong together.
            self.fail(job.files.path, str(error))
            return True
        except SceneError as error:
            self.fail_and_forget(job.files.path, str(error))
            return True
        if record is None:
            return False
        self.summary.kept += 1
        self.summary.instances += len(record.instances)
        self.summary.dropped += sum(record.dropped.values())
        self._note(job, list(record.notes))
        return True

    def submit(self, job: FrameJob) -> None:
        """Let a worker annotate a frame."""
        self._pool.submit(Task("annotate", job.as_json(), job.output, "this frame", job, self._identity))

    def fail(self, frame: str, error: str) -> None:
        """Note that a frame cannot be annotated."""
        self.summary.failed[frame] = error

    def fail_and_forget(self, frame: str, error: str) -> None:
        """Note that a frame cannot be annotated, and remove its record of an earlier run.

        What was made of other files, settings or scenes must not stand for the frame as it is now.
        """
        # If it cannot be removed, nothing could be written there either.
        with contextlib.suppress(OSError, LabelpassError):
            open_records(DatasetFolder(self._output)).remove(frame)
        self.fail(frame, error)

    def fail_with(self, frame: str, error: LabelpassError) -> None:
        """Note an error with a frame that is not given to a worker; an earlier record stays where nothing but writing
        is wrong."""
        if isinstance(error, OutputError):
            if error.of_all:
                self._block(str(error))
            self.fail(frame, str(error))
        else:
            self.fail_and_forget(frame, str(error))

    def leave_out(self, frames: int) -> None:
        """Note that so many frames are not submitted, since the run is blocked."""
        if frames:
            self.summary.problems.append(f"{counted(frames, 'frame')} left out, since the run had to stop")

    def merge(self, settings: Settings) -> None:
        """Write the dataset file and what else the settings want of all records, by a worker."""
        data = {"output": str(self._output), "settings": settings.as_json()}
        self._submit("merge", data)

    def export(self, settings: Settings, output: Path | None = None) -> None:
        """Write the dataset in the formats that the settings want, by a worker; `output` as in dataset/export.py."""
        folder = None if output is None else str(output)
        data = {"dataset": str(self._output), "output": folder, "settings": settings.as_json()}
        self._submit("export", data)

    def report(self, settings: Settings) -> None:
        """Write the report of the dataset, divided as the settings say, by a worker."""
        data = {"dataset": str(self._output), "settings": settings.as_json()}
        self._submit("report", data)

    def _submit(self, do: str, data: Mapping[str, Any]) -> None:
        """Something about the whole dataset."""
        about = f"the records of {self._output}"
        self._pool.submit(Task(do, data, self._output, about, known=self._identity))

    def take(self, event: Event) -> None:
        """Count what a worker has answered to a task of this run."""
        summary = self.summary
        task = event.task
        if isinstance(event, Progress):
            return
        if task.do == "merge":
            if isinstance(event, Done):
                result = event.result
                summary.dataset = (
                    f"{result['path']}: {counted(result['frames'], 'image')}, "
                    f"{counted(result['instances'], 'annotation')}, {counted(result['categories'], 'category')}"
                    + _left_out(result["left_out"])
                )
                summary.problems += result["problems"]
                summary.dataset_notes += result["notes"]
            else:
                summary.problems.append(event.error)
            return
        if task.do in ("export", "report"):
            if isinstance(event, Done):
                summary.exports += event.result["lines"]
                summary.problems += event.result["problems"]
            else:
                summary.problems.append(event.error)
            return
        job: FrameJob = task.tag
        self.check_output()
        if isinstance(event, Done):
            summary.annotated += 1
            summary.instances += event.result["instances"]
            summary.dropped += event.result["dropped"]
            summary.written += event.result["written"]
            self._note(job, [*event.result["notes"], *task.troubles])
        else:
            self._take_failure(job, event)

    def _take_failure(self, job: FrameJob, failed: Failed) -> None:
        """What is there of the frame stays, unless it is known to be of other files or settings."""
        if failed.of_all:
            self._block(failed.error)
        if failed.of_output or _is_up_to_date(job):
            self.fail(job.files.path, failed.error)
        else:
            self.fail_and_forget(job.files.path, failed.error)

    def _block(self, sentence: str) -> None:
        self.blocked = self.blocked or sentence

    def check_output(self) -> None:
        """Note where the output folder is not the one that the run began with: what was written there is gone."""
        if identity(self._output) != self._identity and not self.blocked:
            self._block(
                f"{self._output} was removed or replaced while frames were written there, so some of them are gone; "
                "run again"
            )
            self.summary.problems.append(self.blocked)

    def _note(self, job: FrameJob, notes: list[str]) -> None:
        if notes:
            self.summary.notes[job.files.path] = notes


def _is_up_to_date(job: FrameJob) -> bool:
    try:
        return job.finished_record() is not None
    except LabelpassError:
        return False


def annotate_frames(
    jobs: Iterable[FrameJob],
    output: Path,
    settings: Settings,
    progress: Callable[[Summary], None],
) -> Summary:
    """Annotate frames and wait for all of them; Ctrl-C stops the run and keeps what is finished, as a full disk does.

    Args:
        jobs: the frames.
        output: the dataset's folder.
        settings: only those that are about the run count.
        progress: called after each frame.

    Raises:
        OutputError: the output folder cannot be written.
        WorkerError: no worker can be started, and there was nothing to do without one.
    """
    check_writable(output)
    remove_old_leftovers(output)
    with ctrl_c_noted() as is_pressed, WorkerPool(settings.worker_count, hung_after=settings.hung_after) as pool:
        run = AnnotationRun(pool, output)
        waiting = iter(jobs)
        more = True
        try:
            while (more or pool.pending) and not is_pressed():
                if more and run.blocked:
                    run.leave_out(sum(1 for _ in waiting))
                    more = False
                while more and pool.wants_more and not is_pressed():
                    job = next(waiting, None)
                    if job is None:
                        more = False
                    elif run.settled(job):
                        progress(run.summary)
                    else:
                        run.submit(job)
                for event in pool.poll(timeout=0.5):
                    run.take(event)
                    progress(run.summary)
            run.summary.stopped = is_pressed()
        except KeyboardInterrupt:
            run.summary.stopped = True
        except WorkerError as error:
            if not run.summary.frames:
                raise
            run.summary.problems.append(str(error))
            run.leave_out(pool.pending + sum(1 for _ in waiting))
        return run.summary


def merge_records(output: Path, progress: Callable[[int, int], None], settings: Settings) -> Summary:
    """Write the dataset file of an output folder and wait for it.

    Args:
        output: the dataset's folder.
        progress: called with records read and their total, each being read twice.
        settings: only those that are about all records count.
    """
    return _alone(output, progress, settings, lambda run: run.merge(settings))


def export_dataset(
    dataset: Path, progress: Callable[[int, int], None], settings: Settings, output: Path | None
) -> Summary:
    """Write a dataset in the formats that the settings want, and wait for it.

    Args:
        dataset: its folder.
        progress: as in merge_records().
        settings: only those that are about exports count.
        output: the folder of the exports; None for the one in the dataset.
    """
    return _alone(dataset, progress, settings, lambda run: run.export(settings, output))


def _alone(
    dataset: Path, progress: Callable[[int, int], None], settings: Settings, submit: Callable[[AnnotationRun], None]
) -> Summary:
    """Let a worker do a single task, and wait for it; Ctrl-C stops it."""
    with ctrl_c_noted() as is_pressed, WorkerPool(1, hung_after=settings.hung_after) as pool:
        run = AnnotationRun(pool, dataset)
        submit(run)
        try:
            while pool.pending and not is_pressed():
                for event in pool.poll(timeout=0.5):
                    if isinstance(event, Progress):
                        progress(event.done, event.total)
                    run.take(event)
            run.summary.stopped = is_pressed()
        except KeyboardInterrupt:
            run.summary.stopped = True
        return run.summary
