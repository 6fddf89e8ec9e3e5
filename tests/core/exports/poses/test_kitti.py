"""The KITTI export: 15 columns, and boxes that its development kit puts where the record has them."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset.splits import Splits
from core.exports.poses.upright_box import UprightBox
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal
from core.scene.poses import Pose
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings
from tests.builders import plain_camera, plain_pose
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    several_frames,
    unusual_frames,
    write_made_up,
    write_rich,
)

KITTI = ExportFormat.KITTI
Floats = npt.NDArray[np.float64]


def rows_of(folder: Path, number: int) -> list[list[str]]:
    (file,) = folder.glob(f"*/label_2/{number:06}.txt")
    return [line.split(" ") for line in file.read_text("utf-8").splitlines()]


def kit_corners(columns: list[str]) -> Floats:
    """(8, 3), as computeBox3D.m of the development kit computes them of columns 9 to 15 of a row."""
    height, width, length, x, y, z, yaw = map(float, columns)
    turn = [[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]]
    xs = [length / 2, length / 2, -length / 2, -length / 2] * 2
    ys = [0.0] * 4 + [-height] * 4
    zs = [width / 2, -width / 2, -width / 2, width / 2] * 2
    return (np.array(turn) @ np.array([xs, ys, zs])).T + np.array([x, y, z])


def sorted_corners(corners: Floats) -> Floats:
    rounded = np.round(corners, 4) + 0.0
    return rounded[np.lexsort(rounded.T)]


def standing(yaw: float, vertical: int = 2, up: int = 1, tilt: float = 0.0, **known: Any) -> Pose:
    """A box whose axis `vertical` points up (or down) as the camera sees it, turned by a yaw and tilted."""
    axes = np.zeros((3, 3))
    axes[1, vertical] = -up  # the camera's y axis points down
    axes[:, (vertical + 1) % 3] = math.cos(yaw), 0, -math.sin(yaw)
    axes[:, (vertical + 2) % 3] = np.cross(axes[:, vertical], axes[:, (vertical + 1) % 3])
    lean = [[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]]
    rotation = tuple(map(tuple, (np.array(lean) @ axes).tolist()))
    fields = {"translation": (1.5, 0.5, 12.0), "low": (-0.5, -2.0, 0.0), "high": (0.75, 1.0, 1.5)} | known
    return Pose("Car", rotation, scale=(1.0,) * 3, corners=(None,) * 8, distance=12.0, **fields)


YAW = st.floats(-math.pi, math.pi)


@given(YAW, st.integers(0, 2), st.sampled_from([1, -1]), st.tuples(*[st.floats(-5, 5)] * 2, st.floats(1, 50)))
def test_upright_boxes(yaw: float, vertical: int, up: int, place: tuple[float, ...]) -> None:
    """The corners that the development kit makes are those of the pose, however the object's axes lie."""
    pose = standing(yaw, vertical, up, translation=place)
    assert np.linalg.det(np.array(pose.rotation)) == pytest.approx(1)
    box = UprightBox.of(pose)

    assert box
    numbers = (box.height, box.width, box.length, *box.bottom, box.yaw)
    corners = kit_corners([str(value) for value in numbers])
    distances = np.linalg.norm(corners[:, None] - pose.corners_in_camera()[None], axis=2)
    assert distances.min(axis=1).max() < 1e-6 and distances.min(axis=0).max() < 1e-6
    assert max(abs(box.yaw), abs(box.observed_yaw)) <= math.pi
    front = np.array(pose.rotation)[:, 2 if vertical == 1 else 1] * (1 if vertical == 1 else -1)
    assert np.allclose(front, (math.cos(box.yaw), 0, -math.sin(box.yaw)), atol=1e-9)


@given(YAW, st.floats(0.2, 89))
def test_tilted_boxes(yaw: float, degrees: float) -> None:
    assert UprightBox.of(standing(yaw, tilt=math.radians(degrees))) is None
    assert UprightBox.of(standing(yaw, tilt=math.radians(0.05)))


@given(YAW, st.floats(-1, 1))
def test_boxes_that_look_the_same(turn: float, angle: float) -> None:
    """The observed yaw of a box that goes around the camera, always the same side to it, does not change."""
    yaws = []
    for around in (0.0, angle):
        place = (10 * math.sin(around), 0.0, 10 * math.cos(around))
        box = UprightBox.of(standing(turn + around, translation=place, low=(-1.0,) * 3, high=(1.0,) * 3))
        assert box
        yaws.append(box.observed_yaw)
    assert math.remainder(yaws[0] - yaws[1], math.tau) == pytest.approx(0, abs=1e-6)


