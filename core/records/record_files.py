"""Records in files of their own, a file for each frame, which need no coordination between machines.

    {"checksum":"7182ad6d...","record":{"record_version":6,...}}

is what such a file holds, in one line. A frame whose files are being replaced has {"replaced_files":[...]} instead.
"""

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.dataset_folder import DatasetFolder
from ..base.errors import RecordError
from ..base.files import canonical_json, complete_file, digest
from ..base.input_files import parse_json, read_file, read_json
from .frame_record import FrameRecord, check_version

SUFFIX = ".json"
_VOIDED = "replaced_files"
# In the text of a record: before its instances, and after the regions to ignore that follow them. In a name they would
# have their quotation marks escaped.
_INSTANCES, _AFTER_IGNORED = b',"instances":[', b'],"dropped":{'


@dataclass(frozen=True)
class RecordFiles:
    """The files of a dataset's records."""

    dataset: DatasetFolder

    def file(self, frame: str) -> Path:
        """The file of a frame's record."""
        return self.dataset.records / f"{frame}{SUFFIX}"

    @staticmethod
    def file_in(folder: Path, name: str) -> Path:
        """The same of a frame by its name in the folder of its sequence."""
        return folder / f"{name}{SUFFIX}"

    def write(self, record: FrameRecord) -> None:
        """OutputError where that cannot be done."""
        with complete_file(self.file(record.path)) as file:
            file.write(stored(record.as_text()))

    def void(self, frame: str, files: Collection[str]) -> None:
        """As RecordStore.void()."""
        # What a power cut leaves of it says no less.
        with complete_file(self.file(frame), durable=False) as file:
            sequence, _, name = frame.rpartition("/")
            file.write(canonical_json({_VOIDED: sorted(files), "sequence": sequence, "name": name}) + b"\n")

    def voided(self, frame: str) -> list[str] | None:
        """As RecordStore.voided()."""
        try:
            files = read_json(self.file(frame))[_VOIDED]
            return [file for file in files if isinstance(file, str)]
        except (OSError, KeyError, TypeError, ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record and its checksum, which differs whenever anything in the record does."""

    record: FrameRecord
    checksum: str

    @classmethod
    def of(cls, content: bytes, where: str) -> "CheckedRecord":
        """Arguments and errors are those of stored_json()."""
        data = _checked_json(content, where)
        return cls(record_of(data["record"], where), data["checksum"])


@dataclass(frozen=True)
class StoredRecord:
    """A record and what is stored of it.

    Attributes:
        checked: as an object, with its checksum.
        json: as JSON.
    """

    checked: CheckedRecord
    json: Any

    @property
    def record(self) -> FrameRecord:
        return self.checked.record

    @classmethod
    def of(cls, content: bytes, where: str) -> "StoredRecord":
        """Arguments and errors are those of stored_json()."""
        data = _checked_json(content, where)
        return cls(CheckedRecord(record_of(data["record"], where), data["checksum"]), data["record"])


def stored(text: bytes) -> bytes:
    """What the file of a record holds, and its line in a pack; `text` is FrameRecord.as_text()."""
    return b'{"checksum":"%b","record":%b}\n' % (digest(text).encode(), text)


def read_record_file(path: Path) -> FrameRecord:
    """Read a record from a file of its own; RecordError where it is missing, damaged or of another version."""
    try:
        content = read_file(path)
    except OSError as error:
        raise cannot_read(path, error) from error
    return record_of(stored_json(content, str(path)), str(path))


def cannot_read(path: Path, error: OSError) -> RecordError:
    return RecordError(f"Cannot read {path}: {error.strerror}; annotate the frame again")


def record_of(data: Any, where: str) -> FrameRecord:
    """What stored_json() has found as a record; RecordError where it is none."""
    try:
        return FrameRecord.from_json(data)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{where} is damaged; annotate the frame again") from error


def stored_json(content: bytes, where: str) -> Any:
    """The JSON of a record, of what stored() made; RecordError where it is damaged, of another version or voided.

    Args:
        content: of the file, or a line of a pack.
        where: it is, for messages.
    """
    return _checked_json(content, where)["record"]


def _checked_json(content: bytes, where: str) -> Any:
    """The same with its checksum."""
    try:
        data = parse_json(content)
        if _VOIDED in data:
            raise RecordError(
                f"{where} is empty, since a run was interrupted while it replaced files of this frame; annotate the "
                "frame again"
            )
        record = data["record"]
        if not check_version(record):
            raise RecordError(f"{where} was written by another version of Labelpass; annotate the frame again")
        # As stored() has put it there, which takes far less time to check, or at least with the same values.
        if data["checksum"] != digest(_written(content)) and data["checksum"] != digest(canonical_json(record)):
            raise RecordError(f"{where} is damaged; annotate the frame again")
        return data
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise RecordError(f"{where} is damaged; annotate the frame again") from error


def stored_head(content: bytes, where: str) -> Any:
    """The same without the instances and the regions to ignore, which are most of it and need not be parsed."""
    before, _, rest = content.partition(_INSTANCES)
    _, _, after = rest.partition(_AFTER_IGNORED)
    without: dict[str, Any] = {"instances": [], "ignored": []}
    # Of what is not as stored() has made it, it is not known where its keys are.
    is_as_stored = content.startswith(b'{"checksum":"%b","record":{' % digest(_written(content)).encode())
    if is_as_stored and after and _INSTANCES not in rest:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            head = parse_json(before + b',"dropped":{' + after)["record"]
            if check_version(head):
                return head | without
    return stored_json(content, where) | without


def _written(content: bytes) -> bytes:
    """The text of the record in what stored() made."""
    return content[content.find(b'"record":') + len(b'"record":') : -len(b"}\n")]
