"""Which instance of the scene each label is, and of which category."""

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..base.errors import SceneError
from ..base.phrases import some_of
from ..categories.doubts import doubtful_names
from ..categories.grouping import Groups, group_objects, ungrouped, with_whole_categories
from ..categories.namesakes import shared_name
from ..categories.rules import Kind, categorise_alone
from ..exr.cryptomatte import hash_name
from ..scene.scene_record import (
    REFUSED,
    UNKNOWN,
    Facts,
    SceneEntries,
    SceneEntry,
    SceneRecord,
    category_of_name,
    contradiction,
    refusal,
)
from ..settings.category_table import Category, CategoryTable
from ..settings.render_pass import Pass
from ..settings.settings import Grouping, Ignored, LabelSource
from .label_image import LabelImage

# A thing of the scene, and its group.
_Carrier = tuple[SceneEntry, SceneEntry]


@dataclass(frozen=True)
class NamedLabels:
    """The labels of one instance.

    Attributes:
        name: of the object, material, asset or group; of the first by name where several share the label.
        category: name of a category; of an ignored region "" where it is ignored for all of them.
        labels: ascending, at least one.
        objects: names of those that it is made of, seen or not; none where the scene or its objects are not known.
        ignored: whether this is not an instance but a region to ignore.
        painted: the labels that its pixels have in the label image, where instances that share `labels` were
            separated; else ().
        track_id: the same in all frames of the sequence, where it is known.
        resolved: how the instance was separated, see instance_separation.py; None where it has a label of its own.
    """

    name: str
    category: str
    labels: tuple[int, ...]
    objects: tuple[str, ...] = ()
    ignored: bool = False
    painted: tuple[int, ...] = ()
    track_id: int | None = None
    resolved: str | None = None

    @property
    def in_image(self) -> tuple[int, ...]:
        """Its labels in the label image after instances were separated."""
        return self.painted or self.labels


@dataclass(frozen=True)
class SeparatedEntries:
    """What labels stand for after instances that share one were separated, see instance_separation.py.

    Attributes:
        instances: new label -> the instance, as an entry of its own.
        left: label -> names of the objects that what is left of it can be; it is all that carry it for other labels.
    """

    instances: Mapping[int, SceneEntry]
    left: Mapping[int, Collection[str]]


