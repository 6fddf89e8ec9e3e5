"""Disparity of a stereo pair: how far a surface moves between the columns of the left and of the right view."""

import numpy as np
import numpy.typing as npt

from ..base.errors import RecordError
from ..scene.camera import Camera

Floats = npt.NDArray[np.float32]

# Of the baseline and of a turn: what rounding leaves between cameras that look the same way.
_ROUNDING = 1e-4


def find_disparity(depth: Floats, here: Camera, other: Camera, here_is_left: bool, unit_scale: float) -> Floats:
    """Column in the left view less column in the right one, for each pixel of one of them.

    With the focal length f and the baseline b that is f b / depth, and for views that converge (off-axis) the distance
    between their principal points besides: 0 at the plane of convergence, negative beyond it.

    Args:
        depth: (H, W) metres along the axis; NaN where there is no surface.
        here, other: the cameras of this view and of the other one.
        here_is_left: which of them this is.
        unit_scale: metres in a scene unit.

    Returns:
        (H, W) float32, pixels; NaN where there is no surface.

    Raises:
        RecordError: the views are not rectified: they look different ways, or have different lenses.
    """
    if here.k is None or other.k is None:
        raise RecordError("disparity needs perspective cameras; render the pair with them")
    to_other = np.asarray(other.world_to_camera) @ np.linalg.inv(np.asarray(here.world_to_camera))
    # Where the other camera is, in this one's axes.
    baseline, aside, ahead = -to_other[:3, :3].T @ to_other[:3, 3]
    turned = np.abs(to_other[:3, :3] - np.eye(3)).max()
    k, other_k = np.asarray(here.k), np.asarray(other.k)
    lenses_differ = np.abs(k - other_k)[[0, 1, 1], [0, 1, 2]].max() > _ROUNDING * k[0, 0]
    if turned > _ROUNDING or max(abs(aside), abs(ahead)) > _ROUNDING * abs(baseline) or lenses_differ:
        raise RecordError(
            "its views do not look in the same direction, so rows do not match; set the camera's stereo mode to "
            "Parallel or Off-Axis and render again"
        )
    columns = k[0, 0] * baseline * unit_scale / depth.astype(np.float64) + (k[0, 2] - other_k[0, 2])
    disparity: Floats = (columns if here_is_left else -columns).astype(np.float32)
    return disparity
