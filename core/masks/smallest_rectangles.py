"""The smallest rectangle, turned in any way, around each mask of a frame.

One of its sides lies along a side of the convex hull (Freeman and Shapira, 1975), so for each of these the extents of
the hull along it and across it are compared. All that is compared is whole numbers, of all masks at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..base.ragged import Integers, flat_ranges, offsets
from .column_runs import column_runs


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
    number = np.repeat(np.arange(len(directions)), counts[mask])
    x, y = (points[:, axis].take(pairs) for axis in (0, 1))
    dx, dy = (directions[:, axis].take(number) for axis in (0, 1))
    along, across = x * dx + y * dy, y * dx - x * dy
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
    runs = column_runs(rles, height, width)
    place = runs.mask * (width + 1) + runs.column
    is_first = np.append(True, place[1:] != place[:-1])[: place.size]
    first = np.flatnonzero(is_first)
    last = np.flatnonzero(np.append(is_first[1:], True)[: place.size])
    return runs.mask[first], runs.column[first], runs.top[first], runs.end[last]


def _hulls(mask: Integers, column: Integers, top: Integers, bottom: Integers, masks: int) -> tuple[Integers, Integers]:
    """Corners of the convex hulls, clockwise as seen on a screen: (N, 2) int64, and (M,) int64, how many of each mask.

    Only the highest and the lowest corner of pixels of each column can be one. The upper ones go from left to right,
    the lower ones back.
    """
    # Both sides of each column; where two columns meet, the farther of their corners.
    x, of = column.repeat(2), mask.repeat(2)
    x[1::2] += 1
    new = np.ones(of.size, dtype=bool)
    new[1:] = (of[1:] != of[:-1]) | (x[1:] != x[:-1])
    first = np.flatnonzero(new)
    of, x = of[first], x[first]
    # With the sign of their rows turned, the lower chains are as the upper ones.
    rows = [np.minimum.reduceat(y.repeat(2), first) if first.size else y for y in (top, -bottom)]
    chain, x, y = _convex(np.concatenate((of, of + masks)), np.concatenate((x, x)), np.concatenate(rows))
    upper = int(np.searchsorted(chain, masks))
    y[upper:] *= -1
    backwards = slice(None, upper - 1 if upper else None, -1)
    of = np.concatenate((chain[:upper], chain[backwards] - masks))
    points = np.stack([np.concatenate((values[:upper], values[backwards])) for values in (x, y)], axis=1)
    order = np.argsort(of, kind="stable")
    return points[order], np.bincount(of, minlength=masks)


def _convex(chain: Integers, x: Integers, y: Integers) -> tuple[Integers, Integers, Integers]:
    """The points of chains from left to right that are not below a line between others of their chain.

    A point that is below the line between its neighbours is no corner of the hull, whatever becomes of these, so all
    of them are taken away at once until there are none.
    """
    while True:
        right, down = x[1:] - x[:-1], y[1:] - y[:-1]
        kept = np.ones(x.size, dtype=bool)
        kept[1:-1] = (right[:-1] * down[1:] > down[:-1] * right[1:]) | (chain[2:] != chain[:-2])
        if kept.all():
            return chain, x, y
        chain, x, y = chain[kept], x[kept], y[kept]
