"""One closed line for each connected piece of a mask: its outer ring, with its holes joined by there-and-back bridges.

A bridge is two equal lines of opposite direction, so it has no area and readers that fill by crossings do not see it.
It runs straight up from the top left corner of the hole, through the run of mask above it, to the ring where that run
begins. So it stays inside the mask, and no search for a near point is needed. That other ring is the outer one, or a
hole that lies further left or higher, so no chain of bridges comes back to where it began.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..base.ragged import Integers, flat_ranges, offsets
from .outlines import Corners, Edges


@dataclass(frozen=True)
class Joined:
    """Closed lines of all pieces of many masks.

    Attributes:
        points: (P, 2) int64, x and y, one piece after the other.
        first: (Q,) int64, the first point of each piece.
        mask: (Q,) int64, which mask each piece belongs to, ascending.
    """

    points: Integers
    first: Integers
    mask: Integers

    def by_mask(self, masks: int) -> list[list[Integers]]:
        """The lines of each mask, (P, 2) int64 each."""
        found: list[list[Integers]] = [[] for _ in range(masks)]
        stops = [*self.first[1:].tolist(), len(self.points)]
        for mask, start, stop in zip(self.mask.tolist(), self.first.tolist(), stops, strict=False):
            found[mask].append(self.points[start:stop])
        return found


def starts_of_bridges(edges: Edges, corners: Corners) -> Integers:
    """(K,) int64, the corner at or before the place where each hole's bridge leaves the ring above; -1 if outer."""
    if not edges.is_hole.any():
        return edges.above
    begins = np.flatnonzero(corners.begins)
    place = np.searchsorted(corners.edge[begins], edges.above, side="right") - 1
    return np.where(edges.is_hole, begins[np.maximum(place, 0)], -1)


def join_holes(edges: Edges, points: Integers, first: Integers, starts: Integers, bridges: Integers) -> Joined:
    """Walk round each piece and on the way over its bridges.

    Args:
        edges: of the rings.
        points: (P, 2) int64, of the rings, one after the other. The last of a hole is next to its bridge.
        first: (K,) int64, the first point of each ring.
        starts: (K,) int64, the point at or before the place where the bridge of each hole begins; -1 if outer.
        bridges: (K, 2, 2) int64, upper and lower end of the bridge of each hole.

    Returns:
        The lines without points that equal the point before.
    """
    if not edges.is_hole.any():
        return _without_repeated(points, np.repeat(np.arange(first.size), np.diff(first, append=len(points))), edges)
    last = np.append(first[1:], len(points)) - 1
    ranges = np.array(list(_ranges(edges, first.tolist(), last.tolist(), starts)), dtype=np.int64).reshape(-1, 3)
    piece, begin, counts = ranges.T
    order = flat_ranges(begin, counts)
    walked = np.concatenate((points, bridges.reshape(-1, 2)))[order]
    return _without_repeated(walked, np.repeat(piece, counts), edges)


def _without_repeated(points: Integers, piece: Integers, edges: Edges) -> Joined:
    """The lines without points that equal the point before.

    Args:
        points: (P, 2) int64.
        piece: (P,) int64, the outer ring of each.
        edges: of the rings.
    """
    new = np.ones(len(points), dtype=bool)
    x, y = points.T
    new[1:] = (x[1:] != x[:-1]) | (y[1:] != y[:-1]) | (piece[1:] != piece[:-1])
    outer = np.flatnonzero(~edges.is_hole)
    kept = np.bincount(piece[new], minlength=edges.first.size)[outer]
    return Joined(points[new], offsets(kept), edges.mask[outer])


def _ranges(edges: Edges, first: list[int], last: list[int], starts: Integers) -> Iterator[tuple[int, int, int]]:
    """The walk as ranges of points: piece, first point and how many. The ends of bridges come after all points."""
    bridge = last[-1] + 1 if last else 0
    holes: dict[int, list[int]] = {}
    order = np.argsort(starts, kind="stable")
    for hole in order[edges.is_hole[order]].tolist():
        holes.setdefault(int(edges.parent[hole]), []).append(hole)
    starting = starts.tolist()
    for piece in np.flatnonzero(~edges.is_hole).tolist():
        todo = [(piece, first[piece], 0)]
        while todo:
            ring, point, done = todo.pop()
            here = holes.get(ring, ())
            if done < len(here):
                hole = here[done]
                yield piece, point, starting[hole] + 1 - point
                yield piece, bridge + 2 * hole, 2
                yield piece, last[hole], 1
                todo += [(ring, starting[hole] + 1, done + 1), (hole, first[hole], 0)]
            elif ring == piece:
                yield piece, point, last[ring] + 1 - point
            else:
                yield piece, point, last[ring] - point
                yield piece, bridge + 2 * ring + 1, 1
                yield piece, bridge + 2 * ring, 1
