"""One worker process, seen from the program that started it: its pipes, its signs of life, and its end.

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
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base import blas
from ..base.errors import WorkerError
from ..base.temporary_names import remove_leftovers
from .owned_process import start_process

# What a worker said; None when it is dead.
Said = tuple["WorkerProcess", dict[str, Any] | None]

# How long the workers may take together to end by themselves before they are killed.
PATIENCE_SECONDS = 3.0
# The folder that holds core: there, whatever the packages above are called in this process, the worker finds it.
_ROOT = Path(__file__).resolve().parents[2]
_WORKER_PROGRAM = "core.run.worker"
# How much nicer than this process a worker of low priority is; the system has 20 steps.
_NICENESS = 10
# What would make the worker's interpreter another one than ours.
_FOREIGN_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONEXECUTABLE", "PYTHONCASEOK")


class WorkerProcess:
    """One process, with threads that keep its pipes from filling up.

    Args:
        threads: how many OpenEXR may decode with in it.
        low_priority: whether it leaves the processor to other programs.
        sign_seconds: how often it gives a sign of life while it works; 0 for never.
        messages: where what it says goes, but for signs of life.

    Attributes:
        ready: whether it has started to take tasks.
        silence: seconds since it has said anything, as watched() counts them.

    Raises:
        WorkerError: it cannot be started.
    """

    def __init__(self, threads: int, low_priority: bool, sign_seconds: float, messages: "queue.Queue[Said]") -> None:
        self.ready = False
        self.silence = 0.0
        self._ended = False
        self._heard = threading.Event()
        self._outputs: set[Path] = set()
        self._errors: deque[str] = deque(maxlen=20)
        try:
            self._process, self._release = start_process(
                [sys.executable, "-s", "-P", "-m", _WORKER_PROGRAM, str(threads), str(sign_seconds)],
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

    def ask(self, message: Mapping[str, Any], output: Path) -> None:
        """Give it something to do, which writes below `output`."""
        self.silence = 0.0
        self._outputs.add(output)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is dead, which its closed output will show

    def watched(self, seconds: float) -> float:
        """Count so many seconds more, unless it has said something meanwhile; returns its silence."""
        self.silence = 0.0 if self._heard.is_set() else self.silence + seconds
        self._heard.clear()
        return self.silence

    def close(self) -> None:
        """Ask the process to end at its next checkpoint."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def end(self, patience: float = PATIENCE_SECONDS) -> None:
        """Wait so many seconds for the process to end, kill it if it does not, and clean up after it."""
        if self._ended:
            return
        self._ended = True
        self.close()
        try:
            self._process.wait(max(patience, 0.0))
        except subprocess.TimeoutExpired:
            self._process.kill()
            try:
                self._process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                return  # it hangs in the system, as on a disk that is gone; it dies when that lets go of it
        self._release()
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
        if code is None:
            return "it hangs in the system"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    @property
    def was_killed(self) -> bool:
        """Whether something else ended it, which on Windows looks like an exit code of 1 without a word."""
        code = self._process.returncode
        return code is None or code < 0 or (sys.platform == "win32" and code == 1 and not self._errors)

    def _read_answers(self, messages: "queue.Queue[Said]") -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._heard.set()
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                message = None
            if not isinstance(message, dict):
                self._errors.append(line)  # a stray word, or half an answer of one that died
            elif "alive" not in message:
                messages.put((self, message))
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
