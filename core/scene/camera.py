"""The camera of a frame: a pinhole in OpenCV axes, or a statement that the frame has none."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt

from ..base.json_fields import JsonObject, in_json
from .panorama import Panorama

Matrix = tuple[tuple[float, ...], ...]


def _of_size(size: int, is_inverted: bool) -> Callable[[Matrix], Matrix]:
    def checked(matrix: Matrix) -> Matrix:
        if [*map(len, matrix)] != [size] * size:
            raise ValueError(f"not a {size}x{size} matrix")
        if not all(map(LARGEST.__ge__, map(abs, chain.from_iterable(matrix)))):
            raise ValueError("a number that no scene has")
        if is_inverted and not abs(_determinant(matrix)) >= 1 / LARGEST:
            raise ValueError("a matrix that cannot be inverted")
        return matrix

    return checked


def _determinant(matrix: Matrix) -> float:
    """Of a small matrix, by its first row; numpy takes twenty times as long."""
    if len(matrix) == 2:
        (a, b), (c, d) = matrix
        return a * d - b * c
    sums = 0.0
    for place, value in enumerate(matrix[0]):
        if value:
            minor = tuple((*row[:place], *row[place + 1 :]) for row in matrix[1:])
            sums += (-value if place % 2 else value) * _determinant(minor)
    return sums


def checked_scale(value: float) -> float:
    """A length in another unit, which is neither nothing nor beyond what pictures can hold; ValueError otherwise."""
    if not 1 / LARGEST <= value <= LARGEST:
        raise ValueError(f"not a scale: {value}")
    return value


# Beyond what any scene has, and far from what a 32-bit float cannot hold.
LARGEST = 1e12
# Of this size, and such that cameras can be computed with them, where they are read; the code that makes them knows
# what it makes.
Matrix3 = Annotated[Matrix, _of_size(3, is_inverted=False)]
Matrix4 = Annotated[Matrix, _of_size(4, is_inverted=False)]
_Intrinsics = Annotated[Matrix, _of_size(3, is_inverted=True)]
_Rigid = Annotated[Matrix, _of_size(4, is_inverted=True)]
Points = npt.NDArray[np.float64]

_HOLDS = {
    "perspective": "k, world_to_camera, depth along the z axis",
    "orthographic": "world_to_camera, parallel_k, depth along the z axis; k has no meaning",
    "panoramic": "world_to_camera, panorama, distance from the camera; k and depth along an axis have no meaning",
    "custom": "world_to_camera, distance from the camera; how its shader projects is not known",
}
_HOLDS_FOR_OTHERS = "world_to_camera; how this camera projects is not known"


# Cameras whose Depth pass is the distance from the camera (measured in Cycles of 4.5 and 5.0).
RAY_DEPTH_TYPES = ("panoramic", "custom")


@dataclass(frozen=True)
class Camera(JsonObject):
    """How the world is projected into the image.

    Attributes:
        name: the camera object's name.
        type: "perspective", "orthographic", "panoramic" or "custom" (a shader of the user's).
        k: 3x3, pixels; the image's origin is the outer corner of the top-left pixel, so an unshifted camera has its
            principal point at (W/2, H/2). None unless the camera is a perspective one.
        parallel_k: 3x3, from (x, y, 1) in camera space to pixels, the same for every depth. None unless the camera is
            an orthographic one.
        world_to_camera: 4x4 row-major rigid transform in scene units; camera axes x right, y down, z forward.
        clip_start, clip_end: scene units; nothing beyond clip_end is a surface.
        lens: focal length in millimetres; None unless the camera is a perspective one.
        sensor_width, sensor_height: millimetres, as set in Blender; which of them counts, sensor_fit says.
        sensor_fit: "auto", "horizontal" or "vertical".
        panorama: of a panoramic camera, how it projects; None of others, and where that is not known.
        depth_of_field, motion_blur: whether the render blurs what is out of focus, or moves.
    """

    name: str
    type: str
    k: _Intrinsics | None
    world_to_camera: _Rigid
    clip_start: float
    clip_end: float
    parallel_k: _Intrinsics | None = None
    lens: float | None = None
    sensor_width: float = 36.0
    sensor_height: float = 24.0
    sensor_fit: str = field(default="auto", metadata=in_json(written_as=("sensor_fit", "distortion")))
    panorama: Panorama | None = None
    depth_of_field: bool = False
    motion_blur: bool = field(default=False, metadata=in_json(written_as=("motion_blur", "holds")))

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises KeyError, TypeError or ValueError where the data is not a camera."""
        return super().from_json({"panorama": None, **data})  # which earlier ones lack

    @property
    def blurs(self) -> bool:
        """Whether objects may cover a part of a pixel wherever they are, and not only at their edges."""
        return self.depth_of_field or self.motion_blur

    @property
    def distortion(self) -> str:
        """What bends straight lines: "none", the type of the panorama, or "unknown"."""
        if self.is_projective:
            return "none"
        return self.panorama.type if self.panorama else "unknown"

    @property
    def holds(self) -> str:
        """What a reader of a record may rely on, in words."""
        return _HOLDS.get(self.type, _HOLDS_FOR_OTHERS)

    @property
    def has_ray_depth(self) -> bool:
        """Whether Blender's Depth pass is the distance from the camera, and not along its axis."""
        return self.type in RAY_DEPTH_TYPES

    @property
    def is_projective(self) -> bool:
        """Whether straight lines stay straight in the image: a perspective or an orthographic camera."""
        return self.k is not None or self.parallel_k is not None

    def project(self, points: Points) -> Points:
        """Project points of the world.

        Args:
            points: (N, 3) float64, scene units.

        Returns:
            (N, 3) float64: x and y in pixels, and the planar depth z in scene units. Points with z <= 0 lie behind
            the camera, and the x and y that a perspective one gives them mean nothing.

        Raises:
            ValueError: the camera is neither a perspective nor an orthographic one.
        """
        world_to_camera = np.asarray(self.world_to_camera)
        return self.to_image(points @ world_to_camera[:3, :3].T + world_to_camera[:3, 3])

    def to_image(self, points: Points) -> Points:
        """The same for points in the camera's axes."""
        depth = points[:, 2:]
        if self.k is not None:
            return np.hstack(((points @ np.asarray(self.k).T)[:, :2] / depth, depth))
        if self.parallel_k is not None:
            flat = np.hstack((points[:, :2], np.ones_like(depth)))
            return np.hstack(((flat @ np.asarray(self.parallel_k).T)[:, :2], depth))
        raise ValueError(f"a {self.type} camera has no matrix K")

    def from_image(self, pixels: Points) -> Points:
        """The inverse of to_image: (N, 3) x and y in pixels and the planar depth, to points in the camera's axes.

        Raises:
            ValueError: the camera is neither a perspective nor an orthographic one.
        """
        matrix = self.k if self.k is not None else self.parallel_k
        if matrix is None:
            raise ValueError(f"a {self.type} camera has no matrix K")
        depth = pixels[:, 2:]
        flat = np.hstack((pixels[:, :2], np.ones_like(depth))) @ np.linalg.inv(np.asarray(matrix)).T
        return flat * depth if self.k is not None else np.hstack((flat[:, :2], depth))
