"""One worker process, seen from the program that started it: its pipes, its signs of life, and its end.

This module runs in Blender's process too, so nothing that it imports may import OpenEXR.
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base import process_environment
from ..base.errors import WorkerError
from ..base.temporary_names import remove_leftovers
from .owned_process import start_process
from .pipes import LinesFrom, LinesTo, wait_for_any

# How long the workers may take together to end by themselves before they are killed.
PATIENCE_SECONDS = 3.0
# What makes a worker fast, and works without.
_OPTIONAL = ("deflate",)
# The folder that holds core: there, whatever the packages above are called in this process, the worker finds it.
_ROOT = Path(__file__).resolve().parents[2]
_WORKER_PROGRAM = "core.run.worker_program"
# How much nicer than this process a worker of low priority is; the system has 20 steps.
_NICENESS = 10
# At a process that is to end.
_SECONDS_BETWEEN_LOOKS = 0.05
# What would make the worker's interpreter another one than ours.
_FOREIGN_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONEXECUTABLE", "PYTHONCASEOK")


class WorkerProcess:
    """One process. Call read() again and again: what it says waits in its pipes, and they hold little.

    Args:
        threads: how many OpenEXR may decode with in it.
        low_priority: whether it leaves the processor to other programs.
        sign_seconds: how often it gives a sign of life while it works; 0 for never.

    Attributes:
        ready: whether it has started to take tasks.
        silence: seconds since it has said anything, as watched() counts them.

    Raises:
        WorkerError: it cannot be started.
    """

    def __init__(self, threads: int, low_priority: bool, sign_seconds: float) -> None:
        self.ready = False
        self.silence = 0.0
        self._ended = False
        self._heard = self._has_spoken = False
        self._outputs: set[Path] = set()
        self._words: deque[str] = deque(maxlen=20)
        try:
            self._process = start_process(
                [sys.executable, "-s", "-P", "-m", _WORKER_PROGRAM, str(threads), str(sign_seconds)],
                _environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
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
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._tasks = LinesTo(self._process.stdin)
        self._answers, self._errors = LinesFrom(self._process.stdout), LinesFrom(self._process.stderr)

    @property
    def is_dead(self) -> bool:
        """Whether it has said its last answer."""
        return self._answers.ended

    def ask(self, message: Mapping[str, Any], output: Path) -> None:
        """Give it something to do, which writes below `output`."""
        self.silence = 0.0
        self._outputs.add(output)
        self._tasks.put(json.dumps(message))
        self._send()

    def read(self) -> list[dict[str, Any]]:
        """What it has said since the last call, but for signs of life."""
        self._words.extend(self._errors.read())
        messages = []
        for line in self._answers.read():
            self._heard = self._has_spoken = True
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                message = None
            if not isinstance(message, dict):
                self._words.append(line)  # a stray word, or half an answer of one that died
            elif "alive" not in message:
                messages.append(message)
        self._send()
        return messages

    def watched(self, seconds: float) -> float:
        """Count so many seconds more, unless it has said something meanwhile; returns its silence."""
        self.silence = 0.0 if self._heard else self.silence + seconds
        self._heard = False
        return self.silence

    def close(self) -> None:
        """Ask the process to end at its next checkpoint."""
        self._tasks.close()

    def end(self, patience: float = PATIENCE_SECONDS) -> None:
        """Wait so many seconds for the process to end, kill it if it does not, and clean up after it."""
        if self._ended:
            return
        self._ended = True
        self.close()
        if not self._ends_within(max(patience, 0.0)):
            self._process.kill()
            if not self._ends_within(PATIENCE_SECONDS):
                return  # it hangs in the system, as on a disk that is gone; it dies when that lets go of it
        self._words.extend(self._errors.read())
        for pipe in (self._answers, self._errors):
            pipe.close()
        if self._process.returncode != 0:
            for output in self._outputs:
                remove_leftovers(output, self._process.pid)

    def last_words(self) -> str:
        return self._words[-1].strip() if self._words else self.how_it_ended()

    def how_it_ended(self) -> str:
        code = self._process.returncode
        if code is None:
            return "it hangs in the system"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    @property
    def was_killed(self) -> bool:
        """Whether something else ended it, which on Windows looks like an exit code of 1 without a word."""
        code = self._process.returncode
        return code is None or code < 0 or (sys.platform == "win32" and code == 1 and not self._words)

    def _send(self) -> None:
        """Send it what it is asked. Where a write waits for the reader, there has to be one."""
        if self._has_spoken or not self._tasks.blocks:
            self._tasks.flush()

    def _ends_within(self, seconds: float) -> bool:
        """Wait for the process to end, and listen to it meanwhile, since it may wait for that."""
        end = time.monotonic() + seconds
        while self._process.poll() is None:
            left = end - time.monotonic()
            if left <= 0.0:
                return False
            self.read()
            if self._pipes()[0]:
                wait_for([self], min(left, _SECONDS_BETWEEN_LOOKS))
            else:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(min(left, _SECONDS_BETWEEN_LOOKS))
        return True

    def _pipes(self) -> tuple[list[LinesFrom], list[LinesTo]]:
        """Those from which something may come, and those that something has to go into."""
        sources = [pipe for pipe in (self._answers, self._errors) if not pipe.ended]
        return sources, [self._tasks] if self._tasks.waits and not self._tasks.blocks else []


def wait_for(workers: Iterable[WorkerProcess], seconds: float) -> None:
    """Return when one of these has said something or has ended, after so many seconds at the latest."""
    sources, targets = [], []
    for worker in workers:
        some, others = worker._pipes()
        sources += some
        targets += others
    wait_for_any(sources, targets, seconds)


def _creation_flags(low_priority: bool) -> int:
    """What Windows should know of a new worker; 0 elsewhere."""
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return flags | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) if low_priority else flags


def _environment() -> dict[str, str]:
    """The environment of a worker: this package and its requirements importable, and the interpreter its own."""
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN_VARIABLES}
    folders = [str(_ROOT), *_folders_of("OpenEXR", "PIL", "numpy", *_OPTIONAL)]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(folders))
    environment["PYTHONUTF8"] = "1"
    process_environment.use_one_blas_thread(environment)
    process_environment.keep_memory(environment)
    return environment


def _folders_of(*modules: str) -> Sequence[str]:
    """The folders that hold these modules, found without importing them."""
    folders = []
    for module in modules:
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            if module in _OPTIONAL:
                continue
            raise WorkerError(f"The Python package {module} is missing; reinstall Labelpass with its requirements")
        origin = Path(spec.origin)
        folders.append(str(origin.parent.parent if origin.name == "__init__.py" else origin.parent))
    return folders
