"""Text in the order in which it is drawn from left to right, with Arabic letters joined.

Pillow does both itself only where it finds FriBiDi on the machine, so pictures would differ from one to the next. This
is what names need of the Unicode Bidirectional Algorithm (UAX #9): no paragraphs, no embeddings. Letters are joined by
their presentation forms, which fonts have as characters (Unicode, section 9.2).
"""

import functools
import itertools
import unicodedata
from collections.abc import Iterable, Sequence

_RIGHT_TO_LEFT = ("R", "AL")
_NUMBERS = ("EN", "AN")
# What stands between two numbers belongs to them, as in "1.5"; marks belong to the letter before them.
_WITHIN_NUMBERS = ("ES", "ET", "CS", "BN")
_MIRRORED = str.maketrans("()[]{}<>«»≤≥", ")(][}{><»«≥≤")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_LAM = "\N{ARABIC LETTER LAM}"
_TATWEEL = "\N{ARABIC TATWEEL}"


def in_drawing_order(text: str) -> str:
    """The characters of a text from left to right as they are seen, each letter before its marks."""
    text = unicodedata.normalize("NFC", text)
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    if not any(kind in _RIGHT_TO_LEFT or kind == "AN" for kind in kinds):
        return text
    clusters = _clusters(_joined(text))
    levels = _levels([cluster[0] for cluster in clusters])
    for level in range(max(levels), 0, -1):
        start = 0
        for is_in, run in itertools.groupby([one >= level for one in levels]):
            end = start + len(list(run))
            if is_in:
                # Brackets change sides each time that what they are in is turned.
                clusters[start:end] = [one.translate(_MIRRORED) for one in reversed(clusters[start:end])]
                levels[start:end] = reversed(levels[start:end])
            start = end
    return "".join(clusters)


def _clusters(text: str) -> list[str]:
    """Each letter with its marks."""
    found: list[str] = []
    for letter in text:
        if found and unicodedata.combining(letter):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _levels(letters: Sequence[str]) -> list[int]:
    """How often each letter is turned: 0 is read to the right, 1 to the left, 2 are numbers and words within that.

    Source: UAX #9, rules P2 and P3, W4 to W7, N0 to N2, I1 and I2.
    """
    kinds = [unicodedata.bidirectional(letter) for letter in letters]
    strong = ["R" if kind in _RIGHT_TO_LEFT else kind if kind in ("L", *_NUMBERS) else "" for kind in kinds]
    base = next((kind for kind in strong if kind in ("L", "R")), "L")
    for place in range(1, len(strong) - 1):
        if kinds[place] in _WITHIN_NUMBERS and strong[place - 1] in _NUMBERS and strong[place + 1] in _NUMBERS:
            strong[place] = strong[place - 1]
    before = base
    for place, kind in enumerate(strong):
        if kind == "EN" and before == "L":
            strong[place] = "L"
        before = kind if kind in ("L", "R") else before
    _take_brackets(letters, strong, base)
    place = 0
    for is_neutral, run in itertools.groupby(list(strong), key=lambda kind: not kind):
        end = place + len(list(run))
        if is_neutral:
            left = "L" if (strong[place - 1] if place else base) == "L" else "R"
            right = "L" if (strong[end] if end < len(strong) else base) == "L" else "R"
            strong[place:end] = [left if left == right else base] * (end - place)
        place = end
    low = 0 if base == "L" else 1
    above = {"L": low + low % 2, "R": 1, "EN": 2, "AN": 2}
    return [above[kind] for kind in strong]


def _take_brackets(letters: Sequence[str], strong: list[str], base: str) -> None:
    """Give both brackets of a pair one direction: the text's, unless all that is in them and before is of the other.

    Source: UAX #9, rule N0. A number counts as read to the left.
    """
    for start, end in _pairs(letters, strong):
        within = {_direction(kind) for kind in strong[start + 1 : end] if kind}
        if not within:
            continue
        before = next((_direction(kind) for kind in reversed(strong[:start]) if kind), base)
        (other,) = {"L", "R"} - {base}
        strong[start] = strong[end] = other if within == {other} and before == other else base


def _direction(kind: str) -> str:
    return "L" if kind == "L" else "R"


def _pairs(letters: Sequence[str], strong: Sequence[str]) -> list[tuple[int, int]]:
    """The places of brackets and of those that close them, by the first."""
    waiting: list[int] = []
    found = []
    for place, letter in enumerate(letters):
        if strong[place]:
            continue
        if letter in _BRACKETS:
            waiting.append(place)
        elif letter in _BRACKETS.values():
            opened = [at for at in waiting if _BRACKETS[letters[at]] == letter]
            if opened:
                found.append((opened[-1], place))
                del waiting[waiting.index(opened[-1]) :]
    return sorted(found)


@functools.cache
def _forms() -> dict[str, dict[str, str]]:
    """Letters (or lam with an alef) -> "isolated", "initial", "medial" or "final" -> the character of that form."""
    found: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFBB2), *range(0xFBD3, 0xFC00), *range(0xFE80, 0xFEFD)):
        kind, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        if kind in ("<isolated>", "<initial>", "<medial>", "<final>"):
            found.setdefault("".join(chr(int(one, 16)) for one in letters), {})[kind[1:-1]] = chr(code)
    return found


def _joined(text: str) -> str:
    """Arabic letters in the forms that they have next to each other; the rest stays as it is."""
    letters = _with_ligatures(_clusters(text))
    forms = _forms()
    return "".join(
        _form(forms, before, letter, after)
        for before, letter, after in zip(("", *letters[:-1]), letters, (*letters[1:], ""), strict=True)
    )


def _with_ligatures(clusters: Iterable[str]) -> list[str]:
    """Lam and the alef after it, which are always written as one, in one cluster."""
    found: list[str] = []
    for cluster in clusters:
        if found and found[-1] == _LAM and _LAM + cluster[0] in _forms():
            found[-1] += cluster
        else:
            found.append(cluster)
    return found


def _form(forms: dict[str, dict[str, str]], before: str, cluster: str, after: str) -> str:
    letter = cluster[:2] if cluster[:2] in forms else cluster[:1]
    known = forms.get(letter)
    if known is None:
        return cluster
    joins_before = _joins_on(forms, before) and "final" in known
    joins_after = "initial" in known and _joins_back(forms, after)
    name = {(True, True): "medial", (True, False): "final", (False, True): "initial"}.get((joins_before, joins_after))
    return known.get(name or "isolated", letter) + cluster[len(letter) :]


def _joins_on(forms: dict[str, dict[str, str]], cluster: str) -> bool:
    """Whether it joins with what comes after it."""
    letter = cluster[:2] if cluster[:2] in forms else cluster[:1]
    return letter == _TATWEEL or "initial" in forms.get(letter, {})


def _joins_back(forms: dict[str, dict[str, str]], cluster: str) -> bool:
    """Whether it joins with what comes before it."""
    letter = cluster[:2] if cluster[:2] in forms else cluster[:1]
    return letter == _TATWEEL or "final" in forms.get(letter, {})
