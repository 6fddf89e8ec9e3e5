"""Flow by step against cameras, poses and the flow of the Vector pass."""

import numpy as np

from ...settings.map_table import DenseMap, MapKind
from ..checked_frame import CheckedFrame
from ..report import Problems
from .depths import OF_VALUE, best
from .flow import flow_of_poses
from .static_points import seen_from, surfaces_at_rest

# Depth is of 32 bit, and a flow that is exact otherwise may be so far off at a grazing angle.
_EXACT_PIXELS = 0.01
# What the flow of the Vector pass may be off: the filter takes it from all of a pixel.
_FLOW_PIXELS = 0.05
_OF_LENGTH = 1e-3


def check_flow_step_of_rest(frame: CheckedFrame, other: CheckedFrame) -> Problems:
    """Flow by step of surfaces that are where they were is that of the cameras alone; and no pixel is uncounted."""
    flow = best(frame, MapKind.FLOW_STEP)
    if flow is None:
        return
    pixels = seen_from(frame, other)
    at = pixels.rows, pixels.columns
    still = surfaces_at_rest(frame, other)[at]
    expected = pixels.place - pixels.centres()
    held = flow.valid[at]
    length = np.abs(expected).max(axis=1)
    miss = np.abs(flow.values[at] - expected).max(axis=1)
    with np.errstate(invalid="ignore"):
        before_it = (pixels.depth > 0) | (not other.pinhole())
        wrong = still & (held & before_it & (miss > _EXACT_PIXELS + flow.rounding + OF_VALUE * length))
    if not frame.lacks(MapKind.FLOW_STEP):
        wrong |= still & (held != before_it)
    count = int(np.count_nonzero(wrong))
    if count:
        yield (
            f"Flow by Step does not lead to where {count} pixels of surfaces at rest are in {other.record.path}, by up "
            f"to {miss[wrong].max():.3g} pixels"
        )
    beyond = int(np.count_nonzero(flow.valid)) - int(np.count_nonzero(held))
    if beyond:
        yield f"Flow by Step has a value in {beyond} pixels without a surface"
    for one in frame.merged.maps.values():
        written = one.written
        counted = written.valid + written.out_of_range + sum(written.unknown.values())
        if written.map.kind is MapKind.FLOW_STEP and counted != len(pixels.rows):
            yield (
                f"{written.map.label} is said to have {counted} pixels with or without a value, but "
                f"{len(pixels.rows)} have a surface; merge again"
            )


def check_flow_step_of_instances(frame: CheckedFrame, other: CheckedFrame) -> Problems:
    """Flow by step against points that move with the poses of their instances."""
    flow = best(frame, MapKind.FLOW_STEP)
    if flow is not None:
        depth = frame.load(DenseMap.DEPTH_NPY)
        rows, columns = np.nonzero(flow.valid & depth.valid)
        points = frame.to_camera(rows, columns, depth.values[rows, columns])
        yield from flow_of_poses(frame, other, flow, rows, columns, points, "Flow by Step")


def check_flow_step_against_flow(frame: CheckedFrame, other: CheckedFrame) -> Problems:
    """Flow by a step of 1 or -1 is the forward or backward flow, for most points."""
    kind = MapKind.FLOW_FORWARD if frame.record.flow_step == 1 else MapKind.FLOW_BACKWARD
    flow, ordinary = best(frame, MapKind.FLOW_STEP), best(frame, kind)
    if flow is None or ordinary is None:
        return
    both = flow.valid & ordinary.valid
    mine, theirs = (one.values[both].astype(np.float64) for one in (flow, ordinary))
    miss = np.abs(mine - theirs).max(axis=1)
    allowed = _FLOW_PIXELS + flow.rounding + ordinary.rounding + _OF_LENGTH * np.abs(theirs).max(axis=1)
    wrong = miss > allowed
    if len(wrong) and wrong.mean() > 0.5:
        yield (
            f"Flow by Step does not match {kind.title} in {np.count_nonzero(wrong)} of {len(wrong)} pixels, by a "
            f"median of {np.median(miss[wrong]):.3g} pixels"
        )
