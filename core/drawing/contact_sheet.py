"""A contact sheet: pictures side by side, each with a title, under a heading."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .image_files import Bytes
from .lettering import Line, line_of, plain_font
from .text_labels import on_one_line

_MARGIN = 12
_FONT = 16
_HEADING_FONT = 20
# Titles need some room, however narrow a picture is.
_NARROWEST = 270
# Width to height of what a screen shows best.
_ASPECT = 1.6


@dataclass(frozen=True)
class Tile:
    """A picture with its title.

    Attributes:
        title: what it shows.
        pixels: (H, W, 3) uint8.
        note: what else there is to know of it, in grey below the title.
    """

    title: str
    pixels: Bytes
    note: str = ""


def draw_sheet(heading: str, tiles: Sequence[Tile]) -> Bytes:
    """Put pictures into rows.

    Args:
        heading: one line above all.
        tiles: at least one; of any sizes.

    Returns:
        (H, W, 3) uint8.
    """
    line = sum(plain_font(_FONT).getmetrics()) + 2
    head = (2 if any(tile.note for tile in tiles) else 1) * line + 4
    sizes = [(max(_NARROWEST, tile.pixels.shape[1]), tile.pixels.shape[0] + head) for tile in tiles]
    widths, heights = _layout(sizes)
    top = sum(plain_font(_HEADING_FONT).getmetrics()) + 2 * _MARGIN
    left = np.cumsum([_MARGIN, *(width + _MARGIN for width in widths)]).tolist()
    upper = np.cumsum([top, *(height + _MARGIN for height in heights)]).tolist()
    sheet = Image.new("RGB", (left[-1], upper[-1]), "white")
    draw = ImageDraw.Draw(sheet)
    _cut(heading, _HEADING_FONT, left[-1] - 2 * _MARGIN).draw(draw, _MARGIN, _MARGIN, "black")
    for number, tile in enumerate(tiles):
        row, column = divmod(number, len(widths))
        x, y = left[column], upper[row]
        _cut(tile.title, _FONT, widths[column]).draw(draw, x, y, "black")
        if tile.note:
            _cut(tile.note, _FONT, widths[column]).draw(draw, x, y + line, (96, 96, 96))
        sheet.paste(Image.fromarray(tile.pixels), (x, y + head))
    return np.asarray(sheet)


def _layout(sizes: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """The widths of columns and heights of rows that make a sheet most like a screen, with few places left over."""
    best, least = ([0], [0]), math.inf
    for columns in range(1, len(sizes) + 1):
        widths = [max(width for width, _ in sizes[column::columns]) for column in range(columns)]
        heights = [
            max(height for _, height in sizes[start : start + columns]) for start in range(0, len(sizes), columns)
        ]
        aspect = (sum(widths) + _MARGIN * columns) / (sum(heights) + _MARGIN * len(heights))
        badness = abs(math.log(aspect / _ASPECT)) + (columns * len(heights) - len(sizes)) / len(sizes)
        if badness < least:
            best, least = (widths, heights), badness
    return best


def _cut(text: str, size: int, width: int) -> Line:
    """A text on one line, cut where it is wider than so many pixels."""
    text = on_one_line(text)
    line = line_of(text, size)
    if line.width <= width:
        return line
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if line_of(text[:middle] + "…", size).width <= width else (low, middle - 1)
    return line_of(text[:low] + "…", size)