def name_labels(
    labels: Sequence[int],
    image: LabelImage,
    scene: SceneRecord | None,
    grouping: Grouping | None = Grouping.OBJECT,
    ignored: Ignored = Ignored.BACKGROUND,
    table: CategoryTable | None = None,
    separated: SeparatedEntries | None = None,
) -> tuple[list[NamedLabels], list[Category], list[str]]:
    """Find out what each label shows.

    Args:
        labels: those that occur in a label image, without 0.
        image: that label image, for the names in its files.
        scene: the scene record; without it every label is an instance, named as in the files.
        grouping: which objects are one instance, where their category does not say so; None leaves each by itself,
            whatever its properties and its category say, and gives to what is unknown a category of its own.
        ignored: what happens to labels of things that are ignored.
        table: by which labels get a category that only have a name or an index in the files.
        separated: what labels stand for after instances were separated that share one.

    Returns:
        The instances and ignored regions sorted by name, the categories of the scene (also those that this frame does
        not show), and sentences on what the user should know. A label that no instance has is background.

    Raises:
        SceneError: objects of different categories share a pass index that is seen, all pass indices are 0, or a thing
            is seen that must have a category and has none.
    """
    groups = _groups(image, scene, grouping) if scene else Groups((), table.labelled if table else ())
    carriers = _carriers(image, groups, separated)
    members = _members(image, groups)
    instances = separated.instances if separated else {}
    carrying_of = {label: carriers[key] for label in labels if (key := _key(label, image)) in carriers}
    strangers = [label for label in labels if label not in instances and not carrying_of.get(label)]
    alone, categories_alone = _named_alone(strangers, image, scene, table)
    whole = {category.name for category in categories_alone if category.own_grouping is Grouping.CATEGORY}
    categories = {category.name: category for category in (*categories_alone, *groups.categories)}
    notes: list[str] = []
    unknown: list[SceneEntry] = []
    labels_of: dict[tuple[str, str, bool, int], list[int]] = defaultdict(list)
    objects_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for label in sorted(labels):
        carrying = carrying_of.get(label, ())
        only_named = False
        if label in instances:
            found = [instances[label]]
        elif carrying:
            found = sorted({group for _, group in carrying}, key=SceneEntry.key)
        elif label in alone:
            entry = alone[label]
            unknown.append(entry)
            only_named = entry.ignored or entry.category not in whole
            found = [entry if only_named else SceneEntry(entry.category or "", 0, entry.category)]
        else:
            continue  # surfaces without a material
        if len(found) > 1 and (clash := _clash(label, found, carrying, image)):
            raise SceneError(clash)
        first = found[0] if image.is_index else _as_one(found)
        if first.ignored and all(one.ignored for one in found):
            if ignored is Ignored.CROWD:
                region = f"ignored {first.category}" if first.category else "ignored"
                labels_of[region, first.category or "", True, 0].append(label)
            continue
        if grouping is None and first.category is None and not first.is_known:
            first = dataclasses.replace(first, category=category_of_name(first.own_name), origin=UNKNOWN)
            categories.setdefault(first.category or "", Category(first.category or ""))
        if first.origin == REFUSED:
            raise SceneError(refusal(first.name))
        if first.category is None:
            continue
        # Labels that only have a name in the files are never united: two of one name may be two things.
        labels_of[first.name, first.category, False, label if only_named else 0].append(label)
        for group in found if members else ():
            objects_of[first.name, first.category] |= members[group]
        if len(found) > 1 and grouping is not None and (grouping is not Grouping.OBJECT or not image.is_index):
            notes.append(
                f"{found[0].name!r} and {found[1].name!r} share {_what_they_share(label, image)}, "
                "so they are one instance"
            )
    if unknown and scene:
        notes.append(
            f"No {_KINDS[image.source]} of the scene has the label {some_of(sorted(one.name for one in unknown))}; "
            "was the scene changed after the render?"
        )
    if not scene and grouping is not None and image.manifest:
        notes += doubtful_names(unknown, _rules_kind(image), has_scene=False)
    objects = {key: tuple(sorted(names)) for key, names in objects_of.items()}
    named = [
        NamedLabels(name, category, tuple(found), objects.get((name, category), ()), is_ignored)
        for (name, category, is_ignored, _), found in labels_of.items()
    ]
    return (
        sorted(named, key=lambda one: (one.name, one.labels)),
        sorted(categories.values(), key=lambda category: category.name),
        notes,
    )


def named_by_scene(image: LabelImage, scene: SceneRecord) -> LabelImage:
    """A label image whose files have no manifest, with the names of the scene: an id is the hash of a name."""
    if image.is_index or image.manifest:
        return image
    return dataclasses.replace(
        image, manifest={hash_name(entry.own_name): entry.own_name for entry in table_of(image, scene).entries}
    )


_KINDS: dict[LabelSource, Literal["object", "material", "asset"]] = {
    LabelSource.OBJECT_INDEX: "object",
    LabelSource.CRYPTO_OBJECT: "object",
    LabelSource.MATERIAL_INDEX: "material",
    LabelSource.CRYPTO_MATERIAL: "material",
    LabelSource.CRYPTO_ASSET: "asset",
}


def _rules_kind(image: LabelImage) -> Kind:
    """What rules take the labels of an image for: an asset is a parent."""
    return "material" if _KINDS[image.source] == "material" else "object"


# What Cycles (4.2 to 5.0) calls the material of surfaces that have none.
_NO_MATERIAL = hash_name("default_surface")


def _is_no_material(label: int, image: LabelImage) -> bool:
    """Whether a label stands for surfaces without a material, which are background and not an instance."""
    return image.source is LabelSource.CRYPTO_MATERIAL and label == _NO_MATERIAL


