"""The cameras of each sequence, for those who train view synthesis or want nothing but cameras.

All of it is written from frame records, in metres; images are named as they lie in the dataset.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.dataset_folder import image_in_images, levels_below_dataset
from ..base.files import complete_file, pretty_json
from ..base.phrases import GET_SCENE_RECORDS
from ..frames.frame_messages import frames_in_words, said_once
from ..scene.camera import Camera
from ..scene.rotations import quaternion
from ..settings.format_table import DatasetFormat
from .writer import StreamedFrame, Survey, SurveyedFrame

# From OpenCV's camera axes to OpenGL's, and back.
_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])

Floats = npt.NDArray[np.float64]


Write = Callable[[Path, bytes], None]


def _write_file(path: Path, content: bytes) -> None:
    with complete_file(path) as file:
        file.write(content)


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


class CamerasWriter:
    """Writes the files of a sequence when all its frames have been added; of these it keeps only their cameras.

    Args:
        formats: which files.
        write: what becomes of the path and the content of each of them.
    """

    def __init__(self, formats: Sequence[DatasetFormat], write: Write = _write_file) -> None:
        self._formats = set(formats)
        self._write = write
        self._written: set[DatasetFormat] = set()
        self._views: list[_View] = []
        self._without: list[tuple[str, str]] = []
        self._problems: list[str] = []

    @property
    def written(self) -> Sequence[DatasetFormat]:
        return [format for format in DatasetFormat if format in self._written]

    def survey(self, frame: SurveyedFrame) -> None:
        pass  # a sequence needs to know of no other

    def begin(self, survey: Survey, files: ExitStack) -> None:
        self._dataset = survey.dataset

    def add(self, frame: StreamedFrame) -> None:
        record = frame.record
        if self._views and self._views[0].sequence != record.sequence:
            self._write_sequence()
        if record.unit_scale is None:
            why = f"only a scene record knows them; {GET_SCENE_RECORDS}, and annotate again"
            self._without.append((record.path, why))
        elif record.camera is None:
            why = "there is no single camera; render a single view with one active camera"
            self._without.append((record.path, why))
        else:
            self._views.append(
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

    def finish(self) -> Sequence[str]:
        if self._views:
            self._write_sequence()
        without = [f"No cameras of {frames_in_words(frames)}: {why}" for frames, why in said_once(self._without)]
        return [*without, *self._problems]

    def _write_sequence(self) -> None:
        views, self._views = self._views, []
        folder = self._dataset.cameras(views[0].sequence)
        if DatasetFormat.JSON in self._formats:
            self._write(folder / "cameras.json", pretty_json(_all_cameras(views)))
            self._written.add(DatasetFormat.JSON)
        pinholes = [view for view in views if view.camera.k is not None]
        if pinholes and DatasetFormat.NERF in self._formats:
            self._write(folder / "transforms.json", pretty_json(_transforms(pinholes)))
        if pinholes and DatasetFormat.COLMAP in self._formats:
            for name, text in _colmap(pinholes).items():
                self._write(folder / "sparse" / name, text)
        if pinholes:
            self._written |= self._formats
        if len(pinholes) < len(views) and self._formats & {DatasetFormat.NERF, DatasetFormat.COLMAP}:
            other = next(view for view in views if view.camera.k is None)
            self._problems.append(
                f"The camera of {other.name} is of the type {other.camera.type}, which transforms.json and COLMAP "
                f"cannot describe; {len(pinholes)} of the {len(views)} frames of its sequence are in them. Write "
                "cameras.json only, or render with a perspective camera"
            )


def make_writer(formats: Sequence[DatasetFormat]) -> CamerasWriter:
    return CamerasWriter(formats)


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
    up = "../" * levels_below_dataset(views[0].sequence)
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


def _colmap(views: Sequence[_View]) -> dict[str, bytes]:
    """The files of a sparse model without points; pixels as here.

    Source: https://colmap.github.io/format.html#text-format
    """
    cameras: dict[str, int] = {}
    images = ["# IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME", "# (no points)"]
    for number, view in enumerate(views, start=1):
        assert view.camera.k is not None
        (fx, _, cx), (_, fy, cy), _ = view.camera.k
        camera = f"PINHOLE {view.width} {view.height} {fx!r} {fy!r} {cx!r} {cy!r}"
        matrix = view.world_to_camera()
        numbers = " ".join(repr(float(value)) for value in (*quaternion(matrix[:3, :3]), *matrix[:3, 3]))
        name = image_in_images(view.image)
        images += [f"{number} {numbers} {cameras.setdefault(camera, len(cameras) + 1)} {name}", ""]
    lines = ["# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]", *(f"{id} {camera}" for camera, id in cameras.items())]
    texts = {
        "cameras.txt": lines,
        "images.txt": images,
        "points3D.txt": ["# POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[]"],
    }
    return {name: "\n".join([*text, ""]).encode("utf-8", "surrogateescape") for name, text in texts.items()}
