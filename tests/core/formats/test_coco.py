"""COCO from frame records: the same bytes on every machine, checked by pycocotools, whatever the records are like."""

import dataclasses
import json
import random
import re
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from core.annotate.annotate import annotate
from core.base.box import Box
from core.base.dataset_folder import INSTANCES_FILE
from core.base.errors import OutputError, RecordError
from core.base.version import VERSION
from core.dataset.merge import Merged
from core.exr.passes import Passes
from core.labels.label_image import read_labels
from core.masks.runs import Mask, find_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.scene.random_draw import RandomDraw
from core.settings.category_table import Category
from core.settings.settings import LabelSource
from tests.builders import (
    NO_IMAGES,
    plain_instance,
    plain_job,
    plain_mask,
    plain_record,
    record_path,
    rendered_frame,
    write_record,
)
from tests.core.datasets import write_coco_file

HEIGHT, WIDTH = 12, 16


def mask_of(label: int, x0: int, y0: int, x1: int, y1: int) -> Mask:
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    labels[y0:y1, x0:x1] = label
    (mask,) = find_masks(labels)
    return mask


def record_of(
    name: str,
    instances: Sequence[Instance] = (),
    categories: Sequence[Category] = (),
    sequence: str = "",
    frame: int = 1,
) -> FrameRecord:
    return plain_record(
        sequence=sequence,
        frame=frame,
        name=name,
        width=WIDTH,
        height=HEIGHT,
        categories=tuple(categories),
        instances=tuple(instances),
    )


BALL, CUBE = Category("ball", 7, "toy"), Category("cube")
BALL_1, BALL_2 = (
    plain_instance("Ball.001", "ball", (1,), mask_of(1, 2, 3, 6, 8)),
    plain_instance("Ball.002", "ball", (2,), mask_of(2, 0, 0, 16, 12)),
)
CUBE_1 = plain_instance("Cube", "cube", (9,), mask_of(9, 15, 11, 16, 12))
RECORDS = (
    record_of("a_0001", [BALL_1, CUBE_1], [BALL, CUBE]),
    record_of("a_0002", [], [BALL, CUBE], frame=2),
    record_of("a_0010", [CUBE_1], [BALL, CUBE], frame=10),
    record_of("0001", [BALL_2], [BALL], sequence="b"),
    record_of("0001_L", [BALL_1, BALL_2], [BALL, CUBE], sequence="b/c"),
    record_of("0001_R", [BALL_1], [BALL, CUBE], sequence="b/c"),
)


def loaded(output: Path) -> dict[str, Any]:
    return json.loads((output / INSTANCES_FILE).read_bytes())


def write_all(output: Path, records: Sequence[FrameRecord]) -> None:
    for record in records:
        write_record(output, record)


# --- What the file says -----------------------------------------------------------------------------------------------


def test_random_frames_say_what_was_drawn(tmp_path: Path) -> None:
    draw = RandomDraw(7, 2, {"Camera.distance": 4.5, "Key.location": [1.0, 2.0, 3.5]})
    write_all(tmp_path, [dataclasses.replace(RECORDS[0], random=draw), RECORDS[1]])

    write_coco_file(tmp_path)

    first, second = loaded(tmp_path)["images"]
    assert first["attributes"] == {
        "seed": 7,
        "attempt": 2,
        "Camera.distance": 4.5,
        "Key.location": [1.0, 2.0, 3.5],
    }
    assert "attributes" not in second
    assert FrameRecord.from_json(dataclasses.replace(RECORDS[0], random=draw).as_json()).random == draw


def test_whole_file_by_hand(tmp_path: Path) -> None:
    write_all(tmp_path, RECORDS[:2])

    merged = write_coco_file(tmp_path)

    assert merged == Merged(2, 2, (), {}, (), tmp_path / INSTANCES_FILE, instances=2)
    image = {"width": 16, "height": 12, "sequence": "", "video_id": 1}
    assert loaded(tmp_path) == {
        "info": {"description": "Rendered with Blender, annotated by Labelpass", "version": VERSION},
        "images": [
            {"id": 1, "file_name": "images/a_0001.png", "frame": 1, "frame_index": 0, **image},
            {"id": 2, "file_name": "images/a_0002.png", "frame": 2, "frame_index": 1, **image},
        ],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 7,
                "bbox": [2, 3, 4, 5],
                "area": 20,
                "iscrowd": 0,
                "segmentation": {"size": [12, 16], "counts": BALL_1.mask.rle},
                "name": "Ball.001",
                "track_id": 2,
                "video_id": 1,
            },
            {
                "id": 2,
                "image_id": 1,
                "category_id": 1,
                "bbox": [15, 11, 1, 1],
                "area": 1,
                "iscrowd": 0,
                "segmentation": {"size": [12, 16], "counts": CUBE_1.mask.rle},
                "name": "Cube",
                "track_id": 1,
                "video_id": 1,
            },
        ],
        "categories": [
            {"id": 1, "name": "cube", "supercategory": ""},
            {"id": 7, "name": "ball", "supercategory": "toy"},
        ],
        "videos": [
            {
                "id": 1,
                "name": "",
                "width": 16,
                "height": 12,
                "neg_category_ids": [],
                "not_exhaustive_category_ids": [],
            }
        ],
        "tracks": [
            {"id": 1, "category_id": 1, "video_id": 1, "name": "Cube"},
            {"id": 2, "category_id": 7, "video_id": 1, "name": "Ball.001"},
        ],
    }


