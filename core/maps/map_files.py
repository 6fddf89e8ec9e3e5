"""Arrays as the files of dense maps. Every file appears under its name only when it is complete."""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..base.files import complete_file
from ..exr.exr_file import encode_exr

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# On depth and flow of the demo the usual level 6 takes four times as long, for files a twentieth smaller.
_PNG_LEVEL = 1
PNG_GREY, PNG_RGB = 0, 2
_FILTER_UP = 2
FLO_TAG = 202021.25

Array = npt.NDArray[Any]


def write_png16(path: Path, pixels: npt.NDArray[np.uint16]) -> None:
    """Write a 16-bit PNG; Pillow cannot write those in colour.

    Source: W3C, Portable Network Graphics, third edition.

    Args:
        path: the file.
        pixels: (H, W) for grey, (H, W, 3) for RGB.

    Raises:
        OutputError: the file cannot be written.
    """
    height, width = pixels.shape[:2]
    rows = np.frombuffer(pixels.astype(">u2").tobytes(), np.uint8).reshape(height, -1)
    # Each byte less the one above it: what is smooth becomes small numbers.
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _FILTER_UP
    filtered[:1, 1:] = rows[:1]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 16, PNG_GREY if pixels.ndim == 2 else PNG_RGB, 0, 0, 0)
    with complete_file(path) as file:
        file.write(PNG_SIGNATURE + _chunk(b"IHDR", header))
        file.write(_chunk(b"IDAT", zlib.compress(filtered.tobytes(), _PNG_LEVEL)) + _chunk(b"IEND", b""))


def write_png8(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    """Write (H, W) uint8 as a grey PNG; OutputError where the file cannot be written."""
    with complete_file(path) as file:
        Image.fromarray(pixels).save(file, "PNG", compress_level=_PNG_LEVEL)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def write_npy(path: Path, values: Array) -> None:
    """Write an array for numpy.load; OutputError where the file cannot be written."""
    with complete_file(path) as file:
        np.save(file, np.ascontiguousarray(values))


def write_flo(path: Path, flow: npt.NDArray[np.float32]) -> None:
    """Write (H, W, 2) float32 u, v in Middlebury's format; OutputError where the file cannot be written.

    Source: https://vision.middlebury.edu/flow/code/flow-code/README.txt.
    """
    height, width = flow.shape[:2]
    with complete_file(path) as file:
        file.write(struct.pack("<fii", FLO_TAG, width, height) + flow.astype("<f4").tobytes())


def write_exr(path: Path, channels: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Write (H, W) float32 channels as one EXR part; OutputError where the file cannot be written."""
    with complete_file(path) as file:
        file.write(encode_exr(channels))
