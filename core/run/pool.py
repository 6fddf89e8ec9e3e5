"""Worker processes seen from the program that started them: it gives them tasks, watches them and stops them.

This module runs in Blender's process too, so nothing that it imports may import OpenEXR.
"""

import itertools
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..base.errors import WorkerError
from ..base.files import Identity
from .answers import is_answer
from .worker_process import PATIENCE_SECONDS, WorkerProcess, wait_for

_ATTEMPTS = 2
# How many workers in a row may be killed before they are ready.
_STARTS = 3
# A worker that starts imports numpy, which takes long on a busy machine, and gives no sign meanwhile.
_LEAST_SECONDS_TO_START = 60.0
# Of a worker's signs of life: how many there are at least in the time after which it counts as hung, and how many
# seconds there are between them at most.
_SIGNS, _MOST_SECONDS_BETWEEN_SIGNS = 8, 5.0
# A program that was stopped itself, or did not look for long, must not take that time for silence of its workers.
_MOST_SECONDS_OF_A_LOOK = 1.0


@dataclass(eq=False)
class Task:
    """Something for a worker to do.

    Attributes:
        do: a name in worker.TASKS.
        data: what to do it with, as JSON.
        output: the folder that it writes to, where leftovers of a killed worker are to be removed.
        about: what it is about, in words for a person.
        tag: anything that the caller wants to find again in the answers.
        known: the identity of the output folder, if nothing may be written to another one in its place.
        alone: whether it waits until no other task is done, and the others wait for it.
        troubles: sentences on what went wrong before it was done.
    """

    do: str
    data: Mapping[str, Any]
    output: Path
    about: str
    tag: Any = None
    known: Identity | None = None
    attempts: int = field(default=0, init=False)
    alone: bool = field(default=False, init=False)
    troubles: list[str] = field(default_factory=list, init=False)


@dataclass(frozen=True)
class Done:
    task: Task
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Failed:
    """
    Attributes:
        error: a sentence.
        of_output: whether something could not be written, and nothing is known to be wrong with what is read.
        of_all: whether nothing else can be written either.
    """

    task: Task
    error: str
    of_output: bool = False
    of_all: bool = False


@dataclass(frozen=True)
class Progress:
    task: Task
    done: int
    total: int


Event = Done | Failed | Progress


