"""Where the points of a frame's pixels are in another frame if they are at rest, and what is seen there."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...settings.map_table import DenseMap
from ..checked_frame import Array, CheckedFrame

# Of a matrix, whose numbers Blender keeps in 32 bit: a surface that moves by less stays in its pixels.
_OF_MATRIX = 1e-6


@dataclass(frozen=True)
class Pixels:
    """Pixels of a frame with a surface.

    Attributes:
        rows, columns: (N,) where they are.
        place: (N, 2) x, y in the other image of their points, if these are at rest.
        depth: (N,) metres, along the axis of the other camera; not above 0 is behind it.
    """

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    place: Array
    depth: Array

    def centres(self) -> Array:
        """(N, 2) x, y in their own image."""
        return np.column_stack((self.columns, self.rows)) + 0.5


def seen_from(frame: CheckedFrame, other: CheckedFrame) -> Pixels:
    """The pixels of a frame that have a depth, by the cameras of both; these have to be projective ones."""
    depth = frame.load(DenseMap.DEPTH_NPY)
    rows, columns = np.nonzero(depth.valid)
    points = frame.to_world(rows, columns, depth.values[rows, columns])
    with np.errstate(divide="ignore", invalid="ignore"):
        projected = other.project(points)
    return Pixels(rows, columns, projected[:, :2], projected[:, 2])


def surfaces_at_rest(frame: CheckedFrame, other: CheckedFrame) -> npt.NDArray[np.bool_]:
    """(H, W) whether the surface of a pixel is known, and has the same place and shape in both frames."""
    here, there = frame.surfaces(), other.surfaces()
    number_of = {key: number for number, key in enumerate(there.keys)}
    still = np.zeros(len(here.keys) + 1, bool)  # the last for -1, which is none
    for number, (key, mesh) in enumerate(zip(here.keys, here.meshes, strict=True)):
        match = number_of.get(key)
        if match is None or mesh == "" or mesh != there.meshes[match]:
            continue
        one = here.matrices[number]
        still[number] = np.abs(one - there.matrices[match]).max() <= _OF_MATRIX * max(1.0, np.abs(one).max())
    return still[here.number]


def around(place: Array, height: int, width: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows and columns, (4, N) each, of the four pixels around places, (N, 2), in an image; its border is repeated."""
    first = np.floor(place - 0.5)
    columns = [np.clip(first[:, 0] + step, 0, width - 1) for step in (0, 1, 0, 1)]
    rows = [np.clip(first[:, 1] + step, 0, height - 1) for step in (0, 0, 1, 1)]
    return np.array(rows).astype(np.int64), np.array(columns).astype(np.int64)


def inside(place: Array, height: int, width: int, margin: float = 0.0) -> npt.NDArray[np.bool_]:
    """Which places are in the image, or outside it by no more than a margin; what is not a number is not."""
    x, y = place.T
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= -margin) & (y >= -margin) & (x < width + margin) & (y < height + margin))
