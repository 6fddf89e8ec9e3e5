"""Which objects of the open scene are of which category and instance: what panels, preview and buttons go by."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from ...core.base.errors import LabelpassError
from ...core.categories.doubts import doubts_of_scene, without_names
from ...core.categories.grouping import group_objects
from ...core.categories.ids import DatasetCategories
from ...core.categories.namesakes import find_namesakes
from ...core.categories.palette import Colour, category_colours, own_colours
from ...core.preflight.label_facts import LabelFacts
from ...core.preflight.pass_indices import IndexedObject, shared_indices
from ...core.scene.scene_record import REFUSED, SceneEntries, SceneEntry, SceneRecord, category_of_name, refusal
from ...core.settings.category_table import Category, Source, Unknown
from ...core.settings.settings import Grouping
from ..category_table import table_of
from ..scene.identity import by_name
from ..scene.scene_reader import own_objects, read_label_tables
from ..scene.unlabelled import UNLABELLED_TYPES
from .evaluated_facts import LabelledScene
from .jumps import find_jumping
from .missing_files import find_missing


@dataclass(frozen=True)
class LabelledObject:
    """What an object will be in the dataset.

    Attributes:
        object: the original one.
        category: name of the category; None where it is background or ignored.
        instance: name of the instance that it is, alone or with others.
        origin: what decided on the category, in words.
        ignored: whether its pixels are to be ignored.
        holdout: whether it is one.
        refused: whether it is an error that no rule gives it a category.
        decided_by: as SceneEntry.origin.
    """

    object: bpy.types.Object
    category: str | None
    instance: str
    origin: str
    ignored: bool
    holdout: bool
    refused: bool
    decided_by: str

    def indexed(self, parts: bool = False) -> IndexedObject:
        """It as core/preflight/pass_indices.py wants to know it; with `parts` as if each object were an instance.

        What is to be ignored has an index too, since it can become a region of the dataset.
        """
        ob, instance = self.object, None
        if self.category is not None or self.ignored:
            instance = (ob.name_full if parts else self.instance, self.category or "")
        return IndexedObject(ob.name_full, ob.pass_index, instance, ob.is_editable)

    def summary(self) -> "ObjectSummary":
        indexed = self.object.pass_index > 0
        if self.category is None:
            return ObjectSummary(self.object.name_full, "", "", self.origin, indexed)
        return ObjectSummary(self.object.name_full, self.category, self.instance, self.origin, indexed)


@dataclass(frozen=True)
class ObjectSummary:
    """A labelled object for the panel, which may outlive the object.

    Attributes:
        name: of the object, with its library where it is linked.
        category: name of the category; "" where it is background or ignored.
        instance: name of the instance; "" likewise.
        origin: what decided on that, in words.
        indexed: whether it has a pass index other than 0.
    """

    name: str
    category: str
    instance: str
    origin: str
    indexed: bool


@dataclass(frozen=True)
class CategorySummary:
    """A category for the panel.

    Attributes:
        name: of the category.
        id: its number in the COCO file, as far as this scene alone decides on it.
        objects: how many objects are of it.
        origin: what made them so, in words.
    """

    name: str
    id: int
    objects: int
    origin: str


@dataclass(frozen=True)
class LabelledObjects:
    """The objects of a scene that leave pixels in a render.

    Attributes:
        facts: what is known of all together.
        objects: all, in the order of their names.
        categories: sorted by name.
        unlisted: names of those that the category table lacks, where there is a table.
        colours: of all categories by name, 8-bit sRGB.
    """

    facts: LabelFacts
    objects: tuple[ObjectSummary, ...] = ()
    categories: tuple[CategorySummary, ...] = ()
    unlisted: tuple[str, ...] = ()
    colours: Mapping[str, Colour] = field(default_factory=dict)


def label_objects(scene: bpy.types.Scene) -> tuple[list[LabelledObject], tuple[Category, ...]]:
    """Find out what each object of a scene that leaves pixels will be in the dataset, and all its categories.

    Raises:
        SceneError: a custom property is not a category, or the scene contradicts itself.
        CategoryError: the category table contradicts itself.
    """
    objects, record = _read(scene)
    return _grouped(scene, objects, record)


def _read(scene: bpy.types.Scene) -> tuple[list[bpy.types.Object], SceneRecord]:
    """The objects of a scene that leave pixels, and what decides on their categories."""
    objects = sorted(own_objects(scene), key=by_name)
    return objects, read_label_tables(scene, objects, assets=False)


def _grouped(
    scene: bpy.types.Scene, objects: Sequence[bpy.types.Object], record: SceneRecord
) -> tuple[list[LabelledObject], tuple[Category, ...]]:
    groups = group_objects(record, Grouping(scene.labelpass.grouping))
    found = [
        LabelledObject(
            ob,
            None if group.ignored or group.category is None else group.category,
            group.name,
            origin_of(entry, group),
            group.ignored,
            entry.facts.holdout,
            group.origin == REFUSED,
            entry.origin,
        )
        for ob, (entry, group) in zip(objects, groups.entries, strict=True)
    ]
    return found, groups.categories


def origin_of(entry: SceneEntry, group: SceneEntry) -> str:
    """Why an object in a group has its category, or none, as words to follow it: "by collection"."""
    if entry.ignored:
        return "since it is ignored"
    if group.category != entry.category:
        return f"like {group.name}"
    if entry.is_known:
        return _ORIGINS[entry.origin]
    if group.category is None:
        return "since no rule fits"
    return _ORIGINS[(Source.COLLECTION if entry.facts.own_collection else Source.OBJECT_NAME).value]


_ORIGINS = {source.value: f"by {source.label.lower()}" for source in Source}


def read_labelled_objects(scene: bpy.types.Scene, as_rendered: bool = False) -> LabelledObjects:
    """Go through all objects of a scene; what is wrong with it is reported instead of raised.

    Args:
        scene: the original one.
        as_rendered: whether to evaluate the scene as a render does, which may take long. Without it the viewport's
            depsgraph has to do, and copies that only a render shows are found as far as the data tell.
    """
    try:
        originals, record = _read(scene)
        objects, categories = _grouped(scene, originals, record)
        numbered = _numbered(categories)
    except LabelpassError as error:
        return LabelledObjects(LabelFacts(problem=str(error), missing=find_missing(scene, own_objects(scene))))
    origins: dict[str | None, list[str]] = defaultdict(list)
    for one in objects:
        origins[one.category].append(one.origin)
    table = SceneEntries(
        (),
        tuple(
            SceneEntry(one.object.name_full, one.object.pass_index, one.category, origin=one.decided_by)
            for one in objects
        ),
    )
    background = len(origins.pop(None, ()))
    listed = {row.name for row in scene.labelpass.table.categories}
    whole = LabelledScene(
        scene,
        [one.object for one in objects if one.category is not None],
        {one.object for one in objects if one.category is None and not one.ignored},
        table.indexed,
    )
    evaluated = whole.as_rendered() if as_rendered else whole.as_shown()
    facts = LabelFacts(
        count=len(objects) - background,
        background=background,
        categories=len(origins),
        from_table=bool(listed),
        instances=len({(one.instance, one.category) for one in objects if one.category is not None}),
        indexed=table.indexed,
        unindexed=len(table.left_without_index()),
        clash=table.index_clash(),
        shared=next(shared_indices(one.indexed() for one in objects), ""),
        copies=evaluated.copies,
        indexed_copies=evaluated.indexed_copies,
        namesakes=_namesakes(objects),
        keypoints=any(category.keypoints for category in categories if category.name in origins),
        holdouts=any(one.ignored and one.holdout for one in objects),
        metaballs=_divided_metaballs(objects),
        unlabelled=evaluated.unlabelled,
        volume=evaluated.volume,
        jumping=_jumping(scene, objects),
        doubts=(*doubts_of_scene(record), *without_names(record.objects.entries)),
        missing=find_missing(scene, [one.object for one in objects]),
        problem=next((refusal(one.object.name_full) for one in objects if one.refused), ""),
    )
    return LabelledObjects(
        facts=facts,
        objects=tuple(one.summary() for one in objects),
        categories=tuple(
            CategorySummary(
                category.name,
                category.id or 0,
                len(origins[category.name]),
                " or ".join(sorted(set(origins[category.name]))),
            )
            for category in sorted(numbered, key=lambda category: category.name)
            if category.name in origins
        ),
        unlisted=tuple(sorted(set(origins) - listed)) if listed else (),
        colours=colours_of(categories),
    )


def _jumping(scene: bpy.types.Scene, objects: Iterable[LabelledObject]) -> str:
    """Name of an object that jumps where the render blurs what moves, or of the camera; "" where there is none."""
    if not scene.render.use_motion_blur:
        return ""
    found = find_jumping([*([scene.camera] if scene.camera else []), *(one.object for one in objects)])
    return found.name_full if found else ""


def _divided_metaballs(objects: Iterable[LabelledObject]) -> tuple[str, ...]:
    """Two metaballs of a family that have different categories. A family is what has the same name before the number,
    and renders as the member without one, or with the smallest."""
    families: dict[str, LabelledObject] = {}
    for one in objects:
        if one.object.type == "META":
            first = families.setdefault(category_of_name(one.object.name), one)
            if one.category != first.category:
                return first.object.name, one.object.name
    return ()


def _namesakes(objects: Iterable[LabelledObject]) -> str:
    """As in LabelFacts."""
    alike: dict[str, list[tuple[str, SceneEntry]]] = defaultdict(list)
    for one in objects:
        if one.object.type not in UNLABELLED_TYPES:
            group = SceneEntry(one.instance, 0, one.category, ignored=one.ignored)
            alike[one.object.name].append((one.object.name_full, group))
    return next((clash for found in alike.values() if len(found) > 1 and (clash := find_namesakes(found))), "")


def colours_of(categories: Iterable[Category]) -> dict[str, Colour]:
    """The colour of each category of a scene, 8-bit sRGB."""
    known = list(categories)
    return category_colours(sorted(category.name for category in known), own_colours(known))


def categories_of_scene(scene: bpy.types.Scene) -> list[Category]:
    """All categories that the objects of a scene have or, where no rule fits, could have, with ids, sorted by these.

    One of which only the id is known is named as the dataset calls it, after its first object.

    Raises:
        SceneError, CategoryError: as label_objects does; RecordError: two categories have one id.
    """
    table = dataclasses.replace(table_of(scene), unknown=Unknown.OWN)
    objects = sorted(own_objects(scene), key=by_name)
    record = read_label_tables(scene, objects, table=table, assets=False)
    numbered = _numbered(group_objects(record, Grouping(scene.labelpass.grouping)).categories)
    return [dataclasses.replace(one, name=one.title, called="") for one in numbered]


def _numbered(categories: Iterable[Category]) -> list[Category]:
    """Categories as this scene alone numbers them."""
    found = DatasetCategories()
    found.add(categories, Path())
    return found.numbered({})
