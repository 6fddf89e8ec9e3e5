"""PNG files: of 16 bit, which Pillow can neither write nor read in colour, and of 8 bit.

Source: W3C, Portable Network Graphics, third edition.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...base.files import complete_file
from ...base.input_files import read_file
from ...drawing.png_encoder import GREY, RGB, SIGNATURE, UP, encode_png

_PAETH = 4


def write_png16(path: Path, pixels: npt.NDArray[np.uint16]) -> None:
    """Write a 16-bit PNG.

    Args:
        path: the file.
        pixels: (H, W) for grey, (H, W, 3) for RGB.

    Raises:
        OutputError: the file cannot be written.
    """
    with complete_file(path) as file:
        file.write(encode_png(pixels))


def read_png16(path: Path) -> npt.NDArray[np.uint16]:
    """Read a 16-bit PNG, (H, W) of grey or (H, W, 3) of RGB; Pillow gives 8 bits of those in colour.

    Raises:
        ValueError, struct.error, zlib.error: it is not one, or is interlaced, cut off or damaged.
    """
    chunks = _chunks(read_file(path))
    if not chunks or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise ValueError("it is cut off")
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if bits != 16 or colour not in (GREY, RGB) or interlaced:
        raise ValueError("it is not a 16-bit grey or RGB PNG")
    row = 2 * width * (1 if colour == GREY else 3)
    size = height * (1 + row)
    data = zlib.decompressobj().decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"), size + 1)
    if len(data) != size:
        raise ValueError("its pixels are incomplete")
    filtered = np.frombuffer(data, np.uint8).reshape(height, 1 + row)
    whole = _unfiltered(filtered[:, 0], filtered[:, 1:].reshape(height, width, -1))
    pixels = whole.reshape(height, row).view(">u2").astype(np.uint16)
    return pixels if colour == GREY else pixels.reshape(height, width, 3)


def write_png8(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    """Write (H, W) uint8 as a grey PNG; OutputError where the file cannot be written."""
    with complete_file(path) as file:
        file.write(encode_png(pixels))


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    if not data.startswith(SIGNATURE):
        raise ValueError("it is not a PNG")
    place, chunks = len(SIGNATURE), []
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        (crc,) = struct.unpack_from(">I", data, place + 8 + length)
        if zlib.crc32(body, zlib.crc32(kind)) != crc:
            raise ValueError("a checksum in it is wrong")
        chunks.append((kind, body))
        place += 12 + length
    return chunks


def _unfiltered(filters: npt.NDArray[np.uint8], rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(H, W, bytes of a pixel), with the filter of each row undone."""
    height, width, size = rows.shape
    if (filters == UP).all():  # as Labelpass writes them
        return np.add.accumulate(rows, axis=0, dtype=np.uint8)
    if (filters > _PAETH).any():
        raise ValueError("it has an unknown filter")
    # A byte needs those to the left, above, and left above, so all of a diagonal can be done at once.
    whole = np.zeros((height + 1, width + 1, size), np.int16)
    for diagonal in range(height + width - 1):
        row = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        column = diagonal - row
        left, above, corner = whole[row + 1, column], whole[row, column + 1], whole[row, column]
        off = [np.abs(above - corner), np.abs(left - corner), np.abs(left + above - 2 * corner)]
        nearest = np.where(off[1] <= off[2], above, corner)
        paeth = np.where((off[0] <= off[1]) & (off[0] <= off[2]), left, nearest)
        guess = np.choose(filters[row][:, None], [np.zeros_like(left), left, above, (left + above) // 2, paeth])
        whole[row + 1, column + 1] = (rows[row, column] + guess) & 0xFF
    return np.ascontiguousarray(whole[1:, 1:].astype(np.uint8))
