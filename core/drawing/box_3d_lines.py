"""3D boxes and axes of instances as lines in the image, for the picture and for Blender's overlay."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..categories.palette import Colour
from ..scene.camera import Camera
from ..scene.poses import BOX_EDGES, Pose

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# x, y and z, as in Blender.
AXIS_COLOURS: tuple[Colour, ...] = ((255, 51, 82), (139, 220, 0), (40, 144, 255))
# Of the box's shortest edge from the origin, so that axes of flat things are seen too.
_SHORTEST_AXIS = 0.5
# How far lines are drawn beyond each side of an image, in images: so far that it does not show where they are cut.
_BEYOND = 4
_CORNER_BITS = np.arange(8)[:, None] >> np.arange(3) & 1


@dataclass(frozen=True)
class PoseLines:
    """Lines in the image, those of the farthest instance first: what is near is drawn over what is far.

    Attributes:
        ends: (N, 2, 2) float64, both ends of each, x and y in pixels.
        pose: (N,) int64, which of the poses it belongs to.
        axis: (N,) int64, 0, 1 or 2 for the x, y or z axis of the instance, -1 for an edge of its box.
    """

    ends: Floats
    pose: Integers
    axis: Integers


def pose_lines(poses: Sequence[Pose], camera: Camera, unit_scale: float) -> PoseLines:
    """The twelve edges of each 3D box, and the axes of the instance from its origin to where they leave the box.

    Args:
        poses: of instances.
        camera: a perspective or orthographic one; what is before its near plane is cut off.
        unit_scale: metres in a scene unit.
    """
    order = sorted(range(len(poses)), key=lambda number: -poses[number].distance)
    rotation, translation, low, high = (
        np.array([getattr(poses[number], name) for number in order], np.float64).reshape(len(order), *shape)
        for name, shape in (("rotation", (3, 3)), ("translation", (3,)), ("low", (3,)), ("high", (3,)))
    )
    corners = np.where(_CORNER_BITS, high[:, None], low[:, None])
    reach = np.maximum(high, _SHORTEST_AXIS * (high - low).min(axis=1, keepdims=True, initial=np.inf))
    axes = np.stack((np.zeros((len(order), 3, 3)), reach[:, :, None] * np.eye(3)), axis=2)
    own = np.concatenate((corners[:, np.array(BOX_EDGES)], axes), axis=1)
    ends = np.einsum("pij,plej->plei", rotation, own) + translation[:, None, None]
    pose = np.repeat(np.array(order, np.int64), own.shape[1])
    axis = np.tile(np.array([-1] * len(BOX_EDGES) + [0, 1, 2]), len(order))
    cut, kept = _cut(ends.reshape(-1, 2, 3), camera.clip_start * unit_scale)
    pixels = camera.to_image(cut.reshape(-1, 3) / unit_scale)[:, :2].reshape(-1, 2, 2)
    return PoseLines(pixels, pose[kept], axis[kept])


def within(lines: PoseLines, width: int, height: int) -> PoseLines:
    """The lines of an image, those of them cut off that go far beyond it: to draw them takes as long as they are.

    Source: Liang and Barsky, "A New Concept and Method for Line Clipping", ACM Transactions on Graphics 3 (1), 1984.
    """
    size = np.array((width, height), np.float64)
    low, high = -_BEYOND * size, (1 + _BEYOND) * size
    start, way = lines.ends[:, 0], lines.ends[:, 1] - lines.ends[:, 0]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        parts = np.sort(np.stack(((low - start) / way, (high - start) / way)), axis=0)
    parts = np.where(way == 0, np.array((-np.inf, np.inf))[:, None, None], parts)  # along one side of the image
    first, last = np.maximum(parts[0].max(axis=1), 0), np.minimum(parts[1].min(axis=1), 1)
    outside = ((way == 0) & ((start < low) | (start > high))).any(axis=1)
    kept = np.flatnonzero(np.isfinite(lines.ends).all(axis=(1, 2)) & (first < last) & ~outside)
    start, way, first, last = start[kept], way[kept], first[kept], last[kept]
    whole = ((first == 0) & (last == 1))[:, None, None]
    ends = np.stack((start + first[:, None] * way, start + last[:, None] * way), axis=1)
    return PoseLines(np.where(whole, lines.ends[kept], ends), lines.pose[kept], lines.axis[kept])


def _cut(ends: Floats, near: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """(N, 2, 3) lines in the camera's axes as far as they are beyond a depth, and which of them are."""
    depth = ends[..., 2]
    kept: npt.NDArray[np.bool_] = (depth > near).any(axis=1)
    ends, depth = ends[kept].copy(), depth[kept]
    for end, other in ((0, 1), (1, 0)):
        before = np.flatnonzero(depth[:, end] < near)
        part = (near - depth[before, end]) / (depth[before, other] - depth[before, end])
        ends[before, end] += part[:, None] * (ends[before, other] - ends[before, end])
    return ends, kept
