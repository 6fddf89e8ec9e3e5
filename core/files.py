"""Writing files so that they appear under their final names only when they are complete."""

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from .errors import OutputError


@contextmanager
def complete_file(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` that takes its name when the block ends without an error.

    The temporary name holds this host and process, so that two machines may write the same frame: the last one wins,
    and a reader sees either file whole.

    Raises:
        OutputError: the folder cannot be made or the file cannot be written, for example on a full disk.
    """
    temporary = path.with_name(owned_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error


def check_writable(folder: Path) -> None:
    """Make a folder if need be and write a file in it; OutputError where that cannot be done."""
    probe = folder / owned_name("writable")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot write {path}: {error.strerror or error}; free space there or choose another output folder"
    )


def owned_name(name: str) -> str:
    """The temporary name under which this process writes a file of this name."""
    return f".{name}.{_owner(os.getpid())}.tmp"


def remove_leftovers(folder: Path, pid: int) -> None:
    """Remove the temporary files below `folder` that a process of this machine left when it was killed."""
    for path in folder.rglob(f".*.{_owner(pid)}.tmp"):
        path.unlink(missing_ok=True)


def canonical_json(data: Any) -> bytes:
    """JSON text that is the same on every machine: no spaces, keys in the order given.

    Letters beyond ASCII are escaped, since much training code opens JSON in the system's own encoding.
    """
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode("ascii")


def pretty_json(data: Any) -> bytes:
    """JSON text for people to read, the same on every machine."""
    return json.dumps(data, indent=2, allow_nan=False).encode("ascii") + b"\n"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _owner(pid: int) -> str:
    return f"{socket.gethostname()}-{pid}"
