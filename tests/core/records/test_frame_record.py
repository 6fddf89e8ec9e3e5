"""Frame records: what is written is read again, damage is noticed, and each is valid only for what it was made of."""

import dataclasses
import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.annotate.annotate import annotate
from core.base.box import Box
from core.base.errors import InputError, RecordError
from core.base.files import Content, canonical_json
from core.frames.sidecar import Sidecar
from core.masks.runs import Mask
from core.records.frame_job import FrameJob
from core.records.frame_record import FrameRecord
from core.records.instance import Instance, Part, SoftMask
from core.records.record_files import read_record_file
from core.scene.camera import Camera
from core.scene.scene_record import SceneEntry
from core.settings.category_table import Category
from core.settings.format_table import DatasetFormat
from core.settings.render_pass import Pass, PassFile
from core.settings.settings import AtBorder, Grouping, Ignored, ImageFormat, ImageFrom, LabelSource, Parts, Settings
from tests.builders import (
    plain_frame,
    plain_instance,
    plain_job,
    plain_mask,
    plain_record,
    plain_scene,
    read_record,
    record_files,
    record_path,
    valid_record,
    write_record,
)

CAMERA = Camera(
    "Camera",
    "perspective",
    ((71.1, 0.0, 28.16), (0.0, 71.1, 21.44), (0.0, 0.0, 1.0)),
    ((1.0, 0.0, 0.0, 0.5), (0.0, -1.0, 1e-17, 0.25), (0.0, 0.0, -1.0, 8.0), (0.0, 0.0, 0.0, 1.0)),
    0.1,
    1000.0,
)
RECORD = FrameRecord(
    key="0123456789abcdef",
    sequence="shot",
    frame=12,
    name="shot_0012",
    width=64,
    height=48,
    image="images/shot/shot_0012.png",
    colour={"made_by": "labelpass", "view_transform": "sRGB transfer function"},
    pictures=("pictures/boxes/shot/shot_0012.png",),
    label_source="object_index",
    view_layer="ViewLayer",
    view="",
    unit_scale=1.0,
    camera=CAMERA,
    categories=(Category("ball", 3, "toy"), Category("cube")),
    instances=(
        Instance(
            'Ball\n"1"',
            "ball",
            (1, 4),
            Mask(1, Box(2, 3, 10, 12), 60, "Qh03c1000O1N"),
            parts=(Part("Rubber", "rubber", (7,), Mask(7, Box(2, 3, 4, 5), 4, "Qh03c1000O1N")),),
            soft_mask=SoftMask("soft_masks/shot/shot_0012.npz", Box(1, 2, 11, 12), "0001"),
        ),
    ),
    dropped={"small": 2, "at_border": 0},
    notes=("Würfel: a note",),
    cryptomatte="ViewLayer.CryptoObject",
    sidecars=(
        Sidecar("shot_0012.exr", "names.json", 17, 1234567890),
        Sidecar("shot_0012.exr", "gone.json", None, None),
    ),
    part_categories=(Category("rubber", 4),),
    contents={"images/shot/shot_0012.png": Content(1234, "00112233445566778899aabbccddeeff")},
)

# --- Round trip -------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(0, 2**53)
floats = st.floats(allow_nan=False, allow_infinity=False)


sides = st.integers(1, 2**14)
scales = st.floats(0.5, 1000)


def matrices(size: int) -> st.SearchStrategy[tuple[tuple[float, ...], ...]]:
    """Of those that can be inverted: any scales on the diagonal, and anything above it."""
    above = st.floats(-1e12, 1e12)
    rows = [st.tuples(*[st.just(0.0)] * row, scales, *[above] * (size - row - 1)) for row in range(size)]
    return st.tuples(*rows)


