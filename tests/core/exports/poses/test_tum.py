"""The TUM export: the path of the camera, and lists of images and depth."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import RecordError
from core.exports.poses.tum import camera_in_world
from core.maps.codecs.png_files import read_png16, write_png16
from core.records.frame_record import FrameRecord
from core.scene.camera import Matrix
from core.settings.export_table import ExportFormat
from core.settings.map_table import DenseMap, WrittenMap
from core.settings.settings import SplitBy
from tests.builders import plain_camera, plain_record
from tests.core.made_up import CATEGORIES, MadeUpFrame, exported, random_labels, write_made_up, write_rich

TUM = ExportFormat.TUM


def lines_of(path: Path) -> list[list[str]]:
    return [line.split(" ") for line in path.read_text().splitlines() if not line.startswith("#")]


def turned(axis: tuple[float, ...], angle: float, place: tuple[float, ...]) -> Matrix:
    """World to camera of a camera that is turned about an axis, at a place in the world; by Rodrigues' formula."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    to_world = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = to_world.T, -to_world.T @ place
    return tuple(map(tuple, matrix.tolist()))


NUMBER = st.floats(-10, 10)


@given(
    st.tuples(NUMBER, NUMBER, NUMBER).filter(lambda axis: np.linalg.norm(axis) > 0.1),
    st.floats(-3.1, 3.1),
    st.tuples(NUMBER, NUMBER, NUMBER),
    st.sampled_from([1.0, 0.01]),
)
def test_cameras(axis: tuple[float, ...], angle: float, place: tuple[float, ...], unit_scale: float) -> None:
    """Camera to world, metres: the place is where it stands, and the quaternion is that of axis and angle."""
    camera = plain_camera(world_to_camera=turned(axis, angle, place))
    tx, ty, tz, *found = camera_in_world(plain_record(camera=camera, unit_scale=unit_scale))

    assert np.allclose((tx, ty, tz), np.array(place) * unit_scale, atol=1e-9)
    wanted = np.append(np.sin(angle / 2) * np.array(axis) / np.linalg.norm(axis), np.cos(angle / 2))
    assert np.allclose(found, wanted, atol=1e-7) or np.allclose(found, -wanted, atol=1e-7)


def test_layout(tmp_path: Path) -> None:
    records = write_rich(tmp_path)
    done = exported(tmp_path, TUM, split_by=SplitBy.SEQUENCE, splits="a=1,b=1", fps=30.0)
    found = {path.parent.name: path.parent for path in done.folders[TUM].glob("*/*/groundtruth.txt")}

    assert {*found} == {"walk", "run"}
    for name, folder in found.items():
        frames = [record for record in records if record.sequence == name]
        times = [f"{record.frame / 30:.6f}" for record in frames]
        assert [line[0] for line in lines_of(folder / "groundtruth.txt")] == times
        assert lines_of(folder / "rgb.txt") == [[time, f"rgb/{time}.png"] for time in times]
        assert lines_of(folder / "depth.txt") == [[time, f"depth/{time}.png"] for time in times]
        pairs = [[time, f"rgb/{time}.png", time, f"depth/{time}.png"] for time in times]
        assert lines_of(folder / "associations.txt") == pairs
        assert "# depth maps: 1000 in a pixel are 1 m" in (folder / "depth.txt").read_text()
        for record, time in zip(frames, times, strict=True):
            assert (folder / f"rgb/{time}.png").samefile(tmp_path / record.image)
            depth = read_png16(folder / f"depth/{time}.png")
            assert (depth == np.arange(64 * 48).reshape(48, 64) % 60000 + 1).all()
        assert frames[0].camera and frames[0].camera.k
        (fx, _, cx), (_, fy, cy), _ = frames[0].camera.k
        ((*numbers,),) = lines_of(folder / "calibration.txt")
        assert [*map(float, numbers)] == pytest.approx([fx, fy, cx - 0.5, cy - 0.5], abs=1e-8)


def one_sequence(
    tmp_path: Path, *known: dict[str, Any], **more: Any
) -> tuple[Path, tuple[str, ...], list[FrameRecord]]:
    frames = [
        MadeUpFrame(random_labels(1), f"f{number}", "s", number // 2 if "twice" in more else number,
                    known={"camera": plain_camera(), "unit_scale": 1.0} | one)
        for number, one in enumerate(known)
    ]  # fmt: skip
    records = write_made_up(tmp_path, frames)
    done = exported(tmp_path, TUM, splits="train=1")
    return done.folders[TUM] / "train/s", done.losses[TUM], records


def test_cameras_that_are_not_known(tmp_path: Path) -> None:
    unknown = {"camera": None, "unit_scale": None}
    folder, losses, _ = one_sequence(tmp_path, unknown, {}, {"camera": plain_camera("panoramic")})

    assert [line[0] for line in lines_of(folder / "groundtruth.txt")] == ["0.041667", "0.083333"]
    assert len(lines_of(folder / "rgb.txt")) == 3
    assert not (folder / "depth.txt").exists()
    assert "1 image: no camera, so not in groundtruth.txt" in losses
    assert "1 image: no perspective camera, so calibration.txt does not hold for it" in losses
    assert "3 images: no depth PNG" in losses


def test_a_camera_that_zooms(tmp_path: Path) -> None:
    other = plain_camera(k=((50.0, 0.0, 32.0), (0.0, 50.0, 24.0), (0.0, 0.0, 1.0)))
    _, losses, _ = one_sequence(tmp_path, {}, {"camera": other})
    assert "1 image: other focal lengths or principal point than calibration.txt says" in losses


def test_frames_that_are_there_twice(tmp_path: Path) -> None:
    folder, losses, _ = one_sequence(tmp_path, {}, {}, {}, {}, twice=True)
    assert [line[0] for line in lines_of(folder / "groundtruth.txt")] == ["0.000000", "0.041667"]
    assert "2 images: of a frame that the sequence has already, left out" in losses


def test_depth_of_another_scale(tmp_path: Path) -> None:
    maps = []
    for number, scale in enumerate((0.001, 0.002, 0.001)):
        map = WrittenMap(DenseMap.DEPTH_PNG, DenseMap.DEPTH_PNG.path(f"s/f{number}"), "m", scale, 4, number)
        (tmp_path / map.file).parent.mkdir(parents=True, exist_ok=True)
        write_png16(tmp_path / map.file, np.ones((48, 64), np.uint16))
        maps.append({"maps": (map,)})
    folder, losses, _ = one_sequence(tmp_path, *maps)

    assert [line[0] for line in lines_of(folder / "depth.txt")] == ["0.000000", "0.083333"]
    assert "1 image: depth PNG of another scale than the first of its sequence, left out" in losses
    assert "2 pixels: too far away for 16 bits, so 0" in losses


def test_what_is_refused(tmp_path: Path) -> None:
    write_made_up(tmp_path / "none", [MadeUpFrame(random_labels(1), "a")], CATEGORIES)
    with pytest.raises(RecordError, match="The format tum needs a perspective camera, and no frame has one"):
        exported(tmp_path / "none", TUM)
    write_rich(tmp_path / "rich")
    with pytest.raises(
        RecordError, match="The format tum needs whole sequences, and by frame their frames are divided"
    ):
        exported(tmp_path / "rich", TUM)
