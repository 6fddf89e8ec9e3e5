"""Soft masks: how much of each pixel an instance covers, from 0 to 255, for all instances of a frame.

The coverages of a pixel become integers together, so that the masks of a frame never add up to more than 255: each is
what the running sum, rounded, grows by. So a value is less than one step of 255 away from the coverage.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ..base.box import Box
from ..base.dataset_folder import soft_masks_file
from ..base.files import complete_file
from ..drawing.image_files import Bytes
from ..drawing.soft_mask_files import write_soft_mask_arrays
from ..exr.cryptomatte import Coverages
from ..labels.labelled_frame import LabelledFrame
from ..masks.runs import Integers, LabelArray, Runs, stable_order
from ..records.frame_job import FrameJob
from ..records.instance import Instance, SoftMask

_FULL = 255
# Next to a pixel that an outline runs through, at most one pixel away, lies a pixel of the instance's own.
_REACH = 2
_STEPS = range(-_REACH, _REACH + 1)
_NEAREST_FIRST = sorted(itertools.product(_STEPS, _STEPS), key=lambda step: (step[0] ** 2 + step[1] ** 2, step))


def add_soft_masks(frame: LabelledFrame) -> LabelledFrame:
    """The frame with the soft masks of its instances written, where the settings want them.

    Raises:
        OutputError: they cannot be written.
    """
    if not frame.image.coverages:
        return frame
    masks = write_soft_masks(frame.job, frame.image.coverages, frame.runs, frame.instances)
    return frame.with_instances(
        dataclasses.replace(one, soft_mask=mask) for one, mask in zip(frame.instances, masks, strict=True)
    )


def write_soft_masks(job: FrameJob, coverages: Coverages, runs: Runs, instances: Sequence[Instance]) -> list[SoftMask]:
    """Write the soft masks of a frame into one file, an array for each instance; none where there are no instances.

    Args:
        job: the frame.
        coverages: of its label image.
        runs: those of the instances' masks, under the labels of the masks.
        instances: as in the record.

    Returns:
        One for each instance, in their order.

    Raises:
        OutputError: they cannot be written.
    """
    file = soft_masks_file(job.files.path)
    digits = max(4, len(str(len(instances))))
    written: list[SoftMask] = []

    def arrays() -> Iterator[tuple[str, Bytes]]:
        for number, (box, pixels) in enumerate(soft_masks(coverages, runs, instances), start=1):
            name = f"{number:0{digits}}"
            written.append(SoftMask(file, box, name))
            yield name, pixels

    if instances:
        with complete_file(job.dataset.file(file)) as archive:
            write_soft_mask_arrays(archive, arrays())
    return written


def soft_masks(coverages: Coverages, runs: Runs, instances: Sequence[Instance]) -> Iterator[tuple[Box, Bytes]]:
    """The soft mask of each instance, in their order.

    Args:
        coverages: of the label image.
        runs: those of the instances' masks, under the labels of the masks.
        instances: whose masks are wanted.

    Yields:
        The smallest box around the pixels that are not 0, and (height, width) uint8 inside of it.
    """
    number_of = {one.mask.label: number for number, one in enumerate(instances, start=1)}
    whole = runs.united({label: number_of.get(label, 0) for label in runs.labels()}).image()
    owner = owners(coverages, whole, instances)
    whole[~coverages.whole] = 0
    pixel, number, level = _levels(coverages, owner, len(instances))

    order = stable_order(number.astype(np.uint32))
    row, column = np.divmod(pixel[order], runs.width)
    level = level[order]
    ends = np.searchsorted(number[order], np.arange(1, len(instances) + 1), side="right")
    start = 0
    for number_here, (instance, end) in enumerate(zip(instances, ends.tolist(), strict=True), start=1):
        rows, columns = row[start:end], column[start:end]
        hard = instance.mask.box
        box = Box(
            int(columns.min(initial=hard.x0)),
            int(rows.min(initial=hard.y0)),
            int(columns.max(initial=hard.x1 - 1)) + 1,
            int(rows.max(initial=hard.y1 - 1)) + 1,
        )
        pixels = (whole[box.y0 : box.y1, box.x0 : box.x1] == number_here).view(np.uint8) * np.uint8(_FULL)
        pixels[rows - box.y0, columns - box.x0] = level[start:end]
        yield box, pixels
        start = end


def owners(coverages: Coverages, numbers: LabelArray, instances: Sequence[Instance]) -> Integers:
    """Whose each entry of the coverages is.

    Where several instances carry an id, because only geometry separates them, a pixel's share belongs to the one in
    whose hard mask the pixel is, else to that of the nearest pixel, at most _REACH away.

    Args:
        coverages: of the label image.
        numbers: (H, W) uint32, the number of the instance whose hard mask has the pixel, from 1; 0 for none.
        instances: in the order of their numbers.

    Returns:
        (E,) int64, the number of the instance; 0 for none of them.
    """
    pairs = sorted((label, number) for number, one in enumerate(instances, start=1) for label in one.labels)
    if not pairs:
        return np.zeros(coverages.id.size, np.int64)
    known, number = np.array([label for label, _ in pairs], np.uint32), np.array([number for _, number in pairs])
    first = np.searchsorted(known, coverages.id)
    carriers = np.searchsorted(known, coverages.id, side="right") - first
    owner: Integers = np.where(carriers == 1, number[np.minimum(first, known.size - 1)], 0)
    open_ones = np.flatnonzero(carriers > 1)
    if open_ones.size:
        # Pairs as one number each, ascending. Not the ids themselves: those from 2^31 on would become negative.
        codes = np.searchsorted(known, known) * (len(instances) + 1) + number
        row, column = np.divmod(coverages.pixel, numbers.shape[1])
        for step_down, step_right in _NEAREST_FIRST:
            rows, columns = row[open_ones] + step_down, column[open_ones] + step_right
            inside = (rows >= 0) & (rows < numbers.shape[0]) & (columns >= 0) & (columns < numbers.shape[1])
            candidate = numbers[np.where(inside, rows, 0), np.where(inside, columns, 0)].astype(np.int64)
            code = first[open_ones] * (len(instances) + 1) + candidate
            place = np.minimum(np.searchsorted(codes, code), codes.size - 1)
            taken = inside & (codes[place] == code)
            owner[open_ones[taken]] = candidate[taken]
            open_ones = open_ones[~taken]
    return owner


def _levels(coverages: Coverages, owner: Integers, instances: int) -> tuple[Integers, Integers, npt.NDArray[np.uint8]]:
    """The pixels that several things share: (N,) pixel, number of the instance and level above 0, sorted by pixel."""
    owned = np.flatnonzero(owner)
    # All ranks that an instance has in a pixel together: it may be of several objects.
    key = coverages.pixel[owned] * (instances + 1) + owner[owned]
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    if first.size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8)
    coverage = np.add.reduceat(coverages.coverage[owned][order].astype(np.float64), first)
    pixel, number = np.divmod(key[first], instances + 1)

    # The running sum within each pixel; a sum over all entries would lose digits.
    starts = np.flatnonzero(np.diff(pixel, prepend=-1))
    place = np.arange(pixel.size) - np.repeat(starts, np.diff(starts, append=pixel.size))
    total = coverage.copy()
    for step in range(1, int(place.max()) + 1):
        here = np.flatnonzero(place == step)
        total[here] += total[here - 1]
    reached = np.minimum(np.floor(total * _FULL + 0.5), _FULL).astype(np.int64)
    before = np.zeros_like(reached)
    before[1:] = reached[:-1]
    before[starts] = 0
    level = (reached - before).astype(np.uint8)
    seen = np.flatnonzero(level)
    return pixel[seen], number[seen], level[seen]
