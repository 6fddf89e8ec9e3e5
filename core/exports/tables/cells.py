"""Which frames share a shard: whole cells, gathered so that a frame more or less changes the shards next to it only.

A cell holds the frames of a sequence whose numbers are in one thousand, as a pack does. Where neighbours are together
no more than a shard may hold they share one, so that many short sequences give no file each. Where to cut is decided
as in a treap, a search tree whose top is given by chance: all frames are cut before the cell whose name, made a number
that looks like chance, is the largest of all; both parts likewise, until each fits into a shard. A cell more or less
changes the sums of only those parts that it is in, and of these only such as are about as large as a shard may become
another number of shards. A running count of frames would move every later cut instead.

A cell that is too large for a shard is cut in the same way before frames, by their names. One of a few frames goes with
a full one before it: a sequence from 1 to 3000 ends with a cell of one frame, which nobody wants in a file of its own.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

# Somewhat more than a cell, so that a few frames may go with a full one.
MOST_FRAMES = 1250
MOST_BYTES = 500_000_000

_Integers = npt.NDArray[np.int64]
_Spreads = npt.NDArray[np.uint64]


def shard_ends(cells: _Spreads, names: _Spreads, sizes: _Integers) -> Iterator[int]:
    """Cut the N frames of a split into shards.

    Args:
        cells, names: (N,) as FrameTable has them.
        sizes: (N,) bytes of each frame.

    Yields:
        For each shard how many frames are in it and in all before it. It has MOST_FRAMES or fewer, and MOST_BYTES or
        fewer unless it is of one frame.
    """
    if not len(cells):
        return
    starts = np.flatnonzero(np.diff(cells, prepend=~cells[:1]))
    starts = starts[~_goes_with_last(np.diff(starts, append=len(cells)), np.add.reduceat(sizes, starts))]
    bounds = np.append(starts, len(cells))
    for first, end in _pieces(np.diff(bounds), np.add.reduceat(sizes, starts), cells[starts]):
        start, stop = int(bounds[first]), int(bounds[end])
        if end > first + 1:
            yield stop
            continue
        own = slice(start, stop)
        yield from (start + last for _, last in _pieces(np.ones(stop - start, np.int64), sizes[own], names[own]))


def _goes_with_last(counts: _Integers, sizes: _Integers) -> npt.NDArray[np.bool_]:
    """(N,) whether each cell has few frames, and the one before it many but not too many; also of their bytes."""
    found = np.zeros(len(counts), np.bool_)
    found[1:] = (counts[1:] <= MOST_FRAMES // 5) & (counts[:-1] >= MOST_FRAMES * 2 // 5)
    found[1:] &= (counts[1:] + counts[:-1] <= MOST_FRAMES) & (sizes[1:] + sizes[:-1] <= MOST_BYTES)
    return found


def _pieces(counts: _Integers, sizes: _Integers, ranks: _Spreads) -> Iterator[tuple[int, int]]:
    """Cut things in a row into pieces that fit, or are one thing.

    Args:
        counts, sizes: (N,) frames and bytes of each.
        ranks: (N,) the highest one is cut first.

    Yields:
        The first thing of each piece, and the one after its last.
    """
    counts_before, sizes_before = (np.concatenate([[0], np.cumsum(values)]) for values in (counts, sizes))
    waiting = [(0, len(counts))]
    while waiting:
        first, end = waiting.pop()
        frames, size = counts_before[end] - counts_before[first], sizes_before[end] - sizes_before[first]
        if end == first + 1 or (frames <= MOST_FRAMES and size <= MOST_BYTES):
            yield first, end
            continue
        cut = first + 1 + int(np.argmax(ranks[first + 1 : end]))
        waiting += [(cut, end), (first, cut)]