def test_order_of_sequence_frame_and_name(tmp_path: Path) -> None:
    write_all(tmp_path, RECORDS[::-1])

    write_coco_file(tmp_path)

    coco = loaded(tmp_path)
    assert [image["file_name"] for image in coco["images"]] == [record.image for record in RECORDS]
    assert [image["id"] for image in coco["images"]] == [1, 2, 3, 4, 5, 6]
    assert [row["id"] for row in coco["annotations"]] == [1, 2, 3, 4, 5, 6, 7]
    assert [(row["image_id"], row["name"]) for row in coco["annotations"]] == [
        (number, instance.name) for number, record in enumerate(RECORDS, start=1) for instance in record.instances
    ]


def test_one_line_an_entry(tmp_path: Path) -> None:
    """So that people can look into a file of many megabytes with the tools that they have."""
    write_all(tmp_path, RECORDS)

    write_coco_file(tmp_path)

    lines = (tmp_path / INSTANCES_FILE).read_text(encoding="ascii").splitlines()
    rows = [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"id"')]
    videos, tracks = 3, 5
    assert len(rows) == 6 + 7 + 2 + videos + tracks


def test_info_says_neither_when_nor_what_may_be_done(tmp_path: Path) -> None:
    """A time would make every file another one; the licence of a user's scene is not ours to state."""
    write_all(tmp_path, RECORDS)

    write_coco_file(tmp_path)

    coco = loaded(tmp_path)
    assert coco.keys() == {"info", "images", "annotations", "categories", "videos", "tracks"}
    text = (tmp_path / INSTANCES_FILE).read_text(encoding="ascii")
    assert not re.search(r"date|time|licen[cs]e|20\d\d-", text, re.IGNORECASE)


def test_pycocotools_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_all(tmp_path, RECORDS)
    write_coco_file(tmp_path)

    coco = COCO(str(tmp_path / INSTANCES_FILE))

    assert len(coco.getImgIds()) == 6
    assert [category["name"] for category in coco.loadCats(coco.getCatIds())] == ["cube", "ball"]
    rows = coco.loadAnns(coco.getAnnIds())
    assert len(rows) == 7
    for row in rows:
        pixels = coco.annToMask(row)
        assert pixels.shape == (HEIGHT, WIDTH)
        assert pixels.sum() == row["area"]
        assert coco_mask.toBbox(row["segmentation"]).tolist() == row["bbox"]
    assert "index created!" in capsys.readouterr().out


def test_rendered_frames_through_pycocotools(data: Path, rendered_of, version: str, tmp_path: Path) -> None:
    """From the EXR file to what training code sees: the masks are the label image."""
    for rendered in rendered_of(version, "multilayer"):
        annotate(plain_job(rendered_frame(rendered), tmp_path, labels=LabelSource.OBJECT_INDEX, **NO_IMAGES))
    write_coco_file(tmp_path)

    coco = COCO(str(tmp_path / INSTANCES_FILE))
    for image, rendered in zip(coco.loadImgs(coco.getImgIds()), rendered_of(version, "multilayer"), strict=True):
        labels = read_labels(Passes(rendered.files), LabelSource.OBJECT_INDEX).labels
        drawn = np.zeros_like(labels)
        for row in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
            pixels = coco.annToMask(row).astype(bool)
            assert not drawn[pixels].any()
            # Without a scene record the index is the category's id, as users of indices expect.
            drawn[pixels] = row["category_id"]
        assert np.array_equal(drawn, labels)


# --- The same bytes -------------------------------------------------------------------------------------------------


def test_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    """The order in which a folder is listed follows from when its files were made, on most file systems."""
    random_order = random.Random(0)
    seen = set()
    for attempt in range(8):
        output = tmp_path / str(attempt)
        write_all(output, random_order.sample(RECORDS, len(RECORDS)))
        write_coco_file(output)
        seen.add((output / INSTANCES_FILE).read_bytes())

    assert len(seen) == 1


def test_order_of_listing_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(tmp_path, RECORDS)
    frames = [record.path for record in RECORDS]
    seen = set()
    for order in (frames, frames[::-1], frames[3:] + frames[:3]):
        monkeypatch.setattr(
            "core.records.packs.packed_records.PackedRecords.frames", lambda store, order=order: iter(order)
        )
        write_coco_file(tmp_path)
        seen.add((tmp_path / INSTANCES_FILE).read_bytes())

    assert len(seen) == 1


def test_second_merge_changes_nothing(tmp_path: Path) -> None:
    write_all(tmp_path, RECORDS)
    write_coco_file(tmp_path)
    first = (tmp_path / INSTANCES_FILE).read_bytes()

    write_coco_file(tmp_path)

    assert (tmp_path / INSTANCES_FILE).read_bytes() == first
    assert sorted(path.name for path in (tmp_path / "annotations").iterdir()) == ["instances.json"]


# --- Category ids -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        ([], {}),
        ([("b", None), ("a", None)], {"a": 1, "b": 2}),
        ([("a", 5), ("b", 2)], {"a": 5, "b": 2}),
        ([("a", None), ("b", 1), ("c", None), ("d", 3), ("e", None)], {"a": 2, "b": 1, "c": 4, "d": 3, "e": 5}),
        ([("a", None), ("z", 2**40)], {"a": 1, "z": 2**40}),
        ([("Würfel", None), ("Zebra", None), ("ball", None)], {"Würfel": 1, "Zebra": 2, "ball": 3}),
    ],
)
def test_category_ids(tmp_path: Path, categories: list[tuple[str, int | None]], expected: dict[str, int]) -> None:
    """Fixed ones stay; the others take what is free, from 1, in the order of names."""
    write_record(tmp_path, record_of("a", categories=[Category(name, id) for name, id in categories]))

    assert write_coco_file(tmp_path).categories == len(categories)

    rows = loaded(tmp_path)["categories"]
    assert {row["name"]: row["id"] for row in rows} == expected
    assert [row["id"] for row in rows] == sorted(expected.values())


