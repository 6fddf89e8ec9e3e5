"""What is told of a training image: how bright it is, what it resembles, and how far instances stand out from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...base.errors import InputError
from ...drawing.image_files import Bytes, is_dark_image, open_image, unreadable_image
from ...records.frame_record import FrameRecord

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Pixels of the longer side to which an image is made smaller before it is looked at as a whole.
_LOOKED_AT = 256
# Around an instance is a quarter of the longer side of its box, and at least so many pixels. So many places each way
# are looked at there.
_LEAST_MARGIN = 4
_SAMPLES = 24
# A grey level from which a pixel is burnt out, of 255.
_BURNT_OUT = 250
_MOST_DIFFERENT = 255 * 3**0.5
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
        dark: as is_dark_image() says.
        fingerprint: 64 bit, each of which says whether it gets brighter from one place to the next on the right; images
            that look the same differ in few.
        thumbnail: RGB, in a square.
        pixels: (H, W, 3) uint8, the image itself.
    """

    state: ImageState
    brightness: float = np.nan
    contrast: float = np.nan
    burnt_out: float = np.nan
    dark: bool = False
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
    reduced = max(1, -(-max(image.size) // _LOOKED_AT))
    small = image.reduce(reduced) if reduced > 1 else image
    grey = small.convert("L")
    brightness, contrast, burnt_out = _light(grey)
    steps = np.asarray(grey.resize(_FINGERPRINT, Image.Resampling.BOX), np.int16)
    return ImageFacts(
        ImageState.FINE,
        brightness,
        contrast,
        burnt_out,
        is_dark_image(grey if reduced == 1 else image),
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


@dataclass(frozen=True)
class Appearance:
    """How instances look, (N,) float64 each; NaN where one is too small to tell.

    Attributes:
        stands_out: how far its mean colour is from that of the pixels around it, as a part of black against white.
        light: mean of its grey levels, 0 to 1.
    """

    stands_out: Floats
    light: Floats


def look_at_instances(
    image: ImageFacts, numbers: npt.NDArray[np.float32], boxes: Sequence[Sequence[int]]
) -> Appearance:
    """How the instances of a frame look.

    Args:
        image: of the frame.
        numbers: (H, W), the number of the instance in each pixel, counted from 1; 0 for none.
        boxes: x0, y0, x1, y1 of each.
    """
    count = len(boxes)
    if image.pixels is None or not count:
        return Appearance(np.full(count, np.nan), np.full(count, np.nan))
    rows, columns = _places_around(boxes, *numbers.shape)
    colours = image.pixels[rows, columns].astype(np.float64)
    own = numbers[rows, columns] == np.arange(1, count + 1)[:, None, None]
    with np.errstate(invalid="ignore"):
        mean, around = (_mean_colour(colours, where) for where in (own, ~own))
    apart = np.linalg.norm(mean - around, axis=1) / _MOST_DIFFERENT
    return Appearance(apart, mean @ np.array([0.299, 0.587, 0.114]) / 255)


def _places_around(boxes: Sequence[Sequence[int]], height: int, width: int) -> tuple[Integers, Integers]:
    """(N, _SAMPLES, 1) rows and (N, 1, _SAMPLES) columns of pixels, evenly taken in and around each box."""
    x0, y0, x1, y1 = np.array(boxes, np.int64).T
    margin = np.maximum(np.maximum(x1 - x0, y1 - y0) // 4, _LEAST_MARGIN)
    part = (np.arange(_SAMPLES) + 0.5) / _SAMPLES

    def places(low: Integers, high: Integers, size: int) -> Integers:
        first, end = np.maximum(low - margin, 0), np.minimum(high + margin, size)
        found: Integers = (first[:, None] + part * (end - first)[:, None]).astype(np.int64)
        return found

    return places(y0, y1, height)[:, :, None], places(x0, x1, width)[:, None, :]


def _mean_colour(colours: Floats, where: npt.NDArray[np.bool_]) -> Floats:
    """(N, 3) of (N, S, S, 3), NaN where there is none."""
    mean: Floats = np.einsum("nijc,nij->nc", colours, where) / where.sum(axis=(1, 2))[:, None]
    return mean


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
