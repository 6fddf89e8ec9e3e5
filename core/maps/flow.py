"""Optical flow from Blender's Vector pass."""

import numpy as np
import numpy.typing as npt

from ..base.errors import PassError
from ..exr.passes import Passes
from ..scene.camera import Camera
from ..settings.render_pass import Pass

Floats = npt.NDArray[np.float32]


class Motion:
    """Reads the Vector pass of a frame once.

    In the pass y points up; X, Y point to the previous frame, and Z, W come from the next one.

    Args:
        passes: those of the frame.
        camera: with motion blur Blender leaves the pass empty, and for an orthographic camera that moves it projects as
            for a perspective one (Cycles 4.5 and 5.0; 4.2 does it right). None where it is not known.
    """

    def __init__(self, passes: Passes, camera: Camera | None) -> None:
        self._passes = passes
        self._motion_blur = camera.motion_blur if camera else None
        self._parallel = camera is not None and camera.type == "orthographic"
        self._custom = camera is not None and camera.type == "custom"
        self._vectors: Floats | None = None

    def forward(self) -> Floats:
        """(H, W, 2) float32, pixels, u right and v down: from here to the place in the next frame.

        Raises:
            PassError: the frame lacks the pass or a part of it, or the pass is empty.
        """
        vectors = self._read()
        if vectors.shape[-1] < 4:
            raise PassError(
                f"{self._passes.where} holds only three of the four values of the Vector pass, and the motion to the "
                "next frame is in the fourth; write it as OpenEXR MultiLayer, or export backward flow only"
            )
        return np.stack((-vectors[..., 2], vectors[..., 3]), axis=-1)

    def backward(self) -> Floats:
        """(H, W, 2) float32, pixels, u right and v down: from here to the place in the previous frame.

        Raises:
            PassError: the frame lacks the pass, or the pass is empty.
        """
        vectors = self._read()
        return np.stack((vectors[..., 0], -vectors[..., 1]), axis=-1)

    def _read(self) -> Floats:
        if self._parallel:
            raise PassError(
                f"{self._passes.where} was rendered with an orthographic camera, and when such a camera moves the "
                "Vector pass of Blender 4.5 and 5.0 is wrong; choose Flow by Step with the step 1 or -1, which does "
                "not need it, or leave out flow and occlusion"
            )
        if self._custom:
            raise PassError(
                f"{self._passes.where} was rendered with a custom camera, whose Vector pass holds no motion; leave out "
                "flow and occlusion"
            )
        if self._vectors is None:
            vectors = self._passes.read(Pass.VECTOR).astype(np.float32, copy=False)
            if not vectors.any() and self._motion_blur is not False:
                why = (
                    "Motion Blur is on, and Blender then leaves it empty; turn Motion Blur off and render again"
                    if self._motion_blur
                    else "either nothing moves, or Motion Blur was on, and Blender then leaves it empty. Export from "
                    "Blender or give the scene record with --scene, which says which of the two it is"
                )
                raise PassError(f"The Vector pass of {self._passes.where} is 0 everywhere: {why}")
            self._vectors = vectors
        return self._vectors
