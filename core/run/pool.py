"""Worker processes seen from the program that started them: it gives them tasks, watches them and stops them.

This module runs in Blender's process too, so nothing that it imports may import OpenEXR.
"""

import contextlib
import importlib.util
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base import blas
from ..base.errors import WorkerError
from ..base.files import remove_leftovers

# The folder that holds core: there, whatever the packages above are called in this process, the worker finds it.
_ROOT = Path(__file__).resolve().parents[2]
_WORKER_PROGRAM = "core.run.worker"
# How long the workers may take together to end by themselves before they are killed.
_PATIENCE_SECONDS = 3.0
_ATTEMPTS = 2
# How much nicer than this process a worker of low priority is; the system has 20 steps.
_NICENESS = 10
# What would make the worker's interpreter another one than ours.
_FOREIGN_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONEXECUTABLE", "PYTHONCASEOK")


@dataclass(eq=False)
class Task:
    """Something for a worker to do.

    Attributes:
        do: a name in worker.TASKS.
        data: what to do it with, as JSON.
        output: the folder that it writes to, where leftovers of a killed worker are to be removed.
        about: what it is about, in words for a person.
        tag: anything that the caller wants to find again in the answers.
    """

    do: str
    data: Mapping[str, Any]
    output: Path
    about: str
    tag: Any = None
    attempts: int = field(default=0, init=False)


@dataclass(frozen=True)
class Done:
    task: Task
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Failed:
    task: Task
    error: str


@dataclass(frozen=True)
class Progress:
    task: Task
    done: int
    total: int


Event = Done | Failed | Progress


class WorkerPool:
    """A number of worker processes. Use it as a context manager: leaving the block stops all of them.

    A worker that dies is replaced, and its task is done once more; dying twice over the same task fails that task.

    Args:
        workers: how many.
        low_priority: whether they leave the processor to other programs that want it.
    """

    def __init__(self, workers: int, low_priority: bool = False) -> None:
        self._size = workers
        self._low_priority = low_priority
        # Threads for what the workers leave of the processor; 0 is the worker's own thread.
        spare = (os.cpu_count() or 1) // workers
        self._threads = spare if spare > 1 else 0
        self._can_start = False  # nothing is known of it before the first worker is ready
        self._workers: list[_Worker] = []
        self._waiting: deque[Task] = deque()
        self._messages: queue.Queue[tuple[_Worker, dict[str, Any] | None]] = queue.Queue()

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pending(self) -> int:
        """Tasks that are submitted and not answered."""
        return len(self._waiting) + sum(worker.task is not None for worker in self._workers)

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
        events: list[Event] = []
        wait = timeout if self.pending else 0.0
        while True:
            try:
                worker, message = self._messages.get(timeout=wait) if wait else self._messages.get_nowait()
            except queue.Empty:
                return events
            event = self._buried(worker) if message is None else self._answered(worker, message)
            if event:
                events.append(event)
                wait = 0.0
            self._dispatch()

    def stop(self) -> None:
        """End all workers and forget all tasks; what is half-written is removed, what is complete stays."""
        self._waiting.clear()
        for worker in self._workers:
            worker.close()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for worker in self._workers:
            worker.end(deadline - time.monotonic())
        self._workers.clear()

    def _dispatch(self) -> None:
        while self._waiting:
            worker = next((worker for worker in self._workers if worker.task is None), None)
            if worker is None:
                if len(self._workers) >= self._size:
                    return
                worker = _Worker(self._threads, self._low_priority, self._messages)
                self._workers.append(worker)
            task = self._waiting.popleft()
            task.attempts += 1
            worker.start(task)

    def _answered(self, worker: "_Worker", message: Mapping[str, Any]) -> Event | None:
        if "ready" in message:
            self._can_start = True
            return None
        task = worker.task
        assert task is not None  # a worker answers only what it was asked
        if "progress" in message:
            return Progress(task, *message["progress"])
        worker.task = None
        if "leaving" in message:
            self._workers.remove(worker)
            worker.end()
        return Done(task, message["result"]) if "result" in message else Failed(task, message["error"])

    def _buried(self, worker: "_Worker") -> Event | None:
        """A worker's output has ended: it is dead."""
        if worker not in self._workers:
            return None
        self._workers.remove(worker)
        worker.end()
        if not self._can_start:
            raise WorkerError(
                f"The worker process cannot start ({worker.last_words()}); reinstall Labelpass with its requirements"
            )
        task = worker.task
        if task is None:
            return None
        if task.attempts < _ATTEMPTS:
            self._waiting.appendleft(task)
            return None
        return Failed(
            task,
            f"The worker process died twice over {task.about} ({worker.how_it_ended()}); a file may be damaged or too "
            "large for this machine's memory, so render the frame again",
        )


class _Worker:
    """One process, with threads that keep its pipes from filling up."""

    def __init__(
        self, threads: int, low_priority: bool, messages: "queue.Queue[tuple[_Worker, dict[str, Any] | None]]"
    ) -> None:
        self.task: Task | None = None
        self._outputs: set[Path] = set()
        self._errors: deque[str] = deque(maxlen=20)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-m", _WORKER_PROGRAM, str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(),
                encoding="utf-8",
                errors="replace",
                creationflags=_creation_flags(low_priority),
            )
        except OSError as error:
            raise WorkerError(
                f"The worker process cannot start ({sys.executable}: {error.strerror}); "
                "reinstall Labelpass with its requirements"
            ) from error
        if low_priority and sys.platform != "win32":
            with contextlib.suppress(OSError):  # it may have ended already, which its output will show
                os.setpriority(os.PRIO_PROCESS, self._process.pid, os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)
        self._threads = [
            threading.Thread(target=self._read_answers, args=(messages,), daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def start(self, task: Task) -> None:
        self.task = task
        self._outputs.add(task.output)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"id": id(task), "do": task.do, "with": task.data}) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is dead, which its closed output will show

    def close(self) -> None:
        """Ask the process to end at its next checkpoint."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def end(self, patience: float = _PATIENCE_SECONDS) -> None:
        """Wait so many seconds for the process to end, kill it if it does not, and clean up after it."""
        self.close()
        try:
            self._process.wait(max(patience, 0.0))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()
        if self._process.returncode != 0:
            for output in self._outputs:
                remove_leftovers(output, self._process.pid)

    def last_words(self) -> str:
        return self._errors[-1].strip() if self._errors else self.how_it_ended()

    def how_it_ended(self) -> str:
        code = self._process.returncode
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def _read_answers(self, messages: "queue.Queue[tuple[_Worker, dict[str, Any] | None]]") -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                message = None
            if isinstance(message, dict):
                messages.put((self, message))
            else:
                self._errors.append(line)  # a stray word, or half an answer of one that died
        messages.put((self, None))

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors.append(line)


def _creation_flags(low_priority: bool) -> int:
    """What Windows should know of a new worker; 0 elsewhere."""
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return flags | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) if low_priority else flags


def _environment() -> dict[str, str]:
    """The environment of a worker: this package and its requirements importable, and the interpreter its own."""
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN_VARIABLES}
    folders = [str(_ROOT), *_folders_of("OpenEXR", "PIL", "numpy")]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(folders))
    environment["PYTHONUTF8"] = "1"
    blas.one_thread(environment)
    return environment


def _folders_of(*modules: str) -> Sequence[str]:
    """The folders that hold these modules, found without importing them."""
    folders = []
    for module in modules:
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            raise WorkerError(f"The Python package {module} is missing; reinstall Labelpass with its requirements")
        origin = Path(spec.origin)
        folders.append(str(origin.parent.parent if origin.name == "__init__.py" else origin.parent))
    return folders
