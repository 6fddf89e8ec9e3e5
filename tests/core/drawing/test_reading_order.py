"""The order and the forms of letters, judged by what FriBiDi and HarfBuzz make of them in Pillow."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageFont, features

from core.drawing.lettering import _FONTS
from core.drawing.reading_order import in_drawing_order

HEBREW, ARABIC = "שולחן", "شجرة"
NAMES = [
    HEBREW,
    ARABIC,
    "Tree شجرة big",
    "Tree شجرة 3 big",
    "שולחן 12",
    "12 שולחן",
    "שולחן (גדול)",
    "שולחן (big) table",
    "table (שולחן)",
    "(big שולחן) table [שלום]",
    "שולחן (12) (big",
    "شجرة.001",
    "سيارة 12.5 كبيرة",
    "سيارة ١٢\N{ARABIC DECIMAL SEPARATOR}\N{ARABIC-INDIC DIGIT FIVE} كبيرة",
    "لا إله سلام",
    "پژمرده گچ",
    "ـبـ",
    "v1.25 שלום-עולם v2",
    "Été שלום",
]


# Words that FriBiDi may put in another order than they were written, and what is between them.
WORDS = [HEBREW, ARABIC, "big", "12", "1.5", "سلام", "ים", " ", "-", "(", ")", "(big)", "[שם]", "a", ":", "/"]


def drawn(text: str, layout: ImageFont.Layout, **options: list[str]) -> Image.Image:
    font = ImageFont.truetype(_FONTS / "DejaVuSans.woff2", 32, layout_engine=layout)
    image = Image.new("L", (1600, 64))
    ImageDraw.Draw(image).text((20, 44), text, fill=255, font=font, anchor="ls", **options)
    return image


def share_elsewhere(one: Image.Image, other: Image.Image) -> float:
    """How much of the ink of one picture has none of the other near it: one of them has its letters a little closer."""
    near = np.asarray(other.filter(ImageFilter.MaxFilter(9)))
    ink = np.asarray(one) > 128
    return float(np.count_nonzero(ink & (near < 128)) / max(1, np.count_nonzero(ink)))


def assert_as_harfbuzz_draws_it(name: str) -> None:
    ours = drawn(in_drawing_order(name), ImageFont.Layout.BASIC)
    theirs = drawn(name, ImageFont.Layout.RAQM, features=["-kern"])
    assert max(share_elsewhere(ours, theirs), share_elsewhere(theirs, ours)) < 0.01, in_drawing_order(name)


needs_fribidi = pytest.mark.skipif(not features.check("raqm"), reason="Pillow finds no FriBiDi on this machine")


@needs_fribidi
@pytest.mark.parametrize("name", NAMES)
def test_as_harfbuzz_draws_it(name: str) -> None:
    assert_as_harfbuzz_draws_it(name)


@needs_fribidi
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_words_in_any_order(words: list[str]) -> None:
    assert_as_harfbuzz_draws_it("".join(words).strip() or HEBREW)


def test_where_there_is_no_fribidi() -> None:
    """Letter by letter, from the character database; so that there is a judge on every machine."""
    assert in_drawing_order("שלום") == "םולש"
    assert in_drawing_order("ab שלום 12") == "ab 12 םולש"
    final, medial, initial = (
        unicodedata.lookup(f"ARABIC LETTER BEH {form} FORM") for form in ("FINAL", "MEDIAL", "INITIAL")
    )
    assert in_drawing_order("ببب") == final + medial + initial
    assert in_drawing_order("لا") == "\N{ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM}"
    assert in_drawing_order("دا") == "\N{ARABIC LETTER ALEF ISOLATED FORM}\N{ARABIC LETTER DAL ISOLATED FORM}"


def test_marks_stay_with_their_letters() -> None:
    shin, point = "\N{HEBREW LETTER SHIN}", "\N{HEBREW POINT SHIN DOT}"
    assert in_drawing_order(f"{shin}{point}ב") == f"ב{shin}{point}"
    kasra = "\N{ARABIC KASRA}"
    assert in_drawing_order(f"ب{kasra}ب") == (
        f"\N{ARABIC LETTER BEH FINAL FORM}\N{ARABIC LETTER BEH INITIAL FORM}{kasra}"
    )


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Zs"]), max_size=12))
def test_nothing_is_lost(text: str) -> None:
    """Each letter is there once, in some form; what is read from left to right stays as it is."""
    ordered = in_drawing_order(text)
    assert sorted(unicodedata.normalize("NFKC", ordered)) == sorted(unicodedata.normalize("NFKC", text))
    if all(unicodedata.bidirectional(one) in ("L", "EN", "WS") for one in text):
        assert ordered == unicodedata.normalize("NFC", text)
