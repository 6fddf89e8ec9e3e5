"""Which objects of the open scene are of which category, as the panel shows it and the checklist wants to know it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from ..core.errors import SceneError
from ..core.formats.coco import category_ids
from .scene_reader import category_origin, collections_of_objects, object_entries, own_objects


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
        count: those with a category.
        background: those without.
        indexed: whether any has a pass index other than 0.
        clash: a sentence on two that share a pass index and not the category, "" where there are none.
        categories: sorted by name.
        problem: a sentence on why the scene has no categories, "" where it has.
    """

    count: int = 0
    background: int = 0
    indexed: bool = False
    clash: str = ""
    categories: tuple[CategorySummary, ...] = ()
    problem: str = ""


def read_labelled_objects(scene: bpy.types.Scene) -> LabelledObjects:
    """Go through all objects of a scene."""
    objects = sorted(own_objects(scene), key=lambda ob: ob.name)
    try:
        table = object_entries(scene, objects)
    except SceneError as error:
        return LabelledObjects(problem=str(error))
    collections = collections_of_objects(scene, objects)
    origins: dict[str | None, list[str]] = defaultdict(list)
    for ob, entry in zip(objects, table.entries, strict=True):
        origins[entry.category].append(category_origin(ob, ob in collections))
    ids = category_ids({category.name: category for category in table.categories})
    background = len(origins.pop(None, ()))
    return LabelledObjects(
        count=len(objects) - background,
        background=background,
        indexed=table.indexed,
        clash=table.index_clash(),
        categories=tuple(
            CategorySummary(name, ids[name], len(found), " or ".join(sorted(set(found))))
            for name, found in sorted(origins.items())
        ),
    )


def objects_of_category(scene: bpy.types.Scene, category: str) -> Iterator[bpy.types.Object]:
    """The objects of a category; raises SceneError as object_entries does."""
    objects = list(own_objects(scene))
    for ob, entry in zip(objects, object_entries(scene, objects).entries, strict=True):
        if entry.category == category:
            yield ob
