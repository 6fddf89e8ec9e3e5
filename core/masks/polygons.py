"""COCO polygons that pycocotools fills to exactly the mask that they were made from.

pycocotools looks at each column of pixels at its middle, and at which fifth of a pixel an edge of the polygon passes
there; the column's pixels change between outside and inside at the corner nearest to that. Source: `rleFrPoly` in
cocoapi, `common/maskApi.c`. So an edge may cut the corners of a staircase as long as it passes the middles of all
columns near enough, and each edge can be judged by itself.
"""

from collections.abc import Sequence

import numpy as np

from ..base.ragged import Integers
from .bridges import join_holes, starts_of_bridges
from .outlines import Booleans, Corners, trace_edges

# From a corner that is left out to the polygon, in pixels: half a pixel's diagonal.
_FARTHEST = 0.71
# How many corners an edge goes on. With odd numbers the first and the last of the edges that it stands for have the
# same direction, so corners are cut on both sides of it and areas hardly change.
_STEPS = (3, 5)


def exact_polygons(rles: Sequence[str], height: int, width: int) -> list[list[Integers]]:
    """COCO polygons of many masks.

    Args:
        rles: compressed counts of masks of this size.

    Returns:
        For each mask one polygon for each connected piece (pixels that touch at a corner only are apart), from left to
        right: (P, 2) int64, x and y of pixel corners, in pixels from the outer corner of the top-left pixel; P is at
        least 3. Holes belong to the polygon of their piece, joined by bridges that go there and back. All of a mask's
        polygons together give the same mask in pycocotools, pixel by pixel, and no corner of the mask is farther than
        0.71 pixels from them.

    Raises:
        ValueError: the texts are not masks, or are of another size.
    """
    edges = trace_edges(rles, height, width)
    if edges.first.size == 0:
        return [[] for _ in rles]
    corners = edges.corners(also=edges.above[edges.is_hole])
    starts = starts_of_bridges(edges, corners)
    points = np.stack((corners.x, corners.y), axis=1)
    last = np.append(corners.first[1:], len(points)) - 1
    bridges = np.stack((points[starts], points[last]), axis=1)
    kept = _simplified(corners, last, starts[edges.is_hole])
    place = np.cumsum(kept) - 1
    starts = np.where(edges.is_hole, place[starts], -1)
    return join_holes(edges, points[kept], place[corners.first], starts, bridges).by_mask(len(rles))


def _simplified(corners: Corners, last: Integers, bridged: Integers) -> Booleans:
    """Which corners to keep: (P,) bool.

    Args:
        corners: of the rings.
        last: (K,) int64, the last corner of each ring, which is kept as its first is.
        bridged: corners where bridges begin, which are kept too.
    """
    number = np.arange(corners.x.size)
    kept = np.zeros(number.size, dtype=bool)
    kept[corners.first] = True
    # A step must not lead beyond the next corner that is kept in any case.
    is_fixed = kept.copy()
    is_fixed[last] = is_fixed[bridged] = True
    fixed = np.flatnonzero(is_fixed)
    stop = np.append(fixed, fixed[-1])[np.cumsum(is_fixed)]
    following = number + 1
    for steps in _STEPS:
        start = _near(corners.x, corners.y, steps)
        start = start[start + steps <= stop[start]]
        start = start[_can_skip(corners.x, corners.y, start, steps)]
        following[start] = start + steps
    following[last] = last
    # Everything that is reached from the first corner of a ring, twice as far in every round.
    before = 0
    while before < (reached := np.count_nonzero(kept)):
        before = reached
        kept[following[kept]] = True
        following = following[following]
    return kept


def _near(x: Integers, y: Integers, steps: int) -> Integers:
    """The corners from which an edge to the one some steps after it passes near all those between."""
    size = max(x.size - steps, 0)
    w, h = x[steps:] - x[:size], y[steps:] - y[:size]
    farthest = _FARTHEST * np.sqrt(w * w + h * h)
    start = np.arange(size)
    for step in range(1, steps):
        near = np.abs(w * (y[start + step] - y[start]) - h * (x[start + step] - x[start])) <= farthest
        start, w, h, farthest = start[near], w[near], h[near], farthest[near]
    return start


def _can_skip(x: Integers, y: Integers, start: Integers, steps: int) -> Booleans:
    """Whether an edge from each corner to the one some steps after it gives what the edges between them give.

    An edge from (x0, y0) to (x0 + w, y0 + h), w > 0, passes the middle of the column x0 + j at y0 + h (2j + 1) / 2w.
    There it is cut into fifths of a pixel, between two of them along its longer direction, and the smaller y counts:
    the middle of the interval of those that give the corner row y0 + r is at r + min(|h|, w) / 10w, and its half width
    is 1/2. The ends of the interval are left out, since which way they are rounded depends on the compiler.
    """
    end = start + steps
    w, h = x[end] - x[start], y[end] - y[start]
    direction = np.sign(w)
    left = np.where(w > 0, start, end)
    left_x, left_y, w, h = x[left], y[left], np.abs(w), h * direction
    slope, least = 5 * h, np.minimum(np.abs(h), w)
    able: Booleans = w > 0
    for step in range(steps):
        one, other = x[start + step] - left_x, x[start + step + 1] - left_x
        middle = 10 * w * (y[start + step] - left_y) + least
        # A straight line is passed everywhere as it is in its first and last column.
        first, last = np.minimum(one, other), np.maximum(one, other) - 1
        fits = np.abs(slope * (2 * first + 1) - middle) < 5 * w
        fits &= np.abs(slope * (2 * last + 1) - middle) < 5 * w
        able &= (one == other) | (fits & ((other > one) == (direction > 0)))
    return able