cameras = st.builds(
    Camera,
    texts,
    st.sampled_from(["perspective", "orthographic"]),
    st.none() | matrices(3),
    matrices(4),
    floats,
    floats,
    parallel_k=st.none() | matrices(3),
)
boxes = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height), st.integers(-(2**30), 2**30), sides, sides, sides
)
label_lists = st.lists(numbers, min_size=1, max_size=3).map(tuple)
parts = st.builds(
    lambda name, category, labels, *mask: Part(name, category, labels, Mask(labels[0], *mask)),
    texts,
    texts,
    label_lists,
    boxes,
    st.integers(1, 2**53),
    texts,
)
instances = st.builds(
    lambda part, at_border, parts, soft_mask, track_id, resolved: Instance(
        part.name,
        part.category,
        part.labels,
        part.mask,
        at_border,
        parts,
        soft_mask,
        track_id=track_id,
        resolved=resolved,
    ),
    parts,
    st.none() | st.booleans(),
    st.none() | st.lists(parts, max_size=2).map(tuple),
    st.none() | st.builds(SoftMask, texts, boxes, st.none() | texts),
    st.none() | numbers,
    st.none() | st.sampled_from(["geometry", "components"]),
)
sidecars = st.builds(Sidecar, texts, texts, st.none() | numbers, st.none() | numbers)
category_lists = st.lists(st.builds(Category, texts, st.none() | numbers, texts), max_size=3).map(tuple)
records = st.builds(
    FrameRecord,
    key=texts,
    sequence=texts,
    frame=st.integers(-(2**53), 2**53),
    name=texts,
    width=sides,
    height=sides,
    image=texts,
    colour=st.none() | st.dictionaries(texts, texts | floats | st.none(), max_size=3),
    pictures=st.lists(texts, max_size=2).map(tuple),
    label_source=texts,
    view_layer=texts,
    view=texts,
    unit_scale=st.none() | floats,
    camera=st.none() | cameras,
    categories=category_lists,
    instances=st.lists(instances, max_size=3).map(tuple),
    ignored=st.lists(instances, max_size=2).map(tuple),
    dropped=st.dictionaries(texts, numbers, max_size=2),
    notes=st.lists(texts, max_size=2).map(tuple),
    cryptomatte=texts,
    sidecars=st.lists(st.builds(Sidecar, texts, texts, st.none() | numbers, st.none() | numbers), max_size=2).map(
        tuple
    ),
    part_categories=category_lists,
    variant=texts,
    contents=st.dictionaries(texts, st.builds(Content, numbers, texts), max_size=3),
)


def listing_its_categories(record: FrameRecord) -> FrameRecord:
    """With those that it lacks: a record lists the categories of all that it has."""
    used = {one.category for one in (*record.instances, *record.ignored)} - {one.name for one in record.categories}
    parts = {part.category for instance in record.instances for part in instance.parts or ()}
    parts -= {one.name for one in record.part_categories}
    return dataclasses.replace(
        record,
        categories=(*record.categories, *map(Category, sorted(used))),
        part_categories=(*record.part_categories, *map(Category, sorted(parts))),
    )


def test_a_category_that_is_not_listed(tmp_path: Path) -> None:
    """Of an instance, a region to ignore or a part: such a record was not written by Labelpass."""
    thing, part = plain_instance(), Part("a", "wheel", (1,), plain_mask())
    listed = (Category("thing"),)
    bad = [
        plain_record(instances=(thing,)),
        plain_record(ignored=(thing,)),
        plain_record(instances=(dataclasses.replace(thing, parts=(part,)),), categories=listed),
    ]
    for record in bad:
        with pytest.raises(RecordError, match="is damaged; annotate the frame again"):
            read_record_file(write_record(tmp_path, record))
    good = dataclasses.replace(bad[2], part_categories=(Category("wheel"),))
    assert read_record_file(write_record(tmp_path, good)) == good


@given(records.map(listing_its_categories))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, record: FrameRecord) -> None:
    output = tmp_path_factory.getbasetemp() / "round_trip"
    # The name of the file is tested elsewhere; not every text can be one.
    named = dataclasses.replace(record, sequence="", name="frame")
    path = write_record(output, named)
    first = path.read_bytes()

    assert read_record_file(path) == named

    write_record(output, named)
    assert path.read_bytes() == first
    assert first.isascii()
    assert named.as_text() == canonical_json(named.as_json())


