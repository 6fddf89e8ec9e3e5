"""Flow against geometry: points at rest, points that move with their instance, and the way back."""

import numpy as np

from ...maps.codecs.codec import MapPixels
from ...settings.map_table import DenseMap
from ..checked_frame import FEWEST, Array, CheckedFrame
from ..report import Problems

# A pixel where flow and geometry differ more than this does not agree.
_FLOW_PIXELS = 0.05
# What the flow there and back may differ by in the median: between pixels' centres it changes.
_ROUND_TRIP_PIXELS = 0.25


def check_flow_of_rest(frame: CheckedFrame, following: CheckedFrame) -> Problems:
    """Forward flow against the places, in the next frame, of points that are still where they were.

    A face that slides along itself looks as if it were at rest, so instances are left to their poses where it is known
    which pixels are theirs, and what counts is what most of the points say.
    """
    flow, position = frame.load(DenseMap.FLOW_FORWARD_NPY), frame.load(DenseMap.POSITION_NPY)
    there = following.load(DenseMap.POSITION_NPY).values
    usable = flow.valid & position.valid
    if frame.has(DenseMap.INSTANCES_PNG):
        usable &= ~frame.load(DenseMap.INSTANCES_PNG).valid
    rows, columns = np.nonzero(usable)
    points = position.values[rows, columns].astype(np.float64)
    projected = following.project(points)
    x, y = np.floor(projected[:, 0]).astype(np.int64), np.floor(projected[:, 1]).astype(np.int64)
    height, width = flow.valid.shape
    inside = (projected[:, 2] > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    rows, columns, points, projected = rows[inside], columns[inside], points[inside], projected[inside]
    # What is rendered there lies within a pixel's footprint of the point, so the point is at rest and seen.
    footprint = projected[:, 2] / np.asarray(following.record.camera.k)[0, 0]  # type: ignore[union-attr]
    off = frame.position_error()[rows, columns] + following.position_error()[y[inside], x[inside]]
    near = np.linalg.norm(there[y[inside], x[inside]] - points, axis=1) < 2 * footprint + np.linalg.norm(off, axis=1)
    if np.count_nonzero(near) < FEWEST:
        return
    # From where the point itself is, which need not be the centre of its pixel.
    expected = projected[near, :2] - frame.project(points[near])[:, :2]
    miss = np.abs(flow.values[rows[near], columns[near]] - expected).max(axis=1)
    wrong = miss > _FLOW_PIXELS + 1e-3 * np.abs(expected).max(axis=1)
    if wrong.mean() > 0.5:
        yield (
            f"The forward flow does not lead to where points at rest are in {following.record.path}, by a median of "
            f"{np.median(miss[wrong]):.3g} pixels in {np.count_nonzero(wrong)} of {len(miss)}"
        )


def check_flow_of_instances(frame: CheckedFrame, following: CheckedFrame) -> Problems:
    """Forward flow against points that move with the poses of their instances."""
    flow, position = frame.load(DenseMap.FLOW_FORWARD_NPY), frame.load(DenseMap.POSITION_NPY)
    rows, columns = np.nonzero(flow.valid & position.valid)
    matrix = frame.world_to_camera()
    points = position.values[rows, columns].astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    yield from flow_of_poses(frame, following, flow, rows, columns, points, "The forward flow")


def flow_of_poses(
    frame: CheckedFrame,
    other: CheckedFrame,
    flow: MapPixels,
    rows: Array,
    columns: Array,
    points: Array,
    name: str,
) -> Problems:
    """Flow against points that move with the poses of their instances from one frame to another.

    Args:
        frame, other: the frames; their cameras have to be projective ones.
        flow: from the one to the other.
        rows, columns: (N,) pixels with a flow.
        points: (N, 3) metres in the camera's axes, the points that these pixels show.
        name: of the flow, to begin a sentence with.
    """
    k, k_there = (one.record.camera for one in (frame, other))
    assert k is not None and k_there is not None
    poses = {instance.name: instance.pose for instance in other.record.instances}
    numbers = frame.numbers()[rows, columns]
    for number, instance in enumerate(frame.record.instances, start=1):
        before, after = instance.pose, poses.get(instance.name)
        if before is None or after is None or before.frame == "" or not np.allclose(before.scale, after.scale):
            continue
        own = np.flatnonzero(numbers == number)
        if len(own) == 0:
            continue
        local = (points[own] - before.translation) @ np.asarray(before.rotation)
        moved = local @ np.asarray(after.rotation).T + np.asarray(after.translation)
        scale, scale_there = (one.record.unit_scale or 1.0 for one in (frame, other))
        before_it, after_it = k.to_image(points[own] / scale), k_there.to_image(moved / scale_there)
        expected = after_it[:, :2] - before_it[:, :2]
        miss = np.abs(flow.values[rows[own], columns[own]] - expected).max(axis=1)
        # A shape that changes, or a mesh that bends, moves by more than its pose: then most points disagree a little.
        # The flow of an edge is the average of what meets there.
        median = float(np.median(miss))
        if median > _FLOW_PIXELS + flow.rounding + 1e-3 * float(np.abs(expected).max()):
            yield (
                f"{name} of {instance.name!r} does not match its pose in {other.record.path}, by a median of "
                f"{median:.3g} pixels; that is right only if its shape changes"
            )


def check_round_trip(frame: CheckedFrame, following: CheckedFrame) -> Problems:
    """Forward flow against the next frame's backward flow: most points come back to where they were."""
    flow, back = frame.load(DenseMap.FLOW_FORWARD_NPY), following.load(DenseMap.FLOW_BACKWARD_NPY)
    rows, columns = np.nonzero(flow.valid)
    motion = flow.values[rows, columns].astype(np.float64)
    x = np.floor(columns + 0.5 + motion[:, 0]).astype(np.int64)
    y = np.floor(rows + 0.5 + motion[:, 1]).astype(np.int64)
    height, width = flow.valid.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    miss = np.linalg.norm(motion[inside] + back.values[y[inside], x[inside]], axis=1)
    miss = miss[~np.isnan(miss)]
    if len(miss) >= FEWEST and (median := float(np.median(miss))) > _ROUND_TRIP_PIXELS:
        yield (
            f"The forward flow and the backward flow of {following.record.path} do not match, by a median of "
            f"{median:.3g} pixels"
        )
