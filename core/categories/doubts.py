"""Sentences on categories that can hardly be meant, and what to do in the category table about them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from ..scene.scene_record import SceneEntries, SceneEntry, SceneRecord
from ..settings.category_table import Source
from .rules import Kind, name_of_id

# So many categories whose names differ in nothing but numbers are one, and not a few that somebody has numbered.
_FEWEST_NUMBERED = 10
_SEPARATORS = "/|"


def doubts_of_scene(scene: SceneRecord, kind: Kind = "object") -> list[str]:
    """What is doubtful of the categories of a scene.

    Args:
        scene: with its categories.
        kind: of what the labels stand for.
    """
    entries = scene.materials if kind == "material" else scene.objects
    return [*background_with_name(scene, entries), *doubtful_names(entries.entries, kind, has_scene=True)]


def background_with_name(scene: SceneRecord, entries: SceneEntries) -> list[str]:
    """A sentence on custom properties that give both a category and the category_id 0, which is background."""
    marked = {
        Source.PROPERTY: entries.entries,
        Source.COLLECTION: scene.collections.entries,
        Source.TOP_COLLECTION: scene.collections.entries,
        Source.MATERIAL: scene.materials.entries,
    }
    origins = {entry.origin for entry in entries.entries if entry.category is None and not entry.ignored}
    found: dict[str, str] = {}
    for source, things in marked.items():
        if source.value not in origins:
            continue
        for thing in things:
            if thing.facts.category and thing.facts.category_id == 0 and not thing.facts.copy_of:
                found.setdefault(thing.own_name, thing.facts.category)
    if not found:
        return []
    name, category = min(found.items())
    have = f"{name!r} has" if len(found) == 1 else f"{name!r} and {len(found) - 1} more have"
    return [
        f"{have} a category ({category!r}) and the category_id 0, which makes it background; remove category_id there, "
        "and give the category its ID in the category table"
    ]


def doubtful_names(entries: Iterable[SceneEntry], kind: Kind, has_scene: bool) -> list[str]:
    """Sentences on categories that come from names which say more than a category.

    Args:
        entries: only those count that no rule gives a category.
        kind: what they are.
        has_scene: whether they are all of a scene, and not those that one frame shows.
    """
    sources: dict[str, str] = {}
    for entry in entries:
        if entry.category is not None and not entry.is_known and not entry.ignored:
            own = entry.facts.own_collection == entry.category
            source = Source.COLLECTION if own else Source.MATERIAL if kind == "material" else Source.OBJECT_NAME
            sources[entry.category] = source.label
    paths = sorted(name for name in sources if _is_path(name))
    sentences = []
    where = "the category table" if has_scene else "a category table (--categories)"
    if paths:
        (last, _), *_ = Counter(map(_last_part, paths)).most_common(1)
        sentences.append(
            f"Names are paths, and each makes a category ({paths[0]!r}); add categories to {where}, with rules "
            f"such as {sources[paths[0]]} {last!r}"
        )
    alike: dict[str, list[str]] = defaultdict(list)
    for name in sources:
        if not _is_path(name):
            alike[_with_wildcards(name)].append(name)
    numbered = {pattern: names for pattern, names in alike.items() if len(names) >= _FEWEST_NUMBERED}
    if numbered:
        pattern = min(numbered, key=lambda one: (-len(numbered[one]), one))
        others = sum(map(len, numbered.values()))
        many = f"{others} categories differ" if has_scene else "Categories differ"
        sentences.append(
            f"{many} only in numbers in their names; add a category to {where}, with the rule "
            f"{sources[numbered[pattern][0]]} {pattern!r}" + (", and so on" if len(numbered) > 1 else "")
        )
    return sentences


def without_names(entries: Iterable[SceneEntry]) -> list[str]:
    """A sentence on categories of which only the id is known, as in scenes that were made for BlenderProc."""
    names: dict[str, int] = {
        entry.category: entry.facts.category_id
        for entry in entries
        if entry.category is not None
        and entry.facts.category_id
        and entry.category == name_of_id(entry.facts.category_id)
    }
    if not names:
        return []
    first = min(names, key=lambda name: (names[name], name))
    have = f"{first!r} has" if len(names) == 1 else f"{first!r} and {len(names) - 1} more have"
    return [
        f"{have} only an ID and no name, so each is called like its first object; press Add From Scene in Categories, "
        "and the names are the same in all scenes"
    ]


def _is_path(name: str) -> bool:
    """Whether a name is a place in the tree of a scene, as other programs write it."""
    return any(name.startswith(one) or name.count(one) > 1 for one in _SEPARATORS)


def _last_part(path: str) -> str:
    """A pattern for all paths that end like one."""
    *_, separator, last = re.split(rf"([{re.escape(_SEPARATORS)}])", path.rstrip(_SEPARATORS))
    return f"*{separator}{_with_wildcards(last)}"


def _with_wildcards(name: str) -> str:
    """A pattern for all names that differ from one only in numbers."""
    return re.sub(r"\d+", "*", re.sub(r"([*?[])", r"[\1]", name))