class WorkerPool:
    """A number of worker processes. Use it as a context manager: leaving the block stops all of them.

    A worker that dies or hangs is replaced, and its task is done once more; if that happens twice over the same task,
    that task fails. A worker hangs if it takes no step and uses no processor time; however slow it is otherwise, it is
    left alone. A task for which memory was short, or whose worker was killed, as the system does then, is done once
    more when no other worker takes any.

    Args:
        workers: how many.
        low_priority: whether they leave the processor to other programs that want it.
        hung_after: seconds after which a worker that does nothing counts as hung; 0 for never.
    """

    def __init__(self, workers: int, low_priority: bool = False, hung_after: float = 0.0) -> None:
        self._size = workers
        self._low_priority = low_priority
        self._hung_after = hung_after
        # Threads for what the workers leave of the processor; 0 is the worker's own thread.
        spare = (os.cpu_count() or 1) // workers
        self._threads = spare if spare > 1 else 0
        self._can_start = False  # nothing is known of it before the first worker is ready
        self._killed_at_start = 0  # in a row
        # The workers, each with its task, and the number under which it was asked to do it.
        self._workers: dict[WorkerProcess, tuple[int, Task] | None] = {}
        self._numbers = itertools.count(1)
        self._waiting: deque[Task] = deque()
        self._looked = time.monotonic()

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pending(self) -> int:
        """Tasks that are submitted and not answered."""
        return len(self._waiting) + sum(asked is not None for asked in self._workers.values())

    @property
    def wants_more(self) -> bool:
        """Whether another task would be started soon, so that a caller need not submit a million tasks at once."""
        return self.pending < 2 * self._size

    def submit(self, task: Task) -> None:
        self._waiting.append(task)
        self._dispatch()

    def poll(self, timeout: float = 0.0) -> list[Event]:
        """What happened since the last call.

        Args:
            timeout: seconds to wait for the first event, while tasks are pending.

        Raises:
            WorkerError: workers cannot be started at all.
        """
        end = time.monotonic() + (timeout if self.pending else 0.0)
        while True:
            events = [event for worker in list(self._workers) for event in self._listen_to(worker)]
            left = end - time.monotonic()
            if events or left <= 0.0:
                return [*events, *self._replace_hung()]
            wait_for(self._workers, left)

    def stop(self) -> None:
        """End all workers and forget all tasks; what is half-written is removed, what is complete stays."""
        self._waiting.clear()
        for worker in self._workers:
            worker.close()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for worker in self._workers:
            worker.end(deadline - time.monotonic())
        self._workers.clear()

    def _dispatch(self) -> None:
        while self._waiting:
            at_work = [asked[1] for asked in self._workers.values() if asked]
            if at_work and (self._waiting[0].alone or any(task.alone for task in at_work)):
                return
            worker = next((worker for worker, asked in self._workers.items() if asked is None), None)
            if worker is None:
                if len(self._workers) >= self._size:
                    return
                sign_seconds = min(self._hung_after / _SIGNS, _MOST_SECONDS_BETWEEN_SIGNS)
                worker = WorkerProcess(self._threads, self._low_priority, sign_seconds)
            task = self._waiting.popleft()
            task.attempts += 1
            number = next(self._numbers)
            self._workers[worker] = number, task
            worker.ask(
                {"id": number, "do": task.do, "with": task.data, "into": str(task.output), "known": task.known},
                task.output,
            )

    def _listen_to(self, worker: WorkerProcess) -> Iterator[Event]:
        """What one worker has to say, until it is replaced."""
        messages = worker.read()
        for message in messages:
            if worker in self._workers and (event := self._answered(worker, message)):
                yield event
            self._dispatch()
        if worker in self._workers and worker.is_dead:
            if event := self._buried(worker):
                yield event
            self._dispatch()

    def _answered(self, worker: WorkerProcess, message: Mapping[str, Any]) -> Event | None:
        if message.get("ready") is True:
            self._can_start = worker.ready = True
            self._killed_at_start = 0
            return None
        asked = self._workers[worker]
        if asked is None or type(message.get("id")) is not int or message["id"] != asked[0]:
            return None  # no answer to what it was asked, or the second one
        task = asked[1]
        if not is_answer(task.do, message):
            return self._given_up(worker, partial(_died_twice, "something else wrote into its answers"))
        if "progress" in message:
            return Progress(task, *message["progress"])
        self._workers[worker] = None
        if message.get("leaving") is True:
            del self._workers[worker]
            worker.end()
        if "result" in message:
            return Done(task, message["result"])
        if message.get("memory") is True and self._waits_for_memory(task, f"Memory was short for {task.about}"):
            return None
        return Failed(task, message["error"], "output" in message, message.get("output") == "all")

    def _buried(self, worker: WorkerProcess) -> Event | None:
        """A worker's output has ended: it is dead."""
        worker.end()
        if worker.ready:
            return self._given_up(worker, partial(_died_twice, worker.how_it_ended()), worker.was_killed)
        if not self._can_start and not worker.was_killed:
            del self._workers[worker]
            raise WorkerError(
                f"The worker process cannot start ({worker.last_words()}); reinstall Labelpass with its requirements"
            )
        self._start_again(worker, worker.last_words())
        return None

    def _replace_hung(self) -> list[Event]:
        """Put others in the place of workers that hang."""
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, _MOST_SECONDS_OF_A_LOOK), now
        events = []
        for worker, asked in list(self._workers.items()):
            silence = worker.watched(passed) if asked or not worker.ready else 0.0
            if not self._hung_after or silence <= self._hung_after:
                continue
            if not worker.ready:
                if silence > _LEAST_SECONDS_TO_START:
                    worker.end(0.0)
                    self._start_again(worker, f"it did nothing for {silence:.0f} seconds")
                continue
            how = f"it did nothing for {self._hung_after:g} seconds"
            event = self._given_up(worker, partial(_hung_twice, how))
            if event:
                events.append(event)
            elif asked:
                asked[1].troubles.append(f"A worker process was replaced over {asked[1].about}, since {how}")
        self._dispatch()
        return events

    def _given_up(
        self, worker: WorkerProcess, sentence: Callable[[Task], str], by_system: bool = False
    ) -> Event | None:
        """Go on without a worker, and have its task done once more, or say that it failed twice.

        Args:
            worker: which.
            sentence: what to say then.
            by_system: whether something else killed it, as the system does where memory runs out.
        """
        asked = self._workers.pop(worker)
        worker.end(0.0)
        if asked is None:
            return None
        task = asked[1]
        killed = f"A worker process was killed over {task.about}, as systems do where memory is short"
        if by_system and self._waits_for_memory(task, killed):
            return None
        if task.attempts < _ATTEMPTS:
            self._waiting.appendleft(task)
            return None
        return Failed(task, sentence(task))

    def _waits_for_memory(self, task: Task, why: str) -> bool:
        """Have a task done once more by itself, if it was not the only one and has another attempt."""
        others = [asked for asked in self._workers.values() if asked]
        if not others or task.attempts >= _ATTEMPTS:
            return False
        task.alone = True
        task.troubles.append(f"{why}, so it was done again by itself; with fewer workers nothing is done twice")
        self._waiting.append(task)
        return True

    def _start_again(self, worker: WorkerProcess, why: str) -> None:
        """Have another one do what a worker was to do that did not get as far as that."""
        asked = self._workers.pop(worker)
        if asked:
            asked[1].attempts -= 1
            self._waiting.appendleft(asked[1])
        self._killed_at_start += 1
        if self._killed_at_start >= _STARTS:
            raise WorkerError(
                f"{_STARTS} worker processes in a row ended before they could begin ({why}); free memory or use fewer "
                "workers, and run again"
            )


def _died_twice(why: str, task: Task) -> str:
    return (
        f"The worker process died twice over {task.about} ({why}); a file may be damaged or too large for this "
        "machine's memory, so render the frame again"
    )


def _hung_twice(why: str, task: Task) -> str:
    return (
        f"The worker process had to be replaced twice over {task.about}, since {why}; check the disk or network that "
        "its files are on, or raise Hung After, and run again"
    )
