"""A program that annotates frames in child processes which are killed, or whose disk is full, at a chosen operation.

    python -m tests.core.killed_runs        one JSON request a line on standard input, an exit code a line as the answer

A request is {"job": {...}, "number": 7, "operation": ""}: before its operation of this number the child ends as by
SIGKILL; with an operation such as "sync", only those count, and from that number on they find the disk full. The exit
code is KILLED, FULL or 0. It is a process of its own, since a fork of one that other tests have made large may find no
memory.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from core.annotate.annotate import annotate
from core.base import files
from core.base.errors import OutputError
from core.records.frame_job import FrameJob

KILLED, FULL, BROKEN = 9, 3, 4


def main() -> None:
    for line in sys.stdin:
        print(_in_child(json.loads(line)), flush=True)


def _in_child(request: dict[str, Any]) -> int:
    job = FrameJob.from_json(request["job"])
    pid = os.fork()
    if pid == 0:
        try:
            files.happens = _happening(request["number"], request["operation"])
            annotate(job)
            os._exit(0)
        except OutputError:
            os._exit(FULL)
        finally:
            os._exit(BROKEN)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _happening(number: int, operation: str) -> Any:
    left = [number]

    def happens(what: str, path: Path) -> None:
        if operation and what != operation:
            return
        if left[0] == 0 and not operation:
            os._exit(KILLED)  # nothing is cleaned up
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        left[0] -= 1

    return happens


if __name__ == "__main__":
    main()
