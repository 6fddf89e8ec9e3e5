"""Every operation of this process by which a folder changes, as it is about to happen.

Python tells audit hooks of them, whoever calls: the project itself need not know that somebody listens.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Audit event -> what it is called here, and which of its arguments is the path that changes.
_EVENTS = {
    "os.rename": ("replace", 1),
    "os.remove": ("remove", 0),
    "os.mkdir": ("folder", 0),
    "os.rmdir": ("remove", 0),
    "os.link": ("link", 1),
    "os.symlink": ("link", 1),
    "os.truncate": ("open", 0),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

Happens = Callable[[str, str], None]


def watch(folder: Path, happens: Happens) -> None:
    """Call `happens(operation, path)` before each operation below a folder, until this process ends.

    The operations are "open" (for writing), "folder", "replace", "remove", "link", and "sync" of a file to the disk.
    What `happens` raises is what the operation raises.
    """
    inside = f"{folder}".rstrip(os.sep) + os.sep

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING and _is_below(path, inside):
                happens("open", os.fspath(path))
        elif event in _EVENTS:
            operation, place = _EVENTS[event]
            if _is_below(arguments[place], inside):
                happens(operation, os.fspath(arguments[place]))

    fsync = os.fsync

    def synced(fd: Any) -> None:
        happens("sync", str(fd))
        fsync(fd)

    os.fsync = synced
    sys.addaudithook(hook)


def _is_below(path: Any, inside: str) -> bool:
    """Whether a path is below a folder. A relative one is: only rmtree has such, in a folder that it opened."""
    if isinstance(path, int):
        return False
    path = os.fsdecode(path)
    return path.startswith(inside) or not path.startswith(os.sep)
