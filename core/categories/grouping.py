"""Which objects are one instance: each by itself, those below one parent, those of one collection, or as they say.

A group stands for its members: it has a name and a category of its own. What is background is part of no group. How its
objects are grouped, a category may say in the category table; else the category of a parent or collection that they are
in may; else the settings do.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from ..scene.scene_record import SceneEntries, SceneEntry, SceneRecord
from ..settings.category_table import Category, Source
from ..settings.settings import Grouping
from .rules import ancestors

# What says of a thing itself what it is, and not of all that it is in or made of.
_OWN_MARKS = frozenset(
    source.value for source in (Source.PROPERTY, Source.OBJECT_NAME, Source.DATA_NAME, Source.ASSET_TAG)
)
_PARENTS = (Grouping.PARENT, Grouping.TOP_PARENT)


@dataclass(frozen=True)
class Groups:
    """The entries of a scene, and the group that each belongs to.

    Attributes:
        entries: (entry, group) pairs; an entry that is in no group is its own.
        categories: of the groups, and those of the category table, also of what a frame does not show.
        joined: names of the entries whose group has all that is of a category or pass index, instances of one object
            included. Of other groups there is one for each copy of their members.
    """

    entries: tuple[tuple[SceneEntry, SceneEntry], ...]
    categories: tuple[Category, ...]
    joined: frozenset[str] = frozenset()


def ungrouped(entries: SceneEntries) -> Groups:
    """Every entry by itself."""
    return Groups(tuple((entry, entry) for entry in entries.entries), entries.categories)


def with_whole_categories(scene: SceneRecord, entries: SceneEntries) -> Groups:
    """Every entry by itself, but for categories that are one instance as a whole."""
    whole = {category.name for category in scene.table if category.own_grouping is Grouping.CATEGORY}
    pairs = tuple((entry, _whole(entry) if entry.category in whole else entry) for entry in entries.entries)
    joined = frozenset(entry.name for entry in entries.entries if entry.category in whole)
    return Groups(
        pairs, _categories({category.name for category in entries.categories}, scene.table, [entries]), joined
    )


def group_objects(scene: SceneRecord, grouping: Grouping) -> Groups:
    """Group the objects of a scene, by default as the settings say."""
    own = {category.name: category.own_grouping for category in scene.table if category.own_grouping}
    if grouping is Grouping.OBJECT and not own and not any(entry.instance_id for entry in scene.objects.entries):
        return with_whole_categories(scene, scene.objects)
    heads = _Heads(scene, own, grouping)
    found = [(entry, heads.of(entry)) for entry in scene.objects.entries]
    pairs = tuple(_with_categories(found))
    names = {group.category for _, group in pairs}
    joined = frozenset(entry.name for entry in scene.objects.entries if heads.joins_copies(entry))
    return Groups(pairs, _categories(names, scene.table, [scene.parents, scene.collections, scene.objects]), joined)


class _Heads:
    """Finds the head of an object's group: a parent, a collection, or something made up; itself where it is alone."""

    def __init__(self, scene: SceneRecord, own: dict[str, Grouping], grouping: Grouping) -> None:
        self._own = own
        self._grouping = grouping
        self._parents = {entry.name: entry for entry in scene.parents.entries}
        self._collections = {entry.name: entry for entry in scene.collections.entries}

    def of(self, entry: SceneEntry) -> SceneEntry:
        if (entry.is_known and entry.category is None) or entry.ignored:
            return entry
        if entry.instance_id:
            return self._made_up(entry, entry.instance_id)
        own = self._own.get(entry.category) if entry.category is not None else None
        if own is None and (claiming := self._claiming(entry)):
            return claiming
        match own or self._grouping:
            case Grouping.PARENT:
                return self._parents_head(entry, nearest=True)
            case Grouping.TOP_PARENT:
                return self._parents_head(entry, nearest=False)
            case Grouping.COLLECTION:
                return self._collection_head(entry)
            case Grouping.PASS_INDEX if entry.pass_index:
                return self._made_up(entry, f"index {entry.pass_index}")
            case Grouping.CATEGORY if entry.category is not None:
                return _whole(entry)
        return entry

    def joins_copies(self, entry: SceneEntry) -> bool:
        """Whether its group has all that is of its category or pass index; see Groups."""
        if (entry.is_known and entry.category is None) or entry.ignored or entry.instance_id:
            return False
        own = self._own.get(entry.category) if entry.category is not None else None
        if own is None and self._claiming(entry):
            return False
        how = own or self._grouping
        return how is Grouping.CATEGORY or (how is Grouping.PASS_INDEX and entry.pass_index != 0)

    def _made_up(self, entry: SceneEntry, text: str) -> SceneEntry:
        if entry.category is None:
            return entry
        return SceneEntry(f"{entry.category} {text}", 0, entry.category)

    def _claiming(self, entry: SceneEntry) -> SceneEntry | None:
        """The nearest parent or collection of a category that has all that is in it as one instance."""
        for parent in ancestors(entry, self._parents):
            if parent.is_known and self._own.get(parent.category or "") in _PARENTS:
                return self._parents_head(parent, nearest=self._own[parent.category or ""] is Grouping.PARENT)
        for collection in self._outwards(entry.collection):
            if collection.is_known and self._own.get(collection.category or "") is Grouping.COLLECTION:
                return collection
        return None

    def _parents_head(self, entry: SceneEntry, nearest: bool) -> SceneEntry:
        line = [entry, *ancestors(entry, self._parents)]
        marked = [number for number, one in enumerate(line) if one.origin in _OWN_MARKS]
        if not nearest or not marked:
            return self._as_parent(line[-1])
        head = marked[0]
        # A custom property was given to this one object; a pattern may fit its parts too.
        while (
            line[head].origin != Source.PROPERTY.value
            and head + 1 in marked
            and line[head + 1].category == line[head].category
        ):
            head += 1
        return self._as_parent(line[head])

    def _as_parent(self, entry: SceneEntry) -> SceneEntry:
        """The parent that an object is, if it is one; another one, of a library, may have its name."""
        parent = self._parents.get(entry.name, entry)
        return parent if parent.facts == entry.facts else entry

    def _collection_head(self, entry: SceneEntry) -> SceneEntry:
        around = list(self._outwards(entry.collection))
        return next((one for one in around if one.is_known), around[0] if around else entry)

    def _outwards(self, name: str) -> Iterator[SceneEntry]:
        seen: set[str] = set()
        while name in self._collections and name not in seen:
            seen.add(name)
            yield self._collections[name]
            name = next(iter(self._collections[name].facts.collections), "")


