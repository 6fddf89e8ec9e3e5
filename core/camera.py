"""The camera of a frame: a pinhole in OpenCV axes, or a statement that the frame has none."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = tuple[tuple[float, ...], ...]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """How the world is projected into the image.

    Attributes:
        name: the camera object's name.
        type: "perspective", "orthographic" or "panoramic".
        k: 3x3, pixels; the image's origin is the outer corner of the top-left pixel, so an unshifted camera has its
            principal point at (W/2, H/2). None unless the camera is a perspective one.
        world_to_camera: 4x4 row-major rigid transform in scene units; camera axes x right, y down, z forward.
        clip_start, clip_end: scene units; nothing beyond clip_end is a surface.
    """

    name: str
    type: str
    k: Matrix | None
    world_to_camera: Matrix
    clip_start: float
    clip_end: float

    def project(self, points: Points) -> Points:
        """Project points of the world.

        Args:
            points: (N, 3) float64, scene units.

        Returns:
            (N, 3) float64: x and y in pixels, and the planar depth z in scene units. Points with z <= 0 lie behind
            the camera, and their x and y mean nothing.

        Raises:
            ValueError: the camera is not a perspective one.
        """
        if self.k is None:
            raise ValueError(f"a {self.type} camera has no matrix K")
        world_to_camera = np.asarray(self.world_to_camera)
        in_camera = points @ world_to_camera[:3, :3].T + world_to_camera[:3, 3]
        in_image = in_camera @ np.asarray(self.k).T
        depth = in_camera[:, 2:]
        return np.hstack((in_image[:, :2] / depth, depth))

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "k": None if self.k is None else [list(row) for row in self.k],
            "world_to_camera": [list(row) for row in self.world_to_camera],
            "clip_start": self.clip_start,
            "clip_end": self.clip_end,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Camera":
        """Raises KeyError, TypeError or ValueError where the data is not a camera."""
        return cls(
            name=str(data["name"]),
            type=str(data["type"]),
            k=None if data["k"] is None else matrix_of_size(data["k"], 3),
            world_to_camera=matrix_of_size(data["world_to_camera"], 4),
            clip_start=float(data["clip_start"]),
            clip_end=float(data["clip_end"]),
        )


def matrix_of_size(rows: Any, size: int) -> Matrix:
    """Rows from JSON as a size x size matrix; TypeError or ValueError where they are none."""
    matrix = tuple(tuple(float(value) for value in row) for row in rows)
    if len(matrix) != size or any(len(row) != size for row in matrix):
        raise ValueError(f"not a {size}x{size} matrix")
    return matrix
