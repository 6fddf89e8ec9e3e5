"""Packing: the records of a dataset from a file for each frame into packs, and back.

Nothing is lost whatever stops it. A pack is complete before it takes the place of the one before, and record files are
removed only then, and only if they still hold what was packed. So it does not matter who annotates or packs meanwhile,
and packing again packs what has come since.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..base.dataset_folder import DatasetFolder
from ..base.errors import RecordError
from ..base.files import cannot_write, canonical_json
from ..base.input_files import read_file
from ..base.phrases import counted
from ..base.temporary_names import remove_old_leftovers, temporary_name
from ..formats.frame_summary import SUMMARY_VERSION, FrameSummary
from ..frames.frame_files import joined_path
from ..frames.frame_messages import lines_said_once
from ..frames.shard import Shard
from ..records.packs.claims import give_name, remove_unchanged
from ..records.packs.pack_file import Pack, open_pack, write_pack
from ..records.packs.pack_lock import locked
from ..records.packs.packed_records import PackedRecords
from ..records.packs.prepared import PreparedFrame, PreparedFrames
from ..records.record_files import cannot_read, record_of, stored, stored_json
from .frame_order import PackedTexts

Progress = Callable[[int, int], None]
_ALL = Shard(1, 1)


@dataclass
class Packing:
    """What became of the records.

    Attributes:
        records: how many were packed or unpacked.
        packs: how many packs were written or unpacked.
        failed: a frame and a sentence for each record that stays as it is.
    """

    records: int = 0
    packs: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    def problems(self) -> list[str]:
        """A sentence for each of these, or for several alike."""
        return lines_said_once(self.failed)


def pack(output: Path, shard: Shard = _ALL, progress: Progress = lambda done, total: None) -> Packing:
    """Move the records of a dataset from files of their own into packs.

    Args:
        output: the dataset's folder.
        shard: which share of the packs to write.
        progress: called with the number of packs that are done, and of all.

    Raises:
        OutputError: a file cannot be written, removed or locked.
    """
    records = PackedRecords(DatasetFolder(output))
    remove_old_leftovers(records.dataset.records)
    waiting = {path: PackedTexts() for path in records.packs() if _is_outdated(path)}
    for frame in records.unpacked():
        waiting.setdefault(records.pack_path(frame), PackedTexts()).append(frame)
    share, packing = shard.share(sorted(waiting)), Packing()
    for done, path in enumerate(share):
        progress(done, len(share))
        with locked(records.dataset, path):
            try:
                _Folding(records, path, packing).add(waiting[path])
            except RecordError as error:
                packing.failed.append((path.relative_to(records.dataset.records).as_posix(), str(error)))
    progress(len(share), len(share))
    return packing


def unpack(output: Path, shard: Shard = _ALL, progress: Progress = lambda done, total: None) -> Packing:
    """Move the records of a dataset from packs into files of their own. Arguments and errors are those of pack()."""
    records = PackedRecords(DatasetFolder(output))
    share, packing = shard.share(sorted(records.packs())), Packing()
    for done, path in enumerate(share):
        progress(done, len(share))
        with locked(records.dataset, path):
            try:
                _unpack(records, path, packing)
            except RecordError as error:
                packing.failed.append((path.relative_to(records.dataset.records).as_posix(), str(error)))
    progress(len(share), len(share))
    return packing


def _is_outdated(path: Path) -> bool:
    """Whether a pack holds nothing that a merge of this version can use."""
    try:
        found = open_pack(path)
    except RecordError:
        return True  # to say what is wrong with it
    return found is not None and found.prepared_version != SUMMARY_VERSION


class _Folding:
    """Adds record files to one pack, whose lock is held."""

    def __init__(self, records: PackedRecords, path: Path, packing: Packing) -> None:
        self._records, self._path, self._packing = records, path, packing
        self._lines: dict[str, bytes] = {}
        self._prepared: dict[str, PreparedFrame | None] = {}

    def add(self, frames: PackedTexts) -> None:
        """RecordError where the pack that is there cannot be read; OutputError as pack()."""
        earlier = open_pack(self._path)
        if earlier:
            self._take(earlier)
        files = dict(filter(None, map(self._read, frames)))
        is_current = earlier is not None and earlier.prepared_version == SUMMARY_VERSION
        if not self._lines or (is_current and not files):
            return
        prepared = {name: one for name, one in self._prepared.items() if one}
        is_prepared = len(prepared) == len(self._lines)
        write_pack(self._path, self._lines, PreparedFrames(SUMMARY_VERSION, prepared) if is_prepared else None)
        self._packing.packs += 1
        self._packing.records += len(files)
        for path, content in files.items():
            try:
                remove_unchanged(path, content)
            except OSError as error:
                raise cannot_write(path, error) from error

    def _take(self, earlier: Pack) -> None:
        """What is packed already."""
        prepared = earlier.prepared if earlier.prepared_version == SUMMARY_VERSION else None
        try:
            for place, (name, line) in enumerate(earlier.lines()):
                self._lines[name] = line
                self._prepared[name] = prepared.frame(place) if prepared else self._prepared_of(name, line)
        except OSError as error:
            raise cannot_read(self._path, error) from error

    def _prepared_of(self, name: str, line: bytes) -> PreparedFrame | None:
        where = f"{self._path} ({name})"
        try:
            return FrameSummary.of(record_of(stored_json(line, where), where)).prepared()
        except RecordError as error:
            self._packing.failed.append((joined_path(self._sequence, name), str(error)))
            return None

    def _read(self, frame: str) -> tuple[Path, bytes] | None:
        """Take the record of a frame from its file, which comes before what is packed; None where it stays there.

        Returns:
            The file and what is in it.
        """
        path, name = self._records.files.file(frame), frame.rpartition("/")[2]
        try:
            content = read_file(path)
            data = stored_json(content, str(path))
            record = record_of(data, str(path))
            if record.path != frame:
                raise RecordError(f"{path} is the record of {record.path}; give it the name of its frame, or remove it")
        except FileNotFoundError:
            return None  # somebody else has packed it
        except OSError as error:
            self._packing.failed.append((frame, str(cannot_read(path, error))))
            return None
        except RecordError as error:
            self._packing.failed.append((frame, str(error)))
            return None
        # A file that somebody has written in another form is a line here.
        self._lines[name] = content if content.find(b"\n") == len(content) - 1 else stored(canonical_json(data))
        self._prepared[name] = FrameSummary.of(record).prepared()
        return path, content

    @property
    def _sequence(self) -> str:
        sequence = self._path.parent.relative_to(self._records.dataset.records).as_posix()
        return "" if sequence == "." else sequence


def _unpack(records: PackedRecords, path: Path, packing: Packing) -> None:
    found = open_pack(path)
    if found is None:
        return
    try:
        lines: Mapping[str, bytes] = dict(found.lines())
    except OSError as error:
        raise cannot_read(path, error) from error
    try:
        for name, line in lines.items():
            temporary = path.with_name(temporary_name())
            temporary.write_bytes(line)
            give_name(temporary, records.files.file_in(path.parent, name))
        path.unlink()
    except OSError as error:
        raise cannot_write(path, error) from error
    packing.packs += 1
    packing.records += len(lines)


def in_words(packing: Packing, packed: bool) -> str:
    """What became of the records, in a line."""
    records, packs = counted(packing.records, "record"), counted(packing.packs, "pack")
    return f"{records} packed; {packs} written" if packed else f"{records} of {packs} in files of their own"
