"""Temporary names of files that are being written, and what dead processes have left under such names.

    .labelpass-HOST-PID-RANDOM.tmp

HOST stands for this machine since it was started, and in it for the processes that see each other: two containers may
have one host name and processes of one number, and share a folder. The random part keeps their files apart all the
same. The names are short, whatever the name of the file, which may be as long as the file system allows.
"""

import contextlib
import functools
import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"\.labelpass-(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}\.tmp")
# What makes a machine, or a container, another one to its processes; on other systems than Linux its name has to do.
_BOOT, _PROCESSES = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
_OLD_SECONDS = 24 * 3600.0


def temporary_name() -> str:
    """A name that no other process, and no other call, has."""
    return f".labelpass-{_host()}-{os.getpid()}-{secrets.token_hex(4)}.tmp"


def is_temporary(name: str) -> bool:
    """Whether a file's name is one of these."""
    return _NAME.fullmatch(name) is not None


def remove_leftovers(folder: Path, pid: int) -> None:
    """Remove what a dead process of this machine has left below a folder."""
    for path in temporary_files(folder):
        if _owner(path) == (_host(), pid):
            remove(path)


def remove_old_leftovers(folder: Path, deep: bool = True) -> int:
    """Remove what is certainly nobody's below a folder: of a dead process of this machine, or of processes of which
    nobody here knows whether they live, if it is older than a day.

    The age is by the clock, which may be wrong; what a process of this machine is writing never depends on it.

    Args:
        folder: where.
        deep: whether to look into its folders as well.

    Returns:
        How many files and folders that were.
    """
    removed = 0
    for path in temporary_files(folder, deep):
        host, pid = _owner(path)
        is_alive = _is_alive(pid) if host == _host() else None
        if is_alive is False or (is_alive is None and _is_old(path)):
            remove(path)
            removed += 1
    return removed


def temporary_files(folder: Path, deep: bool = True) -> Iterator[Path]:
    """All files and folders with temporary names below a folder, and in its folders unless it is not `deep`."""
    for inside, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if is_temporary(name):
                yield Path(inside, name)
        folders[:] = [name for name in folders if deep and not is_temporary(name)]


def remove(path: Path) -> None:
    """Remove a temporary file or folder, as far as that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _owner(path: Path) -> tuple[str, int]:
    match = _NAME.fullmatch(path.name)
    assert match is not None  # the caller has looked
    return match["host"], int(match["pid"])


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _OLD_SECONDS
    except OSError:
        return False


def _is_alive(pid: int) -> bool | None:
    """Whether a process of this machine has this number, its own or that of a later one; None where nobody says."""
    if os.name == "nt":  # where a signal would end it
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # it is somebody else's
    # One that has ended keeps its number until its parent looks, which in a container without an init is never.
    with contextlib.suppress(OSError, IndexError):
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
    return True


@functools.cache
def _host() -> str:
    parts = [platform.node()]
    for path in (_BOOT, _PROCESSES):
        with contextlib.suppress(OSError):
            parts.append(str(path.readlink()) if path.is_symlink() else path.read_text())
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
