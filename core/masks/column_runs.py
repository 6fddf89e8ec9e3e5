"""The runs of the masks of a frame, decoded once for all that is made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..base.ragged import Integers, flat_ranges
from .rle import mask_runs


@dataclass(frozen=True)
class ColumnRuns:
    """The runs of many masks, cut where a column ends, mask by mask, by column and from the top.

    Attributes:
        mask: (R,) int64, counted from 0.
        column: (R,) int64.
        top, end: (R,) int64, rows, half-open.
    """

    mask: Integers
    column: Integers
    top: Integers
    end: Integers


def column_runs(rles: Sequence[str], height: int, width: int) -> ColumnRuns:
    """Decode masks. Those of the frame before are remembered, since several formats ask for them in turn.

    Args:
        rles: compressed counts of masks of this size.

    Returns:
        Arrays that cannot be written.

    Raises:
        ValueError: the texts are not masks, or are of another size.
    """
    return _decoded(tuple(rles), height, width)


@lru_cache(maxsize=2)  # the instances of a frame, and the same with its regions to ignore
def _decoded(rles: tuple[str, ...], height: int, width: int) -> ColumnRuns:
    mask, start, end = mask_runs(rles, height, width)
    runs = in_columns(mask, start, end, np.full(mask.size, height, np.int64))
    for values in vars(runs).values():
        values.flags.writeable = False
    return runs


def in_columns(mask: Integers, start: Integers, end: Integers, height: Integers) -> ColumnRuns:
    """Cut runs where a column ends.

    Args:
        mask, start, end: (R,) as mask_runs() gives them.
        height: (R,) of the image of each run.
    """
    step = np.maximum(height, 1)
    column = start // step
    columns = (end - 1) // step - column + 1
    if columns.max(initial=1) == 1:
        return ColumnRuns(mask, column, start - column * height, end - column * height)
    run = np.repeat(np.arange(mask.size), columns)
    column, height = flat_ranges(column, columns), height[run]
    top = np.maximum(start[run] - column * height, 0)
    return ColumnRuns(mask[run], column, top, np.minimum(end[run] - column * height, height))
