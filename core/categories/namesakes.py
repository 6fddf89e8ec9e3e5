"""Things of one name, which takes several libraries: a Cryptomatte has one id for all of them."""

from collections.abc import Sequence

from ..scene.scene_record import SceneEntry

WAYS_OUT = (
    "give each a pass index (what is linked needs a library override) and label by {index}, or give them different "
    "names in their files"
)


def find_namesakes(found: Sequence[tuple[str, SceneEntry]]) -> str:
    """The beginning of a sentence on two things of one name that must not be one instance; "" where there are none.

    Args:
        found: the things that have the name in Blender: the name of the entry of each, and its group. What is in no
            group is its own.
    """
    (first, its_group), *others = sorted(found, key=lambda pair: pair[0])
    for name, group in others:
        grouped = (its_group.name, group.name) != (first, name)
        if (its_group.category, its_group.ignored) != (group.category, group.ignored):
            what = [_what(its_group), _what(group)]
        elif grouped and its_group.name != group.name and group.category is not None:
            what = [f"of {its_group.name!r}", f"of {group.name!r}"]
        else:
            continue
        return f"{first!r} ({what[0]}) and {name!r} ({what[1]}) have the same name and so the same Cryptomatte id"
    return ""


def shared_name(found: Sequence[tuple[SceneEntry, SceneEntry]], why: str, index: str) -> str:
    """A sentence on two things of one name that must not be one instance; "" where there are none.

    Args:
        found: the things that have the name, and the group of each.
        why: nothing separates them, to follow "since".
        index: title of the pass that would.
    """
    clash = find_namesakes([(entry.name, group) for entry, group in found])
    if not clash:
        return ""
    return f"{clash}, and nothing separates them, since {why}; {WAYS_OUT.format(index=index)}, and render again"


def _what(group: SceneEntry) -> str:
    return "ignored" if group.ignored else group.category or "background"
