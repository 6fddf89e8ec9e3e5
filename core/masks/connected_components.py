"""Connected pieces of a label image, from its runs."""

import numpy as np

from ..base.ragged import Integers, flat_ranges
from .runs import Runs


def connected_pieces(runs: Runs) -> Integers:
    """Which piece each run belongs to: runs of one label that touch along an edge of a pixel are one piece.

    Args:
        runs: of a label image.

    Returns:
        (R,) int64, pieces numbered from 0 in the order of their first runs: by label, then column, then row.
    """
    one, other = _touching(runs)
    piece = np.arange(runs.label.size, dtype=np.int64)
    while True:
        # Hang the piece with the higher number below the lower one it touches, then make all paths short.
        low, high = np.minimum(piece[one], piece[other]), np.maximum(piece[one], piece[other])
        apart = low != high
        if not apart.any():
            break
        np.minimum.at(piece, high[apart], low[apart])
        while not np.array_equal(shorter := piece[piece], piece):
            piece = shorter
    return np.unique(piece, return_inverse=True)[1].reshape(-1)


def _touching(runs: Runs) -> tuple[Integers, Integers]:
    """All pairs of runs of one label that lie side by side in neighbouring columns."""
    if runs.label.size == 0:
        none = np.zeros(0, dtype=np.int64)
        return none, none
    # One number orders the runs by label, column and row; runs of a column never overlap, so their ends are in the
    # same order.
    label = np.cumsum(np.concatenate(([0], runs.label[1:] != runs.label[:-1])))
    line = label * (runs.width + 1) + runs.column
    begin = line * (runs.height + 1) + runs.row
    end = begin + runs.length
    # In the next column: from the first run that ends below this one's top, to the last that begins above its end.
    step = runs.height + 1
    first = np.searchsorted(end, begin + step, side="right")
    last = np.searchsorted(begin, end + step, side="left")
    counts = np.maximum(last - first, 0)
    return np.repeat(np.arange(runs.label.size), counts), flat_ranges(first, counts)
