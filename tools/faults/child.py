"""A program that does things in child processes, of which each may be killed or run out of disk at a file operation.

    python -m tools.faults.child        one JSON request a line on standard input, one JSON answer a line

    {"do": "merge", "with": {...}, "folder": "/tmp/x", "at": 7, "operation": "", "seconds": 20}

What can be done is in steps.py. With "at" the child ends as by SIGKILL before its operation of this number below the
folder; with an "operation" such as "sync" besides, only those count, and from that number on they find the disk full.

    {"code": 0, "said": "", "operations": 53, "seconds": 0.2, "peak": 104857600}

The code is KILLED, REFUSED (by one of the project's own errors, which is what was said), BROKEN (by any other, with its
traceback) or that of a signal, -27 after so many seconds of the processor; operations are counted where "at" is given,
unless it was killed; the peak is of resident memory. It is a process of its own, since a fork of a large one may find
no memory, and each child is as new.
"""

import errno
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from core.base.errors import LabelpassError

from .file_operations import Happens, watch
from .steps import STEPS

KILLED, REFUSED, BROKEN = 9, 3, 4


def main() -> None:
    # Processes are killed here, not the machine: what they have written is there, and a busy disk need not have it.
    os.sync = lambda: None
    os.fsync = lambda fd: None
    for line in sys.stdin:
        print(json.dumps(_in_child(json.loads(line))), flush=True)


def _in_child(request: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os._exit(_do(request, writing))
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = json.loads(pipe.read() or '{"said": "", "operations": 0}')
    _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, **said, "seconds": time.monotonic() - began, "peak": used.ru_maxrss * 1024}


def _do(request: dict[str, Any], writing: int) -> int:
    """The exit code of the child."""
    code, said, count = BROKEN, "", [0]
    try:
        signal.setitimer(signal.ITIMER_PROF, request.get("seconds", 0))
        if "at" in request:
            watch(Path(request["folder"]), _happening(request["at"], request["operation"], count))
        said = STEPS[request["do"]](request["with"])
        code = 0
    except LabelpassError as error:
        code, said = REFUSED, str(error)
    except BaseException:
        said = traceback.format_exc()
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        json.dump({"said": said, "operations": count[0]}, pipe)
    return code


def _happening(at: int, operation: str, count: list[int]) -> Happens:
    def happens(what: str, path: str) -> None:
        if operation and what != operation:
            return
        if count[0] == at and not operation:
            os._exit(KILLED)  # nothing is cleaned up
        if count[0] == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count[0] += 1

    return happens


if __name__ == "__main__":
    main()
