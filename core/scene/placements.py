"""Where the objects of a scene are, and how large: what 3D boxes and poses are made of.

Blender measures every object along the axes of each frame that an instance may have, so that the box of a group of
objects is as tight as that of one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..base.json_fields import JsonObject
from .camera import LARGEST, Matrix, Matrix4
from .scene_geometry import Mesh, Surface

Floats = npt.NDArray[np.float64]

# Of 1, by how much axes may miss a right angle before a box along them would not be the object's.
_LARGEST_COSINE = 1e-4
# Of the largest axis, below which an axis has no direction.
_SMALLEST_AXIS = 1e-9


@dataclass(frozen=True)
class Bounds:
    """The smallest box around some points, along the axes of a frame: two corners, in scene units."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @classmethod
    def around(cls, points: Floats) -> "Bounds":
        """Of (N, 3) points, at least one."""
        low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return cls(tuple(low), tuple(high))

    def united(self, other: "Bounds") -> "Bounds":
        return Bounds(
            tuple(map(min, self.low, other.low)),  # type: ignore[arg-type]
            tuple(map(max, self.high, other.high)),  # type: ignore[arg-type]
        )

    def corners(self) -> Floats:
        """(8, 3): corner i has the high x where bit 0 of i is set, the high y for bit 1, the high z for bit 2."""
        ends = np.array((self.low, self.high))
        number = np.arange(8)
        return np.stack([ends[number >> axis & 1, axis] for axis in range(3)], axis=1)

    def as_json(self) -> list[float]:
        return [*self.low, *self.high]

    @classmethod
    def from_json(cls, data: Sequence[float]) -> "Bounds":
        """Raises TypeError or ValueError where the data are not six numbers."""
        if not all(abs(value) <= LARGEST for value in data):
            raise ValueError("a number that no scene has")
        x0, y0, z0, x1, y1, z1 = map(float, data)
        return cls((x0, y0, z0), (x1, y1, z1))


@dataclass(frozen=True)
class Placement(JsonObject):
    """One object of the scene at one frame.

    Attributes:
        name: the object's.
        matrix: 4x4 row-major, object to world, scene units.
        bounds: the box around its evaluated shape along the axes of a rigid frame, from that frame's origin: by name of
            the object itself and of each of its parents, and "" for the world. None in a frame that is not rigid.
            Nothing at all where it has no shape of its own, like an empty.
        copies: how many times it is there; instances of one object are several, and only a single one has one place.
    """

    name: str
    matrix: Matrix4
    bounds: Mapping[str, Bounds | None] = field(default_factory=dict)
    copies: int = 1


def place_surfaces(name: str, surfaces: Sequence[Surface], meshes: Mapping[str, Mesh]) -> list[Placement]:
    """The surfaces of an instance that was separated from its copies.

    Args:
        name: of the instance. A single surface is placed under this name, so that its axes are the instance's;
            several have those of the world.
        surfaces: at least one.
        meshes: of the surfaces, by digest.
    """
    placed = []
    for number, surface in enumerate(surfaces):
        own = name if len(surfaces) == 1 else f"{name} {number}"
        matrix = tuple(map(tuple, surface.matrix.astype(np.float64).tolist()))
        bounds: dict[str, Bounds | None] = {}
        if surface.mesh and len(meshes[surface.mesh].points):
            values = np.array(matrix)
            points = meshes[surface.mesh].points.astype(np.float64) @ values[:3, :3].T + values[:3, 3]
            frame = rigid_frame(matrix)
            bounds = {own: Bounds.around(frame.from_world(points)) if frame else None, "": Bounds.around(points)}
        placed.append(Placement(own, matrix, bounds))
    return placed


@dataclass(frozen=True)
class RigidFrame:
    """Rotation, scale and translation of a matrix: x -> rotation @ (scale * x) + translation.

    Attributes:
        rotation: (3, 3), its determinant is +1.
        scale: (3,); all three are negative where the matrix mirrors, as Blender's `Matrix.decompose` has it.
        translation: (3,), scene units.
    """

    rotation: Floats
    scale: Floats
    translation: Floats

    def from_world(self, points: Floats) -> Floats:
        """(N, 3) points of the world along the axes of the frame, from its origin; lengths stay as they are."""
        return (points - self.translation) @ self.rotation


def rigid_frame(matrix: Matrix | Floats) -> RigidFrame | None:
    """The rigid frame of a 4x4 matrix; None where it has none: axes that are not at right angles, or flat."""
    values = np.asarray(matrix, np.float64)
    axes = values[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    if not np.isfinite(values).all() or lengths.min() <= _SMALLEST_AXIS * lengths.max() or lengths.max() == 0:
        return None
    rotation = axes / lengths
    if np.abs(rotation.T @ rotation - np.eye(3)).max() > _LARGEST_COSINE:
        return None
    sign = 1.0 if np.linalg.det(rotation) > 0 else -1.0
    # Blender's matrices are single precision; the nearest rotation (polar decomposition) makes up for that.
    left, _, right = np.linalg.svd(rotation * sign)
    return RigidFrame(left @ right, lengths * sign, values[:3, 3])
