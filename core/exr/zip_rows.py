"""Some channels of a part with the codec ZIP or ZIPS, in less time than OpenEXR takes for all of them.

A chunk holds rows of pixels, and in each row one channel after the other. Before it is compressed its bytes are sorted,
those at even places before those at odd ones, and each is replaced by its difference to the one before it. Compression
can only be undone as a whole. The differences are summed up here only where there is a channel that is wanted; of all
between them nothing but the sum is needed.
Source: "OpenEXR File Layout", https://openexr.com/en/latest/OpenEXRFileLayout.html, and OpenEXR's internal_zip.c.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.box import Pixels
from ..base.compression import decompress

Bytes = npt.NDArray[np.uint8]
# As many as are in a chunk of ZIP; of ZIPS each has a chunk of its own.
_ROWS_AT_ONCE = 16
# A difference is written as this much more, so that small ones are near the middle of what a byte holds.
_MIDDLE = np.uint8(128)


@dataclass(frozen=True)
class Layout:
    """How a part is stored.

    Attributes:
        channels: name -> how it is stored, in the order of the file.
        width, height: of the data window.
        rows_of_chunk: rows of pixels in each chunk but the last.
    """

    channels: Mapping[str, np.dtype[Any]]
    width: int
    height: int
    rows_of_chunk: int

    @property
    def row_size(self) -> int:
        """Bytes of a row."""
        return self.width * sum(dtype.itemsize for dtype in self.channels.values())

    def places(self) -> dict[str, "Place"]:
        """Where each channel lies in a row."""
        ends = itertools.accumulate(self.width * dtype.itemsize for dtype in self.channels.values())
        sizes = [self.width * dtype.itemsize for dtype in self.channels.values()]
        return {name: Place(end - size, size) for name, end, size in zip(self.channels, ends, sizes, strict=True)}


@dataclass(frozen=True)
class Place:
    """Of a channel in a row: the first byte, and how many there are; both are even."""

    start: int
    size: int


def read_channels(
    layout: Layout, names: Sequence[str], data_of_chunks: Callable[[int, int], list[bytes]], threads: int
) -> list[Pixels]:
    """Read some channels of a part.

    Args:
        layout: of the part.
        names: of the channels.
        data_of_chunks: the data of the chunks from one number to another, as they are in the file; called by threads.
        threads: how many share the work; 0 for none besides the caller's.

    Returns:
        (height, width) for each name.

    Raises:
        ValueError: a chunk is cut off or damaged.
        OSError, ValueError: as data_of_chunks does.
    """
    places = layout.places()
    pixels = {name: np.empty((layout.height, layout.width), layout.channels[name]) for name in names}
    wanted = sorted(pixels, key=lambda name: places[name].start)

    last: tuple[list[bytes], int] = [], 0  # chunks that were decoded, and where

    def read_some(first: int) -> None:
        nonlocal last
        top = first * layout.rows_of_chunk
        rows = min(layout.rows_of_chunk, layout.height - top)
        chunks = data_of_chunks(first, min(first + together, count))
        same, of_same = last
        if chunks == same and top + rows * len(chunks) < layout.height:  # the last may be of fewer rows
            for one in pixels.values():
                one[top : top + rows * len(chunks)] = one[of_same : of_same + rows * len(chunks)]
            return
        into = [
            pixels[name][top : top + rows * len(chunks)].view(np.uint8).reshape(len(chunks), rows, -1)
            for name in wanted
        ]
        decode(chunks, rows, layout.row_size, [places[name] for name in wanted], into)
        last = chunks, top

    count = -(-layout.height // layout.rows_of_chunk)
    together = max(1, _ROWS_AT_ONCE // layout.rows_of_chunk)
    firsts = range(0, count, together)
    if threads:
        from concurrent.futures import ThreadPoolExecutor  # here, so that workers without threads start sooner

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(read_some, firsts))
    else:
        for first in firsts:
            read_some(first)
    return [pixels[name] for name in names]


def decode(
    chunks: Sequence[bytes], rows: int, row_size: int, channels: Sequence[Place], pixels: Sequence[Bytes]
) -> None:
    """Decode some channels of chunks.

    Args:
        chunks: the data of each, as they are in the file.
        rows: that each of them holds.
        row_size: bytes of a row with all channels.
        channels: those that are wanted, in the order in which they lie in a row.
        pixels: for each of them (chunks, rows, bytes of the channel in a row) to be written, contiguous.

    Raises:
        ValueError: a chunk is cut off or damaged.
    """
    size = rows * row_size
    if any(len(chunk) > size for chunk in chunks):
        raise ValueError("a block of pixels is larger than its pixels")
    if all(len(chunk) < size for chunk in chunks):
        inflated = [np.frombuffer(decompress(chunk, size), np.uint8) for chunk in chunks]
        _sum_up(inflated[0][None] if len(inflated) == 1 else np.stack(inflated), rows, channels, pixels)
        return
    for number, chunk in enumerate(chunks):
        into = [one[number : number + 1] for one in pixels]
        if len(chunk) < size:
            decode([chunk], rows, row_size, channels, into)
            continue
        plain = np.frombuffer(chunk, np.uint8).reshape(rows, row_size)  # compression would have made it no smaller
        for one, channel in zip(into, channels, strict=True):
            one[0] = plain[:, channel.start : channel.start + channel.size]


def _sum_up(differences: Bytes, rows: int, channels: Sequence[Place], pixels: Sequence[Bytes]) -> None:
    """Write the bytes of channels, from the differences of (chunks, bytes of a chunk)."""
    chunks, size = differences.shape
    row = size // 2 // rows
    starts = (
        np.array([0, size // 2])[:, None, None]
        + np.arange(rows)[:, None] * row
        + np.array([channel.start // 2 for channel in channels])
    )
    before = _before(differences, starts.ravel()).reshape(chunks, *starts.shape)
    for number, channel in enumerate(channels):
        some = np.lib.stride_tricks.as_strided(
            differences[:, channel.start // 2 :],
            (chunks, 2, rows, channel.size // 2),
            (size, size // 2, row, 1),
            writeable=False,
        )
        halves = _running_sums(some ^ _MIDDLE, before[..., number])
        pairs = pixels[number].view("<u2")  # of a byte at an even place, and one at an odd place
        pairs[...] = halves[:, 1]
        pairs <<= 8
        pairs |= halves[:, 0]


def _before(differences: Bytes, starts: npt.NDArray[np.int64]) -> Bytes:
    """The byte before each of the places, (chunks, places), which are ascending.

    Modulo 256, as all sums here.
    """
    sums = np.add.reduceat(differences, starts, axis=1, dtype=np.uint8)
    before = np.empty_like(sums)
    before[:, 0] = differences[:, : starts[0]].sum(axis=1, dtype=np.uint8)
    before[:, 1:] = sums[:, :-1]
    np.add.accumulate(before, axis=1, out=before)
    # Each of the differences is the middle too much, but for the first byte, which is itself.
    before += (_MIDDLE + (starts & 1) * _MIDDLE).astype(np.uint8)
    return before


def _running_sums(steps: Bytes, before: Bytes) -> Bytes:
    """What comes of steps from one byte to the next, along the last axis.

    Args:
        steps: (..., B); written over.
        before: (...), the byte before the first step.
    """
    if not np.count_nonzero(steps):  # nothing but one value in each row, as where a pass is empty
        return np.broadcast_to(before[..., None], steps.shape)
    # All as one row, in which a step leads from the end of each to the start of the next.
    ends = before + steps.sum(axis=-1, dtype=np.uint8)
    between = before.ravel().copy()
    between[1:] -= ends.ravel()[:-1]
    steps[..., 0] += between.reshape(before.shape)
    # By doubling: each of some additions is done for many bytes at once, where np.cumsum goes byte by byte.
    sums = steps.ravel()
    spare = np.empty_like(sums)
    reach = 1
    while reach < sums.size:
        np.add(sums[reach:], sums[:-reach], out=spare[reach:])
        spare[:reach] = sums[:reach]
        sums, spare = spare, sums
        reach *= 2
    return sums.reshape(steps.shape)