def _what_they_share(label: int, image: LabelImage) -> str:
    return f"the pass index {label}" if image.is_index else "one name"


def _clash(label: int, found: Sequence[SceneEntry], carrying: Sequence[_Carrier], image: LabelImage) -> str:
    """A sentence on several groups under one label that cannot be one instance; "" where they can."""
    if image.is_index:
        return contradiction(found, _what_they_share(label, image))
    kind = _KINDS[image.source]
    if kind == "object":
        why = "the scene record has no surfaces of them (hair has none; for meshes turn Tell Apart on)"
    else:
        why = f"geometry separates objects and not {kind}s"
    return shared_name(carrying, why, (Pass.MATERIAL_INDEX if kind == "material" else Pass.OBJECT_INDEX).title)


def _as_one(found: Sequence[SceneEntry]) -> SceneEntry:
    """What things under one Cryptomatte id are together: several that only share their name are called by it."""
    first = found[0]
    if len(found) > 1 and all(one.own_name == first.own_name for one in found):
        return dataclasses.replace(first, name=first.own_name, facts=Facts())
    return first


def table_of(image: LabelImage, scene: SceneRecord) -> SceneEntries:
    """What the labels of this image stand for, without groups."""
    tables = {"object": scene.objects, "material": scene.materials, "asset": scene.assets}
    return tables[_KINDS[image.source]]


def _groups(image: LabelImage, scene: SceneRecord, grouping: Grouping | None) -> Groups:
    """What the labels of this image can stand for; raises SceneError where it can be nothing."""
    kind, table = _KINDS[image.source], table_of(image, scene)
    if image.is_index and table.entries and not table.indexed:
        raise SceneError(
            f"All {kind}s of the scene {scene.scene!r} have the pass index 0, which is background; give them pass "
            f"indices ({kind.title()} Properties > {'Relations' if kind == 'object' else 'Settings'} > Pass Index), "
            f"or turn on the Cryptomatte {kind.title()} pass, and render again"
        )
    if grouping is None:
        return ungrouped(table)
    return group_objects(scene, grouping) if kind == "object" else with_whole_categories(scene, table)


def _key(label: int, image: LabelImage) -> int | str:
    """What the things that carry a label have in common: their pass index, or the name that the id is the hash of."""
    return label if image.is_index else image.name_of(label)


def _carriers(image: LabelImage, groups: Groups, separated: SeparatedEntries | None) -> dict[int | str, list[_Carrier]]:
    """Which things of the scene carry each label, by its key."""
    carriers: dict[int | str, list[_Carrier]] = defaultdict(list)
    for entry, group in groups.entries:
        if not entry.facts.copy_of:
            carriers[entry.pass_index if image.is_index else entry.own_name].append((entry, group))
    for label, names in separated.left.items() if separated else ():
        carriers[_key(label, image)] = [(entry, group) for entry, group in groups.entries if entry.name in names]
    return carriers


def _members(image: LabelImage, groups: Groups) -> dict[SceneEntry, set[str]]:
    """Names of the objects of each group; none where labels are not those of objects."""
    members: dict[SceneEntry, set[str]] = defaultdict(set)
    if _KINDS[image.source] == "object":
        for entry, group in groups.entries:
            members[group].add(entry.name)
    return members


def _named_alone(
    labels: Sequence[int], image: LabelImage, scene: SceneRecord | None, table: CategoryTable | None
) -> tuple[dict[int, SceneEntry], tuple[Category, ...]]:
    """For which things labels stand of which only the name or the index is known, and all of their categories."""
    table = table or CategoryTable(scene.table if scene else ())
    seen = [label for label in labels if not _is_no_material(label, image)]
    found = categorise_alone(
        [image.name_of(label) for label in seen],
        seen if image.is_index else [0] * len(seen),
        _rules_kind(image),
        table,
        # As users of indices expect.
        index_is_id=image.is_index and scene is None and not table.categories,
    )
    return dict(zip(seen, found.entries, strict=True)), found.categories
