"""The colours of categories and instances, the same in pictures, in Blender's overlay and in its viewports."""

import colorsys
from collections.abc import Iterable, Mapping, Sequence

from ..settings.category_table import Category

Colour = tuple[int, int, int]

# Of background, among the colours of labels.
BACKGROUND: Colour = (72, 72, 72)

# Saturation and value of the colours of instances, which are many more than there are hues.
_SHADES = ((0.75, 0.95), (0.45, 1.0), (0.9, 0.7), (0.6, 0.5), (0.3, 0.8))


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


def instance_colours(count: int) -> list[Colour]:
    """Colours for so many instances, 8-bit sRGB; they differ in hue and shade from their neighbours."""
    return [_colour(number, *_SHADES[number % len(_SHADES)]) for number in range(count)]


def linear_light(colour: Colour) -> tuple[float, float, float, float]:
    """An 8-bit sRGB colour as Blender's own data has it: linear, with an alpha of 1 (IEC 61966-2-1)."""
    encoded = [level / 255 for level in colour]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in encoded)
    return red, green, blue, 1.0


def is_light(colour: Colour) -> bool:
    """Whether black reads better on a colour than white (weights: Rec. 601 luma)."""
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue > 140


def _colour(number: int, saturation: float = 0.75, value: float = 0.95) -> Colour:
    """A colour far from those of the neighbouring numbers: hues go round the circle by the golden ratio."""
    hue = (0.58 + number * 0.618034) % 1.0
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)
