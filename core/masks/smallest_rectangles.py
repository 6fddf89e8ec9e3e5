"""The smallest rectangle, turned in any way, around each mask of a frame.

One of its sides lies along a side of the convex hull (Freeman and Shapira, 1975), so for each of these the extents of
the hull along it and across it are compared. All that is compared is whole numbers, of all masks at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..base.ragged import Integers, flat_ranges, offsets
from .rle import mask_runs


@dataclass(frozen=True)
class Rectangles:
    """
    Attributes:
        corners: (M, 4, 2) float64, x and y of the corners of each rectangle, clockwise as seen on a screen, in pixels
            from the outer corner of the top-left pixel. They may lie outside the image.
        is_smallest: (M,) bool; False where the smallest one is so large that it was not allowed.
    """

    corners: npt.NDArray[np.float64]
    is_smallest: npt.NDArray[np.bool_]


def smallest_rectangles(rles: Sequence[str], height: int, width: int, largest: float = np.inf) -> Rectangles:
    """The smallest rectangle around the pixels of each mask, the corners of the pixels included.

    Args:
        rles: compressed counts of masks of this size, each with a pixel or more.
        largest: how wide and high a rectangle may be from its leftmost to its rightmost corner and from its uppermost
            to its lowest, as parts of the image's width and height; 1 or more. The middle between them must be in the
            image too. The upright rectangle fits always.

    Raises:
        ValueError: the texts are not masks, are of another size, or have no pixel.
    """
    points, counts = _hulls(*_columns(rles, height, width), len(rles))
    if (counts == 0).any():
        raise ValueError("a mask without pixels")
    first = offsets(counts)
    # Of each mask the upright direction, then those of the sides of its hull.
    after = np.arange(1, len(points) + 1)
    after[first + counts - 1] = first
    directions = np.insert(points[after] - points, first, (1, 0), axis=0)
    mask = np.repeat(np.arange(len(rles)), counts + 1)
    pairs = flat_ranges(first[mask], counts[mask])
    begins = offsets(counts[mask])
    direction = np.repeat(directions, counts[mask], axis=0)
    along = (points[pairs] * direction).sum(axis=1)
    across = points[pairs, 1] * direction[:, 0] - points[pairs, 0] * direction[:, 1]
    low, high, near, far = _extents((along, across), begins)
    square = (directions**2).sum(axis=1)
    area = (high - low) * (far - near) / square
    one, other = np.stack((low, high, high, low), axis=1), np.stack((near, near, far, far), axis=1)
    dx, dy = directions[:, :1], directions[:, 1:]
    corners = np.stack((one * dx - other * dy, one * dy + other * dx), axis=2) / square[:, None, None]
    left_top, right_bottom = corners.min(axis=1), corners.max(axis=1)
    size, middle = np.array([width, height]), (left_top + right_bottom) / 2
    fits = ((right_bottom - left_top <= largest * size) & (middle >= 0) & (middle <= size)).all(axis=1)
    upright = first + np.arange(len(rles))
    fits[upright] = True
    chosen = _first_smallest(np.where(fits, area, np.inf), mask)
    return Rectangles(corners[chosen], chosen == _first_smallest(area, mask))


def _extents(values: Sequence[Integers], begins: Integers) -> list[Integers]:
    """The least and the greatest of each range of several values, one after the other."""
    if begins.size == 0:
        return [begins, begins] * len(values)
    return [ends.reduceat(one, begins) for one in values for ends in (np.minimum, np.maximum)]


def _first_smallest(area: npt.NDArray[np.float64], mask: Integers) -> Integers:
    """(M,) int64, the first of the smallest rectangles of each mask."""
    order = np.lexsort((np.arange(area.size), area, mask))
    first: Integers = order[np.unique(mask, return_index=True)[1]]
    return first


def _columns(rles: Sequence[str], height: int, width: int) -> tuple[Integers, Integers, Integers, Integers]:
    """Of each mask and column with pixels: the mask, the column, the first row and the end of the last."""
    mask, start, end = mask_runs(rles, height, width)
    step = max(height, 1)
    last = end - 1
    # A run that goes on in further columns fills all between its first and its last.
    columns = last // step - start // step + 1
    run = np.repeat(np.arange(mask.size), columns)
    column = flat_ranges(start // step, columns)
    top = np.maximum(start[run] - column * step, 0)
    bottom = np.minimum(end[run] - column * step, height)
    place = mask[run] * (width + 1) + column
    first = np.flatnonzero(np.append(True, place[1:] != place[:-1])[: place.size])
    if first.size == 0:
        return place, place, place, place
    return mask[run][first], column[first], np.minimum.reduceat(top, first), np.maximum.reduceat(bottom, first)


def _hulls(mask: Integers, column: Integers, top: Integers, bottom: Integers, masks: int) -> tuple[Integers, Integers]:
    """Corners of the convex hulls, clockwise as seen on a screen: (N, 2) int64, and (M,) int64, how many of each mask.

    Only the highest and the lowest corner of pixels of each column can be one. The upper ones go from left to right,
    the lower ones back.
    """
    sides = []
    for y, is_upper in ((top, True), (bottom, False)):
        # Both sides of each column; where two columns meet, the farther of their corners.
        x, rows = np.repeat(column, 2), np.repeat(y, 2)
        x[1::2] += 1
        of = np.repeat(mask, 2)
        order = np.lexsort((rows if is_upper else -rows, x, of))
        of, x, rows = of[order], x[order], rows[order]
        new = np.ones(of.size, dtype=bool)
        new[1:] = (of[1:] != of[:-1]) | (x[1:] != x[:-1])
        sides.append(_convex(of[new], x[new], rows[new], 1 if is_upper else -1))
    (of, x, y), (of_lower, x_lower, y_lower) = sides
    lower = np.argsort(of_lower[::-1], kind="stable")
    all_of = np.concatenate((of, of_lower[::-1][lower]))
    points = np.stack((np.concatenate((x, x_lower[::-1][lower])), np.concatenate((y, y_lower[::-1][lower]))), axis=1)
    order = np.argsort(all_of, kind="stable")
    return points[order], np.bincount(all_of, minlength=masks)


def _convex(mask: Integers, x: Integers, y: Integers, up: int) -> tuple[Integers, Integers, Integers]:
    """The points of chains from left to right that are not below (up is 1) or above (-1) a line between others.

    A point that is below the line between its neighbours is no corner of the hull, whatever becomes of these, so all
    of them are taken away at once until there are none.
    """
    kept = np.arange(mask.size)
    while True:
        m, px, py = mask[kept], x[kept], y[kept]
        turn = (px[1:-1] - px[:-2]) * (py[2:] - py[1:-1]) - (py[1:-1] - py[:-2]) * (px[2:] - px[1:-1])
        inner = np.zeros(kept.size, dtype=bool)
        inner[1:-1] = (m[2:] == m[:-2]) & (up * turn <= 0)
        if not inner.any():
            return m, px, py
        kept = kept[~inner]
