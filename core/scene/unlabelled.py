"""What is in the picture and in no label pass, and how that is said."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ..base.json_fields import JsonObject


class Unlabelled(Enum):
    """Why something that is seen has no label, as a word for people."""

    VOLUME = "volume"
    GREASE_PENCIL = "Grease Pencil"
    VOLUME_SHADER = "volume shader"
    HOLDOUT_SHADER = "Holdout shader"
    TRANSPARENT_SHADER = "Transparent shader"
    BLENDED = "Blended"
    LIGHT = "light"
    FREESTYLE = "Freestyle lines"

    @property
    def by_index_only(self) -> bool:
        """Whether a Cryptomatte has it all the same."""
        return self is Unlabelled.TRANSPARENT_SHADER


_OR_BACKGROUND = ", or give it the custom property category_id 0"
# The reason and the way out for one thing, as parts of a sentence.
_SAID = {
    Unlabelled.VOLUME: ("no pass of Blender shows volumes", "hide it from renders" + _OR_BACKGROUND),
    Unlabelled.GREASE_PENCIL: ("no pass of Blender shows Grease Pencil", "hide it from renders" + _OR_BACKGROUND),
    Unlabelled.VOLUME_SHADER: (
        "no pass of Blender shows what has a volume and no surface",
        "give its material a surface" + _OR_BACKGROUND,
    ),
    Unlabelled.HOLDOUT_SHADER: (
        "Cycles gives no label to a Holdout shader",
        "turn on Holdout in Visibility of its object instead" + _OR_BACKGROUND,
    ),
    Unlabelled.TRANSPARENT_SHADER: (
        "an index pass shows what is behind a Transparent shader",
        "set Label Pass to Cryptomatte Object" + _OR_BACKGROUND,
    ),
    Unlabelled.BLENDED: (
        "EEVEE leaves out of a Cryptomatte what a material with the Render Method Blended draws",
        "set that to Dithered in Settings of its material" + _OR_BACKGROUND,
    ),
    Unlabelled.LIGHT: (
        "no pass of Blender shows lights",
        "turn off Camera in Ray Visibility of its object" + _OR_BACKGROUND,
    ),
    Unlabelled.FREESTYLE: (
        "they are drawn over the picture and beyond the outlines of objects",
        "turn on As Render Pass in Freestyle of the view layer",
    ),
}


@dataclass(frozen=True)
class WithoutLabel(JsonObject):
    """Something that is seen and has no label.

    Attributes:
        name: the object's; of lines, the view layer's.
        kind: why it has none.
        partly: whether other parts of it have one.
    """

    name: str
    kind: Unlabelled
    partly: bool = False


def sentences_on(things: Iterable[WithoutLabel], what: str) -> list[str]:
    """A sentence on the things of each kind; `what` is what becomes of them: "may be in view without a label"."""
    found: dict[Unlabelled, list[WithoutLabel]] = {}
    for one in things:
        found.setdefault(one.kind, []).append(one)
    return [_sentence(kind, alike, what) for kind, alike in found.items()]


def _sentence(kind: Unlabelled, things: list[WithoutLabel], what: str) -> str:
    first = things[0]
    more = f" and {len(things) - 1} more" if things[1:] else ""
    some = f"{'A part of ' if first.partly else ''}{first.name!r} ({kind.value}){more}"
    reason, way_out = _SAID[kind]
    return f"{some} {what}, since {reason}; {way_out}"
