"""The outlines of all masks of a frame along pixel corners, from their runs.

Each vertical run has two edges of one pixel's width: its top, walked to the right, and its bottom, walked to the left.
So the mask is on the right hand all the way, outer rings turn clockwise as seen on a screen and holes the other way.
Which edge follows an edge is decided by the runs of its own and of the next column alone, for all edges at once. What
is left is a set of closed chains. Vertical edges need no place of their own: they lie between the horizontal ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..base.ragged import offsets
from .column_runs import column_runs

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ring:
    """A closed outline along pixel corners.

    Attributes:
        points: (P, 2) int64, x and y of the corners in order, in pixels from the outer corner of the top-left pixel.
            The last is joined to the first. Edges are horizontal and vertical in turn.
        outer: for a hole the number of its outer ring in the list of the mask's rings, for an outer ring its own.
        is_hole: if so, the points go counterclockwise as seen on a screen (y down), otherwise clockwise.
    """

    points: Integers
    outer: int
    is_hole: bool


def find_outlines(rles: Sequence[str], height: int, width: int) -> list[list[Ring]]:
    """The rings of many masks.

    Pixels that touch at a corner only are apart, so a mask has one outer ring for each of its connected pieces; gaps
    that touch at a corner are one hole, and so is no gap that touches the outside at a corner.

    Args:
        rles: compressed counts of masks of this size.

    Returns:
        The rings of each mask, ordered by their leftmost columns, from the top. An outer ring comes before its holes.

    Raises:
        ValueError: the texts are not masks, or are of another size.
    """
    edges = trace_edges(rles, height, width)
    corners = edges.corners()
    points = np.stack((corners.x, corners.y), axis=1)
    first = np.searchsorted(edges.mask, np.arange(len(rles)))
    outer = edges.outer - first[edges.mask]
    found: list[list[Ring]] = [[] for _ in rles]
    rows = zip(
        edges.mask.tolist(), np.split(points, corners.first[1:]), outer.tolist(), edges.is_hole.tolist(), strict=False
    )
    for mask, ring, its_outer, is_hole in rows:
        found[mask].append(Ring(ring, its_outer, is_hole))
    return found


@dataclass(frozen=True)
class Corners:
    """The corners of many rings, one ring after the other.

    Attributes:
        x, y: (P,) int64.
        edge: (P,) int64, the edge that begins in the corner or, if none does, that ends in it.
        begins: (P,) bool, whether that edge begins there. The others lie above or below the next corner.
        first: (K,) int64, of each ring.
    """

    x: Integers
    y: Integers
    edge: Integers
    begins: Booleans
    first: Integers


@dataclass(frozen=True)
class Edges:
    """The horizontal edges of all rings, each one pixel wide, in the order in which they are walked.

    A ring begins with the top of its first run: the leftmost, and of those the uppermost that starts a run of mask
    below the outside or below the hole. The last edge of the ring leads to the same column, so the rings close with a
    vertical line.

    Attributes:
        column: (N,) int64.
        y: (N,) int64, of the corners at both ends.
        is_top: (N,) bool: top of a run, walked to the right; else bottom of a run, walked to the left.
        first: (K,) int64, the first edge of each ring. Rings are ordered by mask, then column, then row.
        mask: (K,) int64, of each ring, counted from 0.
        above: (K,) int64, for a hole the edge straight above its last one: the top of the run that ends where the hole
            begins. It belongs to another ring of the same piece, with a lower number. -1 for an outer ring.
    """

    column: Integers
    y: Integers
    is_top: Booleans
    first: Integers
    mask: Integers
    above: Integers

    @cached_property
    def is_hole(self) -> Booleans:
        """(K,) bool."""
        hole: Booleans = self.above >= 0
        return hole

    @cached_property
    def lengths(self) -> Integers:
        """(K,) int64, the number of edges of each ring."""
        return np.diff(self.first, append=self.column.size)

    @cached_property
    def parent(self) -> Integers:
        """(K,) int64, the ring above each hole: its outer ring or another hole of the piece. Itself if outer."""
        rings = np.arange(self.first.size)
        return np.where(self.is_hole, np.searchsorted(self.first, self.above, side="right") - 1, rings)

    @cached_property
    def outer(self) -> Integers:
        """(K,) int64, the outer ring of each hole, and of an outer ring itself."""
        outer = self.parent
        while not np.array_equal(further := outer[outer], outer):
            outer = further
        return outer

    def corners(self, also: Integers | None = None) -> Corners:
        """Where the rings turn.

        Args:
            also: (A,) int64, edges that are to begin with a point even in the middle of a straight line.
        """
        size = self.column.size
        turns = np.ones(size, dtype=bool)
        turns[1:] = (self.y[1:] != self.y[:-1]) | (self.is_top[1:] != self.is_top[:-1])
        turns[self.first] = True
        starts = turns.copy()
        if also is not None:
            starts[also] = True
        edge = np.flatnonzero(starts)
        x, y, turns = self.column[edge] + ~self.is_top[edge], self.y[edge], turns[edge]
        first = np.searchsorted(edge, self.first)
        after = np.arange(1, edge.size + 1)
        after[first[1:] - 1] = first[:-1]
        after[-1:] = first[-1:]
        # Each line has its start, and its end unless another one goes on straight ahead.
        both_x, both_y, both_edge = (np.repeat(values, 2) for values in (x, y, edge))
        both_x[1::2] = x[after]
        begins = np.ones(2 * edge.size, dtype=bool)
        begins[1::2] = False
        kept = begins.copy()
        kept[1::2] = turns[after]
        place = np.cumsum(kept) - kept
        return Corners(both_x[kept], both_y[kept], both_edge[kept], begins[kept], place[2 * first])


def trace_edges(rles: Sequence[str], height: int, width: int) -> Edges:
    """Find the edges of many masks and put them in order.

    Raises:
        ValueError: the texts are not masks, or are of another size.
    """
    found = column_runs(rles, height, width)
    mask, column, top, end = found.mask, found.column, found.top, found.end
    following = _following(mask * (width + 2) + column, top, end, height)
    runs = mask.size
    if runs == 0:
        none = np.zeros(0, dtype=np.int64)
        return Edges(none, none, np.zeros(0, dtype=bool), none, none, none)
    head, steps = _to_next_head(following, runs)
    leader, ring, behind = _along_rings(following, head, steps)
    # The place of an edge in its ring: so many before it as the ring has, less those that still come.
    lengths = np.bincount(ring, minlength=leader.size)
    first = offsets(lengths)
    place = (first + lengths)[ring] - behind
    place[leader] = first
    order = np.empty_like(place)
    order[place] = np.arange(place.size)
    run = np.where(order < runs, order, order - runs)
    is_top = order < runs
    # An outer ring comes to its first top from the bottom of the same run, a hole from that of the run above.
    is_hole = following[leader + runs] != leader
    above = np.where(is_hole, place[leader - 1], -1)
    return Edges(column[run], np.where(is_top, top[run], end[run]), is_top, first, mask[leader], above)


def _following(line: Integers, top: Integers, end: Integers, height: int) -> Integers:
    """The edge that follows each edge: (2R,) int64, tops of all runs first, then bottoms.

    Args:
        line: (R,) mask and column in one number, ascending; neighbouring columns of a mask are 1 apart.
        top, end: (R,) rows, half-open.

    From the right end of a top: if the next column has a run beside the top's own pixel, the outline goes up along it
    to its top, or as far as the run above leaves room. If not, it goes down along the own run, to its end or to where
    a run begins in the next column. Bottoms are the same turned by half a turn.
    """
    runs = line.size
    number = np.arange(runs)
    step = height + 1
    begin, close = line * step + top, line * step + end
    following = np.empty(2 * runs, dtype=np.int64)
    # A run after the last and before the first, so that every look-up finds one; in no column that is next to any.
    line = np.concatenate((line, [-2, -2]))
    top, end = np.concatenate((top, [0, 0])), np.concatenate((end, [0, 0]))

    right = np.searchsorted(close, begin + step, side="right")
    is_next = line[right] == line[:runs] + 1
    beside = is_next & (top[right] <= top[:runs])
    over = number - 1
    meets_over = beside & (line[over] == line[:runs]) & (end[over] > top[right])
    goes_right = beside | (is_next & (top[right] < end[:runs]))
    following[:runs] = np.where(meets_over, over + runs, np.where(goes_right, right, number + runs))

    left = np.searchsorted(begin, close - step, side="left") - 1
    is_next = line[left] == line[:runs] - 1
    beside = is_next & (end[left] >= end[:runs])
    under = number + 1
    meets_under = beside & (line[under] == line[:runs]) & (top[under] < end[left])
    goes_left = beside | (is_next & (end[left] > top[:runs]))
    following[runs:] = np.where(meets_under, under, np.where(goes_left, left + runs, number))
    return following


def _to_next_head(following: Integers, runs: int) -> tuple[Integers, Integers]:
    """The next head on the way from each edge, and how many edges away it is; 0 from a head itself.

    Heads are the tops that come after a bottom. Every ring has one, where it turns from left to right.
    """
    is_head = np.zeros(following.size, dtype=bool)
    after_bottoms = following[runs:]
    is_head[after_bottoms[after_bottoms < runs]] = True
    head = np.where(is_head, np.arange(following.size), following)
    steps = (~is_head).astype(np.int64)
    while not is_head.take(head).all():
        # Twice as far in every round.
        steps += steps.take(head)
        head = head.take(head)
    return head, steps


def _along_rings(following: Integers, head: Integers, steps: Integers) -> tuple[Integers, Integers, Integers]:
    """Which ring each edge belongs to.

    Returns:
        The leader of each ring, which is its lowest head, ascending; the ring of each edge; and how many edges away its
        leader is, 0 from the leader itself.
    """
    heads = np.flatnonzero(steps == 0)
    number = np.empty(following.size, dtype=np.int64)
    number[heads] = np.arange(heads.size)
    after = following[heads]
    target, away = number[head[after]], steps[after] + 1

    lowest, further = np.arange(heads.size), target
    while True:
        lower = np.minimum(lowest, lowest[further])
        if np.array_equal(lower, lowest):
            break
        lowest, further = lower, further[further]

    is_leader = lowest == np.arange(heads.size)
    target = np.where(is_leader, np.arange(heads.size), target)
    away = np.where(is_leader, 0, away)
    while not np.array_equal(further := target[target], target):
        away = away + away[target]
        target = further
    mine = number[head]
    ring = (np.cumsum(is_leader) - 1)[lowest]
    return heads[is_leader], ring[mine], steps + away[mine]
