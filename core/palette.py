"""The colours of categories, the same in pictures and in Blender's overlay."""

import colorsys
from collections.abc import Iterable, Mapping, Sequence

from .categories import Category

Colour = tuple[int, int, int]


def category_colours(categories: Sequence[str], own: Mapping[str, Colour] | None = None) -> dict[str, Colour]:
    """A colour for each category, 8-bit sRGB.

    Args:
        categories: names of all categories; the place of a name decides its colour.
        own: colours that the user chose, see own_colours.
    """
    return {name: (own or {}).get(name, _colour(number)) for number, name in enumerate(categories)}


def own_colours(categories: Iterable[Category]) -> dict[str, Colour]:
    """The colours that the user chose for categories, by their names."""
    return {category.name: colour_of(category.colour) for category in categories if category.colour}


def colour_of(text: str) -> Colour:
    """The colour that "#rrggbb" means."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def is_light(colour: Colour) -> bool:
    """Whether black reads better on a colour than white (weights: Rec. 601 luma)."""
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue > 140


def _colour(number: int) -> Colour:
    """A colour far from those of the neighbouring numbers: hues go round the circle by the golden ratio."""
    hue = (0.58 + number * 0.618034) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 0.95)
    return round(red * 255), round(green * 255), round(blue * 255)
