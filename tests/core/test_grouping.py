"""A car of twelve meshes is one car: labels united by parent, collection or instance_id."""

import numpy as np
import pytest

from core.cryptomatte import hash_name
from core.errors import SceneError
from core.grouping import group_objects
from core.labels import LabelImage
from core.naming import name_labels
from core.scene import Category, SceneEntries, SceneEntry, SceneRecord
from core.settings import Grouping, LabelSource

OBJECTS = SceneEntries(
    (Category("body"), Category("wheel"), Category("tree"), Category("sign", 4)),
    (
        SceneEntry("Body", 1, "body", parent="Car", collection="Traffic"),
        SceneEntry("Wheel", 2, "wheel", parent="Car", collection="Traffic"),
        SceneEntry("Wheel.001", 3, "wheel", parent="Car", collection="Traffic"),
        SceneEntry("Body.001", 4, "body", parent="Car.001", collection="Traffic"),
        SceneEntry("Oak", 5, "tree", collection="Park"),
        SceneEntry("Helper", 6, None, parent="Car", collection="Traffic"),
        SceneEntry("Pole", 7, "sign", instance_id="12"),
        SceneEntry("Plate", 8, "sign", instance_id="12"),
    ),
)
PARENTS = SceneEntries((Category("car", 3, "vehicle"),), (SceneEntry("Car", 0, "car"), SceneEntry("Car.001", 0, "car")))
COLLECTIONS = SceneEntries(
    (Category("Traffic"), Category("Park")), (SceneEntry("Traffic", 0, "Traffic"), SceneEntry("Park", 0, "Park"))
)
NOTHING = SceneEntries()
SCENE = SceneRecord("S", 1, 64, 48, 1.0, 1.0, None, OBJECTS, NOTHING, NOTHING, PARENTS, COLLECTIONS)
INDEX = LabelImage(np.zeros((1, 1), np.uint32), LabelSource.OBJECT_INDEX, {})
ALL = [1, 2, 3, 4, 5, 6, 7, 8]
SIGN = ("sign 12", "sign", (7, 8))


@pytest.mark.parametrize(
    ("grouping", "instances", "categories"),
    [
        (
            Grouping.OBJECT,
            [
                ("Body", "body", (1,)),
                ("Body.001", "body", (4,)),
                ("Oak", "tree", (5,)),
                ("Wheel", "wheel", (2,)),
                ("Wheel.001", "wheel", (3,)),
                SIGN,
            ],
            ["body", "sign", "tree", "wheel"],
        ),
        (
            Grouping.PARENT,
            [("Car", "car", (1, 2, 3)), ("Car.001", "car", (4,)), ("Oak", "tree", (5,)), SIGN],
            ["car", "sign", "tree"],
        ),
        (
            Grouping.COLLECTION,
            [("Park", "Park", (5,)), ("Traffic", "Traffic", (1, 2, 3, 4)), SIGN],
            ["Park", "Traffic", "sign"],
        ),
    ],
)
def test_every_grouping(
    grouping: Grouping, instances: list[tuple[str, str, tuple[int, ...]]], categories: list[str]
) -> None:
    """What is background, here a helper, is part of no group; the categories are those of the groups."""
    named, found, notes = name_labels(ALL, INDEX, SCENE, grouping)
    assert [(one.name, one.category, one.labels) for one in named] == instances
    assert [category.name for category in found] == categories
    assert notes == []
    if grouping is Grouping.PARENT:
        assert found[0] == Category("car", 3, "vehicle")


def test_what_is_hidden_leaves_the_rest_of_its_group() -> None:
    named, categories, _ = name_labels([3, 6], INDEX, SCENE, Grouping.PARENT)
    assert [(one.name, one.labels) for one in named] == [("Car", (3,))]
    assert [category.name for category in categories] == ["car", "sign", "tree"], "the same in every frame"


def test_cryptomatte_groups_too() -> None:
    names = {hash_name(entry.name): entry.name for entry in OBJECTS.entries}
    image = LabelImage(np.zeros((1, 1), np.uint32), LabelSource.CRYPTO_OBJECT, names)
    named, _, _ = name_labels(sorted(names), image, SCENE, Grouping.PARENT)
    assert {one.name: len(one.labels) for one in named} == {"Car": 3, "Car.001": 1, "Oak": 1, "sign 12": 2}


def test_other_kinds_of_labels_are_not_grouped() -> None:
    image = LabelImage(np.zeros((1, 1), np.uint32), LabelSource.CRYPTO_ASSET, {hash_name("Car"): "Car"})
    record = SceneRecord("S", 1, 64, 48, 1.0, 1.0, None, OBJECTS, NOTHING, PARENTS, PARENTS, COLLECTIONS)
    named, _, _ = name_labels([hash_name("Car")], image, record, Grouping.COLLECTION)
    assert [one.name for one in named] == ["Car"]


def test_an_index_that_two_groups_share() -> None:
    entries = (SceneEntry("A", 1, "a", parent="Car"), SceneEntry("B", 1, "b", parent="Car.001"))
    record = SceneRecord(
        "S", 1, 64, 48, 1.0, 1.0, None, SceneEntries((Category("a"), Category("b")), entries), NOTHING, NOTHING, PARENTS
    )
    named, _, notes = name_labels([1], INDEX, record, Grouping.PARENT)
    assert [(one.name, one.labels) for one in named] == [("Car", (1,))]
    assert notes == ["'Car' and 'Car.001' share the pass index 1, so they are one instance"]
    with pytest.raises(SceneError, match=r"'A' .a. and 'B' .b. share the pass index 1"):
        name_labels([1], INDEX, record, Grouping.OBJECT)


def test_the_category_that_fixes_an_id_counts() -> None:
    parents = SceneEntries((Category("body"),), (SceneEntry("Car", 0, "body"),))
    objects = SceneEntries((Category("body", 9),), (SceneEntry("Body", 1, "body", parent="Car"),))
    record = SceneRecord("S", 1, 64, 48, 1.0, 1.0, None, objects, NOTHING, NOTHING, parents)
    assert group_objects(record, Grouping.PARENT).categories == (Category("body", 9),)
