"""Which category each thing of a scene has: the rules of a category table, applied to what the scene record knows."""

import dataclasses
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from ..base.errors import SceneError
from ..scene.scene_record import REFUSED, UNKNOWN, SceneEntries, SceneEntry, SceneRecord, category_of_name
from ..settings.category_table import OTHER_NAME, Category, CategoryTable, Rule, Source, Unknown, index_ranges

Kind = Literal["object", "material", "collection"]
_Alike = tuple[Hashable, ...]
# By which a thing of each kind has its category from its own name.
_NAMING: dict[Kind, frozenset[Source]] = {
    "object": frozenset({Source.OBJECT_NAME}),
    "material": frozenset({Source.MATERIAL}),
    "collection": frozenset({Source.COLLECTION, Source.TOP_COLLECTION}),
}


def categorise(scene: SceneRecord, table: CategoryTable) -> SceneRecord:
    """The same scene with the categories of this table, whatever it had before.

    Raises:
        SceneError: custom properties contradict each other or the table.
    """
    rules = _Rules(table, scene)
    objects = rules.applied("object", scene.objects.entries)
    # Without any parent each object is an asset by itself.
    same = scene.assets.entries == scene.objects.entries
    return dataclasses.replace(
        scene,
        objects=objects,
        materials=rules.applied("material", scene.materials.entries),
        assets=objects if same else rules.applied("object", scene.assets.entries),
        parents=rules.applied("object", scene.parents.entries),
        collections=rules.applied("collection", scene.collections.entries),
        table=table.labelled,
    )


def categorise_alone(
    names: Sequence[str], indices: Sequence[int], kind: Kind, table: CategoryTable, index_is_id: bool = False
) -> SceneEntries:
    """Things with their categories, where nothing is known of them but the name or the pass index.

    Args:
        names, indices: of each thing; the index is 0 where it has none.
        kind: what they all are.
        table: by which they get their categories.
        index_is_id: whether the index of a thing without a rule is the id of its category.
    """
    # All others look at what is not known. Without a pattern, a rule looks for the names of the table's categories.
    says = {*_NAMING[kind], Source.PASS_INDEX}
    rules = tuple(rule for rule in table.rules if rule.source in says and (rule.pattern or table.categories))
    if not rules and not table.categories and table.unknown is Unknown.OWN:
        # No rule decides on any of them, of which there may be thousands.
        own = [category_of_name(name) for name in names]
        ids = dict(zip(own, indices, strict=True)) if index_is_id else dict.fromkeys(own)
        entries = [
            SceneEntry(name, index, category, origin=UNKNOWN)
            for name, index, category in zip(names, indices, own, strict=True)
        ]
        return SceneEntries(tuple(Category(name, ids[name]) for name in sorted(ids)), tuple(entries))
    entries = [SceneEntry(name, index, None) for name, index in zip(names, indices, strict=True)]
    return _Rules(dataclasses.replace(table, rules=rules), index_is_id=index_is_id).applied(kind, entries)


@dataclass(frozen=True)
class _Decision:
    """The name of a category (None for background) and what decided on it; id and supercategory as it says."""

    name: str | None
    origin: str
    id: int | None = None
    supercategory: str = ""


