"""Writing files so that they appear under their final names only when they are complete, and what was written then."""

import contextlib
import errno
import hashlib
import io
import json
import os
import platform
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from .errors import InputError, OutputError
from .input_files import open_file
from .json_fields import JsonRow

_MOST_ATTEMPTS = 10
_NOT_FOR_LACK_OF_SPACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
_COPIED_AT_ONCE = 1 << 20
# Made once, since small data take less time than making one. What is written never contains itself.
_CANONICAL = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)
# Of a content's digest; two files that differ by chance or damage never share one of so many.
_DIGEST_BYTES = 16


@dataclass(frozen=True)
class Content(JsonRow):
    """What is in a file.

    Attributes:
        size: bytes.
        digest: BLAKE2b of 128 bit, as hexadecimal digits (`b2sum -l 128`). Unlike SHA-256 it is fast
            without instructions that not all processors have.
    """

    size: int
    digest: str

    @classmethod
    def of_file(cls, path: Path) -> "Content":
        """Read a file for it; OSError where that cannot be done."""
        with open_file(path) as file:
            found = hashlib.file_digest(file, _new_digest)
            return cls(file.tell(), found.hexdigest())

    def is_size_of(self, path: Path) -> bool:
        """Whether there is a file of this size: what can be said of it without reading it."""
        try:
            found = path.stat()
        except (OSError, ValueError):  # ValueError: no path at all
            return False
        return stat.S_ISREG(found.st_mode) and found.st_size == self.size


_noted: ContextVar[dict[Path, Content] | None] = ContextVar("noted", default=None)


@contextmanager
def noting_contents() -> Iterator[Mapping[Path, Content]]:
    """Note, by its path, the content of each file that this thread completes in the block, while it is written."""
    contents: dict[Path, Content] = {}
    token = _noted.set(contents)
    try:
        yield contents
    finally:
        _noted.reset(token)


def _new_digest() -> "hashlib.blake2b":
    return hashlib.blake2b(digest_size=_DIGEST_BYTES)


class _NotedFile(io.BufferedIOBase):
    """Passes on what is written to a file, and digests it.

    It can neither seek nor be written to by its number, so nothing that is written goes past the digest.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = _new_digest()
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._digest.update(data)
        written = self._file.write(data)
        self._size += written
        return written

    def flush(self) -> None:
        if not self._file.closed:  # as it is when Python throws this object away, and flushes it first
            self._file.flush()

    def content(self) -> Content:
        return Content(self._size, self._digest.hexdigest())


@contextmanager
def complete_file(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file next to `path` that takes its name when the block ends without an error.

    The temporary name holds this host and process, so that two machines may write the same frame: the last one wins,
    and a reader sees either file whole.

    Raises:
        OutputError: the folder cannot be made or the file cannot be written, for example on a full disk.
    """
    temporary = path.with_name(owned_name(path.name))
    noted = _noted.get()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                digested = _NotedFile(file)
                yield file if noted is None else cast(BinaryIO, digested)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        if noted is not None:
            noted[path] = digested.content()
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def complete_folder(path: Path) -> Iterator[Path]:
    """Make a temporary folder next to `path` that takes its name and its place when the block ends without an error.

    Nothing of what was in the folder before is left. Temporary names are as those of complete_file. Where contents are
    noted, the files are read again for it.

    Raises:
        OutputError: the folder or a file in it cannot be written, for example on a full disk.
    """
    noted = _noted.get()
    contents = {}
    with replaced_folder(path) as temporary:
        yield temporary
        for file in temporary.iterdir():
            with file.open("rb+") as written:
                os.fsync(written.fileno())
            if noted is not None:
                contents[path / file.name] = Content.of_file(file)
    if noted is not None:
        noted.update(contents)


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """As complete_folder, with folders in it at any depth; what is in the files is neither noted nor forced to disk."""
    temporary, earlier = path.with_name(owned_name(path.name)), path.with_name(owned_name(f"{path.name}.earlier"))
    try:
        try:
            shutil.rmtree(temporary, ignore_errors=True)  # of an earlier process with this number
            temporary.mkdir(parents=True)
            yield temporary
            _take_place(temporary, path, earlier)
        finally:
            for leftover in (temporary, earlier):
                shutil.rmtree(leftover, ignore_errors=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def link_or_copy(file: Path, path: Path) -> None:
    """Let a file be in another place too: as a hard link where the disk allows it, else as a copy.

    Nobody writes into a file of a dataset, see complete_file: one that is written anew leaves its other places alone.

    Args:
        file: what is there; a symbolic link stands for what it leads to.
        path: the new place; what was there is replaced.

    Raises:
        InputError: the file cannot be read.
        OutputError: the new place cannot be written.
    """
    temporary = path.with_name(owned_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)  # of an earlier process with this number
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        os.link(os.path.realpath(file), temporary)
        temporary.replace(path)
    except OSError:  # another disk, a file system without links, too many of them, or a file of somebody else
        try:
            source = open_file(file)
        except OSError as error:
            raise InputError(f"Cannot read {file}: {error.strerror}; make it readable") from error
        with source, complete_file(path) as copy:
            shutil.copyfileobj(source, copy, _COPIED_AT_ONCE)
    finally:
        temporary.unlink(missing_ok=True)  # it is left where both places were one file already


def _take_place(folder: Path, path: Path, earlier: Path) -> None:
    """Rename a folder to `path`, and what was there to `earlier`, which is removed."""
    for attempt in range(_MOST_ATTEMPTS):
        shutil.rmtree(earlier, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            path.rename(earlier)
        try:
            folder.rename(path)
            return
        except OSError:
            # Another machine may have put its folder there in between.
            if attempt == _MOST_ATTEMPTS - 1 or not path.is_dir():
                raise


def check_writable(folder: Path) -> None:
    """Make a folder if need be and write a file in it; OutputError where that cannot be done."""
    probe = folder / owned_name("writable")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The sentence on a file or folder that cannot be written."""
    way_out = "choose" if error.errno in _NOT_FOR_LACK_OF_SPACE else "free space there or choose"
    return OutputError(f"Cannot write {path}: {error.strerror or error}; {way_out} another output folder")


def owned_name(name: str) -> str:
    """The temporary name under which this process writes a file of this name."""
    return f".{name}.{_owner(os.getpid())}.tmp"


def remove_leftovers(folder: Path, pid: int) -> None:
    """Remove the temporary files below `folder` that a process of this machine left when it was killed."""
    for path in folder.rglob(f".*.{_owner(pid)}.tmp"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def canonical_json(data: Any) -> bytes:
    """JSON text that is the same on every machine: no spaces, keys in the order given.

    Letters beyond ASCII are escaped, since much training code opens JSON in the system's own encoding.
    """
    return _CANONICAL.encode(data).encode("ascii")


def pretty_json(data: Any) -> bytes:
    """JSON text for people to read, the same on every machine."""
    return json.dumps(data, indent=2, allow_nan=False).encode("ascii") + b"\n"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _owner(pid: int) -> str:
    return f"{platform.node()}-{pid}"
