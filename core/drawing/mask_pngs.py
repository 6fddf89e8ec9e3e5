"""PNG files of masks, with a number or a colour of its own in each: made of runs, without painting a pixel."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..base.ragged import Integers
from ..masks.column_runs import ColumnRuns, column_runs
from .png_encoder import GREY, PALETTE, RGB, UP, png_file
from .run_deflate import compress_runs

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

    A row less the row above it differs from 0 only where runs begin and end, so no pixel is painted.

    Args:
        values: (K, M, B) uint8, for each picture the bytes of pixels in each mask.
    """
    runs = column_runs(rles, height, width)
    _check_apart(runs, height)
    size = values.shape[2]
    row = 1 + size * width
    goes_on = np.flatnonzero(runs.end < height)
    begins = runs.top * row + runs.column * size + 1
    ends = (runs.end * row + runs.column * size + 1)[goes_on]
    changes = values[:, runs.mask]
    parts = (changes, -changes[:, goes_on])
    filters = np.arange(0, height * row, row)
    places = np.concatenate([*((place[:, None] + np.arange(size)).ravel() for place in (begins, ends)), filters])
    bytes_there = [part.reshape(len(values), -1) for part in parts]
    bytes_there.append(np.full((len(values), height), UP, np.uint8))
    return compress_runs(*_runs_with_zeros(places, np.concatenate(bytes_there, axis=1), height * row))


def _runs_with_zeros(places: Integers, values: npt.NDArray[np.uint8], size: int) -> tuple[Integers, Integers]:
    """Data that are 0 but for some bytes, as runs.

    Args:
        places: (N,) int64, of these bytes; 0 is one of them. The bytes of a place that is there twice are added.
        values: (K, N), of K data.
        size: how many bytes there are.

    Returns:
        (K, R) int64, the bytes of the runs, and (R,) int64, how often each stands there.
    """
    order = np.argsort(places, kind="stable")
    places, values = places[order], values.take(order, axis=1)
    away = places[1:] - places[:-1]
    if not away.all():
        twice = np.flatnonzero(away == 0)
        values[:, twice + 1] += values[:, twice]
        places, values = np.delete(places, twice), np.delete(values, twice, axis=1)
        away = places[1:] - places[:-1]
    changes = values[0, 1:] != values[0, :-1]
    for more in values[1:]:
        changes |= more[1:] != more[:-1]
    # A run begins at a byte unless that goes on with the one before, and one of zeros behind the last before a gap.
    begins = np.flatnonzero(np.append(True, changes | (away > 1)))
    gaps = np.flatnonzero(np.append(away > 1, places[-1] + 1 < size))
    starts = np.concatenate((places[begins], places[gaps] + 1))
    order = np.argsort(starts, kind="stable")
    of_runs = np.zeros((len(values), starts.size), np.int64)
    for row, one in zip(of_runs, values, strict=True):
        row[: begins.size] = one[begins]
    return of_runs.take(order, axis=1), np.diff(starts[order], append=size)


def _check_apart(runs: ColumnRuns, height: int) -> None:
    """Raises ValueError where masks overlap."""
    start = runs.column * height + runs.top
    order = np.argsort(start, kind="stable")  # fast where sorted parts lie one after the other, as masks do
    end = (runs.column * height + runs.end).take(order)
    if (start.take(order)[1:] < end[:-1]).any():
        raise ValueError("two masks overlap")