def test_layout(tmp_path: Path) -> None:
    """Numbers count through the dataset, and a split that is called test has a folder of its own."""
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    splits = Settings(splits="train=2,val=1,test=1")
    done = exported(tmp_path, KITTI, splits=splits.splits)
    folder = done.folders[KITTI]
    of = Splits.of_settings(splits).of

    for split in ("train", "val", "test"):
        numbers = [f"{number:06}" for number, record in enumerate(records) if of(record) == split]
        assert (folder / f"ImageSets/{split}.txt").read_text().splitlines() == numbers != []
        for number in numbers:
            record = records[int(number)]
            place = folder / ("testing" if split == "test" else "training")
            assert (place / f"image_2/{number}{Path(record.image).suffix}").samefile(tmp_path / record.image)
            assert (place / f"label_2/{number}.txt").is_file()
            assert not (place / f"calib/{number}.txt").exists(), "the camera is not known"
    lines = (folder / "frames.tsv").read_text("utf-8").splitlines()
    assert lines[1:] == [f"{number:06}\t{of(record)}\t{record.path}" for number, record in enumerate(records)]
    assert f"{len(records)} images: no perspective camera, so no calibration and no 3D box" in done.losses[KITTI]
    assert "3 images: not PNG, while OpenPCDet and MMDetection3D look for .png" in done.losses[KITTI]


def test_2d_boxes_and_regions(tmp_path: Path) -> None:
    """Every row has 15 columns; types are words; a region to ignore is DontCare, whatever it is of."""
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    done = exported(tmp_path, KITTI)
    types = {CATEGORIES[1].name: "a_dog_'big':_#1", CATEGORIES[2].name: "Straße_東京"}

    for number, record in enumerate(records):
        rows = rows_of(done.folders[KITTI], number)
        wanted = [*((one, types.get(one.category, one.category)) for one in record.instances),
                  *((one, "DontCare") for one in record.ignored)]  # fmt: skip
        for row, (one, type) in zip(rows, wanted, strict=True):
            assert row[0] == type
            assert [float(value) for value in row[4:8]] == [*one.mask.box]
            assert row[1:4] == ["-1", "-1", "-10"]
            assert row[8:] == ["-1", "-1", "-1", "-1000", "-1000", "-1000", "-10"]
    instances = sum(len(record.instances) for record in records)
    assert f"{instances} instances: no pose, so the 3D box is unknown (-1, -1000, -10)" in done.losses[KITTI]
    assert "2 categories: another name, since types are words without spaces and commas" in done.losses[KITTI]
    assert "\"a_dog_'big':_#1\"" not in (page := (done.folders[KITTI] / "LABELPASS.md").read_text("utf-8"))
    assert "`a_dog_'big':_#1` for" in page


def test_types_differ(tmp_path: Path) -> None:
    """Readers compare them without regard to case, and DontCare is taken."""
    table = [Category("a b", 1), Category("A,b", 2), Category("dontcare", 3)]
    labels = {1: "a b", 2: "A,b", 3: "dontcare"}
    image = np.repeat(np.arange(1, 4, dtype=np.uint32), 4).reshape(3, 4)
    write_made_up(tmp_path, [MadeUpFrame(image, "a", categories=labels)], table)

    assert [row[0] for row in rows_of(exported(tmp_path, KITTI).folders[KITTI], 0)] == ["a_b", "A_b_", "dontcare_"]


def project(folder: Path, number: int, points: Floats) -> Floats:
    (file,) = folder.glob(f"*/calib/{number:06}.txt")
    matrices = {name: np.array(rest.split(), float) for name, rest in
                (line.split(": ") for line in file.read_text().splitlines())}  # fmt: skip
    assert {*matrices} == {"P0", "P1", "P2", "P3", "R0_rect", "Tr_velo_to_cam", "Tr_imu_to_velo"}
    # A reader computes P2 * R0_rect * (Tr_velo_to_cam * x) of a point x of the scanner.
    scanner = np.linalg.inv(np.vstack((matrices["Tr_velo_to_cam"].reshape(3, 4), [0, 0, 0, 1])))
    assert np.allclose(scanner @ [0, 0, 1, 1], [1, 0, 0, 1]), "what is ahead of the camera is ahead of the scanner"
    rectified = points @ matrices["R0_rect"].reshape(3, 3).T
    projected = np.hstack((rectified, np.ones((len(points), 1)))) @ matrices["P2"].reshape(3, 4).T
    return projected[:, :2] / projected[:, 2:]


