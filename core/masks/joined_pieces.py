"""Closed lines of pixels joined to one by lines there and back, with as few pixels between them as can be."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..base.ragged import Integers

# With more points than these in all pieces, only some of each are looked at for the shortest way: more of many pieces.
_FEW_POINTS, _POINTS_OF_PIECE, _MOST_POINTS = 512, 16, 4096
# Of points, so that their distances stay in the processor's cache.
_PAIRS_AT_ONCE = 1 << 15


def join_pieces(pieces: Sequence[Integers]) -> tuple[Integers, Integers]:
    """One closed line through all pieces.

    Beginning with the first, the piece that is nearest to those already joined is joined to the nearest of their
    points: the shortest tree that joins them all (Prim's), measured in pixels along rows, columns and diagonals. The
    time grows with the square of their number; simpler_masks.py leaves few enough.

    Args:
        pieces: (P, 2) int64 each, column and row of pixels, one or more.

    Returns:
        line: (P, 2) int64, without points that equal the point before.
        between: (L, 3, 2) int64, the lines between pieces: one end, where it turns from diagonal to straight on, and
            the other.
    """
    if len(pieces) == 1:
        return pieces[0], np.zeros((0, 3, 2), dtype=np.int64)
    ends = _shortest_tree(pieces)
    one = np.array([pieces[there][point] for there, point, _ in ends.values()])
    other = np.array([pieces[piece][point] for piece, (_, _, point) in ends.items()])
    away = other - one
    # As many pixels as a slanted line has, and no reader rounds them otherwise.
    turns = one + np.sign(away) * np.abs(away).min(axis=1, keepdims=True)
    points = np.concatenate((*pieces, turns))
    line = points[np.concatenate(list(_walk(pieces, ends)))]
    new = np.append(True, (line[1:] != line[:-1]).any(axis=1))
    return line[new], np.stack((one, turns, other), axis=1)


class _SortedPiece:
    """A piece whose points are found by their columns: it may have a million of them, and hundreds of pieces near it.

    Args:
        piece: (P, 2) int64.
    """

    def __init__(self, piece: Integers) -> None:
        self._piece = piece

    @cached_property
    def _by_column(self) -> tuple[Integers, Integers]:
        """The order of the points, and their columns in that order."""
        order = np.argsort(self._piece[:, 0], kind="stable")
        return order, self._piece[order, 0]

    def nearest(self, point: Integers, within: int) -> int:
        """The point of the piece that is nearest to another, by number; one of them is no farther than `within`."""
        order, columns = self._by_column
        first, stop = np.searchsorted(columns, (point[0] - within, point[0] + within + 1)).tolist()
        near = order[first:stop]
        return int(near[np.abs(self._piece[near] - point).max(axis=1).argmin()])


# Piece -> the piece that it is joined to, the number of the point there, and that of its own.
_Tree = dict[int, tuple[int, int, int]]


def _shortest_tree(pieces: Sequence[Integers]) -> _Tree:
    """In the order in which the pieces are joined; without the first."""
    most = min(max(_FEW_POINTS, _POINTS_OF_PIECE * len(pieces)), _MOST_POINTS)
    every = -(-sum(map(len, pieces)) // most)
    some = [piece[::every] for piece in pieces]
    points = np.concatenate(some)
    # Distances of all points from all others are most of the time: half as many bytes take half of it.
    near_points, near = points.astype(np.int32), [piece.astype(np.int32) for piece in some]
    piece_of = np.repeat(np.arange(len(some)), [len(piece) for piece in some])
    waiting = np.flatnonzero(piece_of != 0)
    distance = np.full(waiting.size, np.iinfo(np.int32).max, np.int32)
    by = np.zeros(waiting.size, dtype=np.int64)  # the piece that is so near
    tree: _Tree = {}
    sorted_pieces = [_SortedPiece(piece) for piece in pieces]
    newest = 0
    while waiting.size:
        nearest = _distances(near_points[waiting], near[newest])
        nearer = nearest < distance
        distance[nearer], by[nearer] = nearest[nearer], newest
        chosen = int(distance.argmin())
        newest, there = int(piece_of[waiting[chosen]]), int(by[chosen])
        here = sorted_pieces[there].nearest(points[waiting[chosen]], int(distance[chosen]))
        own = int(np.abs(pieces[newest] - pieces[there][here]).max(axis=1).argmin())
        tree[newest] = there, here, own
        left = piece_of[waiting] != newest
        waiting, distance, by = waiting[left], distance[left], by[left]
    return tree


def _distances(points: npt.NDArray[np.int32], piece: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """(N,) int32, from each point to the nearest one of a piece."""
    nearest = np.full(len(points), np.iinfo(np.int32).max, np.int32)
    size = max(1, _PAIRS_AT_ONCE // len(points))
    for start in range(0, len(piece), size):
        x, y = piece[start : start + size].T
        away = np.maximum(np.abs(points[:, :1] - x), np.abs(points[:, 1:] - y))
        np.minimum(nearest, away.min(axis=1), out=nearest)
    return nearest


def _walk(pieces: Sequence[Integers], tree: _Tree) -> Iterator[Integers]:
    """The points in the order of the line, by number; the turns of the lines between pieces come after all points."""
    sizes = [len(piece) for piece in pieces]
    first = np.concatenate(([0], np.cumsum(sizes)))
    turn = {piece: first[-1:] + number for number, piece in enumerate(tree)}
    entry = {0: 0, **{piece: own for piece, (_, _, own) in tree.items()}}
    # How far along each piece others begin, from the point where it is entered.
    others: dict[int, list[tuple[int, int]]] = {}
    for piece, (there, point, _) in tree.items():
        others.setdefault(there, []).append(((point - entry[there]) % sizes[there], piece))
    for along in others.values():
        along.sort()
    todo = [(0, 0, 0)]
    while todo:
        piece, place, done = todo.pop()
        here = others.get(piece, ())
        ends = done == len(here)
        stop = sizes[piece] - (piece == 0) if ends else here[done][0]
        yield first[piece] + (entry[piece] + np.arange(place, stop + 1)) % sizes[piece]
        if not ends:
            other = here[done][1]
            yield turn[other]
            todo += [(piece, stop, done + 1), (other, 0, 0)]
        elif piece:
            yield turn[piece]
