"""Packs: everybody reads what is in them, packing loses nothing whatever stops it, and the same records make the same
pack."""

import json
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.dataset_folder import DatasetFolder
from core.base.errors import OutputError, RecordError
from core.base.files import canonical_json, digest
from core.dataset.packing import pack, unpack
from core.frames.shard import Shard
from core.records.frame_record import FrameRecord
from core.records.packs.pack_file import is_pack_name, pack_name, write_pack
from core.records.packs.packed_records import PackedRecords
from core.records.record_files import stored
from core.records.record_store import open_records
from tests.builders import plain_record, read_record, record_path, write_record
from tests.core.datasets import bytes_in, files_in

NUMBERS = 1, 2, 999, 1000, 12345


def some_record(frame: int, note: str = "", sequence: str = "a") -> FrameRecord:
    return plain_record(frame=frame, sequence=sequence, notes=(note,) if note else ())


@pytest.fixture
def records(tmp_path: Path) -> list[FrameRecord]:
    """Of two sequences, in files of their own."""
    found = [some_record(frame, sequence=sequence) for sequence in ("", "a") for frame in NUMBERS]
    for record in found:
        write_record(tmp_path, record)
    return found


def all_of(output: Path) -> dict[str, FrameRecord]:
    """Every record that the dataset has."""
    store = open_records(DatasetFolder(output))
    frames = list(store.frames())
    assert len(frames) == len(set(frames))
    return {frame: store.read(frame) for frame in frames}


def test_packs_lie_on_a_grid(tmp_path: Path, records: list[FrameRecord]) -> None:
    packing = pack(tmp_path)

    expected = {"0-999.pack", "1000-1999.pack", "12000-12999.pack"}
    assert files_in(tmp_path) == {
        "records/.lock",
        *(f"records/{folder}{name}" for folder in ("", "a/") for name in expected),
    }
    assert (packing.records, packing.packs, packing.problems()) == (10, 6, [])
    assert all_of(tmp_path) == {record.path: record for record in records}


@pytest.mark.parametrize(
    ("frame", "name"),
    [("shot_0999", "0-999.pack"), ("a/b/shot_1000_L", "1000-1999.pack"), ("still", "0-999.pack"), ("-5", "0-999.pack")],
)
def test_names_of_packs(frame: str, name: str) -> None:
    assert pack_name(frame) == name
    assert is_pack_name(name)
    assert not any(map(is_pack_name, ("1-1000.pack", "0-999.json", "a.pack", "0-99.pack", "00-999.pack")))


def test_lines_are_those_of_the_files(tmp_path: Path, records: list[FrameRecord]) -> None:
    lines = {record.name: record_path(tmp_path, record.path).read_bytes() for record in records if record.sequence}
    pack(tmp_path)
    head, first, second, third, *_ = (tmp_path / "records/a/0-999.pack").read_bytes().splitlines(keepends=True)
    names = ["shot_0001", "shot_0002", "shot_0999"]
    assert [first, second, third] == [lines[name] for name in names]
    assert json.loads(head)["pack"]["frames"] == {name: len(lines[name]) for name in names}


def test_whoever_asks_for_one_frame_gets_it(tmp_path: Path, records: list[FrameRecord]) -> None:
    pack(tmp_path)
    store, record = open_records(DatasetFolder(tmp_path)), records[-1]
    assert store.read(record.path) == record
    assert store.read_head(record.path) == record
    assert store.read_json(record.path)["frame"] == record.frame
    assert store.where(record.path) == f"{tmp_path / 'records/a/12000-12999.pack'} (shot_12345)"
    stamp = store.stamp(record.path)
    assert stamp is not None and stamp[1] > 0
    assert store.stamp("a/shot_0003") is None and store.stamp("b/shot_0001") is None
    with pytest.raises(RecordError, match=r"Cannot read .*a/shot_0003\.json"):
        store.read("a/shot_0003")


def test_what_is_written_later_counts_and_is_packed_again(tmp_path: Path, records: list[FrameRecord]) -> None:
    pack(tmp_path)
    newer = some_record(2, "newer")
    write_record(tmp_path, newer)
    assert all_of(tmp_path)["a/shot_0002"] == newer
    assert pack(tmp_path).records == 1
    assert not record_path(tmp_path, newer.path).exists()
    assert all_of(tmp_path) == {**{record.path: record for record in records}, newer.path: newer}