class _Rules:
    """A table, applied to one scene. For `index_is_id` see categorise_alone()."""

    def __init__(self, table: CategoryTable, scene: SceneRecord | None = None, index_is_id: bool = False) -> None:
        self._table = table
        self._index_is_id = index_is_id
        self._rows = {category.name: category for category in table.categories}
        self._row_ids = {category.id: category.name for category in table.categories if category.id is not None}
        self._ranges = {
            rule.pattern: index_ranges(rule.pattern)
            for rule in table.rules
            if rule.source is Source.PASS_INDEX and rule.pattern
        }
        self._sources = {rule.source for rule in table.rules}
        self._ignoring = [rule for rule in table.rules if rule.ignore]
        self._deciding = [rule for rule in table.rules if not rule.ignore]
        self._with_patterns = {rule.source for rule in table.rules if rule.pattern}
        self._collections = _by_name(scene.collections.entries if scene else ())
        self._materials = _by_name(scene.materials.entries if scene else ())
        self._parents = _by_name(scene.parents.entries if scene else ())

    def applied(self, kind: Kind, entries: Sequence[SceneEntry]) -> SceneEntries:
        """All things of one kind with their categories."""
        known = _Known(self._table)
        marking = list(entries)
        if kind == "object":
            marking += [*self._collections.values(), *self._materials.values()]
        for entry in marking:
            facts = entry.facts
            if facts.category_id and facts.category:
                known.name_id(facts.category_id, facts.category)
        # Thousands of objects are alike to the rules, so each kind of thing is decided once.
        decisions: dict[_Alike, tuple[_Decision, bool]] = {}
        decided = []
        has_patterns = not self._with_patterns.isdisjoint(_NAMING[kind])
        for entry in entries:
            alike = self._alike(entry, has_patterns)
            if alike not in decisions:
                decisions[alike] = self._decision(entry, kind, known)
            decision, ignored = decisions[alike]
            decided.append(entry.decided(decision.name, decision.origin, ignored))
        return SceneEntries(known.categories(), tuple(decided))

    def _alike(self, entry: SceneEntry, has_patterns: bool) -> "_Alike":
        """All that rules look at of a thing; where it is equal, they decide equally. The numbers of copies only count
        for patterns, which things of the kind may have or not."""
        facts, name, sources = entry.facts, entry.own_name, self._sources
        if not has_patterns and name not in self._rows:
            name = category_of_name(name)
        return (
            name,
            entry.name if entry.name in self._parents else None,  # it ends its own line of ancestors
            entry.parent or facts.instancer,
            entry.pass_index if self._index_is_id or Source.PASS_INDEX in sources else None,
            facts.data if Source.DATA_NAME in sources else None,
            facts.materials if Source.MATERIAL in sources else None,
            facts.tags if Source.ASSET_TAG in sources else None,
            facts.collections,
            facts.own_collection,
            facts.category,
            facts.category_id,
            facts.supercategory,
            facts.ignore,
            facts.holdout,
            facts.shadow_catcher,
        )

    def _decision(self, entry: SceneEntry, kind: Kind, known: "_Known") -> tuple[_Decision, bool]:
        """What a thing is, and whether it is to be ignored."""
        ignored = any(self._ignores(rule, entry, kind) for rule in self._ignoring)
        decision = self._decide(entry, kind, known)
        if ignored and decision.origin in (UNKNOWN, REFUSED):
            # It is ignored whatever it may be; a category of its own would only add a name to the dataset.
            decision = _Decision(None, UNKNOWN)
        if decision.name is not None:
            known.add(Category(decision.name, decision.id, decision.supercategory), entry.name)
        return decision, ignored

    def _decide(self, entry: SceneEntry, kind: Kind, known: "_Known") -> _Decision:
        for rule in self._deciding:
            decision = self._fits(rule, entry, kind, known)
            if decision is None:
                continue
            if decision.name is None or not self._rows or decision.name in self._rows:
                return self._background(decision)
            if self._table.unknown is Unknown.OWN:
                return decision
            break  # the table lacks the category that it is said to have
        return self._background(self._unknown(entry, kind))

    def _background(self, decision: _Decision) -> _Decision:
        """A category that the table gives the id 0 is background."""
        row = self._rows.get(decision.name or "")
        return dataclasses.replace(decision, name=None, id=None) if row is not None and row.id == 0 else decision

    def _unknown(self, entry: SceneEntry, kind: Kind) -> _Decision:
        match self._table.unknown:
            case Unknown.OWN:
                own = entry.facts.own_collection if kind == "object" else ""
                id = entry.pass_index if self._index_is_id else None
                return _Decision(own or category_of_name(entry.own_name), UNKNOWN, id, entry.facts.supercategory)
            case Unknown.OTHER:
                return _Decision(OTHER_NAME, UNKNOWN)
            case Unknown.ERROR:
                return _Decision(None, REFUSED)
        return _Decision(None, UNKNOWN)

    def _fits(self, rule: Rule, entry: SceneEntry, kind: Kind, known: "_Known") -> _Decision | None:
        """What a rule makes of a thing; None where it does not fit."""
        source = rule.source
        if source is Source.PROPERTY:
            return self._by_property(entry, entry, source, known)
        if source in (Source.HOLDOUT, Source.SHADOW_CATCHER):
            return _Decision(rule.category, source.value) if self._ignores(rule, entry, kind) else None
        if source is Source.PASS_INDEX:
            index = entry.pass_index
            if not index:
                return None
            if not rule.pattern:
                name = self._row_ids.get(index)
                return None if name is None else _Decision(name, source.value)
            fits = any(index in numbers for numbers in self._ranges[rule.pattern])
            return _Decision(rule.category or f"index_{index}", source.value) if fits else None
        for one in self._candidates(source, entry, kind):
            if rule.pattern:
                name = _fitting(one.names, rule.pattern)
                if name is not None:
                    return _Decision(rule.category or category_of_name(name), source.value)
                continue
            if one.marks is not None and (found := self._by_property(one.marks, entry, source, known)):
                return found
            named = next((row for name in one.names for row in (name, category_of_name(name)) if row in self._rows), "")
            if named:
                return _Decision(named, source.value)
        return None

    def _by_property(self, marked: SceneEntry, entry: SceneEntry, source: Source, known: "_Known") -> _Decision | None:
        """What the custom properties of a thing, or of what it is in or made of, say of it."""
        facts = marked.facts
        if facts.category_id == 0:
            return _Decision(None, source.value)
        supercategory = facts.supercategory or entry.facts.supercategory
        if facts.category:
            return _Decision(facts.category, source.value, facts.category_id, supercategory)
        if facts.category_id is not None:
            known.call(facts.category_id, category_of_name(marked.own_name))
            return _Decision(known.name_of(facts.category_id), source.value, facts.category_id, supercategory)
        return None

    def _ignores(self, rule: Rule, entry: SceneEntry, kind: Kind) -> bool:
        match rule.source:
            case Source.HOLDOUT:
                return entry.facts.holdout
            case Source.SHADOW_CATCHER:
                return entry.facts.shadow_catcher
            case Source.PROPERTY:
                around = [entry, *self._ancestors(entry), *self._outwards(entry)]
                return any(one.facts.ignore for one in around)
            case Source.PASS_INDEX:
                return any(entry.pass_index in numbers for numbers in self._ranges[rule.pattern])
        # Here any collection and any material counts, not only the nearest.
        return any(_fitting(one.names, rule.pattern) is not None for one in self._candidates(rule.source, entry, kind))

    def _candidates(self, source: Source, entry: SceneEntry, kind: Kind) -> Iterator["_Candidate"]:
        """Where a rule looks for a name, one after the other."""
        if source is Source.OBJECT_NAME and kind == "object":
            yield _Candidate((entry.own_name,))
        elif source is Source.DATA_NAME and entry.facts.data:
            yield _Candidate((entry.facts.data,))
        elif source is Source.MATERIAL:
            materials = [entry] if kind == "material" else [self._materials.get(m) for m in entry.facts.materials]
            yield from (_Candidate((one.own_name,), one) for one in materials if one is not None)
        elif source is Source.ASSET_TAG:
            yield _Candidate(entry.facts.tags)
            if kind == "object":
                yield from (_Candidate(one.facts.tags) for one in self._outwards(entry))
        elif source in (Source.COLLECTION, Source.TOP_COLLECTION):
            # A collection is a group by its own name; those around it have their own.
            around = [entry] if kind == "collection" else list(self._outwards(entry))
            if source is Source.TOP_COLLECTION and kind == "object":
                around = around[-1:]
            yield from (_Candidate((one.own_name,), one) for one in around)

    def _outwards(self, entry: SceneEntry) -> Iterator[SceneEntry]:
        """The collections that a thing is in, the nearest first."""
        level, seen = list(entry.facts.collections), set()
        while level:
            found = [self._collections[name] for name in level if name in self._collections and name not in seen]
            seen.update(level)
            yield from found
            level = [name for one in found for name in one.facts.collections]

    def _ancestors(self, entry: SceneEntry) -> Iterator[SceneEntry]:
        return ancestors(entry, self._parents)


