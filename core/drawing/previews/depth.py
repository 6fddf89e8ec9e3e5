"""The picture to check depth by: near bright and far dark, with a scale."""

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from ..image_files import Bytes, Paletted
from ..lettering import plain_font, size_of_letters

_TICKS = 6
# Few enough for the processor's cache.
_ROWS_AT_ONCE = 32
_NO_SURFACE_COLOUR = (232, 232, 232)
# Points of matplotlib's "viridis" (CC0), from far to near: even steps of lightness, readable without colour vision.
_SCALE = np.array(
    [(68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129), (92, 200, 99),
     (170, 220, 50), (253, 231, 37)],
    dtype=np.float64,
)  # fmt: skip
# The palette: steps of the scale, no surface, and for the letters greys from black to white.
_STEPS = 239
_NO_SURFACE, _BLACK, _GREYS = _STEPS, _STEPS + 1, 16


def draw_depth(depth: npt.NDArray[np.float32], surface: npt.NDArray[np.bool_], unit: str) -> Paletted:
    """Draw planar depth in colours, near bright and far dark, with a scale next to it; no surface is light grey.

    Args:
        depth: (H, W) float32.
        surface: (H, W) bool, where depth means something.
        unit: of the depth, as written above the scale.

    Returns:
        (H, W + the scale's width).
    """
    near, far = _range(depth[surface])
    height, width = depth.shape
    scale = _scale(height, size_of_letters(min(height, width)), near, far, unit)
    numbers = np.empty((height, width + scale.shape[1]), dtype=np.uint8)
    numbers[:, width:] = scale
    last = np.float32(_STEPS - 1)
    with np.errstate(over="ignore"):
        step = np.float32((_STEPS - 1) / (far - near))
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        with np.errstate(invalid="ignore", over="ignore"):
            nearness = (np.float32(far) - depth[rows]) * step
            np.fmin(np.fmax(nearness, np.float32(0), out=nearness), last, out=nearness)
        nearness += np.float32(0.5)
        drawn = nearness.astype(np.uint8)
        drawn[~surface[rows]] = _NO_SURFACE
        numbers[rows, :width] = drawn
    return Paletted(numbers, _palette())


def _range(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    """The depths at the ends of the scale: all of them but for a few far pixels that would take the whole scale."""
    if not np.isfinite(values.sum(dtype=np.float64)):
        values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    sample = values[:: max(1, values.size // 100_000)].astype(np.float64)
    near, far = float(values.min()), float(values.max())
    most = float(np.percentile(sample, 98))
    if far - near > 2 * (most - near) > 0:
        far = most
    return (near, far) if far > near else (near, near + 1.0)


def _scale(height: int, letters: int, near: float, far: float, unit: str) -> Bytes:
    """The colour bar with ticks at round numbers, (height, width) of the palette; `letters` is their size."""
    font = plain_font(letters)
    em = math.ceil(font.size)
    picture = Image.new("L", (em * 7, height), "white")
    draw = ImageDraw.Draw(picture)
    left, right, top, bottom = em, em * 2 + em // 2, em * 2, height - em
    draw.text((left, em // 2), unit, fill="black", font=font)
    for value in _round_numbers(near, far):
        y = top + (value - near) / (far - near) * (bottom - top - 1)
        draw.line((right, y, right + em // 3, y), fill="black")
        draw.text((right + em // 2, y), f"{value:g}", fill="black", font=font, anchor="lm")
    numbers: Bytes = _BLACK + np.rint(np.asarray(picture) * ((_GREYS - 1) / 255)).astype(np.uint8)
    steps = np.linspace(_STEPS - 1, 0, max(bottom - top, 1)).round().astype(np.uint8)[: max(0, height - top), None]
    numbers[top : top + len(steps), left:right] = steps
    return numbers


def _round_numbers(near: float, far: float) -> list[float]:
    """About six multiples of 1, 2 or 5 times a power of ten between two values."""
    rough = (far - near) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.ceil(near / step), math.floor(far / step)
    return [float(f"{number * step:.6g}") for number in range(first, last + 1)]


def _palette() -> Bytes:
    """(256, 3) uint8: the colours of the scale from far to near, and the others."""
    place = np.linspace(0, len(_SCALE) - 1, _STEPS)
    columns = [np.interp(place, np.arange(len(_SCALE)), _SCALE[:, channel]) for channel in range(3)]
    greys = np.repeat(np.linspace(0, 255, _GREYS)[:, None], 3, axis=1)
    return np.vstack((np.stack(columns, axis=-1), [_NO_SURFACE_COLOUR], greys)).round().astype(np.uint8)
