"""The `labelpass` command as its users run it, with workers of its own, and what it may leave behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .children import ROOT
from .trial import wrong_sentence

PROGRAM = (sys.executable, "-m", "core")
PATIENCE = 120.0
# After the end of a command its workers have so long to see it.
_SECONDS_TO_END = 8.0


@dataclass(frozen=True)
class Finished:
    """How a command ended.

    Attributes:
        code: its exit code.
        said: standard output and standard error.
        seconds: how long it took.
    """

    code: int
    said: str
    seconds: float

    def wrong(self, *codes: int) -> Iterator[str]:
        """Sentences on what is wrong; these are the codes with which it may end."""
        if self.code not in codes:
            yield f"ended with {self.code}: {self.said[-500:]}"
        for line in self.said.splitlines():
            if problem := wrong_sentence(line or "-"):
                yield problem


def start(
    arguments: Sequence[object], within: Sequence[str] = (), program: Sequence[str] = PROGRAM, listens: bool = False
) -> "Running":
    """Start the command, in a session of its own.

    Args:
        arguments: of it.
        within: what goes before it, such as unshare.
        program: it.
        listens: whether to Ctrl-C, which what was started in the background does not.
    """
    command = [*within, *program, *map(str, arguments)]
    return Running(
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            preexec_fn=_listen if listens else None,
        )
    )


def _listen() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(arguments: Sequence[object], within: Sequence[str] = (), program: Sequence[str] = PROGRAM) -> Finished:
    """Run the command to its end."""
    return start(arguments, within, program).end()


class Running:
    """A command that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._began = time.monotonic()

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        """As `kill -9` of the command alone: what becomes of its workers is up to them."""
        self._process.kill()

    def press_ctrl_c(self) -> None:
        """As a terminal does: all of the session get it."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGINT)

    def processes(self) -> set[int]:
        """All of its session that run, workers included."""
        found = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue  # it has ended just now
            if int(fields[3]) == self._process.pid and fields[0] not in ("Z", "X"):
                found.add(int(stat.parent.name))
        return found

    def end(self) -> Finished:
        """Wait for the end of the command, and of its workers."""
        try:
            said, _ = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            said = f"{self._process.communicate()[0]}\nit did not end within {PATIENCE:.0f} seconds"
        seconds = time.monotonic() - self._began
        last = time.monotonic() + _SECONDS_TO_END
        while (left := self.processes()) and time.monotonic() < last:
            time.sleep(0.02)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            said += f"\nTraceback: process {pid} was left"
        return Finished(self._process.returncode, said, seconds)
