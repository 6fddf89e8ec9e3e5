"""Rectangles of pixels: boxes of instances, windows of EXR files, and what is rasterised."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy.typing as npt

from .json_fields import JsonRow

# (H, W) or (H, W, C) values of a pass.
Pixels = npt.NDArray[Any]

# An image has no more: 16384 x 16384 pixels are a gigabyte for each channel.
MOST_PIXELS = 1 << 28
# From the origin; an amodal box may reach beyond the image.
_FARTHEST = 1 << 31


def counted_pixels(number: int) -> int:
    """A number of pixels of something that is there, also beyond the image; ValueError where it cannot be one."""
    if not 1 <= number <= _FARTHEST**2:
        raise ValueError(f"not a number of pixels: {number}")
    return number


@dataclass(frozen=True)
class Box(JsonRow):
    """A half-open rectangle of pixels: columns x0 to x1 - 1, rows y0 to y1 - 1, y down from the top of the image."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises TypeError or ValueError where the data are not the sides of a rectangle."""
        if type(data) not in (list, tuple) or len(data) != 4 or set(map(type, data)) != {int}:
            raise TypeError("not four whole numbers")
        found = cls(*data)
        if not (-_FARTHEST <= found.x0 <= found.x1 <= _FARTHEST and -_FARTHEST <= found.y0 <= found.y1 <= _FARTHEST):
            raise ValueError("not a rectangle")
        return found

    def __iter__(self) -> Iterator[int]:
        """x0, y0, x1, y1, so that `[*box]` and `x0, y0, x1, y1 = box` give them."""
        return iter((self.x0, self.y0, self.x1, self.y1))

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    def is_at_border(self, width: int, height: int) -> bool:
        """Whether it touches the border of an image of this size, or reaches beyond it."""
        return self.x0 <= 0 or self.y0 <= 0 or self.x1 >= width or self.y1 >= height
