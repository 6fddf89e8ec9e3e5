"""What a child process did that was disturbed, see child.py."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from .child import BROKEN, KILLED, REFUSED

ROOT = Path(__file__).resolve().parents[2]
# Renders that the tests have.
DATA = ROOT / "tests/data/4.5"


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes:
        code: its exit code.
        said: the sentence with which it refused, or its traceback.
        operations: how many there were on files, if it was to be disturbed and was not killed.
        seconds: how long it took.
        peak: most bytes of memory that it had.
    """

    code: int
    said: str
    operations: int
    seconds: float
    peak: int

    @property
    def was_killed(self) -> bool:
        return self.code == KILLED

    @property
    def has_refused(self) -> bool:
        return self.code == REFUSED

    def check_done(self, what: str) -> None:
        """Raises RuntimeError where a step failed that nothing disturbed."""
        if self.code:
            raise RuntimeError(f"{what}: exit code {self.code}: {self.said}")


class Children:
    """Starts children, one after the other."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tools.faults.child"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Children":
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.communicate()

    def do(self, do: str, data: Mapping[str, Any], seconds: int = 0) -> Ended:
        """Let a child do something.

        Args:
            do, data: a step of steps.py and what it takes.
            seconds: of the processor, after which it is ended; 0 for never.
        """
        return self._ask({"do": do, "with": data, "seconds": seconds})

    def do_disturbed(self, do: str, data: Mapping[str, Any], folder: Path, at: int, full_for: str = "") -> Ended:
        """The same, but killed before its operation of a number below a folder; or, where `full_for` names a kind of
        operation, with a disk that is full for these from that number on."""
        return self._ask({"do": do, "with": data, "folder": str(folder), "at": at, "operation": full_for})

    def _ask(self, request: Mapping[str, Any]) -> Ended:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return Ended(**json.loads(self._process.stdout.readline()))


__all__ = ["BROKEN", "Children", "Ended"]
