"""The cameras of each sequence, for those who train view synthesis or want nothing but cameras.

All of it is written from frame records, in metres; images are named as they lie in the dataset.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.errors import RecordError
from ..base.files import complete_file, pretty_json
from ..base.phrases import GET_SCENE_RECORDS
from ..frames.frame_messages import frames_in_words, said_once
from ..frames.sequences import WantedSequences
from ..records.frame_record import IMAGES_FOLDER, FrameRecord, record_files
from ..scene.camera import Camera
from ..settings.camera_formats import CameraFormat

CAMERAS_FOLDER = "cameras"

# From OpenCV's camera axes to OpenGL's, and back.
_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _View:
    """What these formats say of a frame; small, since all frames of a sequence are kept."""

    sequence: str
    frame: int
    name: str
    image: str
    width: int
    height: int
    unit_scale: float
    camera: Camera

    def world_to_camera(self) -> Floats:
        """(4, 4), metres."""
        matrix = np.array(self.camera.world_to_camera)
        matrix[:3, 3] *= self.unit_scale
        return matrix


def write_cameras(output: Path, formats: Sequence[CameraFormat]) -> tuple[list[CameraFormat], list[str]]:
    """Write the cameras of all records below an output folder.

    Args:
        output: the folder that holds `records`.
        formats: which files.

    Returns:
        Those of the formats that could be written, and a sentence on each kind of frame that had to be left out.

    Raises:
        OutputError: a file cannot be written.
    """
    views: dict[str, list[_View]] = {}
    without: list[tuple[str, str]] = []
    wanted = WantedSequences.read(output)
    for path in record_files(output):
        try:
            record = FrameRecord.read(path)
        except RecordError:
            continue  # the merge has named it
        if not wanted.wants(record):
            continue
        if record.unit_scale is None:
            without.append((record.path, f"only a scene record knows them; annotate again: {GET_SCENE_RECORDS}"))
            continue
        if record.camera is None:
            without.append((record.path, "there is no one camera; render a single view with one active camera"))
            continue
        views.setdefault(record.sequence, []).append(
            _View(
                record.sequence,
                record.frame,
                record.name,
                record.image,
                record.width,
                record.height,
                record.unit_scale,
                record.camera,
            )
        )
    problems = [f"No cameras of {frames_in_words(frames)}: {why}" for frames, why in said_once(without)]
    written = set(formats) & {CameraFormat.JSON} if views else set()
    for sequence, found in sorted(views.items()):
        found.sort(key=lambda view: (view.frame, view.name))
        folder = output / CAMERAS_FOLDER / sequence
        if CameraFormat.JSON in formats:
            _write(folder / "cameras.json", _all_cameras(found))
        pinholes = [view for view in found if view.camera.k is not None]
        if pinholes and CameraFormat.NERF in formats:
            _write(folder / "transforms.json", _transforms(pinholes))
        if pinholes and CameraFormat.COLMAP in formats:
            _write_colmap(folder / "sparse", pinholes)
        written |= set(formats) if pinholes else set()
        if len(pinholes) < len(found) and set(formats) & {CameraFormat.NERF, CameraFormat.COLMAP}:
            other = next(view for view in found if view.camera.k is None)
            problems.append(
                f"{other.name} has no perspective camera but one of the type {other.camera.type}, which "
                f"transforms.json and COLMAP cannot say; {len(pinholes)} of the {len(found)} frames of its sequence "
                "are in them. Write cameras.json only, or render with a perspective camera"
            )
    return [format for format in CameraFormat if format in written], problems


def _write(path: Path, data: dict[str, Any]) -> None:
    with complete_file(path) as file:
        file.write(pretty_json(data))


def _all_cameras(views: Sequence[_View]) -> dict[str, Any]:
    return {
        "sequence": views[0].sequence,
        "frames": [
            {
                "frame": view.frame,
                "name": view.name,
                "image": view.image,
                "width": view.width,
                "height": view.height,
                "unit_scale": view.unit_scale,
                "camera": view.camera.as_json(),
            }
            for view in views
        ],
    }


def _transforms(views: Sequence[_View]) -> dict[str, Any]:
    """Source: Instant NGP, docs/nerf_dataset_tips.md; matrices are camera to world, with OpenGL's camera axes."""
    up = "../" * (1 + len(PurePosixPath(views[0].sequence).parts))
    frames = []
    for view in views:
        assert view.camera.k is not None
        (fx, _, cx), (_, fy, cy), _ = view.camera.k
        frames.append(
            {
                "file_path": up + view.image,
                "w": view.width,
                "h": view.height,
                "fl_x": fx,
                "fl_y": fy,
                "cx": cx,
                "cy": cy,
                "camera_angle_x": 2 * float(np.arctan(view.width / (2 * fx))),
                "transform_matrix": (np.linalg.inv(view.world_to_camera()) @ _FLIP).tolist(),
            }
        )
    first = frames[0]
    shared = {name: first[name] for name in ("w", "h", "fl_x", "fl_y", "cx", "cy", "camera_angle_x")}
    return {"camera_model": "OPENCV", **shared, "k1": 0.0, "k2": 0.0, "p1": 0.0, "p2": 0.0, "frames": frames}


def _write_colmap(folder: Path, views: Sequence[_View]) -> None:
    """A sparse model without points. Source: https://colmap.github.io/format.html#text-format; pixels as here."""
    cameras: dict[str, int] = {}
    images = ["# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME", "# (no points)"]
    for number, view in enumerate(views, start=1):
        assert view.camera.k is not None
        (fx, _, cx), (_, fy, cy), _ = view.camera.k
        camera = f"PINHOLE {view.width} {view.height} {fx!r} {fy!r} {cx!r} {cy!r}"
        matrix = view.world_to_camera()
        numbers = " ".join(repr(float(value)) for value in (*_quaternion(matrix[:3, :3]), *matrix[:3, 3]))
        name = PurePosixPath(view.image).relative_to(IMAGES_FOLDER).as_posix()
        images += [f"{number} {numbers} {cameras.setdefault(camera, len(cameras) + 1)} {name}", ""]
    lines = ["# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]", *(f"{id} {camera}" for camera, id in cameras.items())]
    for file_name, text in {
        "cameras.txt": lines,
        "images.txt": images,
        "points3D.txt": ["# POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[]"],
    }.items():
        with complete_file(folder / file_name) as file:
            file.write("\n".join([*text, ""]).encode("utf-8", "surrogateescape"))


def _quaternion(rotation: Floats) -> Floats:
    """w, x, y, z with w >= 0 of a (3, 3) rotation, by the largest of the four so that nothing small is divided by.

    Source: Shepperd, Quaternion from Rotation Matrix, 1978.
    """
    r = rotation
    squares = np.array([np.trace(r), *np.diag(r)])
    largest = int(np.argmax(squares))
    if largest == 0:
        q = np.array([1 + squares[0], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    else:
        i = largest - 1
        j, k = (i + 1) % 3, (i + 2) % 3
        q = np.empty(4)
        q[0] = r[k, j] - r[j, k]
        q[1 + i] = 1 + r[i, i] - r[j, j] - r[k, k]
        q[1 + j], q[1 + k] = r[j, i] + r[i, j], r[k, i] + r[i, k]
    q = q / np.linalg.norm(q)
    unit: Floats = -q if q[0] < 0 else q
    return unit
