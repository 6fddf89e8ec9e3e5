"""The records of a dataset, in files of their own and in packs: what lies in a file of its own is the newer one."""

import contextlib
import errno
import os
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ...base.dataset_folder import DatasetFolder
from ...base.errors import RecordError
from ...base.input_files import is_there, read_file
from ...frames.frame_files import joined_path
from ..frame_record import FrameRecord
from ..record_files import (
    SUFFIX,
    CheckedRecord,
    RecordFiles,
    StoredRecord,
    cannot_read,
    record_of,
    stored_head,
    stored_json,
)
from .claims import is_claim, put_back_claim
from .pack_file import Pack, is_pack_name, open_pack, pack_name, write_pack
from .pack_lock import locked
from .prepared import PreparedPack

_NOT_THERE = FileNotFoundError, NotADirectoryError


@dataclass(frozen=True)
class PackedRecords:
    """A RecordStore, which says what its methods do.

    A record is looked for in a file of its own, then in the pack of its frame. Whoever packs writes the pack first, and
    removes the file then; so one that is in neither may have been packed or unpacked in between, and is looked for
    once more.
    """

    dataset: DatasetFolder
    # Folder below that of the records -> the pack in it that was asked for last.
    _last: dict[str, Pack] = field(default_factory=dict, init=False, compare=False, repr=False)

    @cached_property
    def files(self) -> RecordFiles:
        """The records in files of their own."""
        return RecordFiles(self.dataset)

    def frames(self) -> Iterator[str]:
        # Packs come last, so that what is packed meanwhile is among them; of the others only digests are remembered.
        seen = array("q")
        for frame in self.unpacked():
            seen.append(hash(frame))
            yield frame
        packs = sorted(self.packs())
        seen_before = frozenset(seen) if packs else frozenset()
        for path in packs:
            folder = path.parent.relative_to(self.dataset.records).as_posix()
            above = "" if folder == "." else f"{folder}/"
            try:
                pack = open_pack(path)
            except RecordError:
                yield above + path.name  # whoever reads it is told
                continue
            names = (above + name for name in (pack.places if pack else ()))
            yield from (frame for frame in names if hash(frame) not in seen_before)

    def unpacked(self) -> Iterator[str]:
        """The frames with a record in a file of its own."""
        for entry, path in _entries_in(str(self.dataset.records), ""):
            if entry.name.endswith(SUFFIX) and _is_file(entry):
                yield path + entry.name.removesuffix(SUFFIX)
            elif is_claim(entry.name):
                put_back_claim(Path(entry.path), self.dataset.records, SUFFIX)

    def packs(self) -> Iterator[Path]:
        """The files of all packs."""
        for entry, _ in _entries_in(str(self.dataset.records), ""):
            if is_pack_name(entry.name):
                yield Path(entry.path)

    def read(self, frame: str) -> FrameRecord:
        content, where = self._stored(frame)
        return record_of(stored_json(content, where), where)

    def read_checked(self, frame: str) -> CheckedRecord:
        return CheckedRecord.of(*self._stored(frame))

    def read_head(self, frame: str) -> FrameRecord:
        content, where = self._stored(frame)
        return record_of(stored_head(content, where), where)

    def read_json(self, frame: str) -> Any:
        return stored_json(*self._stored(frame))

    def read_stored(self, frame: str) -> StoredRecord:
        return StoredRecord.of(*self._stored(frame))

    def prepared(self, frame: str, version: str) -> tuple[PreparedPack, int] | None:
        # Of a million frames, each is asked for twice: no Path is made, and a pack is found by the frame before.
        folder, _, name = frame.rpartition("/")
        if self._has_file(frame):
            return None
        pack = self._last.get(folder)
        place = pack.places.get(name) if pack else None
        if pack is None or place is None:
            self._last.clear()
            try:
                pack = self.pack(frame)
            except RecordError:
                return None
            if pack is None:
                return None
            self._last[folder] = pack
            place = pack.places.get(name)
        found = pack.prepared if pack.prepared_version == version else None
        return None if place is None or found is None else (found, place)

    def write(self, record: FrameRecord) -> None:
        self.files.write(record)

    def remove(self, frame: str) -> None:
        pack = None
        with contextlib.suppress(RecordError):  # of a pack that cannot be read nobody has a record
            pack = self.pack(frame)
        if pack and _has(pack, frame):
            with locked(self.dataset, pack.path):
                if pack := self.pack(frame):
                    # The others are prepared again when they are packed again.
                    others = {name: line for name, line in pack.lines() if name != _name(frame)}
                    write_pack(pack.path, others, None)
        self.files.file(frame).unlink(missing_ok=True)

    def void(self, frame: str, files: Collection[str]) -> None:
        self.files.void(frame, files)

    def voided(self, frame: str) -> list[str] | None:
        return self.files.voided(frame)

    def stamp(self, frame: str) -> tuple[int, int] | None:
        with contextlib.suppress(OSError):
            stat = self.files.file(frame).stat()
            return stat.st_mtime_ns, stat.st_size
        try:
            pack = self.pack(frame)
            return (pack.identity[2], pack.size(_name(frame))) if pack else None
        except KeyError:
            return None
        except RecordError:
            with contextlib.suppress(OSError):
                stat = self.pack_path(frame).stat()
                return stat.st_mtime_ns, stat.st_size
            return None

    def where(self, frame: str) -> str:
        file = self.files.file(frame)
        with contextlib.suppress(RecordError):
            if not file.exists() and (pack := self.pack(frame)) and _has(pack, frame):
                return _in_pack(pack, frame)
        return str(file)

    def pack(self, frame: str) -> Pack | None:
        """The pack that has the record of a frame if it is packed; RecordError as open_pack()."""
        return open_pack(self.pack_path(frame))

    def pack_path(self, frame: str) -> Path:
        """The file of the pack that a frame belongs to."""
        return self.dataset.records / joined_path(frame.rpartition("/")[0], pack_name(frame))

    def _has_file(self, frame: str) -> bool:
        """Whether the record of a frame is in a file of its own."""
        return is_there(self._file(frame))

    def _file(self, frame: str) -> str:
        """As RecordFiles.file(), without a Path: to make one takes half as long as to read a record."""
        return f"{self._folder}{os.sep}{frame.replace('/', os.sep)}{SUFFIX}"

    @cached_property
    def _folder(self) -> str:
        return str(self.dataset.records)

    def _stored(self, frame: str) -> tuple[bytes, str]:
        """What is stored of a frame's record, and where; RecordError where there is none."""
        folder, _, name = frame.rpartition("/")
        # Who reads one record after the other mostly finds them in one pack.
        last = self._last.get(folder)
        if last and name in last.places and not self._has_file(frame):
            with contextlib.suppress(OSError):
                return last.line(name), _in_pack(last, frame)
        if is_pack_name(name):
            open_pack(self.files.file(frame).with_suffix(""))  # as frames() has named it: this says what is wrong
        path = self._file(frame)
        missing: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        for _ in range(2):
            try:
                return read_file(Path(path)), path
            except _NOT_THERE as error:
                missing = error
            except ValueError:
                pass  # no file can have such a name
            except OSError as error:
                raise cannot_read(Path(path), error) from error
            if (pack := self.pack(frame)) and _has(pack, frame):
                self._last[folder] = pack
                try:
                    return pack.line(_name(frame)), _in_pack(pack, frame)
                except _NOT_THERE:
                    pass  # another one has taken its place
                except OSError as error:
                    raise cannot_read(pack.path, error) from error
        raise cannot_read(Path(path), missing) from missing


def _entries_in(folder: str, path: str) -> Iterator[tuple["os.DirEntry[str]", str]]:
    """What is in a folder and the folders in it, without a list of millions of files; each with the path of its folder,
    which lies below `path`."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _entries_in(entry.path, f"{path}{entry.name}/")
                else:
                    yield entry, path
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:  # links in a circle
        return False


def _name(frame: str) -> str:
    return frame.rpartition("/")[2]


def _has(pack: Pack, frame: str) -> bool:
    return _name(frame) in pack.places


def _in_pack(pack: Pack, frame: str) -> str:
    return f"{pack.path} ({_name(frame)})"
