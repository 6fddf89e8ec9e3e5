"""Names in pictures: every letter that a name may have, from the fonts that come with Labelpass.

Names of ASCII alone have Pillow's own font. The others have DejaVu Sans, and Unifont for letters which that lacks; what
is in none is written as its number. So pictures are the same on every machine, with Blender and without.
"""

import functools
import itertools
import math
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageDraw, ImageFont

from ..categories.palette import Colour
from .reading_order import in_drawing_order

_FONTS = Path(__file__).parent / "fonts"
_PROPORTIONAL = "DejaVuSans.woff2"
# Made of square dots, 16 in the height of a line.
_OF_DOTS = ("Unifont.woff2", "UnifontUpper.woff2")
_DOTS = 16
# No font has this one, and in its place every font draws what it draws for all that it lacks.
_IN_NO_FONT = "\U0010ffff"
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


@dataclass(frozen=True)
class Line:
    """A text that is ready to be drawn.

    Attributes:
        runs: what to draw with which font, from left to right.
        width, ascent, descent: in pixels; ascent and descent above and below the line that letters stand on.
    """

    runs: tuple[tuple[ImageFont.FreeTypeFont, str], ...]
    width: float
    ascent: int
    descent: int

    @property
    def height(self) -> int:
        return self.ascent + self.descent

    def draw(self, draw: ImageDraw.ImageDraw, x: float, y: float, fill: str | Colour) -> None:
        """Draw it with its top left corner at x, y."""
        for font, text in self.runs:
            draw.text((x, y + self.ascent), text, fill=fill, font=font, anchor="ls")
            x += font.getlength(text)


def size_of_letters(height: int) -> int:
    """In pixels, for a picture of this height."""
    return max(10, round(height / 36))


@functools.lru_cache(maxsize=32)
def plain_font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own, for ASCII."""
    font = ImageFont.load_default(size=size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # Pillow's wheels come with FreeType
    return font


def line_of(text: str, size: int) -> Line:
    """A text in letters of a size in pixels."""
    if _is_plain(text):
        font = plain_font(size)
        return Line(((font, text),), font.getlength(text), *font.getmetrics())
    runs = _runs(text, size)
    # Accents on each other may reach higher than the font says of itself.
    boxes = [font.getbbox(part, anchor="ls") for font, part in runs]
    metrics = [font.getmetrics() for font, _ in runs]
    return Line(
        tuple(runs),
        sum(font.getlength(part) for font, part in runs),
        max(math.ceil(max(ascent, -box[1])) for (ascent, _), box in zip(metrics, boxes, strict=True)),
        max(math.ceil(max(descent, box[3])) for (_, descent), box in zip(metrics, boxes, strict=True)),
    )


def _is_plain(text: str) -> bool:
    """Whether Pillow's own font has it all; besides ASCII that is what stands where a name is cut."""
    return text.replace("…", "").isascii() and text.isprintable()


def _runs(text: str, size: int) -> list[tuple[ImageFont.FreeTypeFont, str]]:
    """The letters from left to right, those of one font together."""
    visible = "".join(letter for letter in text if not _is_invisible(letter))
    letters = [(_file_of(letter), letter) for letter in in_drawing_order(visible or text)]
    in_fonts = [(file, letter) if file else (_PROPORTIONAL, _number_of(letter)) for file, letter in letters]
    return [
        (_font(file, size), "".join(letter for _, letter in run))
        for file, run in itertools.groupby(in_fonts, key=lambda pair: pair[0])
    ]


def _is_invisible(letter: str) -> bool:
    """Whether it only tells a program how to draw others."""
    return unicodedata.category(letter) == "Cf" or ord(letter) in _VARIATION_SELECTORS


def _number_of(letter: str) -> str:
    return f"<U+{ord(letter):04X}>"


@functools.lru_cache(maxsize=4096)
def _file_of(letter: str) -> str:
    """The first font that has a letter; "" where none has, or where it would draw nothing for it."""
    if letter != " " and not letter.isprintable():
        return ""
    return next((file for file in (_PROPORTIONAL, *_OF_DOTS) if _drawn(file, letter) != _drawn(file, _IN_NO_FONT)), "")


def _drawn(file: str, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(file, _DOTS).getmask(letter)
    return mask.size, bytes(mask)


@functools.lru_cache(maxsize=32)
def _font(file: str, size: int) -> ImageFont.FreeTypeFont:
    """A font of about this size: that of dots only has multiples of its own, in which dots are pixels."""
    if file in _OF_DOTS:
        size = _DOTS * max(1, round(size / _DOTS))
    # Basic: the letters are in order and joined already, and more is not the same on every machine.
    try:
        return ImageFont.truetype(_FONTS / file, size, layout_engine=ImageFont.Layout.BASIC)
    except OSError:  # a Pillow that was built without WOFF2; what its own font lacks is then written as its number
        return plain_font(size)
