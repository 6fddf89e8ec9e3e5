"""Masks as runs along the rows of their own boxes, as CVAT stores them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..base.box import Box
from .rle import paint_masks
from .runs import find_runs

Integers = npt.NDArray[np.int64]


def counts_in_boxes(texts: Sequence[str], boxes: Sequence[Box], height: int, width: int) -> list[list[int]]:
    """The run lengths of many masks, row by row within the box of each.

    Args:
        texts: compressed COCO counts of masks of this size, none empty.
        boxes: the smallest box around each.

    Returns:
        A list for each: how many pixels are not in the mask, then how many are, and so on in turn; the first may be 0.
        They sum to the pixels of the box.

    Raises:
        ValueError: the texts are not masks, are of another size, are empty, or overlap.
    """
    if not texts:
        return []
    numbers = paint_masks(texts, height, width).astype(np.uint32)
    runs = find_runs(np.ascontiguousarray(numbers.T))  # its columns are the rows of the image
    if runs.labels() != list(range(1, len(texts) + 1)):
        raise ValueError("an empty mask")
    mask = runs.label.astype(np.int64) - 1
    x0, y0, x1, y1 = np.array([[*box] for box in boxes], np.int64).T
    # Places of the pixels in a line of all boxes, one after the other.
    sizes = (x1 - x0) * (y1 - y0)
    ends = np.cumsum(sizes)
    start = (ends - sizes)[mask] + (runs.column - y0[mask]) * (x1 - x0)[mask] + runs.row - x0[mask]
    end = start + runs.length
    # A run that ends a row and one that begins the next are one.
    is_first = np.append(True, (start[1:] != end[:-1]) | (mask[1:] != mask[:-1]))
    is_last = np.append(is_first[1:], True)
    start, end, mask = start[is_first], end[is_last], mask[is_first]
    edges: list[Integers] = np.split(np.stack((start, end), axis=1).ravel(), 2 * np.flatnonzero(np.diff(mask)) + 2)
    return [_counts(own, int(last - size), int(last)) for own, size, last in zip(edges, sizes, ends, strict=True)]


def _counts(edges: Integers, first: int, last: int) -> list[int]:
    counts: list[int] = np.diff(edges, prepend=first, append=last).tolist()
    return counts if counts[-1] else counts[:-1]
