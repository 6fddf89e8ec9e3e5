"""PNG files of masks, with a number or a colour of its own in each: made of runs, and painted only at their ends."""

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..masks.column_runs import ColumnRuns, column_runs
from .png_encoder import GREY, PALETTE, RGB, UP, png_file

Colours = npt.NDArray[np.uint8]


def palette_pngs(
    rles: Sequence[str], height: int, width: int, numbers: Sequence[Sequence[int]], palette: Colours
) -> list[bytes]:
    """Pictures of the same masks, each with a number of its own in every mask.

    Args:
        rles: compressed counts of M masks of this size that do not overlap.
        numbers: of each picture, M numbers below 256; 0 is what is in no mask.
        palette: (256, 3) uint8.

    Raises:
        ValueError: the texts are not masks, are of another size, or overlap.
    """
    values = np.array(numbers, np.uint8).reshape(len(numbers), len(rles), 1)
    packed = _packed_rows(rles, height, width, values)
    return [png_file((width, height), 8, PALETTE, one, palette) for one in packed]


def grey_png(rles: Sequence[str], height: int, width: int, numbers: Sequence[int], bits: int = 8) -> bytes:
    """A grey picture with a number below 2^bits in each of some masks; as palette_pngs() else. `bits` is 8 or 16."""
    kind = ">u2" if bits == 16 else "u1"
    values = np.array(numbers, kind).view(np.uint8).reshape(1, len(rles), bits // 8)
    (packed,) = _packed_rows(rles, height, width, values)
    return png_file((width, height), bits, GREY, packed)


def id_png(rles: Sequence[str], height: int, width: int, ids: Sequence[int]) -> bytes:
    """A picture with an id below 2^24 in each of some masks, as R + 256 G + 65536 B; as palette_pngs() else."""
    values = np.array(ids, "<u4").view(np.uint8).reshape(1, len(rles), 4)[:, :, :3]
    (packed,) = _packed_rows(rles, height, width, values)
    return png_file((width, height), 8, RGB, packed)


def _packed_rows(rles: Sequence[str], height: int, width: int, values: npt.NDArray[np.uint8]) -> list[bytes]:
    """The rows of pictures, as PNG packs them.

    A row less the row above it differs from 0 only where runs begin and end, so that is all that is painted.

    Args:
        values: (K, M, B) uint8, for each picture the bytes of pixels in each mask.
    """
    runs = column_runs(rles, height, width)
    _check_apart(runs, height)
    size = values.shape[2]
    row = 1 + size * width
    goes_on = np.flatnonzero(runs.end < height)
    components = np.arange(size)
    begins = (runs.top * row + runs.column * size + 1)[:, None] + components
    ends = (runs.end * row + runs.column * size + 1)[goes_on, None] + components
    packed = []
    for of_masks in values:
        changes = of_masks[runs.mask]
        rows = np.zeros(height * row, np.uint8)
        rows[::row] = UP
        rows[begins] = changes
        rows[ends] -= changes[goes_on]
        packed.append(_compressed(rows))
    return packed


def _compressed(rows: npt.NDArray[np.uint8]) -> bytes:
    """A zlib stream of rows that are nearly all runs of zeros, which this strategy is for: two thirds of the time that
    libdeflate takes for them, and as small."""
    stream = zlib.compressobj(strategy=zlib.Z_RLE)
    return stream.compress(rows.data) + stream.flush()


def _check_apart(runs: ColumnRuns, height: int) -> None:
    """Raises ValueError where masks overlap."""
    start = runs.column * height + runs.top
    order = np.argsort(start, kind="stable")  # fast where sorted parts lie one after the other, as masks do
    end = (runs.column * height + runs.end).take(order)
    if (start.take(order)[1:] < end[:-1]).any():
        raise ValueError("two masks overlap")