def test_a_voided_frame_stays_so(tmp_path: Path, records: list[FrameRecord]) -> None:
    pack(tmp_path)
    store = open_records(DatasetFolder(tmp_path))
    store.void("a/shot_0002", ["images/a/shot_0002.png"])
    sentences = pack(tmp_path).problems()
    assert len(sentences) == 1 and "is empty, since a run was interrupted" in sentences[0]
    assert store.voided("a/shot_0002") == ["images/a/shot_0002.png"]
    with pytest.raises(RecordError, match="is empty, since a run was interrupted"):
        store.read("a/shot_0002")


def test_a_record_is_forgotten(tmp_path: Path, records: list[FrameRecord]) -> None:
    pack(tmp_path)
    write_record(tmp_path, some_record(2, "newer"))
    store = open_records(DatasetFolder(tmp_path))
    for frame in ("a/shot_0002", "a/shot_12345"):
        store.remove(frame)
        store.remove(frame)
        assert store.stamp(frame) is None
    assert all_of(tmp_path).keys() == {record.path for record in records} - {"a/shot_0002", "a/shot_12345"}


def test_the_same_records_make_the_same_packs(tmp_path: Path, records: list[FrameRecord]) -> None:
    """Whether they were packed at once or one after the other, in whatever order, or unpacked in between."""
    pack(tmp_path)
    expected = bytes_in(tmp_path)
    other, left = tmp_path / "other", records[:]
    random.Random(1).shuffle(left)
    while left:
        for record in (left.pop(), left.pop()):
            write_record(other, record)
        pack(other)
    assert bytes_in(other) == {file: content for file, content in expected.items() if not file.startswith("other")}
    written = {path: path.stat().st_mtime_ns for path in other.rglob("*.pack")}
    assert pack(other).packs == 0
    assert {path: path.stat().st_mtime_ns for path in other.rglob("*.pack")} == written
    unpack(other)
    pack(other)
    assert bytes_in(other) == expected


def test_the_way_back(tmp_path: Path, records: list[FrameRecord]) -> None:
    before = bytes_in(tmp_path)
    pack(tmp_path)
    newer = some_record(2, "newer")
    write_record(tmp_path, newer)
    unpacked = unpack(tmp_path)
    assert (unpacked.packs, unpacked.records) == (6, 10)
    assert read_record(tmp_path, newer.path) == newer
    write_record(tmp_path, some_record(2))
    assert {**bytes_in(tmp_path), "records/.lock": b""} == {**before, "records/.lock": b""}


def test_shards_share_the_packs(tmp_path: Path, records: list[FrameRecord]) -> None:
    expected = {record.path: record for record in records}
    assert pack(tmp_path, Shard(2, 3)).packs == 2
    assert len(list(tmp_path.rglob("*.pack"))) == 2
    assert all_of(tmp_path) == expected
    assert pack(tmp_path).packs == 4
    assert all_of(tmp_path) == expected


def test_another_form_of_a_record_is_a_line(tmp_path: Path, records: list[FrameRecord]) -> None:
    """As somebody may have written it by hand, or with a record of another frame."""
    path = record_path(tmp_path, "a/shot_0002")
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=2))
    stranger = record_path(tmp_path, "a/shot_0004")
    stranger.write_bytes(path.read_bytes())
    sentences = pack(tmp_path).problems()
    assert len(sentences) == 1 and "is the record of a/shot_0002; give it the name of its frame" in sentences[0]
    assert not path.exists() and stranger.exists()
    assert read_record(tmp_path, "a/shot_0002") == some_record(2)


# --- Damage


@pytest.mark.parametrize("size", [-1, 2.5, None, "7", True])
def test_forged_sizes(tmp_path: Path, records: list[FrameRecord], size: Any) -> None:
    """With the checksum that they need."""
    pack(tmp_path)
    path = tmp_path / "records/a/0-999.pack"
    first, _, rest = path.read_bytes().partition(b"\n")
    head = json.loads(first)["pack"]
    head["frames"]["shot_0001"] = size
    body = canonical_json(head)
    path.write_bytes(b'{"checksum":"%s","pack":%s}\n' % (digest(body).encode(), body) + rest)
    with pytest.raises(RecordError, match="is damaged"):
        open_records(DatasetFolder(tmp_path)).read("a/shot_0001")


