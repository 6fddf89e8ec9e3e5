"""What the camera sees in each pixel: how far away it is, and where in the world."""

from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..base.errors import PassError, SceneError
from ..base.phrases import GET_SCENE_RECORDS
from ..exr.passes import Passes
from ..scene.camera import Camera
from ..scene.scene_record import SceneRecord
from ..settings.render_pass import Pass

# Cycles writes 1e10 where a ray hits nothing; without a camera's far clip, anything near that is not a surface.
_FARTHEST_SURFACE = 1e9
# Of the range of a depth buffer: what rounding may do near its end.
_BUFFER_STEP = 2.0**-22

Floats = npt.NDArray[np.float32]


def _far_clip_in_buffer(camera: Camera) -> float:
    """The least depth that the far clip may have become in a depth buffer of 32-bit floats, scene units.

    The buffer holds 1/z between the clip planes, of parallel cameras z.
    """
    near, far = camera.clip_start, camera.clip_end
    if camera.k is None or near <= 0:
        return far * (1 - _BUFFER_STEP)
    return 1 / (1 / far + _BUFFER_STEP / near)


class FrameDepth:
    """The depth of a frame, read once and when it is first asked for.

    Attributes:
        unit_scale: metres in a scene unit; 1 without a scene record.
        unit: "m", or "scene units" without a scene record.
    """

    def __init__(self, passes: Passes, scene: SceneRecord | None) -> None:
        self._passes = passes
        self._scene = scene
        self.unit_scale = scene.unit_scale if scene else 1.0
        self.unit = "m" if scene else "scene units"

    @property
    def camera(self) -> Camera:
        """Raises SceneError where it is not known."""
        if self._scene is None:
            raise SceneError(
                f"{self._passes.where} has no scene record, and only a scene record knows the camera; "
                f"{GET_SCENE_RECORDS}"
            )
        if self._scene.camera is None:
            raise SceneError(
                f"The scene {self._scene.scene!r} has no single camera for this image; render a single view with one "
                "active camera"
            )
        return self._scene.camera

    @cached_property
    def in_pass(self) -> Floats:
        """(H, W) float32, scene units: the Depth pass as it is.

        Raises:
            PassError, ExrError: as Passes.read().
        """
        return self._passes.read(Pass.DEPTH).astype(np.float32, copy=False)

    @cached_property
    def seen(self) -> npt.NDArray[np.bool_]:
        """(H, W) bool: where there is a surface, in front of the camera and not beyond its far clip."""
        camera = self._scene.camera if self._scene else None
        farthest = camera.clip_end if camera else _FARTHEST_SURFACE
        with np.errstate(invalid="ignore", over="ignore"):
            seen = (self.in_pass > 0) & (self.in_pass <= farthest)
        if camera and seen.any():
            # EEVEE of Blender 4 writes the far clip where nothing is, as exactly as its depth buffer holds that.
            last = self.in_pass[seen].max()
            if last >= _far_clip_in_buffer(camera):
                seen &= self.in_pass != last
        return seen

    def planar(self) -> Floats:
        """(H, W) float32, metres: distance along the camera's z axis; without meaning where nothing is seen.

        Raises:
            PassError: the camera is panoramic or custom, which has no such axis in Blender's pass.
        """
        camera = self._scene.camera if self._scene else None
        if camera and camera.has_ray_depth:
            raise PassError(
                f"{self._passes.where} was rendered with a {camera.type} camera, whose Depth pass is the distance from "
                "the camera and not along an axis; choose Ray Depth"
            )
        return self._in_metres()

    def along_rays(self) -> Floats:
        """(H, W) float32, metres: distance from the camera, for a parallel projection from the plane through it;
        without meaning where nothing is seen.

        Raises:
            SceneError: the camera is not known.
        """
        camera = self.camera
        if camera.k is None:
            if camera.type == "orthographic" or camera.has_ray_depth:
                return self._in_metres()  # its rays are parallel to the axis, or the pass holds the distance already
            raise SceneError(f"The projection of a camera of the type {camera.type} is not known; choose Depth")
        height, width = self.in_pass.shape
        (fx, _, cx), (_, fy, cy), _ = camera.k
        x = ((np.arange(width) + 0.5 - cx) / fx).astype(np.float32)
        y = ((np.arange(height) + 0.5 - cy) / fy).astype(np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            distance: Floats = self._in_metres() * np.sqrt(x**2 + (y**2 + 1)[:, None])
        return distance

    def in_camera(self) -> npt.NDArray[np.float64]:
        """(N, 3) metres, in the camera's axes: the point of each pixel where something is seen, row by row.

        Raises:
            SceneError: the camera is not known, or is of a type that has no projection.
        """
        camera = self.camera
        if not camera.is_projective:
            raise SceneError(
                f"{self._passes.where} was rendered with a {camera.type} camera, which has no matrix K to find points "
                "with; choose the Position map"
            )
        rows, columns = np.nonzero(self.seen)
        depth = self.in_pass[rows, columns].astype(np.float64)
        points = camera.from_image(np.column_stack((columns + 0.5, rows + 0.5, depth)))
        return points * self.unit_scale

    def to_world(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(N, 3) metres, from the camera's axes to the world's."""
        matrix = np.asarray(self.camera.world_to_camera)
        world: npt.NDArray[np.float64] = (points - matrix[:3, 3] * self.unit_scale) @ matrix[:3, :3]
        return world

    def _in_metres(self) -> Floats:
        with np.errstate(invalid="ignore", over="ignore"):
            metres: Floats = self.in_pass * np.float32(self.unit_scale)
        return metres
