"""Keypoints against the image, the category's list, the 3D box of their instance, and the depth in front of them."""

import numpy as np

from ...maps.codecs.codec import MapPixels
from ...records.instance import Instance
from ...scene.keypoints import ABSENT, Keypoint, SeenPixels, Visibility
from ...settings.map_table import DenseMap
from ..checked_frame import CheckedFrame
from ..report import Problems

# A keypoint may stand off its instance, like the tip of a marker; how far, as a part of the diagonal of the box.
_FARTHEST = 0.5
# Of its depth, which the record has in 64 bit, and maps in 32.
_OF_DEPTH = 1e-6


def check_keypoints(frame: CheckedFrame) -> Problems:
    """As many as the category lists, within the image, and near their instance."""
    record = frame.record
    listed = {category.name: category.keypoints for category in record.categories}
    for instance in record.instances:
        names, points = listed.get(instance.category, ()), instance.keypoints
        if points is None:
            continue
        if len(points) != len(names):
            yield f"{instance.name!r} has {len(points)} keypoints, but its category lists {len(names)}"
            continue
        for name, point in zip(names, points, strict=True):
            what = f"The keypoint {name!r} of {instance.name!r}"
            if point.visibility is Visibility.ABSENT:
                if point != ABSENT:
                    yield f"{what} is absent, but has a position"
            elif not (0 <= point.x < record.width and 0 <= point.y < record.height):
                yield f"{what} is outside the image, at {point.x:.1f}, {point.y:.1f}"
            elif point.z <= 0 and frame.pinhole():
                yield f"{what} is behind the camera"
            elif (away := _distance(frame, instance, point)) > _FARTHEST:
                yield f"{what} is {away:.2g} diagonals of its instance's box away from it"


def _distance(frame: CheckedFrame, instance: Instance, point: Keypoint) -> float:
    """How far a keypoint is from its instance, in diagonals: of the 3D box, or of all of the instance in the image.

    0 where neither is known: what is seen of an instance says nothing of where the rest of it is.
    """
    camera, pose, unit_scale = frame.record.camera, instance.pose, frame.record.unit_scale or 1.0
    if pose is not None and camera is not None and camera.is_projective:
        place = camera.from_image(np.array([(point.x, point.y, point.z / unit_scale)]))[0] * unit_scale
        own = (place - np.array(pose.translation)) @ np.array(pose.rotation)
        low, high = np.array(pose.low), np.array(pose.high)
    elif instance.amodal is not None:
        box = instance.amodal.box
        own, low, high = np.array((point.x, point.y)), np.array((box.x0, box.y0)), np.array((box.x1, box.y1))
    else:
        return 0.0
    away = np.linalg.norm(np.maximum(0, np.maximum(low - own, own - high)))
    return float(away / np.linalg.norm(high - low))


def check_visibility(frame: CheckedFrame) -> Problems:
    """Against the depth map: an occluded keypoint has a surface in front of it, a visible one none of something else.

    How far a keypoint lies below its own surface the record does not say, so of a visible one before its own instance
    nothing can be said.
    """
    yield from _against_depth(frame, frame.load(DenseMap.DEPTH_NPY))


def check_visibility_png(frame: CheckedFrame) -> Problems:
    """The same against the PNG, to half a step. Where a surface was out of its range, nothing is known."""
    if frame.lacks(DenseMap.DEPTH_PNG) or frame.has(DenseMap.DEPTH_NPY):
        return
    yield from _against_depth(frame, frame.load(DenseMap.DEPTH_PNG))


def _against_depth(frame: CheckedFrame, pixels: MapPixels) -> Problems:
    depth = np.where(pixels.valid, pixels.values.astype(np.float64), np.inf)
    # That of the depth itself, and of each of the four that its slope is made of.
    rounding = 5 * pixels.rounding
    seen = SeenPixels(frame.numbers().astype(np.uint32), depth)
    height, width = depth.shape
    names = {category.name: category.keypoints for category in frame.record.categories}
    for number, instance in enumerate(frame.record.instances, start=1):
        for name, point in zip(names.get(instance.category, ()), instance.keypoints or (), strict=False):
            if point.visibility is Visibility.ABSENT or not (0 <= point.x < width and 0 <= point.y < height):
                continue
            row, column = int(point.y), int(point.x)
            here = float(depth[row, column])
            margin = rounding + _OF_DEPTH * abs(point.z)
            what = f"The keypoint {name!r} of {instance.name!r}"
            if point.visibility is Visibility.OCCLUDED and point.z < here - margin:
                yield f"{what} is said to be occluded, but the surface there is {here - point.z:.3g} m behind it"
            is_own = int(seen.label[row, column]) == number
            if (
                point.visibility is Visibility.VISIBLE
                and not is_own
                and not seen.sees(point.x, point.y, point.z - margin, [number], 0.0)
            ):
                yield f"{what} is said to be visible, but a surface is {point.z - here:.3g} m in front of it"
