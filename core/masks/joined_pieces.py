"""Closed lines of pixels joined to one by lines there and back, with as few pixels between them as can be."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..base.ragged import Integers

# With more points than these in all pieces, only some of each are looked at for the shortest way.
_MOST_POINTS = 4096
# With more pieces than these, each is joined to one of so many before it along a curve that fills the image.
_MOST_PIECES = 1024
_BEFORE = 64


def join_pieces(pieces: Sequence[Integers]) -> tuple[Integers, Integers]:
    """One closed line through all pieces.

    Beginning with the first, the piece that is nearest to those already joined is joined to the nearest of their
    points: the shortest tree that joins them all (Prim's), measured in pixels along rows, columns and diagonals. A mask
    of thousands of pieces, such as grass, gets a tree that is nearly as short, since their pairs would be too many.

    Args:
        pieces: (P, 2) int64 each, column and row of pixels, one or more.

    Returns:
        line: (P, 2) int64, without points that equal the point before.
        between: (L, 3, 2) int64, the lines between pieces: one end, where it turns from diagonal to straight on, and
            the other.
    """
    if len(pieces) == 1:
        return pieces[0], np.zeros((0, 3, 2), dtype=np.int64)
    if len(pieces) > _MOST_PIECES:
        pieces = [pieces[piece] for piece in _along_a_curve(np.array([piece[0] for piece in pieces])).tolist()]
        ends = _short_tree(pieces)
    else:
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


# Piece -> the piece that it is joined to, the number of the point there, and that of its own.
_Tree = dict[int, tuple[int, int, int]]


def _shortest_tree(pieces: Sequence[Integers]) -> _Tree:
    """In the order in which the pieces are joined; without the first."""
    every = -(-sum(map(len, pieces)) // _MOST_POINTS)
    some = [piece[::every] for piece in pieces]
    points = np.concatenate(some)
    piece_of = np.repeat(np.arange(len(some)), [len(piece) for piece in some])
    waiting = np.flatnonzero(piece_of != 0)
    distance = np.full(waiting.size, np.iinfo(np.int64).max)
    by = np.zeros(waiting.size, dtype=np.int64)  # the piece that is so near
    tree: _Tree = {}
    newest = 0
    while waiting.size:
        nearest = _distances(points[waiting], some[newest])
        nearer = nearest < distance
        distance[nearer], by[nearer] = nearest[nearer], newest
        chosen = int(distance.argmin())
        newest, there = int(piece_of[waiting[chosen]]), int(by[chosen])
        tree[newest] = _near_points(pieces[there], pieces[newest], there, points[waiting[chosen]])
        left = piece_of[waiting] != newest
        waiting, distance, by = waiting[left], distance[left], by[left]
    return tree


def _along_a_curve(points: Integers) -> Integers:
    """The order of points along Morton's curve, so that most that are near in the image are near in the order."""
    place = np.zeros(len(points), dtype=np.int64)
    for bit in range(int(points.max()).bit_length()):
        place |= ((points[:, 0] >> bit & 1) << 2 * bit) | ((points[:, 1] >> bit & 1) << 2 * bit + 1)
    return np.argsort(place, kind="stable")


def _short_tree(pieces: Sequence[Integers]) -> _Tree:
    """Each piece joined to the nearest of those shortly before it, as far as their first points tell."""
    points = np.array([piece[0] for piece in pieces])
    number = np.arange(1, len(points))
    nearest = np.zeros_like(number)
    distance = np.full(number.size, np.iinfo(np.int64).max)
    for back in range(1, _BEFORE + 1):
        away = np.abs(points[number] - points[np.maximum(number - back, 0)]).max(axis=1)
        nearer = away < distance
        distance[nearer], nearest[nearer] = away[nearer], np.maximum(number - back, 0)[nearer]
    return {
        piece: _near_points(pieces[there], pieces[piece], there, points[piece])
        for piece, there in zip(number.tolist(), nearest.tolist(), strict=True)
    }


def _distances(points: Integers, piece: Integers) -> Integers:
    """(N,) int64, from each point to the nearest one of a piece."""
    nearest = np.full(len(points), np.iinfo(np.int64).max)
    size = max(1, (1 << 18) // len(points))
    for start in range(0, len(piece), size):
        x, y = piece[start : start + size].T
        away = np.maximum(np.abs(points[:, :1] - x), np.abs(points[:, 1:] - y))
        np.minimum(nearest, away.min(axis=1), out=nearest)
    return nearest


def _near_points(joined: Integers, piece: Integers, number: int, point: Integers) -> tuple[int, int, int]:
    """The points to join, among all of both pieces, near a point of the second."""
    here = int(np.abs(joined - point).max(axis=1).argmin())
    there = int(np.abs(piece - joined[here]).max(axis=1).argmin())
    return number, here, there


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
