"""The smallest rectangle, turned in any way, around each mask of a frame.

One of its sides lies along a side of the convex hull (Freeman and Shapira, 1975), so for each of these the extents of
the hull along it and across it are compared. All that is compared is whole numbers, of all masks at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..base.ragged import Integers, offsets
from .column_runs import column_runs

_TURN = 2 * np.pi


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
    upright = first + np.arange(len(rles))
    is_side = np.ones(len(points) + len(rles), dtype=bool)
    is_side[upright] = False
    sides = points[_after(first, counts)] - points
    directions = np.empty((len(is_side), 2), dtype=np.int64)
    directions[is_side], directions[upright] = sides, (1, 0)
    extents = _extents(points, sides, directions, counts, first)
    area = (extents.high - extents.low) * (extents.far - extents.near) / extents.square
    fits = extents.fit(width, height, largest)
    fits[upright] = True
    smallest = chosen = _first_smallest(area, upright)
    if not fits.all():
        chosen = _first_smallest(np.where(fits, area, np.inf), upright)
    return Rectangles(extents.corners(chosen), chosen == smallest)


@dataclass(frozen=True)
class _Extents:
    """How far hulls reach along directions and across them, a quarter turn clockwise, times the lengths of these.

    Attributes:
        dx, dy, square: (D,) int64, the directions, and the squares of their lengths.
        low, high, near, far: (D,) int64, the least and the greatest along, the least and the greatest across.
    """

    dx: Integers
    dy: Integers
    square: Integers
    low: Integers
    high: Integers
    near: Integers
    far: Integers

    def corners(self, chosen: Integers) -> npt.NDArray[np.float64]:
        """(C, 4, 2), x and y of the corners of the rectangles along some directions."""
        dx, dy, square, low, high, near, far = (values[chosen, None] for values in vars(self).values())
        one, other = np.hstack((low, high, high, low)), np.hstack((near, near, far, far))
        x, y = one * dx - other * dy, one * dy + other * dx
        corners: npt.NDArray[np.float64] = np.stack((x, y), axis=2) / square[..., None]
        return corners

    def fit(self, width: int, height: int, largest: float) -> npt.NDArray[np.bool_]:
        """(D,) bool, which of the rectangles are allowed, see smallest_rectangles()."""
        along, across = self.high - self.low, self.far - self.near
        twice, twice_across = self.high + self.low, self.far + self.near
        fits = np.ones(self.dx.size, dtype=bool)
        for size, middle, one, other in (
            (width, twice * self.dx - twice_across * self.dy, self.dx, self.dy),
            (height, twice * self.dy + twice_across * self.dx, self.dy, self.dx),
        ):
            fits &= (np.abs(one) * along + np.abs(other) * across) / self.square <= largest * size
            fits &= (middle >= 0) & (middle <= 2 * size * self.square)
        return fits


def _after(first: Integers, counts: Integers) -> Integers:
    """(N,) int64, the corner that follows each corner of closed lines, which lie one after the other."""
    after = np.arange(1, int(counts.sum()) + 1)
    after[first + counts - 1] = first
    return after


def _extents(points: Integers, sides: Integers, directions: Integers, counts: Integers, first: Integers) -> _Extents:
    """Find the corners of hulls that lie farthest along directions and across them.

    The sides of a hull turn clockwise, so the corner that lies farthest to the left of a direction is where the first
    side begins that has turned as far as it or farther. Angles are floats, since those of different sides differ by
    more than they are rounded by; where two are equal, both ends of a side reach equally far.

    Args:
        points: (N, 2) int64, corners of the hulls.
        sides: (N, 2) int64, from each corner to the next.
        directions: (N + M, 2) int64, one more of each hull than it has sides.
        counts, first: (M,) int64, how many corners each hull has, and which is the first.
    """
    hulls = np.arange(counts.size)
    begin = hulls * (2 * _TURN)  # so far apart that no search ends in another one
    angles = np.arctan2(sides[:, 1], sides[:, 0])
    # From the first side of the hull on.
    start = angles[first]
    turned = begin.repeat(counts) + _within_turn(angles - start.repeat(counts))
    of, dx, dy = hulls.repeat(counts + 1), *directions.T
    own, begin, first, stop = np.arctan2(dy, dx) - start[of], begin[of], first[of], (first + counts)[of]

    def farthest(quarters: int) -> tuple[Integers, Integers]:
        """x and y of the corners to the left of the directions after some quarters of a turn clockwise."""
        found = np.searchsorted(turned, begin + _within_turn(own + quarters * _TURN / 4))
        x, y = points[np.where(found < stop, found, first)].T
        return x, y

    (near_x, near_y), (high_x, high_y), (far_x, far_y), (low_x, low_y) = map(farthest, range(4))
    low, high = low_x * dx + low_y * dy, high_x * dx + high_y * dy
    near, far = near_y * dx - near_x * dy, far_y * dx - far_x * dy
    return _Extents(dx, dy, dx * dx + dy * dy, low, high, near, far)


def _within_turn(angles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same directions by angles from 0 to a turn; those given are within two turns of it."""
    angles = np.where(angles < 0, angles + _TURN, angles)
    return np.where(angles >= _TURN, angles - _TURN, angles)


def _first_smallest(area: npt.NDArray[np.float64], begin: Integers) -> Integers:
    """(M,) int64, the first of the smallest rectangles of each mask, whose rectangles begin at these places."""
    counts = np.diff(begin, append=area.size)
    smallest = np.flatnonzero(area == np.minimum.reduceat(area, begin).repeat(counts))
    first: Integers = smallest[np.searchsorted(smallest, begin)]
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
