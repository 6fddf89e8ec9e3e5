"""Which objects are one instance: each by itself, those below one parent, those of one collection, or as they say.

A group stands for its members: it has a name and a category of its own. What is background is part of no group.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .scene import Category, SceneEntries, SceneEntry, SceneRecord
from .settings import Grouping


@dataclass(frozen=True)
class Groups:
    """The entries of a scene, and the group that each belongs to.

    Attributes:
        entries: (entry, group) pairs; an entry that is in no group is its own.
        categories: of the groups, also of those that a frame does not show.
    """

    entries: tuple[tuple[SceneEntry, SceneEntry], ...]
    categories: tuple[Category, ...]


def ungrouped(table: SceneEntries) -> Groups:
    """Every entry by itself."""
    return Groups(tuple((entry, entry) for entry in table.entries), table.categories)


def group_objects(scene: SceneRecord, grouping: Grouping) -> Groups:
    """Group the objects of a scene."""
    if grouping is Grouping.OBJECT and not any(entry.instance_id for entry in scene.objects.entries):
        return ungrouped(scene.objects)
    tables = {Grouping.PARENT: scene.parents, Grouping.COLLECTION: scene.collections}
    table = tables.get(grouping, SceneEntries())
    by_name = {group.name: group for group in table.entries}
    pairs = tuple((entry, _group_of(entry, grouping, by_name)) for entry in scene.objects.entries)
    used = {group.category for _, group in pairs}
    return Groups(pairs, _categories(used, [table, scene.objects]))


def _group_of(entry: SceneEntry, grouping: Grouping, by_name: dict[str, SceneEntry]) -> SceneEntry:
    if entry.category is None:
        return entry
    if entry.instance_id:
        return SceneEntry(f"{entry.category} {entry.instance_id}", 0, entry.category)
    return by_name.get(entry.parent if grouping is Grouping.PARENT else entry.collection, entry)


def _categories(names: set[str | None], tables: Sequence[SceneEntries]) -> tuple[Category, ...]:
    """The categories with these names; where two tables know one, the one that fixes its id."""
    found: dict[str, Category] = {}
    for table in tables:
        for category in table.categories:
            known = found.get(category.name)
            if category.name in names and (known is None or known.id is None):
                found[category.name] = category
    return tuple(found[name] for name in sorted(found))
