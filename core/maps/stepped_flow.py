"""Optical flow to any other frame: the point of each pixel moves with the surface that it is on.

What is needed of both frames is where their surfaces and cameras are, and of this one its depth; no Vector pass. That
holds for rigid motion: of a surface whose shape changes nothing says where a point of it goes, so it has no flow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..geometry.occlusion import NEARER
from ..scene.camera import Camera
from .codecs.surfaces import SurfaceMap

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# That stay in the processor's cache.
_PIXELS_AT_ONCE = 1 << 13
# Why a pixel with a surface has no flow.
NO_SURFACE = "surface not known"
GONE = "not in the other frame"
CHANGED = "shape changes"
BEHIND = "behind the camera"


@dataclass(frozen=True)
class SteppedFlow:
    """Where the surfaces of a frame are in another one.

    Attributes:
        flow: (H, W, 2) float32, pixels, u right and v down, from the pixel's centre; NaN where it is not known.
        hidden: (H, W) bool, whether the surface is out of the image there, or behind something; False without a flow.
        unknown: reason -> how many pixels with a surface have no flow for it.
    """

    flow: npt.NDArray[np.float32]
    hidden: npt.NDArray[np.bool_]
    unknown: Mapping[str, int] = field(default_factory=dict)


def find_stepped_flow(
    here: SurfaceMap,
    there: SurfaceMap,
    depth: npt.NDArray[np.float32],
    depth_there: npt.NDArray[np.float32],
    cameras: tuple[Camera, Camera],
    unit_scale: float,
) -> SteppedFlow:
    """Follow the surfaces of one frame to another.

    Args:
        here, there: the surfaces of both frames.
        depth, depth_there: (H, W), metres along the axes of the cameras; NaN where there is no surface.
        cameras: of here and there, perspective or orthographic.
        unit_scale: metres in a scene unit.
    """
    height, width = depth.shape
    partner, motion, unknown_of = _motions(here, there)
    rows, columns = np.nonzero(~np.isnan(depth))
    number = here.number[rows, columns].astype(np.int64)
    reason = np.where(number < 0, _REASONS.index(NO_SURFACE), unknown_of[number] if len(unknown_of) else 0)
    flow = np.full((height, width, 2), np.nan, np.float32)
    hidden = np.zeros((height, width), bool)
    here_camera, there_camera = cameras
    # (N, 4, 4), from pixel and depth here to the axes of the camera there.
    to_there = np.asarray(there_camera.world_to_camera) @ motion @ _to_world(here_camera)
    for part in _batches(np.flatnonzero(reason < 0)):
        row, column, surface = rows[part], columns[part], number[part]
        centre = np.column_stack((column + 0.5, row + 0.5))
        z = depth[row, column].astype(np.float64) / unit_scale
        seen = np.column_stack((centre * z[:, None] if here_camera.k is not None else centre, z, np.ones(len(part))))
        moved = np.einsum("nij,nj->ni", to_there[surface, :3], seen)
        with np.errstate(divide="ignore", invalid="ignore"):
            projected = there_camera.to_image(moved)
        before = projected[:, 2] > 0 if there_camera.k is not None else np.ones(len(part), bool)
        reason[part[~before]] = _REASONS.index(BEHIND)
        row, column, surface, centre = row[before], column[before], surface[before], centre[before]
        place, expected = projected[before, :2], projected[before, 2] * unit_scale
        flow[row, column] = place - centre
        hidden[row, column] = _hidden(place, expected, partner[surface], there.number, depth_there)
    counts = {name: int(np.count_nonzero(reason == index)) for index, name in enumerate(_REASONS)}
    return SteppedFlow(flow, hidden, {name: count for name, count in counts.items() if count})


_REASONS = (NO_SURFACE, GONE, CHANGED, BEHIND)


def _motions(here: SurfaceMap, there: SurfaceMap) -> tuple[Integers, Floats, Integers]:
    """For each surface of here its number there, (N, 4, 4) from its place here to that there, both of the world, and
    the reason why it has no motion, -1 where it has."""
    number_of = {key: number for number, key in enumerate(there.keys)}
    count = len(here.keys)
    partner = np.array([number_of.get(key, -1) for key in here.keys], np.int64).reshape(count)
    same = np.array(
        [
            other >= 0 and mesh != "" and mesh == there.meshes[other]
            for mesh, other in zip(here.meshes, partner, strict=True)
        ],
        bool,
    )
    # A flat object leaves no pixel that a depth could be of.
    solid = np.linalg.det(here.matrices[:, :3, :3]) != 0 if count else np.zeros(0, bool)
    motion = np.zeros((count, 4, 4))
    usable = same & solid
    motion[usable] = there.matrices[partner[usable]] @ np.linalg.inv(here.matrices[usable])
    unknown = np.where(partner < 0, _REASONS.index(GONE), np.where(usable, -1, _REASONS.index(CHANGED)))
    return partner, motion, unknown


def _to_world(camera: Camera) -> Floats:
    """(4, 4), from (x z, y z, z, 1) of a perspective and (x, y, z, 1) of a parallel camera, with the place x, y in the
    image and the planar depth z, to the world; scene units."""
    lift = np.eye(4)
    if camera.k is not None:
        lift[:3, :3] = np.linalg.inv(np.asarray(camera.k))
    else:
        inverse = np.linalg.inv(np.asarray(camera.parallel_k))
        lift[:2, :2], lift[:2, 3] = inverse[:2, :2], inverse[:2, 2]
    return np.asarray(np.linalg.inv(np.asarray(camera.world_to_camera)) @ lift)


def _hidden(
    place: Floats,
    expected: Floats,
    partner: Integers,
    number_there: npt.NDArray[np.int32],
    depth_there: npt.NDArray[np.float32],
) -> npt.NDArray[np.bool_]:
    """Whether points are out of the image, or most of the pixels around them show another surface, or all four show
    something nearer, which may be another side of the same surface.

    Args:
        place, expected: (N, 2) pixels and (N,) metres, where the points are.
        partner: (N,) the numbers of their surfaces.
        number_there, depth_there: (H, W) what is seen there.
    """
    height, width = depth_there.shape
    inside = (place >= 0).all(axis=1) & (place[:, 0] < width) & (place[:, 1] < height)
    # What is far outside would not fit into an integer.
    place = np.where(inside[:, None], place, 0.0)
    returns, farthest = np.zeros(len(place)), np.full(len(place), -np.inf)
    for row, column, weight in _corners(place, height, width):
        returns += weight * (number_there[row, column] == partner)
        depth = depth_there[row, column].astype(np.float64)
        np.fmax(farthest, np.where(np.isnan(depth), np.inf, depth), out=farthest)
    behind = farthest < expected - NEARER * np.abs(expected)
    return np.asarray(~inside | (returns < 0.5) | behind)


def _corners(place: Floats, height: int, width: int) -> Iterator[tuple[Integers, Integers, Floats]]:
    """Rows, columns and bilinear weights of the four pixels around places in the image, one after the other."""
    first = np.floor(place - 0.5)
    between = place - 0.5 - first
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column = np.clip(first[:, 0] + x, 0, width - 1).astype(np.int64)
        row = np.clip(first[:, 1] + y, 0, height - 1).astype(np.int64)
        yield row, column, np.abs(1 - x - between[:, 0]) * np.abs(1 - y - between[:, 1])


def _batches(indices: Integers) -> Iterator[Integers]:
    for start in range(0, len(indices), _PIXELS_AT_ONCE):
        yield indices[start : start + _PIXELS_AT_ONCE]
