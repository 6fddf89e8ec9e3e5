"""Writing files so that they appear under their final names only when they are complete, and what was written then."""

import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from .errors import InputError, OutputError
from .input_files import open_file
from .json_fields import JsonRow
from .temporary_names import remove, temporary_name

_MOST_ATTEMPTS = 10
_NOT_FOR_LACK_OF_SPACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
_COPIED_AT_ONCE = 1 << 20
_FOR_LACK_OF_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENODEV, errno.ESTALE)
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


class _Staged:
    """Complete files and folders that wait under their temporary names."""

    def __init__(self) -> None:
        self._waiting: dict[Path, Path] = {}

    def add(self, temporary: Path, path: Path) -> None:
        """The later of two for one place counts."""
        if path in self._waiting:
            remove(self._waiting.pop(path))
        self._waiting[path] = temporary

    def publish(self) -> None:
        for path, temporary in self._waiting.items():
            try:
                _take_place(temporary, path)
            except OSError as error:
                raise cannot_write(path, error) from error

    def discard(self) -> None:
        for temporary in self._waiting.values():
            remove(temporary)


_staged: ContextVar[_Staged | None] = ContextVar("staged", default=None)


@contextmanager
def files_at_once(before: Callable[[], None]) -> Iterator[None]:
    """Let the files and folders that this thread completes in the block take their names together, when it ends.

    Until then what is in their places stays as it is, also where the block fails or the process is killed.

    Args:
        before: called when all of them are complete, before the first takes its name; they do so in the order in which
            they were completed.

    Raises:
        OutputError: one of them cannot take its place, for which the disk needs no more space.
    """
    staged = _Staged()
    token = _staged.set(staged)
    try:
        try:
            yield
        finally:
            _staged.reset(token)
        before()
        staged.publish()
    finally:
        staged.discard()


# What tells a folder from another one that was put in its place, also one that a disk was mounted at.
Identity = tuple[int, int]


def identity(folder: Path) -> Identity | None:
    """That of a folder; None where there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@dataclass(frozen=True)
class _Whole:
    """A folder that files are written into, and what it was when that began."""

    folder: Path
    known: Identity | None

    def check_same(self) -> None:
        check_there(self.folder, self.known)


_whole: ContextVar[_Whole | None] = ContextVar("whole", default=None)


@contextmanager
def writing_into(folder: Path, known: Identity | None = None) -> Iterator[None]:
    """Let this thread make folders below one that is there, in the block, and not that one itself.

    Where it is gone, with the disk that it was on, nothing is written to the place where it was, whatever is there now:
    OutputError is raised instead.

    Args:
        folder: the one.
        known: its identity; None takes what it has now.
    """
    token = _whole.set(_Whole(folder, identity(folder) if known is None else known))
    try:
        yield
    finally:
        _whole.reset(token)


def _make_folder(folder: Path) -> None:
    whole = _whole_of(folder / "any")
    if whole is None:
        folder.mkdir(parents=True, exist_ok=True)
        return
    whole.check_same()
    missing = []
    while folder != whole.folder and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)  # fails where the whole is gone


def _whole_of(path: Path) -> _Whole | None:
    """What this thread is writing into, where a path is below it."""
    whole = _whole.get()
    return whole if whole and whole.folder in path.parents else None


@contextmanager
def complete_file(path: Path, durable: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file next to `path` that takes its name when the block ends without an error.

    No other process has the temporary name, so two machines may write the same frame: the last one wins, and a reader
    sees either file whole.

    Args:
        path: the file.
        durable: whether it has to be on the disk before it takes its name, so that a power cut leaves one or the other.

    Raises:
        OutputError: the folder cannot be made or the file cannot be written, for example on a full disk.
    """
    temporary = path.with_name(temporary_name())
    noted = _noted.get()
    try:
        _make_folder(path.parent)
        _check_place(path)
        with _removed_if_it_fails(temporary):
            with temporary.open("xb") as file:
                digested = _NotedFile(file)
                yield file if noted is None else cast(BinaryIO, digested)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            _complete(temporary, path)
        if noted is not None:
            noted[path] = digested.content()
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Make a temporary folder next to `path` that takes its name and its place when the block ends without an error.

    Nothing of what was in the folder before is left. Temporary names are as those of complete_file. What is in the
    files is neither noted nor forced to disk.

    Raises:
        OutputError: the folder or a file in it cannot be written, for example on a full disk.
    """
    temporary = path.with_name(temporary_name())
    try:
        with _removed_if_it_fails(temporary):
            _make_folder(temporary.parent)
            temporary.mkdir()
            yield temporary
            _complete(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error


def complete_already(file: Path, path: Path) -> None:
    """Let a file that another program has written under a temporary name next to `path` take that name.

    Raises:
        OutputError: that cannot be done.
    """
    noted = _noted.get()
    try:
        with file.open("rb+") as written:
            os.fsync(written.fileno())
        content = Content.of_file(file) if noted is not None else None
        _complete(file, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    if noted is not None and content is not None:
        noted[path] = content


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
    temporary = path.with_name(temporary_name())
    try:
        _make_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        with _removed_if_it_fails(temporary):
            os.link(os.path.realpath(file), temporary)
            _complete(temporary, path)
    except OSError:  # another disk, a file system without links, too many of them, or a file of somebody else
        try:
            source = open_file(file)
        except OSError as error:
            raise InputError(f"Cannot read {file}: {error.strerror}; make it readable") from error
        with source, complete_file(path) as copy:
            shutil.copyfileobj(source, copy, _COPIED_AT_ONCE)


def _check_place(path: Path) -> None:
    """Raises the OSError with which a file could not take its place in the end, because of its name or a folder."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISDIR(path.lstat().st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


