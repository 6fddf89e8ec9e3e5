"""Contact sheets: every picture is there, whole, and on no other; any text fits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.drawing.contact_sheet import Tile, draw_sheet

SIDES = st.integers(1, 90)
TEXTS = st.text(max_size=60)


@given(st.lists(st.tuples(SIDES, SIDES, TEXTS, TEXTS), min_size=1, max_size=12), TEXTS)
def test_every_picture_is_whole(tiles: list[tuple[int, int, str, str]], heading: str) -> None:
    """Each has a colour of its own, which no text has, since that is grey."""
    colours = [(200, 20 * number, 255 - number) for number in range(len(tiles))]
    pictures = [
        Tile(title, np.full((height, width, 3), colour, np.uint8), note)
        for (width, height, title, note), colour in zip(tiles, colours, strict=True)
    ]
    sheet = draw_sheet(heading, pictures)
    for (width, height, _, _), colour in zip(tiles, colours, strict=True):
        found = (sheet == colour).all(axis=-1)
        assert np.count_nonzero(found) == width * height
        rows, columns = np.nonzero(found)
        assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (height, width)


def test_pictures_of_equal_size_make_a_sheet_like_a_screen() -> None:
    for count in (2, 6, 24):
        sheet = draw_sheet("", [Tile("", np.zeros((180, 320, 3), np.uint8))] * count)
        height, width, _ = sheet.shape
        assert 1 <= width / height <= 4


def test_a_note_is_kept_off_the_picture_below() -> None:
    with_note = draw_sheet("", [Tile("a", np.zeros((10, 10, 3), np.uint8), "g" * 500)])
    black = np.argwhere((with_note == 0).all(axis=-1))
    assert np.count_nonzero((with_note == 0).all(axis=-1)[-40:]) >= 100
    assert black[:, 1].max() < with_note.shape[1] - 5
