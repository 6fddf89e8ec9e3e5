"""PNG files from pixels: of 8 and 16 bit, grey, in colour or with a palette.

Pillow writes no 16 bits in colour, and takes four times as long for 8, since it tries every filter on every row.
Source: W3C, Portable Network Graphics, third edition.
"""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.compression import Data, compress, crc32

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE = 0, 2, 3
SUB, UP = 1, 2
_LONGEST_CHUNK = (1 << 31) - 1

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


def encode_png(pixels: Pixels, palette: npt.NDArray[np.uint8] | None = None) -> bytes:
    """A PNG file.

    Args:
        pixels: (H, W) for grey, or for numbers of colours in the palette; (H, W, 3) for RGB.
        palette: (C, 3) uint8, at most 256 colours.
    """
    colour = PALETTE if palette is not None else GREY if pixels.ndim == 2 else RGB
    height, width = pixels.shape[:2]
    return png_file((width, height), 8 * pixels.dtype.itemsize, colour, compress(_filtered(pixels).data), palette)


def png_file(
    size: tuple[int, int], bits: int, colour: int, packed: Data, palette: npt.NDArray[np.uint8] | None = None
) -> bytes:
    """A PNG file of rows that are packed already.

    Args:
        size: width and height.
        bits: of a channel.
        colour: GREY, RGB or PALETTE.
        packed: a zlib stream of the rows, each behind the number of its filter.
        palette: as for encode_png().
    """
    header = struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 0)
    parts: list[Data] = [SIGNATURE, *_chunk(b"IHDR", header)]
    if palette is not None:
        parts += _chunk(b"PLTE", palette.tobytes())
    data = memoryview(packed)
    for start in range(0, len(data), _LONGEST_CHUNK):
        parts += _chunk(b"IDAT", data[start : start + _LONGEST_CHUNK])
    return b"".join((*parts, *_chunk(b"IEND", b"")))


def _chunk(kind: bytes, data: Data) -> Iterator[Data]:
    yield struct.pack(">I", len(data)) + kind
    yield data
    yield struct.pack(">I", crc32(data, crc32(kind)))


def _filtered(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """The rows of an image, each behind the number of its filter: small numbers where neighbours are alike.

    What is to the left resembles most in colour images; what is above, in maps, masks and numbers of colours.
    """
    height = pixels.shape[0]
    rows: npt.NDArray[np.uint8] = np.ascontiguousarray(_big_endian(pixels)).view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    if pixels.ndim == 3 and pixels.dtype == np.uint8:
        filtered[:, 0] = SUB
        filtered[:, 1:4] = rows[:, :3]
        np.subtract(rows[:, 3:], rows[:, :-3], out=filtered[:, 4:])
    else:
        filtered[:, 0] = UP
        filtered[:1, 1:] = rows[:1]
        np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def _big_endian(pixels: Pixels) -> npt.NDArray[Any]:
    return pixels.astype(">u2") if pixels.dtype == np.uint16 else pixels
