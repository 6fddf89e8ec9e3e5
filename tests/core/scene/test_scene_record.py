"""The scene record: to a file and back, and what is said of files that are not scene records."""

import contextlib
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import OutputError, SceneError
from core.scene.panorama import Panorama
from core.scene.scene_record import Facts, SceneEntries, SceneEntry, SceneRecord, category_of_name, scene_path
from core.settings.category_table import Category
from core.settings.settings import Grouping
from tests.builders import plain_camera, plain_job

CAMERA = plain_camera("orthographic", None, name="Kamera")
RECORD = SceneRecord(
    scene="Straße",
    frame=12,
    width=64,
    height=48,
    pixel_aspect=1.5,
    unit_scale=0.01,
    camera=CAMERA,
    objects=SceneEntries(
        (Category("car", 7, "vehicle"), Category("tree")),
        (
            SceneEntry('Würfel "A"/b', 4, "car"),
            SceneEntry("Kegel\nzwei\\drei", 32767, "tree"),
            SceneEntry("G", 0, None, "Würfel", "B/b", "12"),
        ),
    ),
    materials=SceneEntries((Category("steel"),), (SceneEntry("Steel", 1, "steel"),)),
    assets=SceneEntries(),
)

PANORAMA = Panorama("fisheye_lens_polynomial", 3.5, 3.5, 32.0, 24.0, 3.1, (0.0, -0.07, 0.0, 1e-5, 0.0))

TEXTS = st.text(max_size=10)
SCALES = st.floats(1e-12, 1e12)
NUMBERS = st.floats(-1e12, 1e12)
FACTS = st.builds(
    Facts,
    name=TEXTS,
    category=st.none() | TEXTS,
    category_id=st.none() | st.integers(0, 2**31),
    supercategory=TEXTS,
    ignore=st.booleans(),
    data=TEXTS,
    collections=st.lists(TEXTS, max_size=2).map(tuple),
    own_collection=TEXTS,
    materials=st.lists(TEXTS, max_size=2).map(tuple),
    tags=st.lists(TEXTS, max_size=2).map(tuple),
    instancer=TEXTS,
    holdout=st.booleans(),
    shadow_catcher=st.booleans(),
)
ENTRIES = st.builds(
    SceneEntry,
    TEXTS,
    st.integers(0, 32767),
    st.none() | TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.booleans(),
    FACTS,
)
CATEGORIES = st.builds(
    Category,
    TEXTS,
    st.none() | st.integers(1, 2**53),
    TEXTS,
    st.sampled_from(["", "#102030"]),
    st.booleans(),
    st.lists(TEXTS, max_size=2).map(tuple),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=2).map(tuple),
    st.none() | st.sampled_from(Grouping),
)


@st.composite
def tables(draw: st.DrawFn) -> SceneEntries:
    """Entries, each of one of the categories or of none."""
    categories = draw(st.lists(CATEGORIES, max_size=3, unique_by=lambda one: one.name))
    names = st.sampled_from([None, *(one.name for one in categories)])
    entries = [entry.decided(draw(names), entry.origin, entry.ignored) for entry in draw(st.lists(ENTRIES, max_size=4))]
    return SceneEntries(tuple(categories), tuple(entries))


TABLES = tables()

RECORDS = st.builds(
    SceneRecord,
    scene=TEXTS,
    frame=st.integers(-1048574, 1048574),
    width=st.integers(1, 65536),
    height=st.integers(1, 65536),
    pixel_aspect=SCALES,
    unit_scale=SCALES,
    camera=st.none() | st.just(CAMERA),
    objects=TABLES,
    materials=TABLES,
    assets=TABLES,
    geometry=st.none() | TEXTS,
    parents=TABLES,
    collections=TABLES,
    table=st.lists(CATEGORIES, max_size=2, unique_by=lambda one: one.name).map(tuple),
    opaque=st.none() | st.tuples(*[st.integers(0, 100)] * 4),
)


@given(RECORDS)
def test_file_and_back(tmp_path_factory: pytest.TempPathFactory, record: SceneRecord) -> None:
    path = tmp_path_factory.mktemp("scenes") / "deeper" / "frame_0001.json"

    record.write(path)

    assert SceneRecord.read(path) == record
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_file_is_ascii_and_the_same_every_time(tmp_path: Path) -> None:
    RECORD.write(tmp_path / "a.json")
    RECORD.write(tmp_path / "b.json")

    content = (tmp_path / "a.json").read_bytes()
    assert content == (tmp_path / "b.json").read_bytes()
    assert content.isascii()


def test_writing_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("something longer than a record " * 1000)

    RECORD.write(path)

    assert SceneRecord.read(path) == RECORD


def test_unwritable_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(OutputError, match=r"Cannot write .*a\.json"):
        RECORD.write(tmp_path / "file" / "a.json")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"Cannot read .*a\.json.*export again from Blender"):
        SceneRecord.read(tmp_path / "a.json")


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="Cannot read"):
        SceneRecord.read(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"{}", b'"text"', b"12", b"\xff\xfe\x00", b'{"scene_version":3}', b"\x76\x2f\x31\x01"],
    ids=repr,
)
def test_no_scene_record(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)

    with pytest.raises(SceneError, match=r"a\.json is not a scene record, or is damaged; export again from Blender"):
        SceneRecord.read(path)


