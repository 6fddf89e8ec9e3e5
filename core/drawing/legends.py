"""What the colours of a picture mean, to stand next to it."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from ..categories.palette import Colour
from .flow_wheel import wheel_disc
from .image_files import Bytes
from .lettering import line_of, plain_font, size_of_letters
from .text_labels import on_one_line

_GREY = (112, 112, 112)


def normal_colours(normals: npt.NDArray[Any]) -> Bytes:
    """(H, W, 3) unit vectors in the camera's axes as colours: red to the right, green up, blue towards the camera.

    So a surface that faces the camera is light blue, as in tangent-space normal maps.
    """
    with np.errstate(invalid="ignore"):
        turned = np.nan_to_num(normals.astype(np.float64)) * (1, -1, -1)
    colours: Bytes = np.rint(127.5 + 127.5 * np.clip(turned, -1, 1)).astype(np.uint8)
    return colours


def flow_legend(rim: float, height: int) -> Bytes:
    """The wheel of flow, with the length at its rim: (height, W, 3) uint8."""
    lines = [f"rim: {rim:g} px", "longer: darker", "unknown: black"]
    return _disc_legend(wheel_disc(_disc_side(height)), lines, height)


def normal_legend(height: int) -> Bytes:
    """A ball in the colours of normals: (height, W, 3) uint8."""
    side = _disc_side(height)
    place = (np.arange(side) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(place, place)
    inside = np.hypot(x, y) <= 1
    z = -np.sqrt(np.clip(1 - x**2 - y**2, 0, None))
    ball = normal_colours(np.stack((x, y, z), axis=-1))
    ball[~inside] = 255
    return _disc_legend(ball, ["a ball, as the", "camera sees it"], height)


def swatches(entries: Sequence[tuple[Colour, str]], height: int) -> Bytes:
    """Squares of colours with their meaning below each other, as many as fit: (height, W, 3) uint8."""
    size = size_of_letters(height)
    em = math.ceil(plain_font(size).size)
    line = em + em // 2
    fit = max(1, (height - em) // line)
    shown = list(entries) if len(entries) <= fit else list(entries[: fit - 1])
    rest = len(entries) - len(shown)
    words = [text for _, text in shown] + ([f"and {rest} more"] if rest else [])
    lines = [line_of(on_one_line(text), size) for text in words]
    width = 3 * em + max((math.ceil(one.width) for one in lines), default=0)
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for number, one in enumerate(lines):
        top = em // 2 + number * line
        if number < len(shown):
            draw.rectangle((em // 2, top, em // 2 + em, top + em), fill=shown[number][0], outline=_GREY)
        one.draw(draw, 2 * em, top + (em - one.height) // 2, "black")
    return np.asarray(picture)


def _disc_side(height: int) -> int:
    return max(24, min(height // 3, 9 * math.ceil(plain_font(size_of_letters(height)).size)))


def _disc_legend(disc: Bytes, lines: Sequence[str], height: int) -> Bytes:
    font = plain_font(size_of_letters(height))
    em, side = math.ceil(font.size), len(disc)
    width = 2 * em + max(side, *(math.ceil(font.getlength(text)) for text in lines))
    picture = Image.new("RGB", (width, height), "white")
    picture.paste(Image.fromarray(disc), (em, em // 2))
    draw = ImageDraw.Draw(picture)
    for number, text in enumerate(lines):
        draw.text((em, em + side + number * (em + em // 3)), text, fill="black", font=font)
    return np.asarray(picture)
