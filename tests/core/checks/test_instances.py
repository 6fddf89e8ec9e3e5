"""`labelpass validate` on poses, amodal masks, keypoints and the COCO file: each wrong thing in a sound dataset."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from core.base.box import Box
from core.base.dataset_folder import DatasetFolder
from core.base.files import canonical_json, digest
from core.checks.instances.amodal import _boxes, pixels_outside
from core.frames.sequences import WantedSequences
from core.maps.codecs.floats import write_npy
from core.maps.codecs.png_files import write_png16
from core.masks.rle import mask_runs
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.scene.keypoints import Visibility
from core.settings.map_table import DenseMap, WrittenMap
from tests.builders import read_record, record_path, write_record
from tests.core.checks.made_up_frame import CAMERA, HEIGHT, WIDTH, frame_of, pose_of
from tests.core.datasets import checked, merged

Change = Callable[[FrameRecord], FrameRecord]


def write(output: Path, record: FrameRecord, depth: np.ndarray, *maps: DenseMap) -> None:
    """A record with these maps of its depth; the scale of the PNG is 1 mm."""
    written = []
    for map in maps:
        path = output / map.path(record.path)
        if map is DenseMap.DEPTH_NPY:
            write_npy(path, depth)
        else:
            write_png16(path, np.rint(np.nan_to_num(depth) * 1000).astype(np.uint16))
        scale, valid = None if map.storage.suffix == ".npy" else 1e-3, int(np.count_nonzero(~np.isnan(depth)))
        written.append(WrittenMap(map, map.path(record.path), "m", scale, valid, 0))
    write_record(output, replace(record, maps=tuple(written)))


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for number in (1, 2):
        write(tmp_path, *frame_of(number), DenseMap.DEPTH_NPY)
    merged(tmp_path)
    return tmp_path


def test_a_sound_dataset(dataset: Path) -> None:
    report = checked(dataset)
    assert report.problems == {}
    assert (report.frames, report.instances, report.left_out) == (2, 8, 0)
    assert report.checks == {
        "derived values": 2,
        "masks, boxes and areas": 2,
        "poses and projected boxes": 2,
        "amodal masks and counts": 2,
        "place of masks and amodal masks": 2,
        "keypoints": 2,
        "keypoints and depth": 2,
        "maps can be read": 2,
        "depth and 3D boxes": 2,
        "COCO file": 2,
        "dataset.json": 1,
    }
    assert report.lines()[0].startswith("2 frames with 8 instances checked: ")


def of(name: str, **changes: Any) -> Change:
    """Change an instance of a record: its fields by name, or those of its pose, mask, amodal mask."""

    def change(record: FrameRecord) -> FrameRecord:
        (one,) = (one for one in record.instances if one.name == name)
        new = one
        for field, value in changes.items():
            part, _, inner = field.partition("__")
            old = getattr(new, part)
            value = value(getattr(old, inner) if inner else old) if callable(value) else value
            new = replace(new, **{part: replace(old, **{inner: value}) if inner else value})
        return replace(record, instances=tuple(new if other is one else other for other in record.instances))

    return change


def first_corner(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda corners: (change(corners[0]), *corners[1:])


def last_corner(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda corners: (*corners[:-1], change(corners[-1]))


def point(number: int, **changes: Any) -> Callable[[Any], Any]:
    return lambda points: tuple(replace(one, **changes) if i == number else one for i, one in enumerate(points))


WRONG: list[tuple[str, Change, str]] = [
    (
        "corner",
        of("Near", pose__corners=first_corner(lambda at: (at[0] + 0.5, at[1]))),
        "The corners of the 3D box of 'Near' are up to 0.5 pixels from",
    ),
    ("corner missing", of("Near", pose__corners=first_corner(lambda at: None)), "missing, though it is in front of"),
    ("corner too many", of("Beam", pose__corners=first_corner(lambda at: (1.0, 1.0))), "though it is not in front of"),
    ("distance", of("Far", pose__distance=1.0), "but its distance is 1 m"),
    ("rotation", of("Far", pose__rotation=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))), "The rotation of"),
    ("box turned over", of("Beam", pose__low=lambda low: (9.0, *low[1:])), "a low corner above its high one"),
    (
        "3D box too small",
        of("Near", pose=pose_of((-1.0, -0.2, 3.5), (0.0, 0.5, 4.5)), amodal=None),
        "The visible part of 'Near' is",
    ),
    (
        "3D box elsewhere through the near plane",
        of("Beam", pose=pose_of((2.0, 0.8, -1.0), (3.0, 1.5, 3.0)), amodal=None),
        "The visible part of 'Beam' is",
    ),
    (
        "amodal box outside the 3D box",
        of("Border", amodal__box=Box(54, 16, 90, 32)),
        "The amodal box of 'Border' is up to 12.17 pixels",
    ),
    ("seen count", of("Far", amodal__px_count_visib=3), "px_count_visib of 'Far' is 3, but its area is"),
    ("count in frame", of("Border", amodal__px_count_in_frame=170), "has 160 pixels, but px_count_in_frame is 170"),
    ("count of all", of("Border", amodal__px_count_all=150), "px_count_in_frame of 'Border' is above its px_count_all"),
    ("count beyond the box", of("Border", amodal__px_count_all=2000), "more than its amodal box can hold"),
    ("amodal box", of("Far", amodal__box=Box(28, 18, 44, 35)), "amodal box of 'Far' is not the smallest around"),
    ("amodal mask", of("Far", amodal__rle="0"), "Amodal masks: a mask is not of the image's size"),
    ("keypoint outside", of("Near", keypoints=point(0, x=64.5)), "'front' of 'Near' is outside the image"),
    ("keypoint behind", of("Near", keypoints=point(0, z=-1.0)), "'front' of 'Near' is behind the camera"),
    ("absent keypoint with a place", of("Border", keypoints=point(1, x=3.0)), "'back' of 'Border' is absent, but has"),
    ("keypoint of another", of("Near", keypoints=point(0, x=5.0, z=1.0)), "diagonals of its instance's box away"),
    (
        "one keypoint",
        of("Near", keypoints=lambda points: points[:1]),
        "'Near' has 1 keypoints, but its category l",
    ),
    (
        "keypoint said to be occluded",
        of("Far", keypoints=point(0, visibility=Visibility.OCCLUDED, z=2.9)),
        "'front' of 'Far' is said to be occluded, but the surface there is 0.1 m behind",
    ),
    (
        "keypoint said to be visible",
        of("Far", keypoints=point(1, visibility=Visibility.VISIBLE)),
        "'back' of 'Far' is said to be visible, but a surface is 1.5 m in front",
    ),
]


@pytest.mark.parametrize(("change", "says"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_a_record_that_disagrees_with_itself(dataset: Path, change: Change, says: str) -> None:
    write_record(dataset, change(read_record(dataset, "f_0002")))
    merged(dataset)
    report = checked(dataset)
    assert list(report.problems) == ["f_0002"]
    assert len(report.problems["f_0002"]) == 1 and says in report.problems["f_0002"][0], report.problems


def test_a_seen_pixel_beside_the_amodal_mask(dataset: Path) -> None:
    """Counts and boxes are right, and one row is elsewhere."""
    record = read_record(dataset, "f_0001")
    moved = np.zeros((HEIGHT, WIDTH), np.uint32)
    moved[18:32, 18:32] = 1
    (mask,) = find_masks(moved)
    write_record(dataset, of("Near", amodal__rle=mask.rle, amodal__box=mask.box)(record))
    merged(dataset)
    assert checked(dataset).problems == {"f_0001": ["14 visible pixels of 'Near' are not in its amodal mask"]}


def test_a_blurred_render_is_seen_beyond_its_box(dataset: Path) -> None:
    record = read_record(dataset, "f_0001")
    small = of("Near", pose=pose_of((-1.0, -0.2, 3.5), (0.0, 0.5, 4.5)))(record)
    for blur in ("depth_of_field", "motion_blur"):
        write_record(dataset, replace(small, camera=replace(CAMERA, **{blur: True})))
        merged(dataset)
        assert checked(dataset).problems == {}


def test_hair_is_seen_beyond_its_box(dataset: Path) -> None:
    """Only that of the instance which has it."""
    record = read_record(dataset, "f_0001")
    small = of("Near", pose=pose_of((-1.0, -0.2, 3.5), (0.0, 0.5, 4.5)))(record)
    for beyond, count in (({"Near": "particle hair"}, 0), ({"Far": "particle hair"}, 1)):
        write_record(dataset, replace(small, beyond_shape=beyond))
        merged(dataset)
        assert len(checked(dataset).problems) == count


@pytest.mark.parametrize("wrong", [False, True])
def test_keypoints_against_a_depth_png_alone(tmp_path: Path, wrong: bool) -> None:
    record, depth = frame_of(1)
    if wrong:
        record = of("Far", keypoints=point(1, visibility=Visibility.VISIBLE))(record)
    write(tmp_path, record, depth, DenseMap.DEPTH_PNG)
    report = checked(tmp_path)
    assert report.checks["keypoints and depth PNG"] == 1
    assert bool(report.problems) == wrong


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("amodal", "visib_fract"), 0.25, "instances['Border'].amodal.visib_fract is 0.25, but should be"),
        (("amodal", "occluded"), 0.25, "amodal.occluded is 0.25"),
        (("amodal", "truncated"), 0.25, "amodal.truncated is 0.25"),
        (("pose", "dimensions"), [1.0, 1.0, 9.0], "instances['Border'].pose.dimensions[2] is 9.0, but should be 1.0"),
    ],
)
def test_figures_that_follow_from_others(dataset: Path, path: tuple[str, str], value: Any, says: str) -> None:
    file = record_path(dataset, "f_0001")
    record = json.loads(file.read_bytes())["record"]
    record["instances"][1][path[0]][path[1]] = value
    body = canonical_json(record)
    file.write_bytes(b'{"checksum":"%s","record":%s}\n' % (digest(body).encode(), body))
    report = checked(dataset)
    assert list(report.problems) == ["f_0001"]
    assert len(report.problems["f_0001"]) == 1 and says in report.problems["f_0001"][0]


# --- The COCO file ---

Coco = dict[str, Any]


def spoil(table: str, index: int, **changes: Any) -> Callable[[Coco], None]:
    return lambda coco: coco[table][index].update(changes)


def drop(table: str, index: int) -> Callable[[Coco], None]:
    return lambda coco: coco[table].pop(index)


def nested(table: str, index: int, field: str, **changes: Any) -> Callable[[Coco], None]:
    return lambda coco: coco[table][index][field].update(changes)


def swap_tracks(coco: Coco) -> None:
    first, second = coco["annotations"][1:3]
    first["track_id"], second["track_id"] = second["track_id"], first["track_id"]


# Annotations of a frame: Beam, Border, Far, Near, and a region to ignore for each of two categories.
WRONG_COCO: list[tuple[str, Callable[[Coco], Any], str, str]] = [
    ("box", spoil("annotations", 2, bbox=[1, 2, 3, 4]), "f_0001", "bbox of 'Far' is [1, 2, 3, 4]"),
    ("area", spoil("annotations", 8, area=3), "f_0002", "area of 'Far' is 3"),
    ("mask", nested("annotations", 3, "segmentation", counts="04"), "f_0001", "segmentation of 'Near' is"),
    ("category", spoil("annotations", 3, category_id=3), "f_0001", "category_id of 'Near' is 3"),
    ("name", spoil("annotations", 3, name="Nearest"), "f_0001", "name of 'Near' is \"Nearest\""),
    ("crowd", spoil("annotations", 4, iscrowd=0), "f_0001", "iscrowd of 'ignored' is 0"),
    ("track", spoil("annotations", 3, track_id=1), "f_0001", "track_id of 'Near' is 1 in"),
    ("no track", spoil("annotations", 4, track_id=1), "f_0001", "'ignored' has a track_id in"),
    ("video", spoil("annotations", 3, video_id=7), "f_0001", "video_id of 'Near' is 7"),
    ("fraction", nested("annotations", 2, "amodal", visib_fract=0.5), "f_0001", "amodal of 'Far' is"),
    ("pose", nested("annotations", 2, "pose", distance=0.5), "f_0001", "pose of 'Far' is"),
    ("keypoints", spoil("annotations", 2, num_keypoints=1), "f_0001", "num_keypoints of 'Far' is 1"),
    ("no keypoints", lambda coco: coco["annotations"][2].pop("keypoints"), "f_0001", "keypoints of 'Far' is null in"),
    ("missing annotation", drop("annotations", 3), "f_0001", "has no annotation of 'Near'"),
    (
        "annotation too many",
        lambda coco: coco["annotations"].append({**coco["annotations"][3], "id": 99}),
        "f_0001",
        "has an annotation of 'Near', but the record does not",
    ),
    (
        "annotation ids",
        spoil("annotations", 3, id=1),
        "",
        "annotations of annotations/instances.json use the id 1 ",
    ),
    (
        "annotation of no image",
        lambda coco: coco["annotations"].append({**coco["annotations"][3], "id": 99, "image_id": 9}),
        "",
        "1 annotations of annotations/instances.json belong to images that it does not have",
    ),
    ("size", spoil("images", 1, width=65), "f_0002", "width of its image is 65"),
    ("frame", spoil("images", 1, frame=7), "f_0002", "frame of its image is 7"),
    ("place", spoil("images", 1, frame_index=7), "f_0002", "frame_index of its image is 7"),
    (
        "image too many",
        lambda coco: coco["images"].append({**coco["images"][0], "id": 9, "file_name": "images/x.png"}),
        "",
        "has the image images/x.png, but there is no wanted record of it",
    ),
    (
        "images too many",
        lambda coco: coco["images"].extend(
            {**coco["images"][0], "id": 10 + n, "file_name": f"images/a/{n:04}.png"} for n in range(3)
        ),
        "",
        "has images of 3 frames (a/0000-0002), but there is no wanted record of them",
    ),
    (
        "image twice",
        lambda coco: coco["images"].append({**coco["images"][0], "id": 9}),
        "",
        "has the image images/f_0001.png twice",
    ),
    ("category id", spoil("categories", 0, id=8), "", "id of the category 'cube' is 8"),
    ("supercategory", spoil("categories", 0, supercategory="x"), "", "supercategory of the category 'cube' is \"x\""),
    ("listed keypoints", spoil("categories", 0, keypoints=["x"]), "", "keypoints of the category 'cube' is [\"x\"]"),
    ("category missing", drop("categories", 1), "", "has no category 'beam'"),
    (
        "category too many",
        lambda coco: coco["categories"].append({"id": 9, "name": "x", "supercategory": ""}),
        "",
        "has a category 'x' that no record has",
    ),
    ("video size", spoil("videos", 0, width=3), "", "width of the video '' is 3"),
    (
        "table too many",
        lambda coco: coco.update(licenses=[]),
        "",
        "has the table 'licenses', which a merge does not write",
    ),
    ("field of an annotation", spoil("annotations", 3, note=1), "f_0001", "note of 'Near' is in annotations"),
    ("field of an image", spoil("images", 1, note=1), "f_0002", "note of its image is in annotations"),
    ("field of a category", spoil("categories", 0, note=1), "", "note of the category 'cube' is in annotations"),
    ("field of a video", spoil("videos", 0, note=1), "", "note of the video '' is in annotations"),
    ("field of a track", spoil("tracks", 0, note=1), "", "note of the track of"),
    (
        "track too many",
        lambda coco: coco["tracks"].append({**coco["tracks"][0], "id": 99, "name": "x"}),
        "",
        "has a track of 'x' that no record has",
    ),
]


@pytest.mark.parametrize(
    ("change", "frame", "says"), [one[1:] for one in WRONG_COCO], ids=[one[0] for one in WRONG_COCO]
)
def test_a_coco_file_that_disagrees(dataset: Path, change: Callable[[Coco], Any], frame: str, says: str) -> None:
    path = dataset / "annotations/instances.json"
    coco = json.loads(path.read_bytes())
    change(coco)
    path.write_text(json.dumps(coco, indent=1))  # as another tool may have written it
    report = checked(dataset)
    assert list(report.problems) == [frame], report.problems
    assert len(report.problems[frame]) == 1 and says in report.problems[frame][0], report.problems


BROKEN_ROWS: list[Any] = [None, 3, "row", [], {}, [1, 2], {"id": None}, {"id": True}, {"id": [1]}, {"name": {}}]


@pytest.mark.parametrize("table", ["images", "annotations", "categories", "videos", "tracks"])
@pytest.mark.parametrize("row", BROKEN_ROWS, ids=str)
def test_a_broken_row(dataset: Path, table: str, row: Any) -> None:
    path = dataset / "annotations/instances.json"
    coco = json.loads(path.read_bytes())
    coco[table].append(row)
    path.write_text(json.dumps(coco))
    ((frame, (problem,)),) = checked(dataset).problems.items()
    number = len(coco[table])
    assert frame == ""
    assert problem.startswith(f"A row of {table} in annotations/instances.json is broken, number {number}: it")
    assert problem.endswith("; merge again")


@pytest.mark.parametrize("value", [None, True, 1.5, "7", [[1]], {"x": 1}], ids=str)
@pytest.mark.parametrize("table", ["images", "annotations", "categories", "videos", "tracks"])
def test_a_value_of_another_type(dataset: Path, table: str, value: Any) -> None:
    """Wherever it stands, something is said, and nothing raises."""
    path = dataset / "annotations/instances.json"
    whole = path.read_bytes()
    for field in json.loads(whole)[table][-1]:
        coco = json.loads(whole)
        coco[table][-1][field] = value
        path.write_text(json.dumps(coco))
        assert checked(dataset).problems, field


def test_tracks_that_change_places(dataset: Path) -> None:
    path = dataset / "annotations/instances.json"
    coco = json.loads(path.read_bytes())
    swap_tracks(coco)
    path.write_text(json.dumps(coco))
    problems = checked(dataset).problems
    assert [text[:20] for text in problems.pop("f_0001")] == ["track_id of 'Border'", "track_id of 'Far' is"]
    assert problems == {}


def test_an_image_that_is_missing(dataset: Path) -> None:
    path = dataset / "annotations/instances.json"
    coco = json.loads(path.read_bytes())
    coco["images"].pop()
    coco["annotations"] = [one for one in coco["annotations"] if one["image_id"] == 1]
    path.write_text(json.dumps(coco))
    assert list(checked(dataset).problems) == ["f_0002"]


def test_records_that_came_after_the_merge(dataset: Path) -> None:
    write(dataset, *frame_of(3))
    assert list(checked(dataset).problems) == ["f_0003", ""]


@pytest.mark.parametrize("text", ["{}", "[]", '{"images": 1}', '{"images": [{"id": "1"}]}', "\0"])
def test_a_damaged_coco_file(dataset: Path, text: str) -> None:
    (dataset / "annotations/instances.json").write_text(text)
    report = checked(dataset)
    assert list(report.problems) == [""]
    assert "is damaged" in report.problems[""][0] and report.problems[""][0].endswith("merge again")
    assert report.lines()[-1] == "The dataset as a whole disagrees"


def test_a_damaged_record_puts_nothing_else_in_the_wrong(dataset: Path) -> None:
    record_path(dataset, "f_0001").write_text("{}")
    assert list(checked(dataset).problems) == ["f_0001"]


def test_sequences_that_are_not_wanted(tmp_path: Path) -> None:
    """Their records stay and are out of the COCO file; what is wrong with them does not matter."""
    kept, depth = frame_of(1, "left")
    other, _ = frame_of(1, "right")
    kept, other = replace(kept, variant="left"), of("Near", amodal__px_count_visib=3)(replace(other, variant="right"))
    write(tmp_path, kept, depth)
    write(tmp_path, other, depth)
    WantedSequences().with_frames([kept]).write(DatasetFolder(tmp_path))
    merged(tmp_path)
    report = checked(tmp_path)
    assert report.problems == {}
    assert (report.frames, report.left_out) == (1, 1)
    assert report.lines()[1] == "Left out: 1 record of sequences that the latest export does not make"

    WantedSequences().with_frames([kept, other]).write(DatasetFolder(tmp_path))
    merged(tmp_path)
    assert list(checked(tmp_path).problems) == ["right/f_0001"]


# --- What the checks are made of ---


@given(st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(lambda shape: arrays(bool, (4, *shape))))
def test_runs_against_pycocotools(masks: np.ndarray) -> None:
    """Boxes of masks, and that one lies in another, as pixels say it."""
    texts = [coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode() for mask in masks]
    _, height, width = masks.shape
    inner, outer = mask_runs(texts[:2], height, width), mask_runs(texts[2:], height, width)
    for mask, box in zip(masks[:2], _boxes(inner, 2, height), strict=True):
        if box is None:
            assert not mask.any()
        else:
            rows, columns = np.nonzero(mask)
            assert box == Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    outside = pixels_outside(inner, outer, height * width, 2)
    for one, other, count in zip(masks[:2], masks[2:], outside, strict=True):
        assert count == (one & ~other).sum()
