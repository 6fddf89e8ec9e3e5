"""One task of a worker on a dataset that is there."""

from collections.abc import Callable
from pathlib import Path

from ...core.run.annotation_run import AnnotationRun, Summary
from ...core.run.pool import WorkerPool
from ...core.settings.settings import Settings


class DatasetRun:
    """Lets a worker do it.

    Args:
        output: the dataset's folder.
        settings: which say when a worker hangs.
        submit: gives the task.

    Attributes:
        summary: what became of it.
    """

    def __init__(self, output: Path, settings: Settings, submit: Callable[[AnnotationRun], None]) -> None:
        self._pool = WorkerPool(1, hung_after=settings.hung_after)
        self._run = AnnotationRun(self._pool, output)
        submit(self._run)

    @property
    def summary(self) -> Summary:
        return self._run.summary

    def step(self, timeout: float = 0.0) -> bool:
        """Take what the worker has answered, for which it waits so many seconds; whether all is done."""
        for event in self._pool.poll(timeout):
            self._run.take(event)
        if self._pool.pending:
            return False
        self._pool.stop()
        return True

    def stop(self) -> None:
        """End it now; what was there before is as it was."""
        self.summary.stopped = True
        self._pool.stop()
