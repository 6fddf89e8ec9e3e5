"""The frames that EEVEE rendered for tests and the accuracy report, and what is true of them by closed forms.

Closed forms are rays through the centres of the pixels and the plane, boxes and balls that they meet, by the matrices
in scene.json. EEVEE stores depth in 32 bit and everything else in 16: what an error may be follows from that. See
tests/data/README.md.
"""

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR
from PIL import Image

from core.records.frame_job import FrameJob
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.settings.map_table import DenseMap, MapKind
from tests.builders import plain_frame, plain_job, read_record

DATA = Path(__file__).resolve().parent / "data"
# By name, so that a folder that goes missing is an error and not a shorter list.
EEVEES = ("eevee-4.3", "eevee-5.2")
FRAMES = (1, 2, 4)
MAPS = tuple(map for map in DenseMap if map.kind not in (MapKind.UV, MapKind.DISPARITY))
# What has a closed form here; "Behind" and "Ball" are balls.
FLAT = ("Ground", "Cube", "Tower")
# A half float has 11 bits, and graphics cards may cut off the rest: then it is off by so much of itself.
HALF = 2.0**-10
Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Hit:
    """What the rays through the pixels' centres meet, (H, W) each.

    Attributes:
        name: of the object; "" for none.
        depth: along the camera's axis, scene units.
        place: (H, W, 3) in the world, scene units.
        normal: (H, W, 3) in the world; of flat things only.
    """

    name: Array
    depth: Array
    place: Array
    normal: Array


class Truth:
    """The scene of `analytic` by closed forms."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.unit_scale = facts["unit_scale"]
        self.height, self.width = facts["height"], facts["width"]

    def matrix(self, frame: int, name: str) -> Array:
        return np.array(self.facts["frames"][str(frame)]["matrix_world"][name])

    def camera(self, frame: int) -> tuple[Array, Array]:
        """K and world to camera."""
        camera = self.facts["frames"][str(frame)]["camera"]
        return np.array(camera["K"]), np.array(camera["world_to_camera"])

    def centres(self) -> Array:
        """(H, W, 2): x, y of the pixels' centres."""
        return np.stack(np.meshgrid(np.arange(self.width) + 0.5, np.arange(self.height) + 0.5), axis=-1)

    def rays(self, frame: int) -> Array:
        """(H, W, 3): directions through the pixels' centres in the camera's axes, z = 1."""
        k, _ = self.camera(frame)
        return np.concatenate((self.centres(), np.ones((self.height, self.width, 1))), axis=-1) @ np.linalg.inv(k).T

    def project(self, frame: int, points: Array) -> tuple[Array, Array]:
        """Pixels and planar depth of points of the world."""
        k, matrix = self.camera(frame)
        in_camera = points @ matrix[:3, :3].T + matrix[:3, 3]
        in_image = in_camera @ k.T
        return in_image[..., :2] / in_image[..., 2:], in_camera[..., 2]

    def moved(self, frame: int, to: int, hit: Hit) -> Array:
        """The places of points at another frame, with the objects that they are on."""
        places = hit.place.copy()
        for name in np.unique(hit.name):
            if name:
                motion = self.matrix(to, name) @ np.linalg.inv(self.matrix(frame, name))
                at = hit.name == name
                places[at] = places[at] @ motion[:3, :3].T + motion[:3, 3]
        return places

    def hits(self, frame: int) -> Hit:
        return self.cast(frame, self.centres())

    def cast(self, frame: int, pixels: Array) -> Hit:
        """What the rays through some places in the image, (..., 2), meet."""
        k, matrix = self.camera(frame)
        in_camera = np.concatenate((pixels, np.ones((*pixels.shape[:-1], 1))), axis=-1) @ np.linalg.inv(k).T
        start = -matrix[:3, :3].T @ matrix[:3, 3]
        rays = in_camera @ matrix[:3, :3]  # a step of 1 along the camera's axis
        depth = np.full(rays.shape[:-1], np.inf)
        name = np.full(rays.shape[:-1], "", dtype="U16")
        normal = np.zeros_like(rays)
        for thing in self.facts["objects"]:
            shape = {"plane": _slab, "cube": _slab, "sphere": _ball}.get(thing["shape"])
            if shape is None or thing["name"] == "Flag":
                continue
            own = self.matrix(frame, thing["name"])
            inverse = np.linalg.inv(own)
            size = self.facts["sizes"][thing["name"]]
            half = np.array((size, size, 0.0 if thing["shape"] == "plane" else size))
            at, local = shape(inverse[:3, :3] @ start + inverse[:3, 3], rays @ inverse[:3, :3].T, half)
            nearer = at < depth
            depth[nearer], name[nearer] = at[nearer], thing["name"]
            normal[nearer] = (local @ own[:3, :3].T)[nearer]
        with np.errstate(invalid="ignore"):
            place = start + rays * np.where(np.isinf(depth), 0, depth)[..., None]
        return Hit(name, depth, place, normal)


