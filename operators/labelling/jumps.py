"""Objects that jump from one frame to the next instead of moving, which an open shutter blurs into both places."""

from collections.abc import Iterable

import bpy
import numpy as np

from .. import compat

# What moves an object as a whole; it may stand behind the name of a bone.
_TRANSFORMS = ("location", "scale", "rotation_euler", "rotation_quaternion", "rotation_axis_angle")
_CONSTANT = 0


def find_jumping(objects: Iterable[bpy.types.Object]) -> bpy.types.Object | None:
    """The first of some objects that it, or a parent, is moved by keys with Constant interpolation of different values.

    Args:
        objects: in the order in which they are looked at.
    """
    known: dict[bpy.types.Object, bool] = {}
    for ob in objects:
        mover = ob
        while mover is not None:
            if mover not in known:
                known[mover] = _jumps(mover)
            if known[mover]:
                return ob
            mover = mover.parent
    return None


def _jumps(ob: bpy.types.Object) -> bool:
    if ob.animation_data is None:
        return False
    return any(
        curve.data_path.endswith(_TRANSFORMS) and not curve.mute and _has_steps(curve)
        for curve in compat.curves_of(ob.animation_data)
    )


def _has_steps(curve: bpy.types.FCurve) -> bool:
    count = len(curve.keyframe_points)
    if count < 2:
        return False
    kinds, points = np.empty(count, dtype=np.int32), np.empty(2 * count, dtype=np.float32)
    curve.keyframe_points.foreach_get("interpolation", kinds)
    curve.keyframe_points.foreach_get("co", points)
    return bool(((kinds[:-1] == _CONSTANT) & (np.diff(points[1::2]) != 0)).any())