@dataclass(frozen=True)
class _Candidate:
    """Names that a pattern may fit, and the entry whose custom properties count there."""

    names: tuple[str, ...]
    marks: SceneEntry | None = None


def name_of_id(id: int) -> str:
    """What a category is called of which nothing but the id is known."""
    return f"category_{id}"


def ancestors(entry: SceneEntry, parents: dict[str, SceneEntry]) -> Iterator[SceneEntry]:
    """The parents of an object, the nearest first; an empty that alone instances it counts as one of them."""
    seen = {entry.name}
    while True:
        name = entry.parent or entry.facts.instancer
        if name in seen or name not in parents:
            return
        seen.add(name)
        entry = parents[name]
        yield entry


def _by_name(entries: Iterable[SceneEntry]) -> dict[str, SceneEntry]:
    return {entry.name: entry for entry in entries}


def _fitting(names: Iterable[str], pattern: str) -> str | None:
    """The first name that a pattern fits, as it is or without the ".001" of copies."""
    return next(
        (name for name in names if fnmatchcase(name, pattern) or fnmatchcase(category_of_name(name), pattern)), None
    )


class _Known:
    """The categories that came up so far; finds contradictions between them and the table."""

    def __init__(self, table: CategoryTable) -> None:
        self._rows = {category.name: category for category in table.categories}
        self._ids = {category.name: category.id for category in table.categories}
        self._names = {category.id: category.name for category in table.categories if category.id}
        self._found: dict[str, Category] = {}
        self._called: dict[str, str] = {}

    def name_id(self, id: int, name: str) -> None:
        """A thing says both; the first that does so names the id for those that only have the number."""
        self._names.setdefault(id, name)

    def name_of(self, id: int) -> str:
        return self._names.get(id, name_of_id(id))

    def call(self, id: int, name: str) -> None:
        """A thing says only the id; the first that does so gives the category its name, where nothing else does."""
        self._called.setdefault(name_of_id(id), name)

    def add(self, category: Category, thing: str) -> None:
        """Raises SceneError where a thing contradicts another one or the table."""
        name, said = category.name, category.id
        id = self._ids.get(name)
        if id is None:
            id = said
        if said not in (None, id):
            who = "the category table" if name in self._rows else "another object"
            raise SceneError(
                f"{thing!r} gives the category {name!r} the category_id {said}, but {who} gives it {id}; make them the "
                "same"
            )
        if id is not None and self._names.setdefault(id, name) != name:
            owner = self._names[id]
            who = "the category table" if owner in self._rows else "another object"
            raise SceneError(
                f"{thing!r} gives the category_id {id} to {name!r}, but {who} gives it to {owner!r}; give one of them "
                "another number"
            )
        self._ids[name] = id
        known = self._found.get(name)
        supercategory = known.supercategory if known and known.supercategory else category.supercategory
        row = self._rows.get(name)
        self._found[name] = dataclasses.replace(row, id=id) if row else Category(name, id, supercategory)

    def categories(self) -> tuple[Category, ...]:
        return tuple(self._titled(self._found[name]) for name in sorted(self._found))

    def _titled(self, category: Category) -> Category:
        """It with the name of the first thing of it, where only the id is known.

        BlenderProc, whose scenes have ids alone, names categories so in its COCO files, where no label mapping is
        given (`generate_coco_annotations`, version 2.8).
        """
        called = category.called or self._called.get(category.name, "")
        return dataclasses.replace(category, called=called) if called else category
