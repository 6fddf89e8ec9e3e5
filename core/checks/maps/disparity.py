"""Disparity against depth and the cameras of both views, and that of one view against that of the other."""

import numpy as np

from ...settings.map_table import MapKind
from ..checked_frame import FEWEST, CheckedFrame
from ..report import Problems
from .depths import OF_VALUE, best
from .static_points import seen_from

# The matrices of the views are of 32 bit: together with a long lens a turn by a rounding error is so many pixels.
_PIXELS = 0.01
# What the disparities of one point may differ by in the median: between pixels' centres it changes.
_VIEWS_PIXELS = 0.25


def check_disparity(frame: CheckedFrame, other: CheckedFrame) -> Problems:
    """The disparity of a pixel is how far its point, by depth, moves between the columns of both images.

    That is focal length times baseline by depth, and what the principal points differ by.
    """
    disparity = best(frame, MapKind.DISPARITY)
    if disparity is None:
        return
    pixels = seen_from(frame, other)
    at = pixels.rows, pixels.columns
    moves = pixels.columns + 0.5 - pixels.place[:, 0]
    expected = moves if frame.record.view == "left" else -moves
    held = disparity.valid[at]
    miss = np.where(held, np.abs(disparity.values[at] - expected), 0)
    wrong = miss > _PIXELS + disparity.rounding + OF_VALUE * np.abs(expected)
    if not frame.lacks(MapKind.DISPARITY):
        wrong |= ~held
    count = int(np.count_nonzero(wrong)) + int(np.count_nonzero(disparity.valid)) - int(np.count_nonzero(held))
    if count:
        yield (
            f"Disparity does not match depth and the camera of {other.record.path} in {count} pixels, by up to "
            f"{miss.max(initial=0):.3g} pixels"
        )


def check_views(frame: CheckedFrame, other: CheckedFrame) -> Problems:
    """What the disparity of the left view leads to has the same disparity in the right one, for most points."""
    left, right = best(frame, MapKind.DISPARITY), best(other, MapKind.DISPARITY)
    if left is None or right is None or left.valid.shape != right.valid.shape:
        return
    rows, columns = np.nonzero(left.valid)
    values = left.values[rows, columns].astype(np.float64)
    there = np.floor(columns + 0.5 - values).astype(np.int64)
    inside = (there >= 0) & (there < frame.record.width)
    rows, there, values = rows[inside], there[inside], values[inside]
    both = right.valid[rows, there]
    miss = np.abs(right.values[rows, there] - values)[both]
    if len(miss) >= FEWEST and (median := float(np.median(miss))) > _VIEWS_PIXELS:
        yield (
            f"Disparity does not match that of {other.record.path} where it leads to, by a median of {median:.3g} "
            "pixels"
        )
