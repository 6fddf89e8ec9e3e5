"""8-bit training images from the Combined pass, without Blender: the sRGB transfer function and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from ..base.box import Pixels
from ..base.errors import InputError
from ..base.files import complete_file
from ..base.input_files import open_file
from ..settings.settings import JPEG_QUALITY, ImageFormat
from .png_encoder import SIGNATURE, encode_png

Bytes = npt.NDArray[np.uint8]

# What a record says of images made here.
SRGB = {"made_by": "labelpass", "view_transform": "sRGB transfer function"}

# Of a float32's 23 bits of fraction 11 are enough to be less than a level away.
_CUT_BITS = 12
# Few enough for the processor's cache.
_ROWS_AT_ONCE = 16
_MOST_PIXELS = 1 << 29
# Of an image that is looked at as a whole: pixels of the shorter side.
_LOOKED_AT = 120
# An image whose bright_level() is no higher is dark.
DARK_LEVEL = 16


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


def open_image(path: Path) -> Image.Image:
    """Open a PNG, JPEG or WebP file of a dataset, which may be as large as its frames are.

    Pillow's own function warns of 89 million pixels and refuses 179 million, which takes images of 16384 x 16384 for an
    attack. Here the limit is twice as many as those have. Of WebP, which has none of that size, it is Pillow's.

    Raises:
        OSError: it cannot be read, is of another format, or has more pixels.
        SyntaxError: when it is read to its end, and is damaged.
    """
    with open_file(path) as file:
        kind = _kind_of(file.read(len(SIGNATURE)))
    try:
        image = kind(path)
    except (SyntaxError, Image.DecompressionBombError) as error:  # the latter of WebP alone
        raise OSError(str(error)) from error
    if image.width * image.height > _MOST_PIXELS:
        size = f"{image.width} x {image.height}"
        image.close()
        raise OSError(f"it claims to have {size} pixels")
    return image


class _WebPImage(WebPImageFile):
    def load(self) -> Any:
        try:
            return super().load()
        except EOFError as error:  # as Pillow calls it, where files of other formats are an OSError
            raise OSError(str(error)) from error


def _kind_of(start: bytes) -> type[PngImageFile | JpegImageFile | _WebPImage]:
    """What reads a file that starts with these bytes."""
    if start == SIGNATURE:
        return PngImageFile
    return _WebPImage if start.startswith(b"RIFF") else JpegImageFile


def write_image(path: Path, pixels: Bytes, format: ImageFormat) -> None:
    """Write (H, W, 3) uint8 pixels.

    Raises:
        InputError: the format has no images of that size.
        OutputError: the file cannot be written.
    """
    if refusal := format.refusal(pixels.shape[1], pixels.shape[0]):
        raise InputError(refusal)
    with complete_file(path) as file:
        if format is ImageFormat.JPEG:
            Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        elif format is ImageFormat.WEBP:
            # The quickest of libwebp's ways; slower ones gain little.
            Image.fromarray(pixels).save(file, "WEBP", lossless=True, quality=0, method=0)
        else:
            file.write(encode_png(pixels))


def write_picture(path: Path, picture: Bytes | Paletted) -> None:
    """Write a preview picture, (H, W, 3) uint8 or with a palette, as PNG; OutputError where that cannot be done."""
    with complete_file(path) as file:
        if isinstance(picture, Paletted):
            file.write(encode_png(picture.numbers, picture.palette))
        else:
            file.write(encode_png(picture))


def read_image(path: Path) -> Bytes:
    """Read an image as (H, W, 3) uint8; InputError where that cannot be done."""
    try:
        with open_image(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise unreadable_image(path, error) from error


def is_dark(path: Path) -> bool:
    """Whether hardly anything is seen in an image, as where the lights were left off; InputError as read_image()."""
    try:
        with open_image(path) as image:
            image.draft("L", (_LOOKED_AT, _LOOKED_AT))  # a JPEG need not be decoded in full
            return bright_level(made_smaller(image).convert("L")) <= DARK_LEVEL
    except (OSError, SyntaxError) as error:
        raise unreadable_image(path, error) from error


def made_smaller(image: Image.Image) -> Image.Image:
    """An image as it is looked at as a whole: its shorter side has 120 to 239 pixels, so that single pixels do not
    count; one that is smaller stays as it is."""
    times = min(image.size) // _LOOKED_AT
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB" if image.mode in ("P", "RGBA") else "L")
    return image.reduce(times) if times > 1 else image


def bright_level(grey: Image.Image) -> int:
    """The level of 255 that all but a hundredth of the pixels have at most, of an image in grey (Rec. 601 luma)."""
    counts = np.array(grey.histogram())
    return int(np.searchsorted(np.cumsum(counts), counts.sum() - counts.sum() // 100))


def unreadable_image(path: Path, error: Exception) -> InputError:
    """The sentence on an image that open_image() refuses."""
    return InputError(f"The training image {path} cannot be read ({error}); export the frame again")


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
