"""What was drawn for all frames of a bake, as short texts that a .blend file can store."""

import base64
from bisect import bisect_left
from collections.abc import Mapping

import numpy as np

from .streams import Floats, Integers

_FLOAT, _INTEGER = "<f4", "<i4"


def pack_integers(values: Integers) -> str:
    """(F,) whole numbers of 32 bits."""
    return base64.b64encode(values.astype(_INTEGER).tobytes()).decode()


def unpack_integers(text: str) -> Integers:
    return np.frombuffer(base64.b64decode(text), _INTEGER).astype(np.int64)


def pack_values(values: Floats) -> str:
    """(F,) or (F, N) numbers, to the 32 bits that Blender has too."""
    return base64.b64encode(values.astype(_FLOAT).tobytes()).decode()


def values_at(texts: Mapping[str, str], place: int, count: int) -> dict[str, float | list[float]]:
    """What was drawn for one frame.

    Args:
        texts: name -> all values of it.
        place: of the frame among all.
        count: number of frames.
    """
    found: dict[str, float | list[float]] = {}
    for name, text in texts.items():
        row = np.frombuffer(_part(text, place, count), _FLOAT)
        # The shortest number with these 32 bits.
        numbers = [float(str(value)) for value in row]
        found[name] = numbers[0] if len(numbers) == 1 else numbers
    return found


def place_of(frames: Integers, frame: int) -> int | None:
    """Where a frame is among some that ascend; None where it is not."""
    place = bisect_left(frames, frame)
    return place if place < len(frames) and frames[place] == frame else None


def _part(text: str, place: int, count: int) -> bytes:
    """One of so many equal parts of what a text holds; the others are not decoded, of which there may be thousands."""
    size = (3 * len(text) // 4 - text[-2:].count("=")) // count
    first = place * size // 3 * 3
    last = -(-(place + 1) * size // 3) * 3
    data = base64.b64decode(text[first // 3 * 4 : last // 3 * 4])
    return data[place * size - first :][:size]