def posed(tmp_path: Path, poses: dict[int, dict[str, Any]], **known: Any) -> tuple[Path, FrameRecord, Any]:
    known = {"camera": plain_camera(k=((50.0, 0.0, 30.0), (0.0, 52.0, 25.0), (0.0, 0.0, 1.0)))} | known
    labels = np.repeat(np.arange(6, dtype=np.uint32), 640).reshape(60, 64)
    frame = MadeUpFrame(labels, "a", known=known, instances=poses)
    (record,) = write_made_up(tmp_path, [frame])
    done = exported(tmp_path, KITTI, splits="train=1")
    return done.folders[KITTI], record, done.losses[KITTI]


def test_3d_boxes(tmp_path: Path) -> None:
    """Corners by the development kit's formula, projected by P2, are where the camera of the record puts them."""
    poses = {1: {"pose": standing(0.7)}, 2: {"pose": standing(-2.0, 1)}, 3: {"pose": standing(1, tilt=0.3)}}
    folder, record, losses = posed(tmp_path, poses)
    rows = rows_of(folder, 0)
    seen = 0
    for row, one in zip(rows, record.instances, strict=True):
        assert len(row) == 15
        if one.pose is None or one.labels == (3,):
            assert row[8:] == ["-1", "-1", "-1", "-1000", "-1000", "-1000", "-10"] and row[3] == "-10"
            continue
        corners = kit_corners(row[8:])
        assert np.allclose(sorted_corners(corners), sorted_corners(one.pose.corners_in_camera()), atol=2e-4)
        assert record.camera
        pixels = record.camera.to_image(corners)[:, :2]
        assert np.allclose(project(folder, 0, corners), pixels, atol=1e-6)
        assert float(row[3]) == pytest.approx(float(row[14]) - math.atan2(float(row[11]), float(row[13])), abs=1e-5)
        seen += 1
    assert seen == 2
    assert "1 instance: tilted as the camera sees it, so its 3D box is unknown (-1, -1000, -10)" in losses


def test_without_a_perspective_camera(tmp_path: Path) -> None:
    folder, _, losses = posed(tmp_path, {1: {"pose": standing(0.7)}}, camera=plain_camera("panoramic"))

    assert {row[14] for row in rows_of(folder, 0)} == {"-10"}
    assert not list(folder.glob("*/calib/*"))
    assert "1 instance: 3D box left out: there is no perspective camera" in losses


def test_visibility(tmp_path: Path) -> None:
    """Of an object of 400 pixels, 200 of them in the image: as many are seen as its label says."""
    seen = {1: 200, 2: 195, 3: 190, 4: 100, 5: 99}
    columns = {1: 0, 2: 0, 3: 1, 4: 1, 5: 2}
    image = np.repeat(np.arange(1, 6, dtype=np.uint32), 4).reshape(5, 4)
    rle = write_made_up(tmp_path / "other", [MadeUpFrame(image, "a")])[0].instances[0].mask
    instances = {label: {"amodal": Amodal(rle.rle, rle.box, 400, 200, pixels)} for label, pixels in seen.items()}
    write_made_up(tmp_path, [MadeUpFrame(image, "a", instances=instances)])
    rows = rows_of(exported(tmp_path, KITTI).folders[KITTI], 0)

    assert [row[1:3] for row in rows] == [["0.50", str(columns[label])] for label in seen]


def test_no_image_and_an_empty_split(tmp_path: Path) -> None:
    write_rich(tmp_path, 2)
    done = exported(tmp_path, KITTI, splits="train=900000000,val=1", media=Media.NONE)
    folder = done.folders[KITTI]

    assert (folder / "ImageSets/val.txt").read_bytes() == b""
    assert not list(folder.rglob("*.png")) and len(list(folder.glob("training/calib/*.txt"))) == 2


def test_many_instances(tmp_path: Path) -> None:
    labels = np.arange(1, 10_001, dtype=np.uint32).reshape(100, 100)
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", instances={1: {"pose": plain_pose(5.0)}})])

    assert len(rows_of(exported(tmp_path, KITTI).folders[KITTI], 0)) == 10_000
