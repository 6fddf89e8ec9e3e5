"""8-bit training images from the Combined pass, without Blender: the sRGB transfer function and nothing else; and how
these and other pictures are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..base.box import Pixels
from ..base.errors import InputError
from ..base.files import complete_file
from ..settings.settings import JPEG_QUALITY, ImageFormat
from .png_encoder import encode_png

Bytes = npt.NDArray[np.uint8]

# What a record says of images made here.
SRGB = {"made_by": "labelpass", "view_transform": "sRGB transfer function"}

# Of a float32's 23 bits of fraction 11 are enough to be less than a level away.
_CUT_BITS = 12
# Few enough for the processor's cache.
_ROWS_AT_ONCE = 16


@dataclass(frozen=True)
class Paletted:
    """A picture of few colours, which takes a third of the time and the room of any other.

    Attributes:
        numbers: (H, W) uint8, of colours.
        palette: (C, 3) uint8, the colours.
    """

    numbers: Bytes
    palette: Bytes

    def colours(self) -> Bytes:
        """(H, W, 3) uint8."""
        return self.palette[self.numbers]


def to_srgb(planes: Sequence[Pixels]) -> Bytes:
    """Scene-linear colours as 8-bit sRGB.

    Args:
        planes: (H, W) float16 or float32 each, at least R, G and B in this order, alpha premultiplied; an image with
            transparency comes out over black.

    Returns:
        (H, W, 3) uint8. Negative values and values that are not numbers become 0, those above 1 become 255.
    """
    height, width = planes[0].shape
    levels, ends = _srgb_table()
    encoded = np.empty((height, width, 3), dtype=np.uint8)
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        for channel, plane in enumerate(planes[:3]):
            values = np.ascontiguousarray(plane[rows], dtype=np.float32)
            # The table knows the level of the value with its last bits cut off, which is at most one too low.
            below = levels.take(values.view(np.uint32) >> _CUT_BITS)
            below += values >= ends.take(below)
            encoded[rows, :, channel] = below
    return encoded


def write_image(path: Path, pixels: Bytes, format: ImageFormat) -> None:
    """Write (H, W, 3) uint8 pixels.

    Raises:
        InputError: the format has no images of that size.
        OutputError: the file cannot be written.
    """
    if refusal := format.refusal(pixels.shape[1], pixels.shape[0]):
        raise InputError(refusal)
    if format not in (ImageFormat.JPEG, ImageFormat.WEBP):
        write_picture(path, pixels)
        return
    from PIL import Image  # here, so that workers that write none of these need not wait for it when they start

    with complete_file(path) as file:
        if format is ImageFormat.JPEG:
            Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        else:
            # The quickest of libwebp's ways; slower ones gain little.
            Image.fromarray(pixels).save(file, "WEBP", lossless=True, quality=0, method=0)


def write_picture(path: Path, picture: Bytes | Paletted) -> None:
    """Write a preview picture, (H, W, 3) uint8 or with a palette, as PNG; OutputError where that cannot be done."""
    with complete_file(path) as file:
        if isinstance(picture, Paletted):
            file.write(encode_png(picture.numbers, picture.palette))
        else:
            file.write(encode_png(picture))


@cache
def _srgb_table() -> tuple[Bytes, npt.NDArray[np.float32]]:
    """The 8-bit level of each float32 without its last bits, and where each level ends.

    Source: IEC 61966-2-1, transfer function; a level ends where the encoded value is half-way to the next.
    """
    encoded = (np.arange(255) + 0.5) / 255
    ends = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)
    with np.errstate(invalid="ignore"):
        values = (np.arange(1 << (32 - _CUT_BITS), dtype=np.uint32) << _CUT_BITS).view(np.float32)
        values = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=0.0)
    levels = np.searchsorted(ends, values, side="right").astype(np.uint8)
    return levels, np.append(ends, np.float32(np.nan))  # nothing is above level 255
