"""Amodal masks against their counts and boxes, and visible masks against them."""

import numpy as np
import numpy.typing as npt

from ...base.box import Box
from ...masks.rle import mask_runs
from ...records.instance import Instance
from ..checked_frame import CheckedFrame
from ..report import Problems

Integers = npt.NDArray[np.int64]
# Of masks, by their numbers: the mask, start and end of each run in the column-major image.
Runs = tuple[Integers, Integers, Integers]


def check_amodal(frame: CheckedFrame) -> Problems:
    """Counts are in order and those of the masks; what is seen is part of the whole.

    There is no tolerance: what is seen is part of the whole by definition, also where the sample of a pixel met an edge
    that its centre does not.
    """
    record = frame.record
    with_amodal = [(one, one.amodal) for one in record.instances if one.amodal is not None]
    if not with_amodal:
        return
    try:
        whole = mask_runs([amodal.rle for _, amodal in with_amodal], record.height, record.width)
    except ValueError as error:
        yield f"Amodal masks: {error}"
        return
    try:
        seen = mask_runs([one.mask.rle for one, _ in with_amodal], record.height, record.width)
    except ValueError:
        return  # which the check of the masks reports
    pixels = _pixels(whole, len(with_amodal))
    hidden_from_whole = pixels_outside(seen, whole, record.height * record.width, len(with_amodal))
    for (instance, amodal), count, outside, box in zip(
        with_amodal, pixels, hidden_from_whole, _boxes(whole, len(with_amodal), record.height), strict=True
    ):
        name = instance.name
        yield from _check_counts(instance)
        if count != amodal.px_count_in_frame:
            yield f"The amodal mask of {name!r} has {count} pixels, but px_count_in_frame is {amodal.px_count_in_frame}"
        if outside:
            yield f"{outside} visible pixels of {name!r} are not in its amodal mask"
        if not _within(box, amodal.box) or (amodal.px_count_all == count and box != amodal.box):
            yield f"The amodal box of {name!r} is not the smallest around its amodal mask"


def _check_counts(instance: Instance) -> Problems:
    amodal, name = instance.amodal, instance.name
    assert amodal is not None
    if amodal.px_count_visib != instance.mask.area:
        yield f"px_count_visib of {name!r} is {amodal.px_count_visib}, but its area is {instance.mask.area}"
    if amodal.px_count_visib > amodal.px_count_in_frame:
        yield f"px_count_visib of {name!r} is above its px_count_in_frame"
    if amodal.px_count_in_frame > amodal.px_count_all:
        yield f"px_count_in_frame of {name!r} is above its px_count_all"
    box = amodal.box
    if amodal.px_count_all > box.width * box.height:
        yield f"px_count_all of {name!r} is more than its amodal box can hold"


def _pixels(runs: Runs, masks: int) -> list[int]:
    mask, start, end = runs
    return list(map(int, np.bincount(mask, weights=end - start, minlength=masks)))


def pixels_outside(inner: Runs, outer: Runs, pixels: int, masks: int) -> list[int]:
    """How many pixels of each inner mask are not in the outer one of the same number.

    Args:
        inner, outer: as mask_runs() gives them.
        pixels: of an image.
        masks: how many there are of each.
    """
    mask, start, end = inner
    outer_mask, outer_start, outer_end = outer
    # All masks behind each other, one pixel longer than the image, so that no run touches one of the next mask.
    opens, length = outer_mask * (pixels + 1) + outer_start, outer_end - outer_start
    before = np.concatenate(([0], np.cumsum(length)))

    def covered(position: Integers) -> Integers:
        """How many pixels of all outer masks lie before a position."""
        run = np.searchsorted(opens, position, side="right") - 1
        known = np.maximum(run, 0)
        inside: Integers = before[known] + np.minimum(position - opens[known], length[known])
        return np.where(run >= 0, inside, 0)

    offset = mask * (pixels + 1)
    missing = end - start
    if opens.size:
        missing = missing - (covered(offset + end) - covered(offset + start))
    return list(map(int, np.bincount(mask, weights=missing, minlength=masks)))


def _boxes(runs: Runs, masks: int, height: int) -> list[Box | None]:
    """The smallest box around each mask; None around one without a pixel."""
    mask, start, end = runs
    first, last = start // height, (end - 1) // height
    turns = first != last  # such a run reaches the image's lower border and goes on at the upper one
    top, bottom = np.where(turns, 0, start % height), np.where(turns, height, (end - 1) % height + 1)
    found: list[Box | None] = [None] * masks
    if mask.size:
        begin = np.flatnonzero(np.concatenate(([True], mask[1:] != mask[:-1])))
        edges = zip(
            mask[begin].tolist(),
            np.minimum.reduceat(first, begin).tolist(),
            np.minimum.reduceat(top, begin).tolist(),
            (np.maximum.reduceat(last, begin) + 1).tolist(),
            np.maximum.reduceat(bottom, begin).tolist(),
            strict=True,
        )
        for one, *box in edges:
            found[one] = Box(*box)
    return found


def _within(inner: Box | None, outer: Box) -> bool:
    return inner is None or (
        outer.x0 <= inner.x0 and outer.y0 <= inner.y0 and inner.x1 <= outer.x1 and inner.y1 <= outer.y1
    )