@pytest.mark.parametrize("place", [10, 0.0, 0.3, 0.6, 0.9, -3])
def test_damage_is_found_and_costs_no_other_frame(tmp_path: Path, records: list[FrameRecord], place: float) -> None:
    """Flip a byte of the first line, of records, and of what is prepared: what is read is right, or nothing is."""
    pack(tmp_path)
    path = tmp_path / "records/a/0-999.pack"
    content = bytearray(path.read_bytes())
    start = content.index(b"\n") + 1
    where = place if isinstance(place, int) else start + int(place * (len(content) - start))
    content[where] ^= 0x01
    path.write_bytes(content)
    store, expected = open_records(DatasetFolder(tmp_path)), {record.path: record for record in records}
    bad = []
    for frame in store.frames():
        try:
            assert store.read(frame) == expected[frame]
        except RecordError as error:
            assert "is damaged" in str(error) and "annotate" in str(error)
            bad.append(frame)
    assert len(bad) <= 1
    if place == 10:
        assert bad == ["a/0-999.pack"]
        assert any("0-999.pack is damaged" in sentence for sentence in pack(tmp_path).problems())
        with pytest.raises(RecordError, match="is damaged"):
            store.read("a/shot_0001")
        write_record(tmp_path, some_record(1))
        store.remove("a/shot_0001")
        assert not record_path(tmp_path, "a/shot_0001").exists()


def test_a_forged_name_that_no_file_can_have(tmp_path: Path) -> None:
    record = some_record(7)
    records = DatasetFolder(tmp_path).records
    write_pack(records / "0-999.pack", {"shot\0_0007": stored(record.as_text())}, None)

    store = open_records(DatasetFolder(tmp_path))
    assert list(store.frames()) == ["shot\0_0007"]
    assert store.prepared("shot\0_0007", "") is None
    assert store.read("shot\0_0007") == open_records(DatasetFolder(tmp_path)).read("shot\0_0007") == record
    with pytest.raises(RecordError, match="Cannot read"):
        store.read("shot\0_0008")


def test_a_pack_of_another_version(tmp_path: Path, records: list[FrameRecord]) -> None:
    pack(tmp_path)
    path = tmp_path / "records/a/0-999.pack"
    path.write_bytes(path.read_bytes().replace(b'"pack_version":1', b'"pack_version":9'))
    with pytest.raises(RecordError, match="was written by another version of Labelpass"):
        read_record(tmp_path, "a/shot_0001")


# --- Whatever stops it


class Killed(BaseException):
    """Ends a run as a kill does: what stands behind is not done."""


OPERATIONS = ("rename", "replace", "unlink", "link", "fsync")


