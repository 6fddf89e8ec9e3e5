"""Things of one name, which takes several libraries: a Cryptomatte has one id for all of them."""

from collections.abc import Sequence

from ..scene.scene_record import SceneEntry


def shared_name(found: Sequence[tuple[SceneEntry, SceneEntry]], why: str, pass_: str) -> str:
    """A sentence on two things of one name that must not be one instance; "" where there are none.

    Args:
        found: the things that have the name, and the group of each; one that is in no group is its own.
        why: nothing separates them, to follow "since".
        pass_: title of the pass that would.
    """
    ordered = sorted(found, key=lambda pair: pair[0].key())
    for entry, group in ordered[1:]:
        first, its_group = ordered[0]
        ways = [(one.category, one.ignored) for one in (its_group, group)]
        if ways[0] != ways[1]:
            what = [_what(its_group), _what(group)]
        elif group.name != its_group.name and group.category is not None and (group, its_group) != (entry, first):
            what = [f"of {its_group.name!r}", f"of {group.name!r}"]
        else:
            continue
        return (
            f"{first.name!r} ({what[0]}) and {entry.name!r} ({what[1]}) have one name and so one Cryptomatte id, and "
            f"nothing separates them, since {why}; give each a pass index (what is linked needs a library override) "
            f"and label by {pass_}, or give them different names in their files, and render again"
        )
    return ""


def _what(group: SceneEntry) -> str:
    return "ignored" if group.ignored else group.category or "background"
