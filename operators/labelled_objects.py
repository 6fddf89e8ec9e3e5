"""Which objects of the open scene are of which category and instance: what panels, preview and buttons go by."""

from collections import defaultdict
from dataclasses import dataclass

import bpy

from ..core.errors import LabelpassError
from ..core.formats.coco import category_ids
from ..core.grouping import group_objects
from ..core.pass_indices import IndexedObject, shared_indices
from ..core.scene import Category, SceneEntries, SceneEntry
from ..core.settings import Grouping
from .scene_reader import category_origin, collections_of_objects, own_objects, read_label_tables


@dataclass(frozen=True)
class LabelledObject:
    """What an object will be in the dataset.

    Attributes:
        name: of the object, with its library where it is linked.
        category: name of the category; "" for background.
        instance: name of the instance, that of the object itself where it is not grouped; "" for background.
        origin: what made it so, in words.
        pass_index: that it has now.
        editable: False where it is linked from another file, and so cannot be changed.
    """

    name: str
    category: str
    instance: str
    origin: str
    pass_index: int
    editable: bool

    def indexed(self, parts: bool = False) -> IndexedObject:
        """It as core/pass_indices.py wants to know it; with `parts` as if each object were an instance."""
        instance = (self.name if parts else self.instance, self.category) if self.category else None
        return IndexedObject(self.name, self.pass_index, instance, self.editable)


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
        objects: in the order of their names.
        indexed: whether any has a pass index other than 0.
        clash: a sentence on two that share a pass index and not the category, "" where there are none.
        shared: a sentence on two instances that share a pass index, "" where there are none.
        categories: sorted by name.
        problem: a sentence on why the scene has no categories, "" where it has.
    """

    objects: tuple[LabelledObject, ...] = ()
    indexed: bool = False
    clash: str = ""
    shared: str = ""
    categories: tuple[CategorySummary, ...] = ()
    problem: str = ""

    @property
    def count(self) -> int:
        """How many objects have a category."""
        return sum(ob.category != "" for ob in self.objects)

    @property
    def background(self) -> int:
        """How many have none."""
        return len(self.objects) - self.count

    @property
    def instances(self) -> int:
        """How many instances the others are."""
        return len({(ob.instance, ob.category) for ob in self.objects if ob.category})


def label_objects(
    scene: bpy.types.Scene,
) -> tuple[list[tuple[bpy.types.Object, LabelledObject]], tuple[Category, ...]]:
    """Find out what each object of a scene will be in the dataset.

    Returns:
        The objects that leave pixels, in the order of their names, and the categories.

    Raises:
        SceneError: a custom property is no category, or the scene contradicts itself.
    """
    objects = sorted(own_objects(scene), key=lambda ob: (ob.name, ob.library is not None, ob.name_full))
    grouping = Grouping(scene.labelpass.grouping)
    groups = group_objects(read_label_tables(scene, objects), grouping)
    collections = collections_of_objects(scene, objects)
    found = []
    for ob, (entry, group) in zip(objects, groups.entries, strict=True):
        if group == entry or entry.instance_id:
            origin = category_origin(ob, ob in collections)
        else:
            origin = grouping.label.lower()
        category, instance = group.category or "", group.name if group.category else ""
        found.append((ob, LabelledObject(ob.name_full, category, instance, origin, ob.pass_index, ob.is_editable)))
    return found, groups.categories


def read_labelled_objects(scene: bpy.types.Scene) -> LabelledObjects:
    """Go through all objects of a scene; what is wrong with it is told instead of raised."""
    try:
        found, categories = label_objects(scene)
        ids = category_ids({category.name: category for category in categories})
    except LabelpassError as error:
        return LabelledObjects(problem=str(error))
    objects = tuple(labelled for _, labelled in found)
    origins: dict[str, list[str]] = defaultdict(list)
    for ob in objects:
        if ob.category:
            origins[ob.category].append(ob.origin)
    table = SceneEntries((), tuple(SceneEntry(ob.name, ob.pass_index, ob.category or None) for ob in objects))
    return LabelledObjects(
        objects=objects,
        indexed=table.indexed,
        clash=table.index_clash(),
        shared=next(shared_indices(ob.indexed() for ob in objects), ""),
        categories=tuple(
            CategorySummary(name, ids[name], len(found), " or ".join(sorted(set(found))))
            for name, found in sorted(origins.items())
        ),
    )
