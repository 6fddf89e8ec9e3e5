"""Whether the files that records name are still those that were written with them, byte by byte."""

from collections.abc import Iterator
from dataclasses import dataclass

from ...base.errors import RecordError
from ...base.files import Content
from ...records.frame_record import FrameRecord
from ...records.merge_record import MergeRecord
from ...records.record_store import RecordStore


@dataclass(frozen=True)
class _Other:
    """A file that is not the one that was written.

    Attributes:
        frame: FrameRecord.path.
        file: path below the output folder.
        expected: what the record says that is in it.
        found: what is in it.
        of_merge: whether a merge made it.
    """

    frame: str
    file: str
    expected: Content
    found: Content
    of_merge: bool


class Contents:
    """Compares files with records one frame after the other; whose they are instead is looked up in the end.

    So it remembers only what is wrong, and not the digest of each file of the dataset.

    Args:
        records: those of the dataset.
    """

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._others: list[_Other] = []

    def compare(self, record: FrameRecord, merged: MergeRecord) -> None:
        """Read all files of a frame. Other checks report those that are missing or cannot be read."""
        for file, expected, of_merge in _contents(record, merged):
            try:
                found = Content.of_file(self._records.dataset.file(file))
            except (OSError, ValueError):
                continue
            if found != expected:
                self._others.append(_Other(record.path, file, expected, found, of_merge))

    def problems(self) -> Iterator[tuple[str, str]]:
        """The path of the frame, and a sentence, of each file that is another one."""
        owners = self._owners() if self._others else {}
        for one in self._others:
            if one.found in owners:
                frame, file = owners[one.found]
                what = f"it is {file}" + (f" of frame {frame}" if frame != one.frame else "")
            else:
                sizes = f"it has {one.found.size} bytes, but the record says {one.expected.size}"
                same = "it has the right size, but other content than the record says"
                what = same if one.found.size == one.expected.size else sizes
            made, again = ("made", "merge again") if one.of_merge else ("annotated", "annotate the frame again")
            way_out = f"put the right one there, or remove it and {again}"
            yield one.frame, f"{one.file} is not the file that was {made} ({what}); {way_out}"

    def _owners(self) -> dict[Content, tuple[str, str]]:
        """Whose each content is that was found in the wrong place: frame and file, the first of several."""
        wanted = {one.found for one in self._others}
        owners: dict[Content, tuple[str, str]] = {}
        for frame in sorted(self._records.frames()):
            try:
                record = self._records.read(frame)
                merged = MergeRecord.read(self._records.dataset, record.path)
            except RecordError:
                continue  # which is reported
            for file, content, _ in _contents(record, merged):
                if content in wanted:
                    owners.setdefault(content, (record.path, file))
        return owners


def _contents(record: FrameRecord, merged: MergeRecord) -> Iterator[tuple[str, Content, bool]]:
    """What is known of each file, and whether a merge made it."""
    yield from ((file, content, False) for file, content in record.contents.items())
    yield from ((one.written.file, one.content, True) for one in merged.maps.values())