def changed(path: Path, change: dict[str, Any]) -> Path:
    """The record with some of its JSON changed; a key may be "objects.entries"."""
    data = json.loads(json.dumps(RECORD.as_json()))
    for key, value in change.items():
        *outer, last = key.split(".")
        target = data
        for name in outer:
            target = target[name]
        target[last] = value
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize(
    "change",
    [
        {"width": "wide"},
        {"width": None},
        {"frame": float("inf")},
        {"unit_scale": [1]},
        {"camera": {}},
        {"camera": {"k": 5}},
        {"objects": []},
        {"objects": None},
        {"objects.entries": None},
        {"objects.entries": [["Cube", 1]]},
        {"objects.entries": [["Cube", "one", None]]},
        {"objects.entries": ["Cube"]},
        {"materials.categories": [{"name": "car"}]},
        {"materials.categories": ["car"]},
        {"assets.categories": [{"name": "car", "id": "x", "supercategory": ""}]},
    ],
    ids=str,
)
def test_damaged_record(tmp_path: Path, change: dict[str, Any]) -> None:
    path = changed(tmp_path / "a.json", change)

    with pytest.raises(SceneError, match=r"a\.json is not a scene record, or is damaged"):
        SceneRecord.read(path)


@pytest.mark.parametrize("version", [0, 1, 2, 5, "3", None])
def test_other_version(tmp_path: Path, version: Any) -> None:
    path = changed(tmp_path / "a.json", {"scene_version": version})

    with pytest.raises(SceneError, match=r"a\.json was written by another version of Labelpass"):
        SceneRecord.read(path)


def test_cut_off_anywhere(tmp_path: Path) -> None:
    RECORD.write(tmp_path / "whole.json")
    whole = (tmp_path / "whole.json").read_bytes()
    path = tmp_path / "cut.json"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(SceneError):
            SceneRecord.read(path)


def test_any_changed_byte(tmp_path: Path) -> None:
    """Also where the file is as good JSON as before, with another number in it."""
    RECORD.write(tmp_path / "whole.json")
    whole = (tmp_path / "whole.json").read_bytes()
    path = tmp_path / "changed.json"
    in_key = range(whole.index(b"checksum"), whole.index(b"checksum") + len(b"checksum"))
    valid = 0
    for place, byte in enumerate(whole):
        other = ord("7") if byte == ord("3") else ord("3") if chr(byte).isdigit() else byte ^ 1
        path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
        with contextlib.suppress(ValueError):
            json.loads(path.read_bytes())
            valid += 1
        if place in in_key:  # a record of before had none
            assert SceneRecord.read(path) == RECORD
        else:
            with pytest.raises(SceneError, match=r"damaged|another version"):
                SceneRecord.read(path)
    assert valid > len(whole) / 2


def test_records_of_before_have_no_checksum(tmp_path: Path) -> None:
    path = changed(tmp_path / "a.json", {"frame": 13})

    assert SceneRecord.read(path) == dataclasses.replace(RECORD, frame=13)


def test_the_checksum_is_of_the_values(tmp_path: Path) -> None:
    """A tool that only writes them in another form has not damaged them."""
    path = tmp_path / "a.json"
    RECORD.write(path)
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=2, ensure_ascii=False), encoding="utf-8")

    assert SceneRecord.read(path) == RECORD


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Car", "Car"),
        ("Car.001", "Car"),
        ("Car.1234", "Car"),
        ("Car.01", "Car.01"),
        ("Car.001.002", "Car.001"),
        ("Car.L", "Car.L"),
        ("Car.001.L", "Car.001.L"),
        ("Car001", "Car001"),
        (".001", ".001"),
        ("", ""),
        ("two\nlines.001", "two\nlines"),
    ],
)
def test_category_of_a_name(name: str, category: str) -> None:
    assert category_of_name(name) == category


def test_path_of_a_frame() -> None:
    assert scene_path(Path("scenes"), "shot/frame_0001") == Path("scenes/shot/frame_0001.json")
    # What looks like a suffix is part of the name.
    assert scene_path(Path("scenes"), "v1.5_0001") == Path("scenes/v1.5_0001.json")


def test_what_earlier_records_of_this_version_lack(tmp_path: Path) -> None:
    """Nothing is made up for them: how a panoramic camera projects is unknown, and so is who rendered it."""
    path = tmp_path / "scene.json"
    camera = dataclasses.replace(CAMERA, type="panoramic", panorama=PANORAMA)
    record = dataclasses.replace(RECORD, camera=camera, blender="4.2.3", engine="CYCLES")
    record.write(path)
    assert SceneRecord.read(path) == record

    data = json.loads(path.read_bytes())
    for name in ("blender", "engine", "compositing", "checksum"):
        del data[name]
    del data["camera"]["panorama"]
    data["camera"]["distortion"] = "none"  # which they said of each camera
    path.write_text(json.dumps(data))

    read = SceneRecord.read(path)
    assert read == dataclasses.replace(RECORD, camera=dataclasses.replace(camera, panorama=None))
    assert read.camera.distortion == "unknown"


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    """Reading one would wait for ever."""
    os.mkfifo(tmp_path / "0001.json")
    with pytest.raises(SceneError, match="Not a regular file; export again"):
        SceneRecord.read(tmp_path / "0001.json")
    with pytest.raises(SceneError, match="Not a regular file; export the frame again"):
        plain_job(tmp_path, tmp_path, tmp_path / "0001.json").key()
