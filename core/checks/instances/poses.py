"""Poses against the corners of their 3D boxes, and these against what is seen of the instance, and all of it."""

import numpy as np

from ...base.box import Box
from ...scene.camera import Camera
from ...scene.poses import BOX_EDGES, Pose
from ..checked_frame import Array, CheckedFrame
from ..report import Problems

# Of lengths in a record, which has pose, corners and distance in 64 bit and in full.
_OF_LENGTH = 1e-6
# The same in pixels, of the distance from the image's corner; and never less than what is worth a sentence.
_OF_PIXELS = 1e-6
_CORNER_PIXELS = 1e-3
# By how much axes may miss a right angle: the camera's come from matrices of 32 bit.
_COSINE = 1e-4
# A pixel belongs to an instance by one sample at least. Samples lie within the pixel filter, which is 1.5 pixels wide
# in Blender by default: up to 0.75 from the centre. The pixel reaches 0.5 further.
_MASK_PIXELS = 0.75 + 0.5
# All of an instance is found at the pixels' centres, but what is seen of it is part of it.
_AMODAL_PIXELS = _MASK_PIXELS


def check_poses(frame: CheckedFrame) -> Problems:
    """Each pose is a rigid motion, its box projects to the recorded corners, and these are around the instance."""
    camera, record = frame.record.camera, frame.record
    if camera is None:
        return
    unit_scale = record.unit_scale or 1.0
    for instance in record.instances:
        pose = instance.pose
        if pose is None:
            continue
        name = instance.name
        rotation = np.array(pose.rotation)
        if np.abs(rotation @ rotation.T - np.eye(3)).max() > _COSINE or np.linalg.det(rotation) < 0:
            yield f"The rotation of {name!r} is not a rotation"
            continue
        if any(low > high for low, high in zip(pose.low, pose.high, strict=True)):
            yield f"The 3D box of {name!r} has a low corner above its high one"
            continue
        corners = pose.corners_in_camera()
        middle = float(np.linalg.norm(corners.mean(axis=0)))
        if abs(middle - pose.distance) > _OF_LENGTH * middle:
            yield (
                f"The middle of the 3D box of {name!r} is {middle:.6g} m away, but its distance is "
                f"{pose.distance:.6g} m"
            )
        if not camera.is_projective:
            continue
        yield from _check_corners(name, pose, corners, camera, unit_scale)
        outline = _outline(corners, camera, unit_scale)
        # What is out of focus or moves is seen beyond its outline, and so are hair and displacement.
        if outline is None or camera.depth_of_field or camera.motion_blur or name in record.beyond_shape:
            continue
        beyond = _beyond(instance.mask.box, outline)
        if beyond > _MASK_PIXELS:
            yield f"The visible part of {name!r} is up to {beyond:.2f} pixels outside its projected 3D box"
        if instance.amodal is not None and (beyond := _beyond(instance.amodal.box, outline)) > _AMODAL_PIXELS:
            yield f"The amodal box of {name!r} is up to {beyond:.2f} pixels outside its projected 3D box"


def _check_corners(name: str, pose: Pose, corners: Array, camera: Camera, unit_scale: float) -> Problems:
    """The recorded corners are where the pose puts them, and those that are missing are not in front of the camera."""
    near = camera.clip_start * unit_scale
    projected = _to_image(corners, camera, unit_scale)
    worst = 0.0
    for (x, y), z, corner in zip(projected.tolist(), corners[:, 2].tolist(), pose.corners, strict=True):
        if corner is None:
            if z > near + _OF_LENGTH * abs(near):
                yield f"A corner of the 3D box of {name!r} is missing, though it is in front of the camera"
                return
            continue
        if z < near - _OF_LENGTH * abs(near):
            yield f"A corner of the 3D box of {name!r} has pixels, though it is not in front of the camera"
            return
        allowed = _CORNER_PIXELS + _OF_PIXELS * max(abs(x), abs(y))
        miss = max(abs(x - corner[0]), abs(y - corner[1]))
        worst = max(worst, miss if miss > allowed else 0.0)
    if worst:
        yield f"The corners of the 3D box of {name!r} are up to {worst:.3g} pixels from where its pose projects them"


def _outline(corners: Array, camera: Camera, unit_scale: float) -> tuple[Array, Array] | None:
    """Low and high x, y of what is in front of the near plane of a 3D box; None where that is nothing.

    A box that the plane cuts is the smallest convex shape around its corners before the plane and the points where its
    edges cross it.
    """
    near = camera.clip_start * unit_scale
    ends = corners[np.array(BOX_EDGES)]
    depths = ends[:, :, 2]
    cut = (depths[:, 0] < near) != (depths[:, 1] < near)
    first, second = ends[cut, 0], ends[cut, 1]
    share = (near - first[:, 2]) / (second[:, 2] - first[:, 2])
    crossings = first + share[:, None] * (second - first)
    points = np.concatenate((corners[corners[:, 2] >= near], crossings))
    if not len(points):
        return None
    projected = _to_image(points, camera, unit_scale)
    return projected.min(axis=0), projected.max(axis=0)


def _to_image(points: Array, camera: Camera, unit_scale: float) -> Array:
    """(N, 2) pixels of points in the camera's axes, metres."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return camera.to_image(points / unit_scale)[:, :2]


def _beyond(box: Box, outline: tuple[Array, Array]) -> float:
    """How many pixels a box reaches out of another one. A box ends at the border of the image, so one that is cut off
    there is nowhere beyond."""
    low, high = outline
    return float(max(low[0] - box.x0, low[1] - box.y0, box.x1 - high[0], box.y1 - high[1]))