@contextmanager
def killed_at(number: int) -> Iterator[None]:
    """Let the operation of this number on files, and all after it, be the end."""
    done = 0

    def ending(operation: Callable[..., Any]) -> Callable[..., Any]:
        def end(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done > number:
                raise Killed
            return operation(*arguments, **named)

        return end

    with mock.patch.multiple(os, **{name: ending(getattr(os, name)) for name in OPERATIONS}):
        yield


@pytest.mark.parametrize("packed", [False, True], ids=["at first", "once more"])
@pytest.mark.parametrize("work", [pack, unpack])
def test_a_kill_at_any_operation_loses_nothing(tmp_path: Path, packed: bool, work: Callable[[Path], Any]) -> None:
    for number in range(60):
        output = tmp_path / str(number)
        expected = {}
        for frame in NUMBERS[:4]:
            record = some_record(frame)
            write_record(output, record)
            expected[record.path] = record
        if packed:
            pack(output)
            expected["a/shot_0002"] = some_record(2, "newer")
            write_record(output, expected["a/shot_0002"])
        finished = False
        with killed_at(number), suppress(Killed):
            work(output)
            finished = True
        assert all_of(output) == expected
        work(output)
        assert all_of(output) == expected
        assert not [file for file in files_in(output) if file.endswith(".claim")]
        if finished:
            break
    else:
        raise AssertionError("more operations than were tried")
    assert number > 3 or (work is unpack and not packed)


@contextmanager
def interrupted_at(number: int, act: Callable[[], Any]) -> Iterator[list[str]]:
    """Let something happen just before the operation of this number on files; which ones there were."""
    done: list[str] = []

    def before(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
        def operate(*arguments: Any, **named: Any) -> Any:
            done.append(name)
            if len(done) == number:
                act()
            return operation(*arguments, **named)

        return operate

    with mock.patch.multiple(os, **{name: before(name, getattr(os, name)) for name in OPERATIONS}):
        yield done


def test_what_is_annotated_while_its_frame_is_packed_counts(tmp_path: Path) -> None:
    """A record that is written before any of the operations of a packer."""
    newer = some_record(2, "newer")
    for number in range(1, 20):
        output = tmp_path / str(number)
        for frame in NUMBERS[:3]:
            write_record(output, some_record(frame))
        with interrupted_at(number, partial(write_record, output, newer)) as done:
            pack(output)
        if len(done) < number:
            break
        for _ in range(2):
            assert all_of(output)["a/shot_0002"] == newer
            pack(output)
    assert number > 6, done


def test_who_lists_records_while_they_are_packed_disturbs_nobody(tmp_path: Path) -> None:
    """Before any of the operations of a packer: also where what that has claimed is put back, as if it were dead."""
    for number in range(1, 40):
        output = tmp_path / str(number)
        expected = {record.path: record for record in (some_record(frame) for frame in NUMBERS[:3])}
        for record in expected.values():
            write_record(output, record)
        with interrupted_at(number, partial(all_of, output)) as done:
            assert not pack(output).failed
        if len(done) < number:
            break
        assert all_of(output) == expected
        pack(output)
        assert all_of(output) == expected
        assert all(file.endswith((".pack", ".lock")) for file in files_in(output))
    assert number > 6, done


def test_a_claim_of_the_dead_is_put_back(tmp_path: Path) -> None:
    """Killed between the claim of a record that had just been written anew, and its return."""
    write_record(tmp_path, some_record(2))
    pack(tmp_path)
    newer = some_record(2, "newer")
    path = write_record(tmp_path, newer)
    claim = path.with_name(".labelpass-00000000-1-00000000.claim")
    path.rename(claim)
    assert all_of(tmp_path) == {newer.path: newer}
    assert path.exists() and not claim.exists()


def _write_and_pack(output: Path, first: int) -> None:
    for frame in range(first, 300, 3):
        write_record(output, some_record(frame, str(first)))
        if frame % 10 == first:
            pack(output)


def test_several_processes_annotate_and_pack_one_cell(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_and_pack, args=(tmp_path, first)) for first in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    pack(tmp_path)
    assert files_in(tmp_path) == {"records/.lock", "records/a/0-999.pack"}
    assert all_of(tmp_path) == {
        record.path: record for frame in range(300) for record in [some_record(frame, str(frame % 3))]
    }


def test_a_disk_without_locks(tmp_path: Path, records: list[FrameRecord]) -> None:
    with (
        mock.patch("core.records.packs.pack_lock._lock", side_effect=OSError(95, "Operation not supported")),
        pytest.raises(
            OutputError, match=r"Cannot lock .*: Operation not supported; pack the dataset on a disk that has"
        ),
    ):
        pack(tmp_path)
    assert all_of(tmp_path) == {record.path: record for record in records}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_order_of_writing_packing_and_removing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Against a plain dictionary."""
    output = tmp_path_factory.mktemp("dataset")
    store, expected = PackedRecords(DatasetFolder(output)), {}
    frames = st.sampled_from([1, 2, 1000])
    for number in range(data.draw(st.integers(1, 8))):
        match data.draw(st.sampled_from(["write", "write", "pack", "unpack", "remove"])):
            case "write":
                record = some_record(data.draw(frames), str(number))
                store.write(record)
                expected[record.path] = record
            case "remove":
                path = some_record(data.draw(frames)).path
                store.remove(path)
                expected.pop(path, None)
            case "pack":
                pack(output)
            case "unpack":
                unpack(output)
        assert all_of(output) == expected
        assert all(store.stamp(path) for path in expected)