@contextmanager
def _removed_if_it_fails(temporary: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        remove(temporary)
        raise


def _complete(temporary: Path, path: Path) -> None:
    """A file or folder is complete: it takes its name, now or with others."""
    staged = _staged.get()
    if staged is None:
        _take_place(temporary, path)
    else:
        staged.add(temporary, path)


def _take_place(temporary: Path, path: Path) -> None:
    """Give a file or folder its name, in place of what has it."""
    if whole := _whole_of(path):
        whole.check_same()
    if not temporary.is_dir():
        temporary.replace(path)
        temporary.unlink(missing_ok=True)  # it is left where both are links to one file
        return
    earlier = path.with_name(temporary_name())
    try:
        for attempt in range(_MOST_ATTEMPTS):
            remove(earlier)
            with contextlib.suppress(FileNotFoundError):
                path.rename(earlier)
            try:
                temporary.rename(path)
                return
            except OSError:
                # Another machine may have put its folder there in between.
                if attempt == _MOST_ATTEMPTS - 1 or not path.is_dir():
                    raise
    finally:
        remove(earlier)


def check_writable(folder: Path) -> None:
    """Make a folder if need be and write a file in it; OutputError where that cannot be done."""
    probe = folder / temporary_name()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise cannot_write(folder, error) from error


def check_there(folder: Path, known: Identity | None = None) -> None:
    """Raises OutputError where a folder that check_writable() has seen is gone: it must not be made once more.

    Args:
        folder: where it was.
        known: its identity then, if another folder in its place is not to count.
    """
    found = identity(folder)
    if found is None or (known is not None and found != known):
        raise OutputError(
            f"{folder} is gone, with what was written there; run again when its disk is back, or choose another "
            "output folder",
            of_all=True,
        )


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The sentence on a file or folder that cannot be written."""
    way_out = "choose" if error.errno in _NOT_FOR_LACK_OF_SPACE else "free space there or choose"
    text = f"Cannot write {path}: {error.strerror or error}; {way_out} another output folder"
    return OutputError(text, of_all=error.errno in _FOR_LACK_OF_DISK)


def canonical_json(data: Any) -> bytes:
    """JSON text that is the same on every machine: no spaces, keys in the order given.

    Letters beyond ASCII are escaped, since much training code opens JSON in the system's own encoding.
    """
    return canonical_text(data).encode("ascii")


def canonical_text(data: Any) -> str:
    """The same as a text of ASCII."""
    return _CANONICAL.encode(data)


def pretty_json(data: Any) -> bytes:
    """JSON text for people to read, the same on every machine."""
    return json.dumps(data, indent=2, allow_nan=False).encode("ascii") + b"\n"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