def test_every_field_is_written(tmp_path: Path) -> None:
    """A field that is forgotten in the JSON would come back as something else, or not at all."""
    data = json.loads(write_record(tmp_path, RECORD).read_bytes())

    assert data.keys() == {"checksum", "record"}
    assert data["record"].keys() == {"record_version", *(field.name for field in dataclasses.fields(FrameRecord))}


def test_place_of_a_record(tmp_path: Path) -> None:
    path = write_record(tmp_path, RECORD)

    assert path == tmp_path / "records" / "shot" / "shot_0012.json" == record_path(tmp_path, RECORD.path)
    assert list(record_files(tmp_path)) == [path]
    flat = dataclasses.replace(RECORD, sequence="")
    assert write_record(tmp_path, flat) == tmp_path / "records" / "shot_0012.json"


def test_files_of_a_record() -> None:
    assert RECORD.files() == [
        "images/shot/shot_0012.png",
        "pictures/boxes/shot/shot_0012.png",
        "soft_masks/shot/shot_0012.npz",
    ]
    assert dataclasses.replace(RECORD, colour=None, pictures=(), instances=()).files() == []


def test_unfinished_records_are_no_records(tmp_path: Path) -> None:
    write_record(tmp_path, RECORD)
    (tmp_path / "records" / "shot" / ".shot_0013.json.host-4711.tmp").write_bytes(b"{")

    assert list(record_files(tmp_path)) == [tmp_path / "records" / "shot" / "shot_0012.json"]


@pytest.mark.parametrize("target", ["shot_0013.json", "nowhere.json"])
def test_links_that_lead_nowhere_are_no_records(tmp_path: Path, target: str) -> None:
    write_record(tmp_path, RECORD)
    (tmp_path / "records" / "shot" / "shot_0013.json").symlink_to(target)

    assert list(record_files(tmp_path)) == [tmp_path / "records" / "shot" / "shot_0012.json"]


def test_no_records_at_all(tmp_path: Path) -> None:
    assert list(record_files(tmp_path / "missing")) == []


@pytest.mark.parametrize("name", [".hidden_0001", "..0001", ".0001"])
@pytest.mark.parametrize("sequence", ["", ".hidden"])
def test_records_of_hidden_frames_are_found(tmp_path: Path, sequence: str, name: str) -> None:
    """Such a file was given by its name, so it is wanted; without its record it would be lost silently."""
    path = write_record(tmp_path, dataclasses.replace(RECORD, sequence=sequence, name=name))

    assert list(record_files(tmp_path)) == [path]


# --- Damage -----------------------------------------------------------------------------------------------------------


def test_flips_in_every_byte_are_noticed(tmp_path: Path) -> None:
    """Unless the JSON still means the same, such as \\u00FC for \\u00fc, or 1E-17 for 1e-17."""
    path = write_record(tmp_path, RECORD)
    whole = path.read_bytes()
    meaning = json.loads(whole)
    same = []
    for place in range(len(whole)):
        for bit in {place % 8, 5}:  # bit 5 is the one between capital and small letters
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            try:
                unchanged = json.loads(bytes(flipped)) == meaning
            except ValueError:
                unchanged = False
            try:
                read = read_record_file(path)
            except RecordError as error:
                assert not unchanged
                assert str(path) in str(error)
                assert str(error).endswith("; annotate the frame again")
            else:
                assert unchanged
                assert read == RECORD
                same.append(bytes(flipped[place : place + 1]))
    assert set(same) == {b"C", b"E", b"F"}


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.update(frame=13),
        lambda record: record["instances"][0].update(area=61),
        lambda record: record["instances"].clear(),
        lambda record: record["instances"].append(record["instances"][0]),
        lambda record: record["categories"].reverse(),
        lambda record: record["camera"]["k"][0].reverse(),
        lambda record: record.update(unit_scale=1.0000000000000002),
        lambda record: record.update(unit_scale=True),
        lambda record: record.update(unit_scale=math.nan),
        lambda record: record.update(unit_scale=math.inf),
        lambda record: record.update(camera=None),
        lambda record: record.pop("notes"),
        lambda record: record.update(more=1),
    ],
)
def test_changed_record_is_noticed(tmp_path: Path, change: Callable[[dict[str, object]], object]) -> None:
    path = write_record(tmp_path, RECORD)
    data = json.loads(path.read_bytes())
    change(data["record"])
    path.write_text(json.dumps(data), encoding="utf-8")

    with pytest.raises(RecordError, match="is damaged; annotate the frame again"):
        read_record_file(path)


