"""8-bit training images from the Combined pass, without Blender: the sRGB transfer function and nothing else."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from .errors import InputError
from .exr import Pixels
from .files import complete_file
from .settings import JPEG_QUALITY, ImageFormat

Bytes = npt.NDArray[np.uint8]

# What a record says of images made here.
SRGB = {"made_by": "labelpass", "view_transform": "sRGB transfer function"}

# zlib's level 1 takes a third of the time of the usual 6 for files that are a few percent larger.
_PNG_LEVEL = 1


def to_srgb(combined: Pixels) -> Bytes:
    """Scene-linear colours as 8-bit sRGB.

    Args:
        combined: (H, W, C) float16 or float32 with at least R, G, B first, alpha premultiplied; an image with
            transparency comes out over black.

    Returns:
        (H, W, 3) uint8. Negative values and values that are no numbers become 0, those above 1 become 255.
    """
    with np.errstate(over="ignore"):
        halves = combined[..., :3].astype(np.float16, copy=False)
    encoded: Bytes = _srgb_of_halves()[np.ascontiguousarray(halves).view(np.uint16)]
    return encoded


def write_image(path: Path, pixels: Bytes, format: ImageFormat) -> None:
    """Write (H, W, 3) uint8 pixels; OutputError where the file cannot be written."""
    with complete_file(path) as file:
        image = Image.fromarray(pixels)
        if format is ImageFormat.JPEG:
            image.save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        else:
            image.save(file, "PNG", compress_level=_PNG_LEVEL)


def read_image(path: Path) -> Bytes:
    """Read an image as (H, W, 3) uint8; InputError where that cannot be done."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError) as error:
        raise InputError(f"The training image {path} cannot be read ({error}); export the frame again") from error


@cache
def _srgb_of_halves() -> Bytes:
    """The 8-bit sRGB value of each of the 65536 half floats; an eighth of a level at most is lost to their precision.

    Source: IEC 61966-2-1, transfer function.
    """
    linear = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float64)
    linear = np.clip(np.nan_to_num(linear, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    levels: Bytes = np.rint(encoded * 255).astype(np.uint8)
    return levels
