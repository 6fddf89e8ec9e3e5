"""One stream of records for all formats: two readings of each record, one order, and all files or none."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.base.dataset_folder import DatasetFolder
from core.base.errors import OutputError, RecordError
from core.base.files import complete_file
from core.dataset.description import DescriptionWriter
from core.dataset.merge import merge, write_formats
from core.dataset.stream import RecordStream
from core.formats.coco import CocoWriter
from core.formats.writer import StreamedFrame, Survey, SurveyedFrame, writers_of
from core.records.packs.packed_records import PackedRecords
from core.records.record_files import CheckedRecord
from core.records.record_store import open_records
from core.settings.category_table import Category
from core.settings.format_table import CAMERA_FORMATS, DatasetFormat, formats_chosen_by
from core.settings.settings import Settings
from tests.builders import plain_camera, plain_instance, plain_record, record_path, write_record

BALL, CUBE = Category("ball"), Category("cube", 7)


@dataclass(frozen=True)
class CountingStore(PackedRecords):
    """Counts how often each record is read."""

    reads: Counter[str] = field(default_factory=Counter)

    def frames(self) -> Iterator[str]:
        return iter(sorted(super().frames(), reverse=True))

    def read_checked(self, frame: str) -> CheckedRecord:
        self.reads[frame] += 1
        return super().read_checked(frame)


class Listing:
    """A fourth writer: the frames in their order with their categories by id, as text."""

    written = ()

    def __init__(self, breaks_at: int = 0) -> None:
        self._breaks_at = breaks_at
        self.surveyed: set[str] = set()

    def survey(self, frame: SurveyedFrame) -> None:
        self.surveyed.add(frame.record.path)

    def begin(self, survey: Survey, files: ExitStack) -> None:
        self._ids = survey.ids
        self._file = files.enter_context(complete_file(survey.dataset.file("listing.txt")))
        self._file.write(f"{survey.frames}\n".encode())

    def add(self, frame: StreamedFrame) -> None:
        if frame.number == self._breaks_at:
            raise OutputError("The disk is full; free space there")
        ids = [self._ids[instance.category] for instance in frame.record.instances]
        self._file.write(f"{frame.number} {frame.record.path} {ids}\n".encode())

    def finish(self) -> Sequence[str]:
        self._file.write(b"end\n")
        return ["the listing has a problem"]


@pytest.fixture
def records(tmp_path: Path) -> CountingStore:
    for sequence, frame in (("b", 2), ("a", 10), ("b", 1), ("a", 9)):
        write_record(
            tmp_path,
            plain_record(
                sequence=sequence,
                frame=frame,
                categories=(BALL, CUBE),
                instances=(plain_instance("Cube", "cube"), plain_instance("Ball", "ball")),
                unit_scale=1.0,
                camera=plain_camera(),
            ),
        )
    return CountingStore(DatasetFolder(tmp_path))


def test_all_formats_of_two_readings(records: CountingStore) -> None:
    """However many formats there are, and whichever order the store lists."""
    listing, others = Listing(), writers_of(tuple(DatasetFormat))

    written = write_formats(records, [*others, listing, DescriptionWriter(others)])

    frames = ["a/shot_0009", "a/shot_0010", "b/shot_0001", "b/shot_0002"]
    assert records.reads == dict.fromkeys(frames, 2)
    assert listing.surveyed == set(frames)
    lines = [f"{number} {frame} [7, 1]" for number, frame in enumerate(frames, start=1)]
    assert records.dataset.file("listing.txt").read_text().splitlines() == ["4", *lines, "end"]
    assert (written.frames, written.categories, written.problems) == (4, 2, ("the listing has a problem",))
    for format in DatasetFormat:
        assert list(records.dataset.path.glob(format.files)), format


def test_a_writer_that_fails_leaves_all_files_as_they_were(records: CountingStore) -> None:
    write_formats(records, [CocoWriter(), Listing()])
    before = files_of(records.dataset)
    write_record(records.dataset.path, plain_record(sequence="c", categories=(Category("cone"),)))

    with pytest.raises(OutputError, match="The disk is full"):
        write_formats(records, [CocoWriter(), Listing(breaks_at=3)])

    after = files_of(records.dataset)
    assert after.pop("records/c/shot_0001.json")
    assert after == before, "and no temporary file is left"


def files_of(dataset: DatasetFolder) -> dict[str, bytes]:
    paths = (path for path in dataset.path.rglob("*") if path.is_file())
    return {path.relative_to(dataset.path).as_posix(): path.read_bytes() for path in paths}


def test_damaged_and_unwanted_records_do_not_go_past(records: CountingStore) -> None:
    output = records.dataset.path
    record_path(output, "a/shot_0009").write_text("{")
    records.dataset.sequences.write_text('{"shots":{"b/shot_":["other"]}}')
    stream = RecordStream(records)

    surveyed = [(one.record.path, one.wanted) for one in stream.surveyed()]

    assert surveyed == [("b/shot_0002", False), ("b/shot_0001", False), ("a/shot_0010", True)]
    assert [record.path for record in stream.in_order()] == ["a/shot_0010"]
    assert [frame for frame, _ in stream.damaged] == ["a/shot_0009"]
    assert stream.left_out == {"b": 2}
    assert (stream.frame_at("a", 10), stream.frame_at("a", 9)) == ("a/shot_0010", None)


def test_a_record_is_found_where_it_lies(records: CountingStore) -> None:
    """It may have been moved; what it says of itself counts for the order."""
    output = records.dataset.path
    record_path(output, "b/shot_0001").rename(record_path(output, "a/moved"))

    assert merge(output).frames == 4


def test_nothing_to_go_through(tmp_path: Path) -> None:
    for stream in (RecordStream(open_records(DatasetFolder(tmp_path))),):
        assert list(stream.surveyed()) == []
        with pytest.raises(RecordError, match="holds no frame records; run 'labelpass annotate'"):
            stream.check_any()


def test_only_what_is_chosen_is_imported_and_written(records: CountingStore) -> None:
    merge(records.dataset.path, Settings())
    assert not records.dataset.file("cameras").exists()
    merge(records.dataset.path, Settings(cameras=(DatasetFormat.COLMAP,)))
    assert sorted(path.name for path in records.dataset.file("cameras/a/sparse").iterdir()) == [
        "cameras.txt",
        "images.txt",
        "points3D.txt",
    ]
    assert formats_chosen_by("") == (DatasetFormat.COCO,)
    assert {*CAMERA_FORMATS, DatasetFormat.COCO} == set(DatasetFormat)
