"""Where things can stand: what of a surface looks up and is seen from above."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..geometry.rasteriser import Projection, nearest
from .streams import Floats

# A thing stands where the ground is no steeper than this; the cosine of about 25 degrees.
_LEVEL = 0.9
_CELLS = 256
# Where the ground under a thing is looked at, on a circle around its middle.
_RIM = 12
UNIFORMS_PER_POINT = 3


@dataclass(frozen=True)
class Ground:
    """A surface to stand on.

    It is known by its heights alone and not by its triangles, of which Blender's versions make others, in other orders.

    Attributes:
        heights: (H, W) float64, z of what is highest at the middle of each cell, -inf where nothing is.
        origin: x and y of the outer corner of the first cell.
        cell: length of a cell.
    """

    heights: Floats
    origin: Floats
    cell: float

    @classmethod
    def of(cls, points: Floats, triangles: npt.NDArray[np.integer[Any]]) -> "Ground | None":
        """That of a mesh in the world; None where nothing of it is level.

        Args:
            points: (P, 3) float64.
            triangles: (T, 3) integers, counterclockwise as seen from outside.
        """
        corners = points[triangles]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        size = np.linalg.norm(normal, axis=1)
        # Either side may be up: the normals of a plane are nothing that its user looks at.
        level = (np.abs(normal[:, 2]) >= _LEVEL * size) & (size > 0)
        if not level.any():
            return None
        low, high = points.min(axis=0), points.max(axis=0)
        cell = float((high - low)[:2].max()) / _CELLS
        columns, rows = (max(1, int(np.ceil(side / cell))) for side in (high - low)[:2])
        seen = np.column_stack(((points[:, :2] - low[:2]) / cell, high[2] - points[:, 2]))
        flat = Projection(np.eye(3), np.eye(4), parallel=True, near=-1.0)
        depth, _ = nearest(seen, triangles, flat, rows, columns)
        return cls(_without_joints(high[2] - depth), low[:2], cell)

    @property
    def extent(self) -> Floats:
        """(2, 2) least and greatest x and y."""
        rows, columns = self.heights.shape
        return np.stack((self.origin, self.origin + np.array([columns, rows]) * self.cell))

    @property
    def lowest(self) -> float:
        """Its least z."""
        return float(self.heights[np.isfinite(self.heights)].min())

    def top(self, tolerance: float) -> Floats | None:
        """(4, 3) corners of what is on top, where that is a rectangle and nothing of it is deeper; None otherwise."""
        highest = float(self.heights.max())
        if self.lowest < highest - tolerance or not np.isfinite(self.heights).all():
            return None
        low, high = self.extent
        corners: Floats = np.array([[x, y, highest] for x in (low[0], high[0]) for y in (low[1], high[1])])
        return corners

    def points(self, u: Floats, spread: float = 1.0) -> Floats:
        """(..., 3) points, even by area, of (..., UNIFORMS_PER_POINT) uniform numbers; some may lie where nothing is,
        which carries() says. A spread below 1 takes that part of width and depth, in the middle."""
        low, high = self.extent
        places = (low + high) / 2 + (u[..., :2] - 0.5) * spread * (high - low)
        height = self.height(places)
        found: Floats = np.concatenate((places, np.where(np.isfinite(height), height, 0.0)[..., None]), axis=-1)
        return found

    def carries(self, points: Floats, radius: Floats) -> npt.NDArray[np.bool_]:
        """Whether things stand safely: on top, and with level ground all around.

        Args:
            points: (F, N, 3) where their middles are.
            radius: (F,) of a circle around each.
        """
        angle = np.arange(_RIM) * (2 * np.pi / _RIM)
        rim = np.stack((np.cos(angle), np.sin(angle)), axis=1) * 0.97  # what just reaches an edge is fine
        around = points[:, :, None, :2] + radius[:, None, None, None] * rim
        tolerance = np.maximum(0.1 * radius, 2 * self.cell)[:, None]
        is_on_top = np.abs(self.height(points[..., :2]) - points[..., 2]) <= tolerance
        is_level = np.abs(self.height(around) - points[:, :, None, 2]) <= tolerance[..., None]
        carried: npt.NDArray[np.bool_] = is_on_top & is_level.all(axis=2)
        return carried

    def height(self, places: Floats) -> Floats:
        """(...) z of what is on top at (..., 2) places; -inf where nothing is."""
        column, row = np.moveaxis(np.floor((places - self.origin) / self.cell).astype(np.int64), -1, 0)
        rows, columns = self.heights.shape
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        found: Floats = np.where(
            inside, self.heights[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)], -np.inf
        )
        return found


def _without_joints(heights: Floats) -> Floats:
    """(H, W) heights with gaps of a cell closed, as between two boards, which carry things all the same."""
    return -_highest_around(-_highest_around(heights))


def _highest_around(heights: Floats) -> Floats:
    """(H, W) the highest of each cell and the eight around it."""
    rows, columns = heights.shape
    padded = np.pad(heights, 1, constant_values=-np.inf)
    found: Floats = np.max([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0)
    return found
