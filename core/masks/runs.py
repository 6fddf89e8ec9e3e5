"""All masks of a label image from one scan: box, area and run-length mask of every label at once.

The image is cut into vertical runs of equal labels. In column-major order, which is COCO's, the runs of one label
give its area (their summed lengths), its box (their extreme rows and columns) and its mask (their starts and
lengths), so nothing after the scan depends on the number of pixels or looks at an object by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
import numpy.typing as npt

from ..base.box import Box, counted_pixels
from .rle import encode_counts

LabelArray = npt.NDArray[np.uint32]


Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Mask:
    """The pixels of one label.

    Attributes:
        label: the value in the label image, never 0; the first of several that were united.
        box: the smallest box around the pixels.
        area: number of pixels.
        rle: compressed COCO counts, for an image of the size that was scanned.
    """

    label: int
    box: Box
    area: Annotated[int, counted_pixels]
    rle: str


def find_masks(labels: LabelArray) -> list[Mask]:
    """Find the mask of every label.

    Args:
        labels: (H, W) uint32, 0 = background.

    Returns:
        One mask for each label that occurs, in ascending order of label. Empty for an image of background.
    """
    return find_runs(labels).masks()


@dataclass(frozen=True)
class Runs:
    """The vertical runs of equal labels of an image, without the background, sorted by label and then in column-major
    order.

    Attributes:
        label: (R,) uint32.
        column, row, length: (R,) int64, of each run; the row is its first.
        height, width: of the image.
    """

    label: LabelArray
    column: Integers
    row: Integers
    length: Integers
    height: int
    width: int

    @cached_property
    def _first(self) -> Integers:
        """(M,) index of the first run of each label."""
        changes = self.label[1:] != self.label[:-1]
        return np.flatnonzero(np.concatenate(([True], changes))) if self.label.size else np.zeros(0, np.int64)

    def labels(self) -> list[int]:
        """The labels that occur, ascending."""
        return [int(label) for label in self.label[self._first].tolist()]

    def united(self, mapping: Mapping[int, int]) -> "Runs":
        """The same pixels under other labels.

        Args:
            mapping: label -> new label, for each that occurs; 0 makes it background. Several may get the same.
        """
        old = self.labels()
        new = np.array([mapping[label] for label in old], dtype=np.uint32)
        sizes = np.diff(self._first, append=self.label.size)
        label = np.repeat(new, sizes)
        kept = np.flatnonzero(label)
        used = new[new > 0]
        if np.unique(used).size < used.size:
            # Runs of labels that become one have to be in column-major order again.
            kept = kept[np.argsort((self.column * self.height + self.row)[kept], kind="stable")]
        kept = kept[stable_order(label[kept])]
        return Runs(label[kept], self.column[kept], self.row[kept], self.length[kept], self.height, self.width)

    def image(self) -> LabelArray:
        """(H, W) uint32, the label image of these runs; 0 where there is none."""
        start = self.column * self.height + self.row
        order = np.argsort(start, kind="stable")
        start = start[order]
        # Gap, run, gap, run, ..., and a last gap.
        gaps = np.append(start, self.height * self.width)
        gaps[1:] -= start + self.length[order]
        spans = np.zeros(2 * start.size + 1, dtype=np.int64)
        spans[::2], spans[1::2] = gaps, self.length[order]
        values = np.zeros(spans.size, dtype=np.uint32)
        values[1::2] = self.label[order]
        return np.ascontiguousarray(np.repeat(values, spans).reshape(self.width, self.height).T)

    def masks(self) -> list[Mask]:
        """One mask for each label that occurs, in ascending order of label."""
        first = self._first
        if first.size == 0:
            return []
        last = np.concatenate((first[1:], [self.label.size])) - 1
        area = np.add.reduceat(self.length, first)
        y0, y1 = np.minimum.reduceat(self.row, first), np.maximum.reduceat(self.row + self.length, first)
        x0, x1 = self.column[first], self.column[last] + 1
        start = self.column * self.height + self.row
        rle = _compressed(start, start + self.length, first, self.height * self.width)
        boxes = map(Box, x0.tolist(), y0.tolist(), x1.tolist(), y1.tolist())
        return list(map(Mask, self.label[first].tolist(), boxes, area.tolist(), rle))


def find_runs(labels: LabelArray) -> Runs:
    """Cut a label image into vertical runs.

    Args:
        labels: (H, W) uint32, 0 = background.
    """
    height, width = labels.shape
    if labels.size == 0:
        none = np.zeros(0, dtype=np.int64)
        return Runs(np.zeros(0, np.uint32), none, none, none, height, width)
    starts_run = np.empty((height, width), dtype=bool)
    starts_run[0] = True  # every column starts a run, so no run spans two columns
    np.not_equal(labels[1:], labels[:-1], out=starts_run[1:])
    position = np.flatnonzero(starts_run)
    label = labels.ravel()[position]
    row, column = np.divmod(position, width)

    order = stable_order(column.astype(np.uint32))
    label, row, column = label[order], row[order], column[order]
    end = np.empty_like(row)
    end[:-1] = row[1:]
    end[-1] = height
    end[end == 0] = height  # the next run starts the next column
    seen = np.flatnonzero(label)
    seen = seen[stable_order(label[seen])]
    return Runs(label[seen], column[seen], row[seen], (end - row)[seen], height, width)


def stable_order(keys: LabelArray) -> Integers:
    """Stable argsort of uint32 keys, 16 bits at a time: numpy sorts 16-bit keys by radix, wider ones by comparison."""
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    if keys.max(initial=0) > 0xFFFF:
        high = (keys >> 16).astype(np.uint16)[order]
        order = order[np.argsort(high, kind="stable")]
    return order


def _compressed(start: Integers, end: Integers, first: Integers, pixels: int) -> list[str]:
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
