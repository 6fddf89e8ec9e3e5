"""Which keypoint is which in a mirrored image, as their names say it."""

import re
from collections.abc import Sequence

# A side as a word, or as a letter that stands alone as in Blender's names: hand_l, hand.L, L hand, handL.
_WORD = re.compile(r"left|right", re.IGNORECASE)
_LETTER = re.compile(r"(?<![A-Za-z])[lrLR](?![A-Za-z])|(?<=[a-z0-9])[LR](?![A-Za-z])")
_OTHER = {"left": "right", "right": "left", "l": "r", "r": "l"}


def mirrored_names(names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Find pairs of names that differ in their side only.

    Returns:
        For each name the number of the other one of its pair, its own if it is in none; and the names that have a side
        but are in no pair.
    """
    numbers = {name: number for number, name in enumerate(names)}
    mirrored = {name: _mirrored(name) for name in names}
    flip = [numbers.get(mirrored[name], number) for number, name in enumerate(names)]
    return flip, [name for name in names if mirrored[name] != name and mirrored[name] not in numbers]


def _mirrored(name: str) -> str:
    """The name with its sides exchanged; the same where it has none."""
    sides = _WORD if _WORD.search(name) else _LETTER
    return sides.sub(lambda found: _like(found[0], _OTHER[found[0].lower()]), name)


def _like(model: str, word: str) -> str:
    """A word in capitals and small letters as another one."""
    if model.isupper():
        return word.upper()
    return word.capitalize() if model[0].isupper() else word