def test_categories_of_all_records_are_one_table(tmp_path: Path) -> None:
    """A frame that does not show a category, or was exported before it was made, has the same ids."""
    write_record(tmp_path, record_of("a", [CUBE_1], [CUBE]))
    write_record(tmp_path, record_of("b", [BALL_1], [Category("apple"), BALL]))
    write_record(tmp_path, record_of("c", [], []))

    write_coco_file(tmp_path)

    coco = loaded(tmp_path)
    assert {row["name"]: row["id"] for row in coco["categories"]} == {"apple": 1, "cube": 2, "ball": 7}
    assert {row["name"]: row["category_id"] for row in coco["annotations"]} == {"Cube": 2, "Ball.001": 7}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_frame_that_says_less_of_a_category_takes_what_others_say(tmp_path: Path, order: tuple[int, ...]) -> None:
    """Such as one that was exported before the user fixed the id; in whatever order the records are listed."""
    categories = [Category("ball", None, ""), Category("ball", 7, ""), Category("ball", None, "toy")]
    for place, number in enumerate(order):
        write_record(tmp_path, record_of(str(place), [BALL_1], [categories[number]]))

    write_coco_file(tmp_path)

    assert loaded(tmp_path)["categories"] == [{"id": 7, "name": "ball", "supercategory": "toy"}]
    assert {row["category_id"] for row in loaded(tmp_path)["annotations"]} == {7}


@pytest.mark.parametrize("other", [Category("ball", 8, "toy"), Category("ball", 7, "fruit")], ids=str)
def test_contradictory_category(tmp_path: Path, other: Category) -> None:
    write_record(tmp_path, record_of("a", categories=[BALL]))
    write_record(tmp_path, record_of("b", categories=[other]))

    with pytest.raises(
        RecordError, match=r"The category 'ball' differs: .* in .*\.json, but .*; make them the same"
    ) as error:
        write_coco_file(tmp_path)

    assert "\n" not in str(error.value)
    assert not (tmp_path / INSTANCES_FILE).exists()


@pytest.mark.parametrize("records", [[[BALL, Category("bear", 7)]], [[BALL], [Category("bear", 7)]]])
def test_two_categories_with_one_id(tmp_path: Path, records: list[list[Category]]) -> None:
    for number, categories in enumerate(records):
        write_record(tmp_path, record_of(str(number), categories=categories))

    with pytest.raises(RecordError, match="'ball' and 'bear' both have the id 7; give one of them another"):
        write_coco_file(tmp_path)

    assert not (tmp_path / INSTANCES_FILE).exists()


