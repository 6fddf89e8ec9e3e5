"""What is told of a training image as a whole: how bright it is, and what it resembles. But for its pixels, all is told
of the same small copy of it."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...base.errors import InputError
from ...drawing.image_files import Bytes
from ...drawing.read_images import bright_level, made_smaller, open_image, unreadable_image
from ...records.frame_record import FrameRecord

Floats = npt.NDArray[np.float64]

# A grey level from which a pixel is burnt out, of 255.
_BURNT_OUT = 250
_TILE = (24, 24, 24)
_FINGERPRINT = (9, 8)


class ImageState(IntEnum):
    """Whether there is an image to look at."""

    FINE = 0
    NOT_WRITTEN = 1
    UNREADABLE = 2
    OTHER_SIZE = 3


@dataclass(frozen=True)
class ImageFacts:
    """What is told of an image as a whole.

    Attributes:
        state: whether there is one; if not FINE, all else is as of no image.
        brightness: mean of its grey levels, 0 to 1.
        contrast: their standard deviation, 0 to 0.5.
        burnt_out: which part of its pixels is white.
        bright_level: see bright_level().
        fingerprint: 64 bit, each of which says whether it gets brighter from one place to the next on the right; images
            that look the same differ in few.
        thumbnail: RGB, in a square.
        pixels: (H, W, 3) uint8, the image itself.
    """

    state: ImageState
    brightness: float = np.nan
    contrast: float = np.nan
    burnt_out: float = np.nan
    bright_level: int = 255
    fingerprint: int = 0
    thumbnail: Image.Image | None = None
    pixels: Bytes | None = None


def look_at_image(path: Path, record: FrameRecord, side: int) -> ImageFacts:
    """What is told of the image of a frame.

    Args:
        path: the image.
        record: that of the frame.
        side: pixels of the thumbnail.
    """
    if record.colour is None and not path.is_file():
        return ImageFacts(ImageState.NOT_WRITTEN)
    try:
        image = _read(path)
    except InputError:
        return ImageFacts(ImageState.UNREADABLE)
    if image.size != (record.width, record.height):
        return ImageFacts(ImageState.OTHER_SIZE)
    small = made_smaller(image)
    grey = small.convert("L")
    brightness, contrast, burnt_out = _light(grey)
    steps = np.asarray(grey.resize(_FINGERPRINT, Image.Resampling.BOX), np.int16)
    return ImageFacts(
        ImageState.FINE,
        brightness,
        contrast,
        burnt_out,
        bright_level(grey),
        int.from_bytes(np.packbits(steps[:, 1:] > steps[:, :-1]).tobytes(), "big"),
        _in_square(small, side),
        np.asarray(image),
    )


def _light(grey: Image.Image) -> tuple[float, float, float]:
    """Mean and standard deviation of grey levels, and which part of them is burnt out."""
    share = np.array(grey.histogram()) / (grey.width * grey.height)
    levels = np.arange(256) / 255
    mean = float(share @ levels)
    return mean, float(np.sqrt(share @ (levels - mean) ** 2)), float(share[_BURNT_OUT:].sum())


def _read(path: Path) -> Image.Image:
    try:
        with open_image(path) as image:
            if image.mode != "RGB":
                return image.convert("RGB")
            image.load()
            return image
    except (OSError, SyntaxError) as error:
        raise unreadable_image(path, error) from error


def _in_square(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    square = Image.new("RGB", (side, side), _TILE)
    square.paste(image.resize((width, height), Image.Resampling.BOX), ((side - width) // 2, (side - height) // 2))
    return square
