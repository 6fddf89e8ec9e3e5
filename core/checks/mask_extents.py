"""Areas and boxes of masks, found for those of many frames at once: one frame after the other takes several times as
long, since each has few runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..base.box import Box
from ..dataset.stream import StoredFrame
from ..masks.rle import mask_extents
from ..records.frame_record import FrameRecord

# So many records are read ahead at most, and fewer of those with much text of masks.
_FRAMES_AT_ONCE = 64
_LETTERS_AT_ONCE = 20_000


@dataclass(frozen=True)
class MaskExtents:
    """Of the instances of a frame, in their order.

    Attributes:
        areas: pixels of each mask.
        boxes: the smallest around each.
    """

    areas: Sequence[int]
    boxes: Sequence[Box]

    @classmethod
    def of(cls, records: Sequence[FrameRecord]) -> "list[MaskExtents]":
        """Those of some frames; ValueError where masks are damaged, of another size than their frame, or overlap."""
        counts = [len(record.instances) for record in records]
        areas, boxes = mask_extents(
            [instance.mask.rle for record in records for instance in record.instances],
            np.repeat(np.arange(len(records)), counts),
            np.array([record.height for record in records], np.int64),
            np.array([record.width for record in records], np.int64),
        )
        found, ends = list(map(Box, *boxes.T.tolist())), np.cumsum(counts).tolist()
        return [
            cls(areas[end - count : end].tolist(), found[end - count : end])
            for end, count in zip(ends, counts, strict=True)
        ]


def with_extents(frames: Iterable[StoredFrame]) -> Iterator[tuple[StoredFrame, MaskExtents | None]]:
    """Each frame with its extents; None for those that are read together with a frame whose masks are damaged."""
    batch: list[StoredFrame] = []
    letters = 0
    for frame in frames:
        batch.append(frame)
        letters += sum(len(instance.mask.rle) for instance in frame.stored.record.instances)
        if letters > _LETTERS_AT_ONCE or len(batch) == _FRAMES_AT_ONCE:
            yield from _together(batch)
            batch, letters = [], 0
    yield from _together(batch)


def _together(frames: Sequence[StoredFrame]) -> Iterator[tuple[StoredFrame, MaskExtents | None]]:
    try:
        extents: Sequence[MaskExtents | None] = MaskExtents.of([frame.stored.record for frame in frames])
    except ValueError:
        extents = [None] * len(frames)
    return zip(frames, extents, strict=True)