def _slab(start: Array, rays: Array, half: Array) -> tuple[Array, Array]:
    """Where rays enter a box around the origin, and the normal there; inf where they miss it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (-half - start) / rays, (half - start) / rays
    enter, leave = np.minimum(one, other), np.maximum(one, other)
    axis = enter.argmax(axis=-1)
    at = enter.max(axis=-1)
    missed = (at > leave.min(axis=-1)) | (at <= 0)
    normal = np.eye(3)[axis] * -np.sign(np.take_along_axis(rays, axis[..., None], axis=-1))
    return np.where(missed, np.inf, at), normal


def _ball(start: Array, rays: Array, half: Array) -> tuple[Array, Array]:
    a = (rays**2).sum(axis=-1)
    b = rays @ start
    root = b**2 - a * (start @ start - half[0] ** 2)
    with np.errstate(invalid="ignore"):
        at = (-b - np.sqrt(root)) / a
    return np.where((root > 0) & (at > 0), at, np.inf), np.zeros_like(rays)


@dataclasses.dataclass(frozen=True)
class Dataset:
    """The frames of `analytic`, annotated with everything and merged."""

    output: Path
    truth: Truth
    problems: list[str]

    def record(self, frame: int) -> FrameRecord:
        return read_record(self.output, name_of(frame))

    def instance(self, frame: int, name: str) -> Instance:
        (found,) = [one for one in self.record(frame).instances if one.name == name]
        return found

    def load(self, frame: int, map: DenseMap) -> Array:
        path = self.output / map.path(name_of(frame))
        if map.storage.suffix == ".npy":
            return np.asarray(np.load(path))
        with Image.open(path) as image:
            return np.asarray(image)

    def shown(self, frame: int) -> Array:
        """(H, W): the name of the instance in each pixel, "" for none."""
        names = np.array(["", *(one.name for one in self.record(frame).instances)])
        return names[self.load(frame, DenseMap.INSTANCES_PNG)]

    def agreed(self, frame: int, names: tuple[str, ...] = FLAT) -> tuple[Hit, Array]:
        """What the rays meet, and where that is one of some objects and labelled so."""
        hit = self.truth.hits(frame)
        return hit, (hit.name == self.shown(frame)) & np.isin(hit.name, names)


def name_of(frame: int) -> str:
    """The name of a frame of `analytic`."""
    return f"analytic_{frame:04}"


def job_of(version: str, name: str, output: Path, scene: bool = True, **settings: Any) -> FrameJob:
    folder = DATA / version
    frame = plain_frame(folder / f"{name}.exr", frame=int(name[-4:]))
    record = folder / f"scenes/{name}.json" if scene else None
    return plain_job(frame, output, record, pictures=False, **settings)


@functools.cache
def truth_of(version: str) -> Truth:
    return Truth(json.loads((DATA / version / "scene.json").read_text(encoding="utf-8")))


def covers_clearly(version: str, name: str) -> Array:
    """(H, W) bool: where one object covers more than any other by half of the pixel, by the ranks of the Cryptomatte in
    the file."""
    with OpenEXR.File(str(DATA / version / f"{name}.exr"), separate_channels=True) as file:
        channels = {name: one.pixels.copy() for part in file.parts for name, one in part.channels.items()}
    first, second = (channels[f"ViewLayer.CryptoObject00.{letter}"] for letter in "ga")
    return np.asarray(first - second > 0.5)
