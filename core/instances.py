"""All instances of a label image from one scan: box, area and run-length mask of every label at once.

The image is cut into vertical runs of equal labels. In column-major order, which is COCO's, the runs of one label
give its area (their summed lengths), its box (their extreme rows and columns) and its mask (their starts and
lengths), so nothing after the scan depends on the number of pixels or looks at an object by itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .rle import encode_counts

LabelArray = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Box:
    """A half-open pixel box: columns x0 to x1 - 1, rows y0 to y1 - 1, y down from the top of the image."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class Mask:
    """The pixels of one label.

    Attributes:
        label: the value in the label image, never 0.
        box: the smallest box around the pixels.
        area: number of pixels.
        rle: compressed COCO counts, for an image of the size that was scanned.
    """

    label: int
    box: Box
    area: int
    rle: str


@dataclass(frozen=True)
class Instance:
    """A mask with a name: what a detector should find.

    Attributes:
        name: of the object, material or asset; of the first by name where several share the label.
        category: name of a category.
        mask: its pixels.
    """

    name: str
    category: str
    mask: Mask


def find_masks(labels: LabelArray) -> list[Mask]:
    """Find the mask of every label.

    Args:
        labels: (H, W) uint32, 0 = background.

    Returns:
        One mask for each label that occurs, in ascending order of label. Empty for an image of background.
    """
    height, width = labels.shape
    if labels.size == 0:
        return []
    label, column, row, length = _vertical_runs(labels)
    if label.size == 0:
        return []

    order = _stable_order(label)
    label, column, row, length = label[order], column[order], row[order], length[order]
    first = np.flatnonzero(np.concatenate(([True], label[1:] != label[:-1])))
    last = np.concatenate((first[1:], [label.size])) - 1

    area = np.add.reduceat(length, first)
    x0, x1 = column[first], column[last] + 1
    y0, y1 = np.minimum.reduceat(row, first), np.maximum.reduceat(row + length, first)
    start = column * height + row
    rle = _compressed(start, start + length, first, height * width)
    boxes = map(Box, x0.tolist(), y0.tolist(), x1.tolist(), y1.tolist())
    return list(map(Mask, label[first].tolist(), boxes, area.tolist(), rle))


_Runs = tuple[LabelArray, npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]


def _vertical_runs(labels: LabelArray) -> _Runs:
    """Label, column, first row and length of every vertical run that is not background, in column-major order."""
    height, width = labels.shape
    starts_run = np.empty((height, width), dtype=bool)
    starts_run[0] = True  # every column starts a run, so no run spans two columns
    np.not_equal(labels[1:], labels[:-1], out=starts_run[1:])
    position = np.flatnonzero(starts_run)
    label = labels.ravel()[position]
    row, column = np.divmod(position, width)

    order = _stable_order(column.astype(np.uint32))
    label, row, column = label[order], row[order], column[order]
    end = np.empty_like(row)
    end[:-1] = row[1:]
    end[-1] = height
    end[end == 0] = height  # the next run starts the next column
    seen = np.flatnonzero(label)
    return label[seen], column[seen], row[seen], (end - row)[seen]


def _stable_order(keys: LabelArray) -> npt.NDArray[np.int64]:
    """Stable argsort of uint32 keys, 16 bits at a time: numpy sorts 16-bit keys by radix, wider ones by comparison."""
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    if keys.max(initial=0) > 0xFFFF:
        high = (keys >> 16).astype(np.uint16)[order]
        order = order[np.argsort(high, kind="stable")]
    return order


def _compressed(
    start: npt.NDArray[np.int64], end: npt.NDArray[np.int64], first: npt.NDArray[np.int64], pixels: int
) -> list[str]:
    """COCO strings from runs that are grouped by label and sorted in each group.

    Args:
        start, end: (R,) half-open extents of the runs in the column-major image.
        first: (M,) index of each group's first run.
        pixels: H * W.
    """
    opens = np.zeros(start.size, dtype=bool)
    opens[first] = True
    # A run that continues at the top of the next column is one run to COCO.
    keep = opens.copy()
    keep[1:] |= start[1:] != end[:-1]
    closes = np.empty_like(keep)
    closes[:-1] = keep[1:]
    closes[-1] = True
    start, end, opens = start[keep], end[closes], opens[keep]
    first = np.flatnonzero(opens)
    last = np.concatenate((first[1:], [start.size])) - 1

    # Each group: zeros, ones, zeros, ones, ..., and a last count of zeros unless the mask reaches the last pixel.
    zeros = start.copy()
    zeros[1:] -= end[:-1]
    zeros[first] = start[first]
    trailing = pixels - end[last]
    has_trailing = trailing > 0
    lengths = 2 * (last - first + 1) + has_trailing
    group_end = np.cumsum(lengths)

    group = np.cumsum(opens) - 1
    trailing_before = np.concatenate(([0], np.cumsum(has_trailing)[:-1]))
    place = 2 * np.arange(start.size) + trailing_before[group]
    counts = np.empty(int(group_end[-1]), dtype=np.int64)
    counts[place] = zeros
    counts[place + 1] = end - start
    counts[group_end[has_trailing] - 1] = trailing[has_trailing]
    return encode_counts(counts, lengths)
