"""Where the frame records of a dataset are kept: all other modules ask a record store for them."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..base.dataset_folder import DatasetFolder
from ..base.errors import RecordError
from ..base.files import canonical_json, complete_file, digest
from ..base.input_files import parse_json, read_file, read_json
from .frame_record import FrameRecord, check_version

_VOIDED = "replaced_files"
_SUFFIX = ".json"


class RecordStore(Protocol):
    """The frame records of a dataset. A frame is named by its path, see FrameFiles.path."""

    @property
    def dataset(self) -> DatasetFolder: ...

    def frames(self) -> Iterator[str]:
        """The frames that have a record, in no particular order."""

    def read(self, frame: str) -> FrameRecord:
        """The record of a frame; RecordError where it is missing, damaged or of another version."""

    def read_head(self, frame: str) -> FrameRecord:
        """The record without its instances and its regions to ignore, which takes a third of the time; RecordError as
        read()."""

    def read_json(self, frame: str) -> Any:
        """What is stored as the record of a frame, as it is; RecordError as read()."""

    def write(self, record: FrameRecord) -> None:
        """Keep a record in place of the frame's earlier one; OutputError where that cannot be done."""

    def remove(self, frame: str) -> None:
        """Forget the record of a frame, if there is one; OSError where that cannot be done."""

    def void(self, frame: str, files: Collection[str]) -> None:
        """Let a frame have no record until it gets another one, since some of its files are about to be replaced.

        Args:
            frame: which.
            files: all that there may be of it from now on, as paths below the dataset's folder.

        Raises:
            OutputError: that cannot be done.
        """

    def voided(self, frame: str) -> list[str] | None:
        """The files that void() named, where that was the last that happened to the frame; else None."""

    def stamp(self, frame: str) -> tuple[int, int] | None:
        """When the record of a frame was written, in nanoseconds, and its size in bytes; None where there is none.

        Another one whenever the record has changed.
        """

    def where(self, frame: str) -> str:
        """Where the record of a frame is, for messages."""


@dataclass(frozen=True)
class RecordFiles:
    """Records in files of their own, a file for each frame, which need no coordination between machines."""

    dataset: DatasetFolder

    def frames(self) -> Iterator[str]:
        return _frames_in(str(self.dataset.records), "")

    def read(self, frame: str) -> FrameRecord:
        return read_record_file(self.file(frame))

    def read_head(self, frame: str) -> FrameRecord:
        path = self.file(frame)
        return _record(_read_json(path) | {"instances": [], "ignored": []}, path)

    def read_json(self, frame: str) -> Any:
        return _read_json(self.file(frame))

    def write(self, record: FrameRecord) -> None:
        body = canonical_json(record.as_json())
        with complete_file(self.file(record.path)) as file:
            file.write(b'{"checksum":"%s","record":%s}\n' % (digest(body).encode(), body))

    def remove(self, frame: str) -> None:
        self.file(frame).unlink(missing_ok=True)

    def void(self, frame: str, files: Collection[str]) -> None:
        # What a power cut leaves of it says no less.
        with complete_file(self.file(frame), durable=False) as file:
            file.write(canonical_json({_VOIDED: sorted(files)}) + b"\n")

    def voided(self, frame: str) -> list[str] | None:
        try:
            files = read_json(self.file(frame))[_VOIDED]
            return [file for file in files if isinstance(file, str)]
        except (OSError, KeyError, TypeError, ValueError, RecursionError):
            return None

    def stamp(self, frame: str) -> tuple[int, int] | None:
        try:
            stat = self.file(frame).stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size

    def where(self, frame: str) -> str:
        return str(self.file(frame))

    def file(self, frame: str) -> Path:
        """The file of a frame's record."""
        return self.dataset.records / f"{frame}{_SUFFIX}"


def _frames_in(folder: str, path: str) -> Iterator[str]:
    """The frames with a record in a folder and the folders in it, below `path`; without a list of millions of files."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _frames_in(entry.path, f"{path}{entry.name}/")
                elif entry.name.endswith(_SUFFIX) and entry.is_file():
                    yield path + entry.name.removesuffix(_SUFFIX)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return


def open_records(dataset: DatasetFolder) -> RecordStore:
    """The store of a dataset's records."""
    return RecordFiles(dataset)


def read_record_file(path: Path) -> FrameRecord:
    """Read a record from a file of its own; RecordError where it is missing, damaged or of another version."""
    return _record(_read_json(path), path)


def _record(data: Any, path: Path) -> FrameRecord:
    try:
        return FrameRecord.from_json(data)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{path} is damaged; annotate the frame again") from error


def _read_json(path: Path) -> Any:
    try:
        content = read_file(path)
        data = parse_json(content)
        if _VOIDED in data:
            raise RecordError(
                f"{path} is empty, since a run was interrupted while it replaced files of this frame; annotate the "
                "frame again"
            )
        record = data["record"]
        if not check_version(record):
            raise RecordError(f"{path} was written by another version of Labelpass; annotate the frame again")
        # As write() has put it there, which takes far less time to check, or at least with the same values.
        written = content[content.find(b'"record":') + len(b'"record":') : -len(b"}\n")]
        if data["checksum"] != digest(written) and data["checksum"] != digest(canonical_json(record)):
            raise RecordError(f"{path} is damaged; annotate the frame again")
        return record
    except OSError as error:
        raise RecordError(f"Cannot read {path}: {error.strerror}; annotate the frame again") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise RecordError(f"{path} is damaged; annotate the frame again") from error


def up_to_date(records: RecordStore, frame: str, key: str) -> FrameRecord | None:
    """The record of a frame if it was made from the same key and all its files are there and as large as they were
    written, else None. They are not read."""
    try:
        record = records.read(frame)
    except RecordError:
        return None
    if record.key != key or not all(record.is_size_right(records.dataset, file) for file in record.files()):
        return None
    return record
