"""What is told of the masks of some frames and of the pixels below them, of all at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...base.ragged import Integers, offsets
from ...drawing.image_files import Bytes
from ...masks.column_runs import in_columns
from ...masks.connected_components import connected_pieces
from ...masks.rle import runs_of_masks
from ...masks.runs import Runs
from ...records.frame_record import FrameRecord
from .image_facts import Floats

# Around an instance is a quarter of the longer side of its box, and at least so many pixels. So many places each way
# are looked at there.
_LEAST_MARGIN = 4
_SAMPLES = 24
_MOST_DIFFERENT = 255 * 3**0.5
_GREY = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class MaskFacts:
    """What is told of some instances; (N,) each.

    Attributes:
        pieces: int64, into how many pieces the mask falls; 0 where the masks of the frame are damaged or overlap, which
            validate says. Nothing else is known there.
        stands_out: how far its mean colour is from that of the pixels around it, as a part of black against white; NaN
            where there is no image, or where it is too small to tell.
        light: mean of its grey levels, 0 to 1; NaN likewise.
    """

    pieces: Integers
    stands_out: Floats
    light: Floats


def mask_facts(records: Sequence[FrameRecord], images: Sequence[Bytes | None]) -> MaskFacts:
    """What is told of all instances of some frames.

    Args:
        records: of the frames.
        images: (H, W, 3) uint8 of each, or None.
    """
    try:
        return _Masks(records).facts(images)
    except ValueError:
        if len(records) > 1:  # one of them is damaged, and tells nothing of the others
            return _joined([mask_facts([record], [image]) for record, image in zip(records, images, strict=True)])
        count = len(records[0].instances)
        return MaskFacts(np.zeros(count, np.int64), np.full(count, np.nan), np.full(count, np.nan))


def _joined(facts: Sequence[MaskFacts]) -> MaskFacts:
    pieces, stands_out, light = zip(*((one.pieces, one.stands_out, one.light) for one in facts), strict=True)
    return MaskFacts(np.concatenate(pieces), np.concatenate(stands_out), np.concatenate(light))


class _Masks:
    """The masks of some frames, N in all, decoded; ValueError where they are damaged."""

    def __init__(self, records: Sequence[FrameRecord]) -> None:
        self._counts = np.array([len(one.instances) for one in records], np.int64)
        self._sizes = np.array([(one.height, one.width) for one in records], np.int64).reshape(-1, 2)
        self._frame = np.repeat(np.arange(len(records)), self._counts)
        self._height, self._width = self._sizes[self._frame].T
        masks = [instance.mask for record in records for instance in record.instances]
        self._boxes = np.array([[*one.box] for one in masks], np.int64).reshape(-1, 4)
        self._runs = runs_of_masks([one.rle for one in masks], self._height * self._width)

    def facts(self, images: Sequence[Bytes | None]) -> MaskFacts:
        """ValueError where masks of a frame overlap."""
        numbers = self._painted()
        stands_out, light = np.full((2, len(self._frame)), np.nan)
        seen = np.flatnonzero(np.array([image is not None for image in images], bool)[self._frame])
        if seen.size:
            stands_out[seen], light[seen] = self._looks(numbers, images, seen)
        return MaskFacts(self._pieces(), stands_out, light)

    def _pieces(self) -> Integers:
        mask, start, end = self._runs
        runs = in_columns(mask, start, end, self._height[mask])
        height, width = self._sizes.max(axis=0, initial=0).tolist()
        label = (runs.mask + 1).astype(np.uint32)
        piece = connected_pieces(Runs(label, runs.column, runs.top, runs.end - runs.top, height, width))
        owner = np.zeros(int(piece.max(initial=-1)) + 1, np.int64)
        owner[piece] = runs.mask
        return np.bincount(owner, minlength=len(self._frame))

    def _painted(self) -> npt.NDArray[np.uint32]:
        """The number of the mask in each pixel, counted from 1, column by column and frame by frame; 0 for none."""
        mask, start, end = self._runs
        place = self._first_pixel[self._frame[mask]]
        order = np.argsort(start + place, kind="stable")
        start, end = (start + place)[order], (end + place)[order]
        if (start[1:] < end[:-1]).any():
            raise ValueError("two masks overlap")
        # Gap, run, gap, run, ..., and a last gap.
        gaps = np.append(start, self._sizes.prod(axis=1).sum())
        gaps[1:] -= end
        spans, values = np.empty(2 * start.size + 1, np.int64), np.zeros(2 * start.size + 1, np.uint32)
        spans[::2], spans[1::2], values[1::2] = gaps, end - start, mask[order] + 1
        return np.repeat(values, spans)

    @property
    def _first_pixel(self) -> Integers:
        """Where the pixels of each frame begin."""
        return offsets(self._sizes.prod(axis=1))

    def _looks(
        self, numbers: npt.NDArray[np.uint32], images: Sequence[Bytes | None], seen: Integers
    ) -> tuple[Floats, Floats]:
        """How far the instances with these numbers stand out, and their light."""
        frame, height = self._frame[seen], self._height[seen][:, None, None]
        rows, columns = self._places_around(seen)
        colours = _colours_at(images, frame, rows, columns)
        own = numbers[(self._first_pixel[frame][:, None, None] + columns * height) + rows] == seen[:, None, None] + 1
        own = own.reshape(seen.size, -1)
        # Sums of so few bytes are whole numbers that float32 holds, and a product of matrices is the fastest sum.
        own_and_others = np.stack((own, ~own), axis=1).astype(np.float32)
        sums = (own_and_others @ colours).astype(np.float64)
        with np.errstate(invalid="ignore"):
            mean, around = (sums / own_and_others.sum(axis=2)[:, :, None]).swapaxes(0, 1)
        return np.linalg.norm(mean - around, axis=1) / _MOST_DIFFERENT, mean @ _GREY / 255

    def _places_around(self, seen: Integers) -> tuple[Integers, Integers]:
        """(N, _SAMPLES, 1) rows and (N, 1, _SAMPLES) columns of pixels, evenly taken in and around each box."""
        x0, y0, x1, y1 = self._boxes[seen].T
        margin = np.maximum(np.maximum(x1 - x0, y1 - y0) // 4, _LEAST_MARGIN)
        part = (np.arange(_SAMPLES) + 0.5) / _SAMPLES

        def places(low: Integers, high: Integers, size: Integers) -> Integers:
            first, end = np.maximum(low - margin, 0), np.minimum(high + margin, size)
            found: Integers = (first[:, None] + part * (end - first)[:, None]).astype(np.int64)
            return found

        rows, columns = places(y0, y1, self._height[seen]), places(x0, x1, self._width[seen])
        return rows[:, :, None], columns[:, None, :]


def _colours_at(
    images: Sequence[Bytes | None], frame: Integers, rows: Integers, columns: Integers
) -> npt.NDArray[np.float32]:
    """(N, _SAMPLES ** 2, 3), the colours at the places of instances, which are sorted by their frames."""
    colours = np.empty((frame.size, _SAMPLES, _SAMPLES, 3), np.float32)
    numbers, first, counts = np.unique(frame, return_index=True, return_counts=True)
    for number, begin, count in zip(numbers.tolist(), first.tolist(), counts.tolist(), strict=True):
        here, image = slice(begin, begin + count), images[number]
        assert image is not None
        colours[here] = image.reshape(-1, 3).take(rows[here] * image.shape[1] + columns[here], axis=0)
    return colours.reshape(frame.size, -1, 3)