def test_record_in_another_layout_is_the_same(tmp_path: Path) -> None:
    """The checksum is of what the record says, not of how it is spaced."""
    path = write_record(tmp_path, RECORD)
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=2, ensure_ascii=False), encoding="utf-8")

    assert read_record_file(path) == RECORD


def test_cut_off_record_counts_as_absent(tmp_path: Path) -> None:
    path = write_record(tmp_path, dataclasses.replace(RECORD, colour=None, pictures=(), instances=(), contents={}))
    whole = path.read_bytes()
    assert valid_record(tmp_path, RECORD.path, RECORD.key) is not None
    for length in (*range(0, len(whole) - 1, 13), len(whole) - 2):
        path.write_bytes(whole[:length])
        with pytest.raises(RecordError):
            read_record_file(path)
        assert valid_record(tmp_path, RECORD.path, RECORD.key) is None


@pytest.mark.parametrize(
    "content",
    [b"[]", b"null", b"1", b'"x"', b"{}", b'{"record":[]}', b'{"record":{"record_version":5}}', b"\xff", b"\0"],
)
def test_other_content_is_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "records" / "x.json"
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(RecordError, match=r"x\.json is damaged; annotate the frame again"):
        read_record_file(path)
    assert valid_record(tmp_path, "x", "key") is None


def test_missing_record(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"Cannot read .*x\.json.*annotate the frame again"):
        read_record_file(tmp_path / "x.json")
    assert valid_record(tmp_path, "x", "key") is None


# --- For what a record is valid ---------------------------------------------------------------------------------------


@pytest.fixture
def job(data: Path, tmp_path: Path) -> FrameJob:
    """A frame of two files and a scene, which is annotated."""
    folder = tmp_path / "renders"
    for name in ("Image/Image0001.exr", "Index/Index0001.exr"):
        target = folder / name
        target.parent.mkdir(parents=True)
        shutil.copy2(data / "4.5" / "fileoutput" / name, target)
    scene = tmp_path / "scenes" / "0001.json"
    plain_scene(SceneEntry("Ball.Near", 1, "ball"), camera=CAMERA).write(scene)
    files = (
        PassFile(folder / "Image" / "Image0001.exr", Pass.COMBINED),
        PassFile(folder / "Index" / "Index0001.exr", Pass.OBJECT_INDEX),
    )
    job = plain_job(plain_frame(*files, name="0001", sequence="shot"), tmp_path / "out", scene)
    annotate(job)
    assert is_valid(job)
    return job


def is_valid(job: FrameJob) -> bool:
    return valid_record(job.output, job.files.path, job.key()) is not None


def test_valid_record_is_the_one_that_was_written(job: FrameJob) -> None:
    record = valid_record(job.output, job.files.path, job.key())

    assert record == read_record_file(job.output / "records" / "shot" / "0001.json")
    assert record is not None
    assert record.camera == CAMERA


