"""Which instance of the scene each label is, and of which category."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from .cryptomatte import hash_name
from .errors import SceneError
from .grouping import Groups, group_objects, ungrouped
from .labels import LabelImage
from .scene import Category, SceneEntry, SceneRecord, category_of_name, contradiction
from .settings import Grouping, LabelSource


@dataclass(frozen=True)
class NamedLabels:
    """The labels of one instance.

    Attributes:
        name: of the object, material, asset or group; of the first by name where several share the label.
        category: name of a category.
        labels: ascending, at least one.
        objects: names of those that it is made of, seen or not; none where the scene or its objects are not known.
    """

    name: str
    category: str
    labels: tuple[int, ...]
    objects: tuple[str, ...] = ()


def name_labels(
    labels: Sequence[int],
    image: LabelImage,
    scene: SceneRecord | None,
    grouping: Grouping | None = Grouping.OBJECT,
) -> tuple[list[NamedLabels], list[Category], list[str]]:
    """Find out what each label shows.

    Args:
        labels: those that occur in a label image, without 0.
        image: that label image, for the names in its files.
        scene: the scene record; without it every label is an instance, named as in the files.
        grouping: which objects are one instance; None leaves each by itself, whatever its properties say.

    Returns:
        The instances sorted by name, the categories of the scene (also those that this frame does not show), and
        sentences on what the user should know. A label that no instance has is background.

    Raises:
        SceneError: objects of different categories share a pass index that is seen, or all pass indices are 0.
    """
    if scene is None:
        unknown = [_unknown(label, image) for label in labels if not _is_no_material(label, image)]
        # An index is the id of its category, as users of indices expect.
        alone = {
            named.category: Category(named.category, named.labels[0] if image.is_index else None) for named in unknown
        }
        return _sorted(unknown), sorted(alone.values(), key=lambda category: category.name), []

    groups = _groups(image, scene, grouping)
    by_label: dict[int | str, set[SceneEntry]] = defaultdict(set)
    members: dict[SceneEntry, set[str]] = defaultdict(set)
    for entry, group in groups.entries:
        by_label[entry.pass_index if image.is_index else entry.name].add(group)
        if _KINDS[image.source] == "object":
            members[group].add(entry.name)
    categories = {category.name: category for category in groups.categories}
    unknown, notes = [], []
    labels_of: dict[tuple[str, str], list[int]] = defaultdict(list)
    objects_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for label in sorted(labels):
        found = sorted(by_label[label if image.is_index else image.name_of(label)], key=lambda group: group.name)
        if not found:
            if _is_no_material(label, image):
                continue
            unknown.append(_unknown(label, image))
            categories.setdefault(unknown[-1].category, Category(unknown[-1].category))
            continue
        shared = f"the pass index {label}" if image.is_index else "one name"
        if clash := contradiction(found, shared):
            raise SceneError(clash)
        name, category = found[0].name, found[0].category
        if category is None:
            continue
        labels_of[name, category].append(label)
        for group in found:
            objects_of[name, category] |= members[group]
        if len(found) > 1 and grouping not in (Grouping.OBJECT, None):
            notes.append(f"{name!r} and {found[1].name!r} share {shared}, so they are one instance")
    if unknown:
        names = ", ".join(sorted(named.name for named in unknown))
        notes.append(
            f"No {_KINDS[image.source]} of the scene has the label {names}; was the scene changed after the render?"
        )
    known = [NamedLabels(*key, tuple(found), tuple(sorted(objects_of[key]))) for key, found in labels_of.items()]
    return _sorted([*known, *unknown]), sorted(categories.values(), key=lambda category: category.name), notes


_KINDS = {
    LabelSource.OBJECT_INDEX: "object",
    LabelSource.CRYPTO_OBJECT: "object",
    LabelSource.MATERIAL_INDEX: "material",
    LabelSource.CRYPTO_MATERIAL: "material",
    LabelSource.CRYPTO_ASSET: "asset",
}


# What Cycles (4.2 to 5.0) calls the material of surfaces that have none.
_NO_MATERIAL = hash_name("default_surface")


def _is_no_material(label: int, image: LabelImage) -> bool:
    """Whether a label stands for surfaces without a material, which are background and no instance of a material."""
    return image.source is LabelSource.CRYPTO_MATERIAL and label == _NO_MATERIAL


def _groups(image: LabelImage, scene: SceneRecord, grouping: Grouping | None) -> Groups:
    """What the labels of this image can stand for; raises SceneError where it can be nothing."""
    kind = _KINDS[image.source]
    table = {"object": scene.objects, "material": scene.materials, "asset": scene.assets}[kind]
    if image.is_index and table.entries and not table.indexed:
        raise SceneError(
            f"All {kind}s of the scene {scene.scene!r} have the pass index 0, which is background; give them pass "
            f"indices ({kind.title()} Properties > {'Relations' if kind == 'object' else 'Settings'} > Pass Index), "
            "or turn on the Cryptomatte Object pass, and render again"
        )
    return group_objects(scene, grouping) if kind == "object" and grouping else ungrouped(table)


def _unknown(label: int, image: LabelImage) -> NamedLabels:
    name = image.name_of(label)
    return NamedLabels(name, category_of_name(name), (label,))


def _sorted(named: list[NamedLabels]) -> list[NamedLabels]:
    return sorted(named, key=lambda one: (one.name, one.labels))
