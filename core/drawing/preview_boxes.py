"""Pictures for a person to check a frame by: its boxes with names, and its depth with a scale."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from ..categories.palette import Colour, category_colours, is_light
from ..records.instance import Instance
from .image_files import Bytes
from .lettering import line_of, plain_font, size_of_letters
from .text_labels import first_free, places_for_name, short_name

_MARGIN = 3
# More names than this cannot be read, and looking for free places would take long.
_MOST_NEIGHBOURS = 200
_TICKS = 6
_ROWS_AT_ONCE = 64
_NO_SURFACE_COLOUR = (232, 232, 232)
# Points of matplotlib's "viridis" (CC0), from far to near: even steps of lightness, readable without colour vision.
_SCALE = np.array(
    [(68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129), (92, 200, 99),
     (170, 220, 50), (253, 231, 37)],
    dtype=np.float64,
)  # fmt: skip


def draw_boxes(
    image: Bytes,
    instances: Sequence[Instance],
    categories: Sequence[str],
    own: Mapping[str, Colour] | None = None,
    most_names: float = math.inf,
) -> Bytes:
    """Draw a box with its name around each instance.

    Args:
        image: (H, W, 3) uint8.
        instances: those to draw.
        categories: names of all categories; the place of a name decides its colour.
        own: colours that the user chose, by the name of the category.
        most_names: which part of the image names may cover; then small instances have none, and no name hides another.

    Returns:
        (H, W, 3) uint8, a new image.
    """
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    letters = size_of_letters(min(picture.size))
    line = max(1, round(picture.height / 300))
    colours = category_colours(categories, own)
    # Large boxes first, so that small ones stay readable.
    by_size = sorted(instances, key=lambda instance: -instance.mask.area)
    for instance in by_size:
        box, colour = instance.mask.box, colours[instance.category]
        draw.rectangle((box.x0, box.y0, box.x1 - 1, box.y1 - 1), outline=colour, width=line)
    plates = np.empty((len(by_size), 4), dtype=np.int64)
    number, room = 0, most_names * picture.width * picture.height
    for instance in by_size:
        box, colour = instance.mask.box, colours[instance.category]
        name = line_of(short_name(instance.name), letters)
        size = math.ceil(name.width) + 2 * _MARGIN, name.height
        places = places_for_name((box.x0, box.y0, box.x1, box.y1), size, picture.size)
        free = first_free(places, plates[max(0, number - _MOST_NEIGHBOURS) : number])
        room -= size[0] * size[1]
        if room < 0 or (free is None and most_names < math.inf):
            continue
        plates[number] = places[free or 0]
        x0, y0, x1, y1 = plates[number].tolist()
        draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=colour)
        name.draw(draw, x0 + _MARGIN, y0, "black" if is_light(colour) else "white")
        number += 1
    return np.asarray(picture)


def draw_depth(depth: npt.NDArray[np.float32], surface: npt.NDArray[np.bool_], unit: str) -> Bytes:
    """Draw planar depth in colours, near bright and far dark, with a scale next to it; no surface is light grey.

    Args:
        depth: (H, W) float32.
        surface: (H, W) bool, where depth means something.
        unit: of the depth, as written above the scale.

    Returns:
        (H, W + the scale's width, 3) uint8.
    """
    near, far = _range(depth[surface & np.isfinite(depth)])
    height, width = depth.shape
    scale = _scale(height, size_of_letters(min(height, width)), near, far, unit)
    picture = np.empty((height, width + scale.shape[1], 3), dtype=np.uint8)
    picture[:, width:] = scale
    lookup = _lookup()
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        with np.errstate(invalid="ignore", over="ignore"):
            nearness = np.clip((far - np.where(surface[rows], depth[rows], far)) / (far - near), 0, 1)
        colours = lookup[np.round(nearness * 255).astype(np.uint8)]
        colours[~surface[rows]] = _NO_SURFACE_COLOUR
        picture[rows, :width] = colours
    return picture


def _range(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    """The depths at the ends of the scale: all of them but for a few far pixels that would take the whole scale."""
    if values.size == 0:
        return 0.0, 1.0
    sample = values[:: max(1, values.size // 100_000)].astype(np.float64)
    near, far = float(values.min()), float(values.max())
    most = float(np.percentile(sample, 98))
    if far - near > 2 * (most - near) > 0:
        far = most
    return (near, far) if far > near else (near, near + 1.0)


def _scale(height: int, letters: int, near: float, far: float, unit: str) -> Bytes:
    """The colour bar with ticks at round numbers, (height, width, 3); `letters` is their size."""
    font = plain_font(letters)
    em = math.ceil(font.size)
    picture = Image.new("RGB", (em * 7, height), "white")
    draw = ImageDraw.Draw(picture)
    left, right, top, bottom = em, em * 2 + em // 2, em * 2, height - em
    rows = np.linspace(255, 0, max(bottom - top, 1)).round().astype(np.uint8)
    bar = np.repeat(_lookup()[rows][:, None], right - left, axis=1)
    picture.paste(Image.fromarray(bar), (left, top))
    draw.text((left, em // 2), unit, fill="black", font=font)
    for value in _round_numbers(near, far):
        y = top + (value - near) / (far - near) * (bottom - top - 1)
        draw.line((right, y, right + em // 3, y), fill="black")
        draw.text((right + em // 2, y), f"{value:g}", fill="black", font=font, anchor="lm")
    return np.asarray(picture)


def _round_numbers(near: float, far: float) -> list[float]:
    """About six multiples of 1, 2 or 5 times a power of ten between two values."""
    rough = (far - near) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.ceil(near / step), math.floor(far / step)
    return [float(f"{number * step:.6g}") for number in range(first, last + 1)]


def _lookup() -> Bytes:
    """(256, 3) uint8: the colours of the scale from far to near."""
    place = np.linspace(0, len(_SCALE) - 1, 256)
    columns = [np.interp(place, np.arange(len(_SCALE)), _SCALE[:, channel]) for channel in range(3)]
    return np.stack(columns, axis=-1).round().astype(np.uint8)
