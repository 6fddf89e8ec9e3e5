"""Optical flow from Blender's Vector pass.

Blender 4.2 mirrors that pass from left to right for two types of fisheyes. A file does not say that 4.2 rendered it,
but files of 4.5 and later say that it did not; the rest says the scene record.
"""

import numpy as np
import numpy.typing as npt

from ..base.errors import PassError
from ..base.phrases import GET_SCENE_RECORDS
from ..exr.passes import Passes
from ..scene.panorama import MIRRORED_IN_4_2
from ..scene.scene_record import SceneRecord
from ..settings.render_pass import Pass

Floats = npt.NDArray[np.float32]


class Motion:
    """Reads the Vector pass of a frame once.

    In the pass y points up; X, Y point to the previous frame, and Z, W come from the next one.

    Args:
        passes: those of the frame.
        scene: its camera decides: with motion blur Blender leaves the pass empty, and for an orthographic camera that
            moves it projects as for a perspective one (Cycles 4.5 and 5.0; 4.2 does it right). None where it is not
            known.
    """

    def __init__(self, passes: Passes, scene: SceneRecord | None) -> None:
        camera = scene.camera if scene else None
        self._passes = passes
        self._mirrored = is_mirrored(passes, scene)
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
            if self._mirrored:
                vectors = vectors * np.array((-1, 1, -1, 1), np.float32)[: vectors.shape[-1]]
            self._vectors = vectors
        return self._vectors


def is_mirrored(passes: Passes, scene: SceneRecord | None) -> bool | None:
    """Whether the Vector pass is mirrored from left to right; None where that is not known."""
    if not passes.may_be_of_4_2(Pass.VECTOR):
        return False
    if scene is None:
        return None
    camera = scene.camera
    if camera is None or camera.type != "panoramic":
        return False
    if camera.panorama and camera.panorama.type not in MIRRORED_IN_4_2:
        return False
    version = ".".join(scene.blender.split(".")[:2])
    # Any other describes a file that it has not rendered, since it would say so in the file.
    return {"4.2": camera.panorama is not None or None, "4.3": False}.get(version)


def note_on_mirroring(passes: Passes, scene: SceneRecord | None) -> str:
    """A sentence on flow that may be mirrored; "" where it is not."""
    if is_mirrored(passes, scene) is not None:
        return ""
    if scene is None:
        return (
            f"The flow is mirrored from left to right if Blender 4.2 rendered {passes.where} with an equidistant or "
            f"equisolid fisheye, which the file does not say; {GET_SCENE_RECORDS}"
        )
    return (
        f"The flow is mirrored from left to right if Blender 4.2 rendered {passes.where} with an equidistant or "
        "equisolid fisheye, which neither the file nor the scene record says; if so, export again from that Blender"
    )
