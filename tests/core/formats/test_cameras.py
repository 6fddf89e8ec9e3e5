"""The cameras of sequences: read again with nothing but what each format's own description says."""

import dataclasses
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.base.dataset_folder import DatasetFolder
from core.dataset.merge import write_formats
from core.formats.cameras import CamerasWriter
from core.records.frame_record import FrameRecord
from core.records.record_files import read_record_file
from core.records.record_store import open_records
from core.scene.camera import Camera
from core.settings.format_table import CAMERA_FORMATS, DatasetFormat
from core.settings.settings import Settings
from tests.builders import as_matrix, plain_camera, plain_record, record_path, write_record
from tests.core.datasets import checked, merged

Array = npt.NDArray[Any]
# In front of the cameras, in their axes, scene units.
POINTS = np.random.default_rng(5).uniform((-1, -1, 5), (1, 1, 7), (50, 3))
UNIT_SCALE = 0.1


def rotation(seed: int) -> Array:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else -q


def camera(seed: int, k: Any = ((700.0, 0.0, 330.0), (0.0, 690.0, 235.0), (0.0, 0.0, 1.0)), **more: Any) -> Camera:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation(seed), np.random.default_rng(seed + 99).normal(size=3)
    return plain_camera(k=k, world_to_camera=as_matrix(matrix), **more)


def record(frame: int, camera: Camera | None, sequence: str = "") -> FrameRecord:
    return plain_record(
        sequence=sequence,
        frame=frame,
        width=640,
        height=480,
        view_layer="L",
        unit_scale=UNIT_SCALE,
        camera=camera,
    )


def write_cameras(
    output: Path, formats: Sequence[DatasetFormat] = CAMERA_FORMATS
) -> tuple[list[DatasetFormat], list[str]]:
    """The formats of which there are files now, and problems."""
    writer = CamerasWriter(formats)
    problems = write_formats(open_records(DatasetFolder(output)), [writer]).problems
    return list(writer.written), list(problems)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for frame in (2, 1, 3):
        write_record(tmp_path, record(frame, camera(frame)))
        other = camera(10 * frame, ((500.0 + frame, 0, 320.0), (0, 500.0, 240.0), (0, 0, 1.0)))
        write_record(tmp_path, record(frame, other, "a/b"))
    assert write_cameras(tmp_path, CAMERA_FORMATS) == (list(CAMERA_FORMATS), [])
    return tmp_path


def world_points(dataset: Path, sequence: str, frame: int) -> tuple[Array, Array]:
    """Points of the world in metres, and the pixels where the camera of a frame sees them."""
    camera = read_record_file(dataset / "records" / sequence / f"shot_{frame:04}.json").camera
    matrix = np.array(camera.world_to_camera)
    world = (POINTS - matrix[:3, 3]) @ matrix[:3, :3]
    return UNIT_SCALE * world, camera.project(world)[:, :2]


@pytest.mark.parametrize("sequence", ["", "a/b"])
def test_transforms_json(dataset: Path, sequence: str) -> None:
    """OpenGL: the camera looks along -z, y is up; pixels as in OpenCV."""
    path = dataset / "cameras" / sequence / "transforms.json"
    data = json.loads(path.read_text())
    assert data["camera_model"] == "OPENCV"
    assert [Path(frame["file_path"]).stem for frame in data["frames"]] == ["shot_0001", "shot_0002", "shot_0003"]
    for number, frame in enumerate(data["frames"], start=1):
        image = (path.parent / frame["file_path"]).resolve()
        assert image == (dataset / "images" / sequence / f"shot_{number:04}.png").resolve()
        world, pixels = world_points(dataset, sequence, number)
        pose = np.array(frame["transform_matrix"])
        local = (world - pose[:3, 3]) @ pose[:3, :3]
        x = frame["fl_x"] * local[:, 0] / -local[:, 2] + frame["cx"]
        y = frame["fl_y"] * -local[:, 1] / -local[:, 2] + frame["cy"]
        assert np.abs(np.column_stack((x, y)) - pixels).max() < 1e-6
        assert np.tan(frame["camera_angle_x"] / 2) == pytest.approx(320 / frame["fl_x"])


@pytest.mark.parametrize("sequence", ["", "a/b"])
def test_colmap(dataset: Path, sequence: str) -> None:
    folder = dataset / "cameras" / sequence / "sparse"
    cameras = {}
    for line in (folder / "cameras.txt").read_text().splitlines():
        if not line.startswith("#"):
            id, model, width, height, *params = line.split()
            assert (model, width, height) == ("PINHOLE", "640", "480")
            cameras[id] = [float(value) for value in params]
    assert len(cameras) == (1 if sequence == "" else 3)
    lines = [line for line in (folder / "images.txt").read_text().split("\n")[:-1] if not line.startswith("#")]
    assert all(line == "" for line in lines[1::2])  # no points
    assert len(lines) == 6
    for number, line in enumerate(lines[::2], start=1):
        id, *pose, camera_id, name = line.split(" ")
        w, x, y, z, *translation = map(float, pose)
        assert (id, name) == (str(number), f"{sequence}/shot_{number:04}.png".lstrip("/"))
        world, pixels = world_points(dataset, sequence, number)
        # Rotation by a quaternion: v + 2 w (q x v) + 2 q x (q x v).
        q = np.array((x, y, z))
        local = world + 2 * w * np.cross(q, world) + 2 * np.cross(q, np.cross(q, world)) + translation
        fx, fy, cx, cy = cameras[camera_id]
        projected = local[:, :2] / local[:, 2:] * (fx, fy) + (cx, cy)
        assert np.abs(projected - pixels).max() < 1e-6
    assert (folder / "points3D.txt").read_text().startswith("#")


