"""Images whose pixels are numbers: of segments or instances, as R + 256 G + 65536 B, or in 16 bits."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..drawing.image_files import PNG_LEVEL

IGNORED_ID = 0xFFFFFF  # white, the largest that fits


def id_png(ids: npt.NDArray[np.uint32]) -> bytes:
    """A PNG of (H, W) numbers below 2^24, lowest byte in red."""
    pixels = np.ascontiguousarray(ids.astype("<u4")).view(np.uint8).reshape(*ids.shape, 4)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[..., :3])).save(file, "PNG", compress_level=PNG_LEVEL)
    return file.getvalue()


def id_png16(ids: npt.NDArray[np.uint32]) -> bytes:
    """A grey PNG of (H, W) numbers below 2^16."""
    file = io.BytesIO()
    Image.fromarray(ids.astype(np.uint16)).save(file, "PNG", compress_level=PNG_LEVEL)
    return file.getvalue()


def mask_png(pixels: npt.NDArray[np.bool_]) -> bytes:
    """A grey PNG of a (H, W) mask: 255 in it, 0 elsewhere."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels).view(np.uint8) * 255).save(file, "PNG", compress_level=PNG_LEVEL)
    return file.getvalue()