@pytest.mark.parametrize(
    "change",
    [
        {"labels": LabelSource.OBJECT_INDEX},
        {"grouping": Grouping.PARENT},
        {"ignored": Ignored.CROWD},
        {"min_area": 9},
        {"min_side": 2},
        {"min_visibility": 0.1},
        {"at_border": AtBorder.DROP},
        {"cryptomatte": "ids"},
        {"parts": Parts.MATERIAL},
        {"soft_masks": True},
        {"amodal": True},
        {"poses": True},
        {"view_layer": "ViewLayer"},
        {"view": "left"},
        {"image_format": ImageFormat.JPEG},
        {"image_format": ImageFormat.NONE},
        {"image_from": ImageFrom.RENDER_LAYER},
        {"pictures": False},
        {"all_view_layers": True},
        {"flow_step": 3},
    ],
    ids=str,
)
def test_setting_that_shapes_records(job: FrameJob, change: dict[str, object]) -> None:
    assert not is_valid(dataclasses.replace(job, settings=dataclasses.replace(job.settings, **change)))


def test_every_setting_is_known_to_shape_records_or_not(job: FrameJob) -> None:
    """Whoever adds a setting has to decide, and a wrong decision is a stale record."""
    fields = {field.name for field in dataclasses.fields(Settings)}

    assert fields == {
        "labels",
        "grouping",
        "instancing",
        "ignored",
        "min_area",
        "min_side",
        "min_visibility",
        "at_border",
        "cryptomatte",
        "parts",
        "soft_masks",
        "amodal",
        "poses",
        "view_layer",
        "view",
        "all_view_layers",
        "all_views",
        "all_scenes",
        "image_format",
        "image_from",
        "pictures",
        "maps",
        "depth_scale",
        "flow_step",
        "cameras",
        "formats",
        "splits",
        "split_by",
        "split_seed",
        "media",
        "coco_masks",
        "scored_category",
        "fps",
        "workers",
        "hung_after",
        "redo",
    }
    for change in (
        {"workers": 7},
        {"hung_after": 7},
        {"redo": True},
        {"all_views": True},
        {"all_scenes": True},
        {"cameras": (DatasetFormat.JSON,)},
    ):
        assert is_valid(dataclasses.replace(job, settings=dataclasses.replace(job.settings, **change)))


def test_time_of_a_file(job: FrameJob) -> None:
    path = job.files.files[1].path
    before = path.stat()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))

    assert not is_valid(job)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert is_valid(job)


def test_size_of_a_file(job: FrameJob) -> None:
    path = job.files.files[0].path
    before = path.stat()
    with path.open("ab") as file:
        file.write(b"\0")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert not is_valid(job)


def test_another_file_more_or_less(job: FrameJob) -> None:
    one, other = job.files.files
    for files in ((one,), (other,), (other, one)):
        assert not is_valid(dataclasses.replace(job, files=dataclasses.replace(job.files, files=files)))


def test_what_a_file_holds(job: FrameJob) -> None:
    one, other = job.files.files
    files = (PassFile(one.path, Pass.NORMAL), other)

    assert not is_valid(dataclasses.replace(job, files=dataclasses.replace(job.files, files=files)))


def test_scene_record(job: FrameJob) -> None:
    assert job.scene is not None
    job.scene.write_bytes(job.scene.read_bytes().replace(b'"ball"', b'"bill"'))

    assert not is_valid(job)
    assert not is_valid(dataclasses.replace(job, scene=None))


def test_colour_that_blender_made(job: FrameJob) -> None:
    assert not is_valid(dataclasses.replace(job, colour={"made_by": "Blender"}))


