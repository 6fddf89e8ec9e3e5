"""The record store: what it lists, gives and forgets, whatever a record says."""

import dataclasses
import json
from pathlib import Path

import pytest

from core.base.dataset_folder import DatasetFolder
from core.base.errors import OutputError, RecordError
from core.records.record_files import RecordFiles, read_record_file
from core.records.record_store import RecordStore, open_records, up_to_date
from tests.builders import plain_instance, plain_record


@pytest.fixture
def store(tmp_path: Path) -> RecordStore:
    return open_records(DatasetFolder(tmp_path / "dataset"))


def test_what_is_written_is_read(store: RecordStore) -> None:
    records = [plain_record(sequence=sequence, frame=frame) for sequence in ("", "a/b") for frame in (1, 2)]
    for record in records:
        store.write(record)

    assert sorted(store.frames()) == sorted(record.path for record in records)
    assert [store.read(record.path) for record in records] == records
    assert [store.read_json(record.path)["frame"] for record in records] == [1, 2, 1, 2]
    assert read_record_file(Path(store.where("a/b/shot_0001"))) == records[2]


def test_heads_are_records_without_their_instances(store: RecordStore) -> None:
    instances = (plain_instance(), plain_instance("Other"))
    record = plain_record(instances=instances, ignored=instances[:1], notes=("A note",), sequence="a")
    store.write(record)
    assert store.read_head(record.path) == dataclasses.replace(record, instances=(), ignored=())
    text = json.dumps(json.loads(Path(store.where(record.path)).read_bytes()), indent=1)
    Path(store.where(record.path)).write_text(text, encoding="utf-8")
    assert store.read_head(record.path) == dataclasses.replace(record, instances=(), ignored=())
    Path(store.where(record.path)).write_text("{}", encoding="utf-8")
    with pytest.raises(RecordError, match="is damaged; annotate the frame again"):
        store.read_head(record.path)
    with pytest.raises(RecordError, match="Cannot read"):
        store.read_head("nothing")


@pytest.mark.parametrize("colour", [None, {"a": 1, "instances": [1], "ignored": [], "dropped": {"b": 2}}])
def test_heads_whatever_names_and_colours_look_like(store: RecordStore, colour: dict[str, object] | None) -> None:
    name = 'x,"instances":[],"ignored":[],"dropped":{}'
    record = plain_record(instances=(plain_instance(name),), colour=colour, notes=(name,), dropped={name: 1})
    store.write(record)
    assert store.read_head(record.path) == dataclasses.replace(record, instances=())


@pytest.mark.parametrize(("old", "new"), [("Thing", "Thong"), ('"checksum":"', '"checksum":"0')])
def test_heads_of_damaged_records(store: RecordStore, old: str, new: str) -> None:
    """Also where the damage is in what the head leaves out."""
    record = plain_record(instances=(plain_instance("Thing"),))
    store.write(record)
    path = Path(store.where(record.path))
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(RecordError, match="is damaged; annotate the frame again"):
        store.read_head(record.path)


def test_a_stamp_changes_with_the_record(store: RecordStore) -> None:
    record = plain_record()
    assert store.stamp(record.path) is None
    store.write(record)
    first = store.stamp(record.path)
    store.write(plain_record(notes=("more",)))

    assert first is not None
    assert first == (first[0], first[1]) and first[1] > 0
    assert store.stamp(record.path) != first


def test_a_record_is_forgotten(store: RecordStore) -> None:
    record = plain_record()
    store.write(record)
    store.remove(record.path)
    store.remove(record.path)

    assert list(store.frames()) == []
    with pytest.raises(RecordError, match=r"Cannot read .*shot_0001\.json"):
        store.read(record.path)
    with pytest.raises(RecordError, match=r"Cannot read .*shot_0001\.json"):
        store.read_json(record.path)
    assert up_to_date(store, record.path, record.key) is None


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Cannot write"):
        RecordFiles(DatasetFolder(tmp_path / "file")).write(plain_record())


def test_stores_of_the_same_folder_are_equal(tmp_path: Path) -> None:
    assert open_records(DatasetFolder(tmp_path)) == open_records(DatasetFolder(tmp_path))
