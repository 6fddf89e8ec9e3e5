"""Masks over their frame: each instance tinted in the colour of its category, with an outline."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ...categories.palette import BACKGROUND, Colour, instance_colours
from ..image_files import Bytes

Numbers = npt.NDArray[np.int64]


def draw_masks(image: Bytes, numbers: Numbers, colours: Sequence[Colour]) -> Bytes:
    """Tint the pixels of instances, and outline each.

    Args:
        image: (H, W, 3) uint8.
        numbers: (H, W), which instance each pixel shows, counted from 1; 0 for none.
        colours: of the instances.

    Returns:
        (H, W, 3) uint8, a new image.
    """
    table = np.array([(0, 0, 0), *colours], np.uint16)
    tint = table[numbers]
    picture = np.where((numbers > 0)[..., None], (image + tint) // 2, image)
    outline = _outlines(numbers)
    picture[outline] = tint[outline]
    return picture.astype(np.uint8)


def draw_numbers(numbers: Numbers, colours: Mapping[int, Colour] | None = None) -> Bytes:
    """Draw an image of numbers, such as those of instances, each in a colour of its own; 0 is dark grey.

    Args:
        numbers: (H, W), none below 0.
        colours: number -> its colour; without them, neighbouring numbers have colours far from each other.

    Returns:
        (H, W, 3) uint8.
    """
    most = int(numbers.max(initial=0))
    table = np.array([BACKGROUND, *instance_colours(most)], np.uint8)
    for number, colour in (colours or {}).items():
        if 0 < number <= most:
            table[number] = colour
    return table[numbers]


def _outlines(numbers: Numbers) -> npt.NDArray[np.bool_]:
    """Pixels of instances beside another one, or beside none."""
    inner = np.pad(numbers, 1, mode="edge")
    beside = np.zeros(numbers.shape, np.bool_)
    for neighbour in (inner[:-2, 1:-1], inner[2:, 1:-1], inner[1:-1, :-2], inner[1:-1, 2:]):
        beside |= neighbour != numbers
    return beside & (numbers > 0)
