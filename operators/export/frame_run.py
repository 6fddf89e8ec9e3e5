"""Frames on their way from their files to the dataset, with Blender making their training images.

An export and a render that annotates what it writes both drive this.
"""

import dataclasses
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...core.base.errors import LabelpassError, WorkerError
from ...core.base.files import check_writable
from ...core.base.temporary_names import remove
from ...core.records.frame_job import FrameJob
from ...core.run.annotation_run import AnnotationRun, Summary
from ...core.run.pool import Done, Event, Failed, Task, WorkerPool
from ...core.settings.settings import ImageFormat, Settings
from ..rendering.display_images import LinearImage, Look

# How to drive a run while the user works: a turn every so often, of some steps, each of which waits for a worker.
SECONDS_BETWEEN_TURNS = 0.05
SECONDS_OF_A_TURN = 0.1
SECONDS_TO_WAIT = 0.01
# A background process has nothing else to do than to wait for its workers.
PATIENT_SECONDS = 0.5


class FrameRun:
    """Give it frames, call step() until it returns True, and always call stop().

    Args:
        output: the dataset's folder.
        workers: how many processes work at once.
        merge: whether the dataset file is written at the end, and formats that the settings want of it.
        low_priority: whether the workers leave the processor to others.
        hung_after: seconds after which a worker that does nothing is replaced; 0 for never.
        when_done: called with each job whose record is there, annotated now or before.

    Attributes:
        temporary: a folder that is there until the run is stopped; a frame's files in it are removed after the frame.

    Raises:
        OutputError: the output folder cannot be written.
    """

    def __init__(
        self,
        output: Path,
        workers: int,
        merge: bool = True,
        low_priority: bool = False,
        hung_after: float = 0.0,
        when_done: Callable[[FrameJob], None] = lambda _: None,
    ) -> None:
        check_writable(output)
        self._pool = WorkerPool(workers, low_priority, hung_after)
        self._run = AnnotationRun(self._pool, output)
        self._folder = tempfile.TemporaryDirectory(prefix="labelpass-")
        self.temporary = Path(self._folder.name)
        self._linear_image = LinearImage()
        self._merge = self._export = merge
        self._when_done = when_done
        self._settings = Settings()  # those of the last frame count for what is made of all of them
        self._decoded = 0
        self._users: Counter[Path] = Counter()  # of temporary files
        self._made_images: set[Path | None] = set()  # of frames that no worker is done with

    @property
    def summary(self) -> Summary:
        return self._run.summary

    @property
    def blocked(self) -> str:
        """Why nothing more can be written, see AnnotationRun; "" so far."""
        return self._run.blocked

    @property
    def wants_more(self) -> bool:
        """Whether another frame would be worked on soon."""
        return self._pool.wants_more

    def add(self, job: FrameJob, look: Look, composited: bool) -> None:
        """Annotate a frame, with a training image made of its files if the settings want one; `composited` as
        FrameJob.takes_composite says."""
        self._settings = job.settings
        if job.settings.image_format is ImageFormat.NONE:
            self.add_with_image(job)
            return
        job = dataclasses.replace(job, colour=look.colour)
        if not self._is_settled(job):
            self._users.update(self._temporary_files(job))
            self._decode(job, look, composited)

    def add_with_image(self, job: FrameJob) -> None:
        """Annotate a frame whose training image, if the settings want one, Blender has made."""
        self._settings = job.settings
        if not self._is_settled(job):
            self._users.update(self._temporary_files(job))
            self._submit(job)
        elif job.made_image:
            remove(job.made_image)

    def _is_settled(self, job: FrameJob) -> bool:
        settled = self._run.settled(job)
        if settled and job.files.path not in self.summary.failed:
            self._when_done(job)
        return settled

    def fail(self, frame: str, error: str) -> None:
        """Note that a frame cannot be annotated."""
        self._run.fail(frame, error)

    def fail_and_forget(self, frame: str, error: str) -> None:
        """Note that a frame cannot be annotated, and remove its record of an earlier run."""
        self._run.fail_and_forget(frame, error)

    def fail_with(self, frame: str, error: LabelpassError) -> None:
        """Note an error with a frame, see AnnotationRun."""
        self._run.fail_with(frame, error)

    def leave_out(self, frames: int) -> None:
        """Note that so many frames are left out, since the run is blocked."""
        self._run.leave_out(frames)

    def step(self, timeout: float = 0.0, more: bool = False) -> bool:
        """Take what the workers have answered.

        Args:
            timeout: seconds to wait for the first answer.
            more: whether frames are still to come, so that it is too early for the dataset file.

        Returns:
            Whether all is done.

        Raises:
            WorkerError: workers cannot be started.
        """
        for event in self._pool.poll(timeout):
            self._take(event)
        if more or self._pool.pending:
            return False
        if self._merge and not self.blocked and self.summary.annotated + self.summary.kept:
            self._merge = False
            self._run.merge(self._settings)
            return False
        if self._export and self.summary.dataset and self._settings.formats:
            self._export = False
            self._run.export(self._settings)
            return False
        return True

    def stop(self) -> None:
        """End the workers, and remove what is temporary; finished frames stay."""
        self._pool.stop()
        for path in filter(None, self._made_images):
            remove(path)
        self._linear_image.remove()
        self._folder.cleanup()

    def _decode(self, job: FrameJob, look: Look, composited: bool) -> None:
        """Let a worker decode the picture of a file on disk, for Blender to make the training image of."""
        self._decoded += 1
        pixels = self.temporary / f"{self._decoded}.npy"
        data: dict[str, Any] = {"job": job.as_json(), "to": str(pixels), "composited": composited}
        self._pool.submit(Task("decode_combined", data, self.temporary, "this frame", (job, look, pixels)))

    def _take(self, event: Event) -> None:
        if event.task.do != "decode_combined":
            self._run.take(event)
            if event.task.do == "annotate" and isinstance(event, Done | Failed):
                self._made_images.discard(event.task.tag.made_image)
                self._release(event.task.tag)
            if event.task.do == "annotate" and isinstance(event, Done):
                self._when_done(event.task.tag)
            return
        job, look, pixels = event.task.tag
        try:
            if isinstance(event, Failed):
                self._run.fail_and_forget(job.files.path, event.error)
                self._release(job)
            elif isinstance(event, Done) and event.result["decoded"]:
                made = self._linear_image.save(pixels, look, job.dataset.file(job.image), job.settings.image_format)
                self._submit(dataclasses.replace(job, made_image=made))
            elif isinstance(event, Done):
                self.add_with_image(dataclasses.replace(job, colour=None))
                self._release(job)
        except WorkerError:
            raise
        except LabelpassError as error:
            self._run.fail_with(job.files.path, error)
            self._release(job)
        finally:
            pixels.unlink(missing_ok=True)

    def _submit(self, job: FrameJob) -> None:
        if job.made_image:
            self._made_images.add(job.made_image)
        self._run.submit(job)

    def _temporary_files(self, job: FrameJob) -> list[Path]:
        return [file.path for file in job.files.files if file.path.parent == self.temporary]

    def _release(self, job: FrameJob) -> None:
        """Passes of a render in memory are needed only until all sequences of the frame are annotated."""
        for path in self._temporary_files(job):
            self._users[path] -= 1
            if not self._users[path]:
                path.unlink(missing_ok=True)
