"""Render passes that are no longer needed, since all that was to be made of them is there."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..base.errors import LabelpassError
from ..base.files import Content
from ..base.phrases import counted
from ..frames.frame_messages import frames_in_words, said_once
from .frame_job import FrameJob


class DiscardedPasses:
    """Removes the EXR files of frames, each as soon as every job that is made of it is done well.

    Attributes:
        removed: how many files are gone.
        kept: a sentence on each frame whose files stay, by its path.
    """

    def __init__(self, jobs: Iterable[Iterable[Path]]) -> None:
        """
        Args:
            jobs: the EXR files of each job of the run, those of view layers and views that share files included.
        """
        self._waiting: Counter[Path] = Counter(path for files in jobs for path in files)
        self.removed = 0
        self.kept: dict[str, str] = {}

    def after(self, job: FrameJob) -> None:
        """Count a job that a worker has finished, and remove what nothing waits for any more."""
        if problem := why_incomplete(job):
            self.kept[job.files.path] = problem
            return
        for file in job.files.files:
            self._waiting[file.path] -= 1
            if self._waiting[file.path] == 0:
                try:
                    file.path.unlink(missing_ok=True)
                except OSError as error:
                    self.kept[job.files.path] = f"{file.path} cannot be removed: {error.strerror}"
                else:
                    self.removed += 1

    def lines(self) -> list[str]:
        """What became of the files, for people."""
        stay = [
            f"Passes stay: {frames_in_words(frames)}: {text}" for frames, text in said_once(sorted(self.kept.items()))
        ]
        return [f"Passes discarded: {counted(self.removed, 'EXR file')}", *stay]


def why_incomplete(job: FrameJob) -> str:
    """What is missing of a frame's record and files, after each of them was read to its end; "" where nothing is."""
    try:
        record = job.finished_record()
        if record is None:
            return "its record is not up to date"
        for name in record.files():
            if Content.of_file(job.dataset.file(name)) != record.contents.get(name):
                return f"{name} is not as it was written"
    except LabelpassError as error:
        return str(error)
    except OSError as error:
        return f"{error.filename} cannot be read: {error.strerror}"
    return ""