def _with_categories(found: Sequence[tuple[SceneEntry, SceneEntry]]) -> Iterator[tuple[SceneEntry, SceneEntry]]:
    """Pairs of entry and group: a head that no rule gives a category has the one that its members agree on."""
    said: dict[SceneEntry, set[str]] = defaultdict(set)
    for entry, head in found:
        if head is not entry and entry.is_known and entry.category is not None:
            said[head].add(entry.category)
    for entry, head in found:
        if head is entry:
            yield entry, entry
            continue
        category = head.category
        if not head.is_known:
            if len(said[head]) == 1:
                (category,) = said[head]
            elif category is None:
                category = entry.category
        yield entry, SceneEntry(head.name, 0, category, origin=head.origin if category is None else "")


def _whole(entry: SceneEntry) -> SceneEntry:
    """The group of all that is of a category."""
    return SceneEntry(entry.category or entry.name, 0, entry.category, ignored=entry.ignored)


def _categories(
    names: Container[str | None], table: Sequence[Category], tables: Sequence[SceneEntries]
) -> tuple[Category, ...]:
    """The categories with these names, and all of the table; where two know one, the id that either fixes."""
    found = {category.name: category for category in table}
    for entries in tables:
        for category in entries.categories:
            known = found.get(category.name)
            if category.name in names and known is None:
                found[category.name] = category
            elif known is not None and known.id is None and category.id is not None:
                found[category.name] = dataclasses.replace(known, id=category.id)
    return tuple(found[name] for name in sorted(found))
