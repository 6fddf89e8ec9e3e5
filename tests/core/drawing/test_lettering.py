"""Letters of names in pictures: each is there, in a font that has it or as its number."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont, features

from core.drawing import lettering
from core.drawing.contact_sheet import Tile, draw_sheet
from core.drawing.legends import swatches
from core.drawing.lettering import line_of, plain_font
from core.drawing.text_labels import short_name


def drawn(name: str, size: int = 16) -> np.ndarray:
    """Black on white, in a box as large as the line says."""
    line = line_of(name, size)
    image = Image.new("L", (round(line.width) + 1, line.height), "white")
    line.draw(ImageDraw.Draw(image), 0, 0, "black")
    return np.asarray(image)


def text_of(name: str) -> str:
    return "".join(text for _, text in line_of(name, 16).runs)


@pytest.mark.parametrize("size", [10, 13, 16, 30])
def test_ascii_has_the_font_that_pillow_has(size: int) -> None:
    font = plain_font(size)
    image = Image.new("L", (round(font.getlength("Cube.001")) + 1, sum(font.getmetrics())), "white")
    ImageDraw.Draw(image).text((0, 0), "Cube.001", "black", font)
    np.testing.assert_array_equal(drawn("Cube.001", size), np.asarray(image))


@pytest.mark.parametrize(
    ("name", "fonts"),
    [
        ("Café", ["DejaVu Sans"]),
        ("Cafe\N{COMBINING ACUTE ACCENT}", ["DejaVu Sans"]),  # as macOS has it
        ("Straße №7", ["DejaVu Sans"]),
        ("стол.001", ["DejaVu Sans"]),
        ("שולחן", ["DejaVu Sans"]),
        ("شجرة", ["DejaVu Sans"]),
        ("Việt Nam", ["DejaVu Sans"]),
        ("椅子", ["Unifont"]),
        ("한국어", ["Unifont"]),
        ("いす", ["Unifont"]),
        ("ทดสอบ", ["Unifont"]),
        ("名.002", ["Unifont", "DejaVu Sans"]),
        ("a 🦊", ["DejaVu Sans", "Unifont Upper"]),
    ],
)
def test_the_first_font_that_has_a_letter(name: str, fonts: list[str]) -> None:
    assert [font.getname()[0] for font, _ in line_of(name, 16).runs] == fonts
    assert "U+" not in text_of(name)
    letters = unicodedata.normalize("NFKC", text_of(name))
    assert sorted(letters) == sorted(unicodedata.normalize("NFKC", name))


def test_each_letter_of_a_name_is_another_picture() -> None:
    """Not the box that a font draws for what it lacks."""
    letters = "éèñüøßłжѝאבשلمن椅子漢字한국あア😀🦊"
    pictures = {drawn(letter, 32).tobytes() for letter in letters}
    assert len(pictures) == len(letters)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("\U00020bb7野", "<U+20BB7>野"),  # a character that no font here has
        ("a\x07", "a<U+0007>"),
        ("\udcff", "<U+DCFF>"),  # a byte that is no letter
        ("\ue000 é", "<U+E000> é"),  # private use
        ("\u200b", "<U+200B>"),  # nothing visible at all
        ("👩\u200d👧", "👩👧"),
        ("☃\ufe0f", "☃"),
    ],
)
def test_what_no_font_has(name: str, text: str) -> None:
    assert text_of(name) == text
    assert (drawn(name) < 128).sum() > 5


def test_brackets_of_the_number_within_text_from_right_to_left() -> None:
    assert text_of("של\x07שם") == "םש<U+0007>לש"


@given(st.text(min_size=1, max_size=12), st.integers(10, 40))
def test_any_name_leaves_ink_within_its_line(name: str, size: int) -> None:
    image = drawn(short_name(name), size)
    assert (image < 128).any()


def test_the_line_holds_letters_of_any_height() -> None:
    """The letters made of dots are 16 pixels high even where the others are 10."""
    for name in ("椅子", "Ấg椅", "ẨẪgj", "لإ"):
        line = line_of(name, 10)
        image = Image.new("L", (200, line.height + 40), "white")
        line.draw(ImageDraw.Draw(image), 20, 20, "black")
        rows = np.flatnonzero((np.asarray(image) < 128).any(axis=1))
        assert rows.min() >= 20 and rows.max() < 20 + line.height


def test_letters_of_dots_have_whole_pixels() -> None:
    for size in (10, 16, 30):
        assert set(np.unique(drawn("椅子", size))) <= {0, 255}


def test_the_same_without_fribidi(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's better layout is not there on every machine, and is not used where it is."""
    before = {name: drawn(name) for name in ("Café", "شجرة", "שולחן 12", "名.002")}
    monkeypatch.setattr(features, "check_module", lambda name: False)
    lettering._font.cache_clear()  # or they would not be opened again
    for name, picture in before.items():
        np.testing.assert_array_equal(drawn(name), picture)


def test_a_pillow_without_woff2(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is lost, and no frame."""
    truetype = ImageFont.truetype

    def refuse(font: object, *arguments: object, **options: object) -> ImageFont.FreeTypeFont:
        if isinstance(font, Path):
            raise OSError("unknown file format")
        return truetype(font, *arguments, **options)

    monkeypatch.setattr(ImageFont, "truetype", refuse)
    lettering._font.cache_clear()
    lettering._file_of.cache_clear()
    try:
        assert text_of("Café 椅") == "Caf<U+00E9> <U+6905>"
        assert (drawn("é") < 128).sum() > 20
    finally:
        lettering._font.cache_clear()
        lettering._file_of.cache_clear()


def test_titles_and_legends_have_them_too() -> None:
    """A name that is written by its number is another picture than the name itself, wherever it is drawn."""
    tile = np.zeros((20, 20, 3), np.uint8)
    sheets = {
        draw_sheet(title, [Tile(title, tile, title)]).tobytes() for title in ("Café", "椅子", "Caf<U+00E9>", "桌子")
    }
    assert len(sheets) == 4
    legends = {swatches([((255, 0, 0), name)], 200).tobytes() for name in ("Café", "椅子", "Caf<U+00E9>", "桌子")}
    assert len(legends) == 4
