"""Reading the images of a dataset: PNG, JPEG and WebP files, as large as frames are."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from ..base.errors import InputError
from ..base.input_files import open_file
from .image_files import Bytes
from .png_encoder import SIGNATURE

_MOST_PIXELS = 1 << 29
# Of an image that is looked at as a whole: pixels of the shorter side.
_LOOKED_AT = 120
# An image whose bright_level() is no higher is dark.
DARK_LEVEL = 16


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
