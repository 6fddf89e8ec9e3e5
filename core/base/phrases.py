"""Words that many sentences need."""

import re
import textwrap
from collections.abc import Collection, Sequence

# What a terminal or a page would obey instead of showing it: control characters, separators of lines, marks that turn
# the direction of writing, and half letters. Joiners are none of these: scripts and emoji need them.
_OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# A sentence is longer than this only if a file has made it so; its end says what to do.
_LONGEST, _END = 2000, 400
_MOST_NAMES = 20
_LONGEST_POPUP = 90
_UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 frame", "2 categories", "3 boxes"."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y"):
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}{'es' if noun.endswith('x') else 's'}"


def listed(names: Sequence[str]) -> str:
    """Names as a person says them: "a, b and c"."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def some_of(names: Collection[str]) -> str:
    """Names with commas, of very many the first ones: "a, b, c and 99997 more"."""
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    first = [name for name, _ in zip(names, range(_MOST_NAMES), strict=False)]
    return f"{', '.join(first)} and {len(names) - _MOST_NAMES} more"


def in_units(size: float) -> str:
    """A number of bytes as people say it: "34 GB", "1.2 MB"."""
    for unit, bytes_each in _UNITS:
        if size >= bytes_each:
            number = size / bytes_each
            return f"{number:.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"
    return f"{size:.0f} bytes"


def shortened(sentence: str) -> str:
    """A sentence without its middle where a name that a file gave makes it very long."""
    if len(sentence) <= _LONGEST:
        return sentence
    return f"{sentence[: _LONGEST - _END]} … {sentence[-_END:]}"


def in_short(sentence: str) -> str:
    """What a sentence begins with, for a popup that has to fit a window: what is wrong, without the way out."""
    return textwrap.shorten(re.split(r"; | \(", sentence)[0], _LONGEST_POPUP, placeholder=" …")


def shown(text: str) -> str:
    """One line for a terminal or a page: what these would obey is written as Python does, such as \\x1b or \\u202e.

    A name that surrogates stand for is bytes that are not UTF-8, as a path on Linux may be.
    """
    return _OBEYED.sub(lambda match: ascii(match[0])[1:-1], text)


# The way out where something is not known that only Blender knows.
GET_SCENE_RECORDS = "export with Labelpass in Blender, or give the folder of its scene records with --scene"
