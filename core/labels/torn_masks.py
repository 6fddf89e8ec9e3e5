"""Masks that one sample a pixel has torn: an index pass cannot say that two objects share a pixel."""

import numpy as np

from ..masks.runs import LabelArray, Runs

# A label of fewer pixels may well be a thing that small.
_SMALLEST_AREA = 200
# Of its pixels so many, and such a part of them, stand alone. On the edge of a sharp object none does: whichever side
# the sample of a pixel falls on, it has a neighbour there. Of a blurred one it is about 7 % where it is blurred.
_FEWEST_ALONE, _LEAST_PART_ALONE = 20, 0.01


def find_torn(labels: LabelArray, runs: Runs) -> list[int]:
    """The labels whose masks are torn, ascending.

    Args:
        labels: (H, W) uint32, of an index pass.
        runs: its vertical runs.
    """
    alone = np.flatnonzero(runs.length == 1)
    label, row, column = runs.label[alone], runs.row[alone], runs.column[alone]
    # A run of one pixel has other labels above and below it.
    left = (column > 0) & (labels[row, np.maximum(column - 1, 0)] == label)
    right = (column < runs.width - 1) & (labels[row, np.minimum(column + 1, runs.width - 1)] == label)
    found, count = np.unique(label[~(left | right)], return_counts=True)
    if not found.size:
        return []
    # Runs are sorted by label.
    first, last = np.searchsorted(runs.label, found), np.searchsorted(runs.label, found, side="right")
    area = np.diff(np.concatenate(([0], np.cumsum(runs.length)))[np.stack((first, last), axis=1)], axis=1)[:, 0]
    torn = (area >= _SMALLEST_AREA) & (count >= _FEWEST_ALONE) & (count >= _LEAST_PART_ALONE * area)
    return [int(one) for one in found[torn].tolist()]