def test_version(job: FrameJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.records.frame_job.VERSION", "99.0.0")
    assert not is_valid(job)


def test_version_of_what_annotate_makes(job: FrameJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another one than that of the records' form, which by itself makes nothing out of date."""
    before = job.key()
    monkeypatch.setattr("core.records.frame_record.RECORD_VERSION", 99)
    assert job.key() == before
    monkeypatch.setattr("core.records.frame_job.ANNOTATION_VERSION", 99)
    assert job.key() != before


@pytest.mark.parametrize("name", ["images/shot/0001.png", "pictures/boxes/shot/0001.png", "records/shot/0001.json"])
def test_missing_output(job: FrameJob, name: str) -> None:
    (job.output / name).unlink()

    assert not is_valid(job)


def test_contents_are_those_of_the_files(job: FrameJob) -> None:
    record = read_record(job.output, job.files.path)

    assert list(record.contents) == record.files() != []
    for file, content in record.contents.items():
        data = (job.output / file).read_bytes()
        assert content == Content(len(data), hashlib.blake2b(data, digest_size=16).hexdigest())


@pytest.mark.parametrize("name", ["images/shot/0001.png", "pictures/boxes/shot/0001.png"])
def test_another_size_of_a_file_of_the_dataset(job: FrameJob, name: str) -> None:
    path = job.output / name
    whole = path.read_bytes()
    for other in (b"", whole[:-1], whole + b"\0"):
        path.write_bytes(other)
        assert not is_valid(job)
    path.write_bytes(bytes(len(whole)))  # which is for validate to find, since nothing is read here
    assert is_valid(job)


def test_a_file_that_the_record_knows_nothing_of(job: FrameJob) -> None:
    path = record_path(job.output, job.files.path)
    record = read_record_file(path)
    known = {file: content for file, content in record.contents.items() if not file.startswith("images/")}
    write_record(job.output, dataclasses.replace(record, contents=known))

    assert not is_valid(job)


def test_image_that_blender_has_made(job: FrameJob) -> None:
    """Its content is read, since it was written by another process."""
    colour = {"made_by": "blender"}
    image = job.output / job.image
    image.write_bytes(image.read_bytes() + b"trailing bytes that no reader of PNG minds")

    record = annotate(dataclasses.replace(job, colour=colour))

    assert record.contents[job.image] == Content.of_file(image)
    image.unlink()
    with pytest.raises(InputError, match=r"0001\.png.*export the frame again"):
        annotate(dataclasses.replace(job, colour=colour, settings=dataclasses.replace(job.settings, pictures=False)))


def test_folder_in_the_place_of_the_image(job: FrameJob) -> None:
    (job.output / "images/shot/0001.png").unlink()
    (job.output / "images/shot/0001.png").mkdir()

    assert not is_valid(job)


def test_other_places_of_the_same_files(job: FrameJob, tmp_path: Path) -> None:
    """On another machine the folders are called otherwise; what is done there is done."""
    shutil.copytree(tmp_path / "renders", tmp_path / "elsewhere" / "a", copy_function=shutil.copy2)
    shutil.copytree(tmp_path / "out", tmp_path / "elsewhere" / "b")
    shutil.copy(tmp_path / "scenes" / "0001.json", tmp_path / "elsewhere" / "scene.json")
    files = tuple(
        PassFile(tmp_path / "elsewhere" / "a" / file.path.relative_to(tmp_path / "renders"), file.holds)
        for file in job.files.files
    )
    moved = FrameJob(
        dataclasses.replace(job.files, files=files),
        tmp_path / "elsewhere" / "b",
        tmp_path / "elsewhere" / "scene.json",
        job.settings,
    )

    assert moved.key() == job.key()
    assert is_valid(moved)


def test_other_names_of_the_frame(job: FrameJob) -> None:
    for change in ({"sequence": "other"}, {"frame": 2}, {"name": "0002"}):
        other = dataclasses.replace(job, files=dataclasses.replace(job.files, **change))
        assert other.key() != job.key()


def test_key_of_missing_files(job: FrameJob) -> None:
    assert job.scene is not None
    job.scene.unlink()
    with pytest.raises(InputError, match=r"0001\.json"):
        job.key()
    job.files.files[0].path.unlink()
    with pytest.raises(InputError, match=r"Image0001\.exr"):
        job.key()


def test_job_survives_its_way_to_the_worker(job: FrameJob) -> None:
    there = FrameJob.from_json(json.loads(json.dumps(job.as_json())))

    assert there == job
    assert there.key() == job.key()
    bare = dataclasses.replace(job, scene=None, colour={"a": [1, 2.5, None]})
    assert FrameJob.from_json(json.loads(json.dumps(bare.as_json()))) == bare
