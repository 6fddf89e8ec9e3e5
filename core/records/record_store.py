"""Where the frame records of a dataset are kept: all other modules ask a record store for them."""

from collections.abc import Collection, Iterator
from typing import Any, Protocol

from ..base.dataset_folder import DatasetFolder
from ..base.errors import RecordError
from .frame_record import FrameRecord
from .packs.packed_records import PackedRecords
from .packs.prepared import PreparedPack
from .record_files import CheckedRecord, StoredRecord


class RecordStore(Protocol):
    """The frame records of a dataset. A frame is named by its path, see FrameFiles.path."""

    @property
    def dataset(self) -> DatasetFolder: ...

    def frames(self) -> Iterator[str]:
        """The frames that have a record, in no particular order. A pack that cannot be read is named in their place."""

    def read(self, frame: str) -> FrameRecord:
        """The record of a frame; RecordError where it is missing, damaged or of another version."""

    def read_checked(self, frame: str) -> CheckedRecord:
        """The record of a frame with its checksum; RecordError as read()."""

    def read_head(self, frame: str) -> FrameRecord:
        """The record without its instances and its regions to ignore, which takes a third of the time; RecordError as
        read()."""

    def read_json(self, frame: str) -> Any:
        """What is stored as the record of a frame, as it is; RecordError as read()."""

    def read_stored(self, frame: str) -> StoredRecord:
        """The record of a frame with what is stored of it; RecordError as read()."""

    def prepared(self, frame: str, version: str) -> tuple[PreparedPack, int] | None:
        """What was prepared for a merge when the record was packed, if it was by this version: that of its pack, and
        the place of the frame in it. Else None."""

    def write(self, record: FrameRecord) -> None:
        """Keep a record in place of the frame's earlier one; OutputError where that cannot be done."""

    def remove(self, frame: str) -> None:
        """Forget the record of a frame, if there is one; OSError or OutputError where that cannot be done."""

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

        Another one whenever the record has changed. Of a frame whose pack cannot be read it is that of the pack: who
        reads the record is told what is wrong.
        """

    def where(self, frame: str) -> str:
        """Where the record of a frame is, for messages."""


def open_records(dataset: DatasetFolder) -> RecordStore:
    """The store of a dataset's records."""
    return PackedRecords(dataset)


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