def test_cameras_json_holds_every_camera(tmp_path: Path) -> None:
    parallel = camera(4, None, type="orthographic", parallel_k=((50.0, 0, 320), (0, 50.0, 240), (0, 0, 1.0)))
    write_record(tmp_path, record(1, camera(1)))
    write_record(tmp_path, record(2, parallel))
    write_record(tmp_path, record(3, None))
    written, problems = write_cameras(tmp_path, CAMERA_FORMATS)
    assert (written, len(problems)) == (list(CAMERA_FORMATS), 2)
    assert problems[0].startswith("No cameras of shot_0003: there is no single camera; ")
    assert problems[1].startswith("The camera of shot_0002 is of the type orthographic")
    data = json.loads((tmp_path / "cameras/cameras.json").read_text())
    assert [frame["name"] for frame in data["frames"]] == ["shot_0001", "shot_0002"]
    assert data["frames"][1]["camera"]["parallel_k"][0][0] == 50.0
    assert Camera.from_json(data["frames"][1]["camera"]) == parallel
    assert len(json.loads((tmp_path / "cameras/transforms.json").read_text())["frames"]) == 1


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    write_record(tmp_path, record(1, camera(1)))
    assert write_cameras(tmp_path, (DatasetFormat.NERF,)) == ([DatasetFormat.NERF], [])
    assert [path.name for path in (tmp_path / "cameras").iterdir()] == ["transforms.json"]


def test_records_without_scene_records(tmp_path: Path) -> None:
    """One sentence with the way out, and no word in dataset.json of files that are not there."""
    for frame in range(1, 6):
        write_record(tmp_path, dataclasses.replace(record(frame, None), unit_scale=None))

    problems = merged(tmp_path, Settings(cameras=CAMERA_FORMATS))

    assert problems == [
        "No cameras of 5 frames (shot_0001-0005): only a scene record knows them; export with Labelpass in "
        "Blender, or give the folder of its scene records with --scene, and annotate again"
    ]
    assert "cameras" not in (tmp_path / "dataset.json").read_text()
    assert not (tmp_path / "cameras").exists()


# --- Compared with the records ----------------------------------------------------------------------------------------


@pytest.fixture
def merged_dataset(dataset: Path) -> Path:
    assert merged(dataset, Settings(cameras=CAMERA_FORMATS)) == []
    return dataset


def camera_problems(dataset: Path) -> list[str]:
    problems = checked(dataset).problems.get("", [])
    return [one for one in problems if one.startswith(("cameras/", "Cannot read cameras/"))]


def test_cameras_that_agree(merged_dataset: Path) -> None:
    report = checked(merged_dataset)
    assert report.checks["cameras"] == 1
    assert "" not in report.problems


@pytest.mark.parametrize(
    "file",
    [
        f"cameras/{sequence}{name}"
        for sequence in ("", "a/b/")
        for name in (
            "cameras.json",
            "transforms.json",
            "sparse/cameras.txt",
            "sparse/images.txt",
            "sparse/points3D.txt",
        )
    ],
)
def test_a_file_of_cameras_that_is_another_one(merged_dataset: Path, file: str) -> None:
    path = merged_dataset / file
    whole = path.read_bytes()
    path.write_bytes(whole + b" ")
    again = "merge again with --cameras json,nerf,colmap"
    assert camera_problems(merged_dataset) == [f"{file} is not what the records say; remove it, or {again}"]
    path.unlink()
    assert camera_problems(merged_dataset) == [f"Cannot read {file}: No such file or directory; {again}"]


def test_cameras_of_no_sequence(merged_dataset: Path) -> None:
    """As after frames were removed, or given another sequence."""
    shutil.copytree(merged_dataset / "cameras/a/b/sparse", merged_dataset / "cameras/old/sparse")
    (first, *_) = problems = camera_problems(merged_dataset)
    assert len(problems) == 3
    assert first.startswith("cameras/old/sparse/cameras.txt is of no sequence that has such a camera; remove it, or ")


def test_cameras_of_a_record_that_came_after_the_merge(merged_dataset: Path) -> None:
    write_record(merged_dataset, record(4, camera(4)))
    assert {one.split(" ")[0] for one in camera_problems(merged_dataset)} == {
        "cameras/cameras.json",
        "cameras/transforms.json",
        "cameras/sparse/images.txt",
    }


def test_a_damaged_record_puts_no_cameras_in_the_wrong(merged_dataset: Path) -> None:
    record_path(merged_dataset, "shot_0001").write_text("{}")
    assert camera_problems(merged_dataset) == []
