"""Looking at the processes that a test has started, through Linux's /proc."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0  # seconds after which a test gives up; none takes as long


def wait_until(happened: Callable[[], bool], what: str) -> None:
    """Look again and again, and fail when patience runs out."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, f"it never happened: {what}"
        time.sleep(0.005)


def is_running(pid: int) -> bool:
    """Whether there is such a process, other than as an entry that its parent has not collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")


def open_files(pid: int) -> set[str]:
    """What a process has open: paths, and pipes by their numbers; empty if it is gone."""
    found = set()
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(link.readlink()))
    return found


def children_of(pid: int) -> set[int]:
    """The processes that a process has started and that are running."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] not in ("Z", "X"):
                found.add(int(stat.parent.name))
    return found
