"""Which instance of the scene each label is, and of which category."""

from collections import defaultdict
from collections.abc import Sequence

from .errors import SceneError
from .instances import Instance, Mask
from .labels import LabelImage
from .scene import Category, SceneEntries, SceneEntry, SceneRecord, category_of_name, contradiction
from .settings import LabelSource


def name_instances(
    masks: Sequence[Mask], image: LabelImage, scene: SceneRecord | None
) -> tuple[list[Instance], list[Category], list[str]]:
    """Find out what each mask shows.

    Args:
        masks: the masks of a label image.
        image: that label image, for the names in its files.
        scene: the scene record; without it every label is an instance, named as in the files.

    Returns:
        The instances sorted by name, the categories of the scene (also those that this frame does not show), and
        sentences on what the user should know.

    Raises:
        SceneError: objects of different categories share a pass index that is seen, or all pass indices are 0.
    """
    if scene is None:
        instances = [_unknown(mask, image) for mask in masks]
        # An index is the id of its category, as users of indices expect.
        categories = {
            instance.category: Category(instance.category, instance.mask.label if image.is_index else None)
            for instance in instances
        }
        return _sorted(instances), sorted(categories.values(), key=lambda category: category.name), []

    table = _table_of(image, scene)
    entries = _entries_by_label(image, table, scene.scene)
    instances, unknown = [], []
    categories = {category.name: category for category in table.categories}
    for mask in masks:
        named = entries.get(mask.label if image.is_index else image.name_of(mask.label))
        if not named:
            instance = _unknown(mask, image)
            categories.setdefault(instance.category, Category(instance.category))
            unknown.append(instance.name)
            instances.append(instance)
            continue
        if clash := contradiction(named, f"the pass index {mask.label}" if image.is_index else "one name"):
            raise SceneError(clash)
        category = named[0].category
        if category is not None:
            instances.append(Instance(min(entry.name for entry in named), category, mask))
    notes = []
    if unknown:
        notes.append(
            f"No {_KINDS[image.source]} of the scene has the label {', '.join(sorted(unknown))}; "
            "was the scene changed after the render?"
        )
    return _sorted(instances), sorted(categories.values(), key=lambda category: category.name), notes


_KINDS = {
    LabelSource.OBJECT_INDEX: "object",
    LabelSource.CRYPTO_OBJECT: "object",
    LabelSource.MATERIAL_INDEX: "material",
    LabelSource.CRYPTO_MATERIAL: "material",
    LabelSource.CRYPTO_ASSET: "asset",
}


def _table_of(image: LabelImage, scene: SceneRecord) -> SceneEntries:
    return {"object": scene.objects, "material": scene.materials, "asset": scene.assets}[_KINDS[image.source]]


def _entries_by_label(image: LabelImage, table: SceneEntries, scene: str) -> dict[int | str, list[SceneEntry]]:
    entries = table.entries
    if image.is_index and entries and not table.indexed:
        kind = _KINDS[image.source]
        raise SceneError(
            f"All {kind}s of the scene {scene!r} have the pass index 0, which is background; give them pass "
            f"indices ({kind.title()} Properties > {'Relations' if kind == 'object' else 'Settings'} > Pass Index), "
            "or turn on the Cryptomatte Object pass, and render again"
        )
    by_label: dict[int | str, list[SceneEntry]] = defaultdict(list)
    for entry in entries:
        by_label[entry.pass_index if image.is_index else entry.name].append(entry)
    return by_label


def _unknown(mask: Mask, image: LabelImage) -> Instance:
    name = image.name_of(mask.label)
    return Instance(name, category_of_name(name), mask)


def _sorted(instances: list[Instance]) -> list[Instance]:
    return sorted(instances, key=lambda instance: (instance.name, instance.mask.label))