def test_contradiction_leaves_the_older_file(tmp_path: Path) -> None:
    write_record(tmp_path, record_of("a", categories=[BALL]))
    write_coco_file(tmp_path)
    first = (tmp_path / INSTANCES_FILE).read_bytes()
    write_record(tmp_path, record_of("b", categories=[Category("ball", 8)]))

    with pytest.raises(RecordError):
        write_coco_file(tmp_path)

    assert (tmp_path / INSTANCES_FILE).read_bytes() == first


# --- Damage -----------------------------------------------------------------------------------------------------------


def test_damaged_record_is_named_and_the_others_are_merged(tmp_path: Path) -> None:
    write_all(tmp_path, RECORDS)
    damaged = record_path(tmp_path, RECORDS[2].path)
    damaged.write_bytes(damaged.read_bytes()[:-30])
    foreign = tmp_path / "records" / "notes.json"
    foreign.write_text("{}")

    merged = write_coco_file(tmp_path)

    assert merged.frames == 5
    assert sorted(merged.problems) == [
        f"{damaged} is damaged; annotate the frame again",
        f"{foreign} is damaged; annotate the frame again",
    ]
    images = [image["file_name"] for image in loaded(tmp_path)["images"]]
    assert images == [record.image for record in RECORDS if record is not RECORDS[2]]
    assert [image["id"] for image in loaded(tmp_path)["images"]] == [1, 2, 3, 4, 5]


def test_no_record(tmp_path: Path) -> None:
    with pytest.raises(RecordError) as error:
        write_coco_file(tmp_path / "missing")

    assert str(error.value) == (
        f"{tmp_path / 'missing'} holds no frame records; run 'labelpass annotate' on the frames first"
    )
    assert not (tmp_path / "missing").exists()


def test_no_record_that_is_whole(tmp_path: Path) -> None:
    write_all(tmp_path, RECORDS[:1])
    path = record_path(tmp_path, RECORDS[0].path)
    path.write_bytes(b"")

    with pytest.raises(RecordError, match=re.escape(f"{path} is damaged")):
        write_coco_file(tmp_path)


def test_no_instance_in_any_record(tmp_path: Path) -> None:
    write_record(tmp_path, record_of("a"))

    assert write_coco_file(tmp_path) == Merged(1, 0, (), {}, (), tmp_path / INSTANCES_FILE, instances=0)

    coco = COCO(str(tmp_path / INSTANCES_FILE))
    assert coco.getImgIds() == [1]
    assert coco.getAnnIds() == []


def test_record_that_breaks_between_the_two_readings(tmp_path: Path) -> None:
    """The frame is annotated again while the merge runs: an error, and no file with half of it."""
    write_all(tmp_path, RECORDS)

    def progress(done: int, total: int) -> None:
        if done == total - 1:
            record_path(tmp_path, RECORDS[-1].path).unlink()

    with pytest.raises(RecordError, match=r"0001_R\.json"):
        write_coco_file(tmp_path, progress)
    assert list((tmp_path / "annotations").iterdir()) == []


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    write_all(tmp_path, RECORDS)
    (tmp_path / "annotations").write_bytes(b"")

    with pytest.raises(OutputError, match=r"Cannot write .*instances\.json: .*; choose another"):
        write_coco_file(tmp_path)


def test_progress_counts_every_record_twice(tmp_path: Path) -> None:
    write_all(tmp_path, RECORDS)
    calls: list[tuple[int, int]] = []

    write_coco_file(tmp_path, lambda done, total: calls.append((done, total)))

    assert calls == [(done, 12) for done in range(12)]


# --- Memory -----------------------------------------------------------------------------------------------------------


def peak_of_merge(output: Path, frames: int, instances: int) -> int:
    """Most bytes of Python objects at a time, while records with long masks are merged."""
    long = plain_mask(Box(0, 0, WIDTH, HEIGHT), rle="x" * 2000)
    things = [plain_instance(f"Ball.{number:03}", "ball", mask=long) for number in range(instances)]
    write_all(output, [record_of(f"{frame:04}", things, [BALL], frame=frame) for frame in range(frames)])
    write_coco_file(output)  # the first merge also pays for what is made once
    tracemalloc.start()
    try:
        write_coco_file(output)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_that_of_one_record(tmp_path: Path) -> None:
    """Ten times as many frames: ten times the file, and only a few names more in memory."""
    few = peak_of_merge(tmp_path / "few", 5, 50)
    many = peak_of_merge(tmp_path / "many", 50, 50)

    size = (tmp_path / "many" / INSTANCES_FILE).stat().st_size
    assert size > 5_000_000
    assert many < few * 1.2
    assert many < size / 4


def test_memory_per_instance(tmp_path: Path) -> None:
    """One record is in memory at a time, in a handful of copies: its bytes, its JSON and its objects."""
    peak = peak_of_merge(tmp_path, 3, 500)

    record = record_path(tmp_path, "0000").stat().st_size
    assert record > 1_000_000
    assert peak < 8 * record
