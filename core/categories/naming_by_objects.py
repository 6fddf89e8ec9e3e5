"""Names for categories of which only the id is known."""

import dataclasses
from collections.abc import Iterable

from ..scene.scene_record import SceneRecord, category_of_name
from ..settings.category_table import Category
from .rules import name_of_id


def named_by_objects(categories: Iterable[Category], scene: SceneRecord) -> list[Category]:
    """The same categories; one that is only called by its id has the name of its first object, without a number.

    BlenderProc, whose scenes have ids alone, names them so in its COCO files, where no label mapping is given
    (`generate_coco_annotations`, version 2.8). A name that another category has already is not taken.
    """
    categories = list(categories)
    first: dict[str, str] = {}
    for entry in scene.objects.entries:
        if entry.category is not None and entry.facts.category_id and not entry.facts.category:
            first.setdefault(entry.category, category_of_name(entry.own_name))
    taken = {category.name for category in categories}
    named = []
    for category in categories:
        name = first.get(category.name, "")
        if category.id is not None and category.name == name_of_id(category.id) and name and name not in taken:
            taken.add(name)
            category = dataclasses.replace(category, name=name)
        named.append(category)
    return named
