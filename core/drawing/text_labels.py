"""Where the plate with the name of an instance goes, next to its box and on no other plate if possible."""

import unicodedata

import numpy as np
import numpy.typing as npt

Plates = npt.NDArray[np.int64]

_LONGEST_NAME = 28


def short_name(name: str) -> str:
    """A name on one line, cut where it is too long to read at a glance."""
    line = on_one_line(name) or "(no name)"
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 1] + "…"


def on_one_line(text: str) -> str:
    """A text without line breaks and with single blanks, its accents in the one form that fonts know."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def places_for_name(box: tuple[int, int, int, int], size: tuple[int, int], picture: tuple[int, int]) -> Plates:
    """The places at the corners of a box, moved into the picture where they lie outside.

    Args:
        box: x0, y0, x1, y1, half-open, y down.
        size: width and height of the plate.
        picture: width and height of what it has to lie in.

    Returns:
        (6, 4) int64: x0, y0, x1, y1 of each place, half-open, the best one first.
    """
    x0, y0, x1, y1 = box
    width, height = size
    corners = np.array(
        [(x0, y0 - height), (x0, y0), (x1 - width, y0 - height), (x0, y1), (x1 - width, y1), (x0, y1 - height)],
        dtype=np.int64,
    )
    corners = np.maximum(0, np.minimum(corners, (picture[0] - width, picture[1] - height)))
    return np.hstack((corners, corners + np.array(size)))


def first_free(places: Plates, taken: Plates) -> int | None:
    """Which of the places overlaps none of the taken plates, (T, 4) int64; None where all of them do."""
    places = places[:, None]
    overlaps = (places[..., :2] < taken[:, 2:]).all(axis=-1) & (taken[:, :2] < places[..., 2:]).all(axis=-1)
    free = ~overlaps.any(axis=-1)
    return int(free.argmax()) if free.any() else None
