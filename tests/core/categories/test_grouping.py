"""A car of twelve meshes is one car: labels united by parent, collection or instance_id."""

import dataclasses
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import SceneError
from core.categories.grouping import group_objects
from core.categories.rules import categorise
from core.exr.cryptomatte import hash_name
from core.labels.naming import name_labels
from core.scene.scene_record import Facts, SceneEntry
from core.settings.category_table import DEFAULT_RULES, Category, CategoryTable, Rule, Source, Unknown
from core.settings.settings import Grouping, LabelSource
from tests.builders import entries_of, plain_scene
from tests.core.label_images import empty_labels

OBJECTS = entries_of(
    SceneEntry("Body", 1, "body", parent="Car", collection="Traffic"),
    SceneEntry("Wheel", 2, "wheel", parent="Car", collection="Traffic"),
    SceneEntry("Wheel.001", 3, "wheel", parent="Car", collection="Traffic"),
    SceneEntry("Body.001", 4, "body", parent="Car.001", collection="Traffic"),
    SceneEntry("Oak", 5, "tree", collection="Park"),
    SceneEntry("Helper", 6, None, parent="Car", collection="Traffic"),
    SceneEntry("Pole", 7, "sign", instance_id="12"),
    SceneEntry("Plate", 8, "sign", instance_id="12"),
    categories=(Category("body"), Category("wheel"), Category("tree"), Category("sign", 4)),
)
PARENTS = entries_of(
    SceneEntry("Car", 0, "car"), SceneEntry("Car.001", 0, "car"), categories=[Category("car", 3, "vehicle")]
)
COLLECTIONS = entries_of(SceneEntry("Traffic", 0, "Traffic"), SceneEntry("Park", 0, "Park"))
SCENE = plain_scene(objects=OBJECTS, parents=PARENTS, collections=COLLECTIONS)
INDEX = empty_labels()
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
    image = empty_labels(LabelSource.CRYPTO_OBJECT, names)
    named, _, _ = name_labels(sorted(names), image, SCENE, Grouping.PARENT)
    assert {one.name: len(one.labels) for one in named} == {"Car": 3, "Car.001": 1, "Oak": 1, "sign 12": 2}


def test_other_kinds_of_labels_are_not_grouped() -> None:
    image = empty_labels(LabelSource.CRYPTO_ASSET, {hash_name("Car"): "Car"})
    record = dataclasses.replace(SCENE, assets=PARENTS)
    named, _, _ = name_labels([hash_name("Car")], image, record, Grouping.COLLECTION)
    assert [one.name for one in named] == ["Car"]


def test_an_index_that_two_groups_share() -> None:
    entries = (SceneEntry("A", 1, "a", parent="Car"), SceneEntry("B", 1, "b", parent="Car.001"))
    record = plain_scene(*entries, parents=PARENTS)
    named, _, notes = name_labels([1], INDEX, record, Grouping.PARENT)
    assert [(one.name, one.labels) for one in named] == [("Car", (1,))]
    assert notes == ["'Car' and 'Car.001' share the pass index 1, so they are one instance"]
    with pytest.raises(SceneError, match=r"'A' .a. and 'B' .b. share the pass index 1"):
        name_labels([1], INDEX, record, Grouping.OBJECT)


def test_the_category_that_fixes_an_id_counts() -> None:
    objects = entries_of(SceneEntry("Body", 1, "body", parent="Car"), categories=[Category("body", 9)])
    record = plain_scene(objects=objects, parents=entries_of(SceneEntry("Car", 0, "body")))
    assert group_objects(record, Grouping.PARENT).categories == (Category("body", 9),)


# --- Every category its own way ---------------------------------------------------------------------------------------


def thing(name: str, index: int, **values: object) -> SceneEntry:
    """An object of which the custom property `category` may say what it is."""
    given = {field.name for field in dataclasses.fields(Facts)}
    facts = Facts(**{key: value for key, value in values.items() if key in given})
    return SceneEntry(name, index, None, facts=facts, **{key: values[key] for key in values if key not in given})


def instances_of(
    table: CategoryTable,
    objects: Sequence[SceneEntry],
    parents: Sequence[SceneEntry] = (),
    collections: Sequence[SceneEntry] = (),
    grouping: Grouping = Grouping.OBJECT,
) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, category and pass indices of the instances of a scene whose objects all are seen."""
    record = plain_scene(*objects, parents=entries_of(*parents), collections=entries_of(*collections))
    labels = sorted({entry.pass_index for entry in objects} - {0})
    named, _, _ = name_labels(labels, INDEX, categorise(record, table), grouping)
    return [(one.name, one.category, one.labels) for one in named]


CARS = (
    thing("Body", 1, parent="Car"),
    thing("Wheel", 2, parent="Car"),
    thing("Plate", 3, parent="Car", category="plate"),
    thing("Stone", 4, parent="Yard"),
    thing("Stone.001", 5, parent="Yard"),
    thing("Grass", 6, category="grass"),
    thing("Grass.001", 7, category="grass"),
    thing("Bolt", 8, parent="Body.001", collection="Shelf"),
    thing("Nut", 9, collection="Shelf"),
)
YARD = (thing("Car", 0, parent="Yard", category="car"), thing("Yard", 0))
SHELVES = (thing("Shelf", 0, category="shelf"),)


def test_a_mixture_by_category() -> None:
    """Cars by parent, grass as a whole, shelves by collection, plates alone, and all else as the settings say."""
    table = CategoryTable(
        (
            Category("car", 1, grouping=Grouping.PARENT),
            Category("grass", 2, stuff=True),
            Category("shelf", 3, grouping=Grouping.COLLECTION),
            Category("plate", 4, grouping=Grouping.OBJECT),
        )
    )
    common = [
        ("Car", "car", (1, 2)), ("Plate", "plate", (3,)), ("Shelf", "shelf", (8, 9)), ("grass", "grass", (6, 7)),
    ]  # fmt: skip
    alone = [("Stone", "Stone", (4,)), ("Stone.001", "Stone", (5,))]
    assert instances_of(table, CARS, YARD, SHELVES) == sorted([*common, *alone])
    together = [("Yard", "Stone", (4, 5))]
    table = dataclasses.replace(table, rules=(*DEFAULT_RULES, Rule(Source.OBJECT_NAME, "Stone*")))
    assert instances_of(table, CARS, YARD, SHELVES, Grouping.TOP_PARENT) == sorted([*common, *together])


def test_a_part_that_a_rule_names_belongs_to_a_parent_of_its_category() -> None:
    """A pattern fits a car and its parts alike; a custom property was given to one object."""
    table = CategoryTable((Category("car", 1),), (Rule(Source.PROPERTY), Rule(Source.OBJECT_NAME, "Car*", "car")))
    parents = (thing("Car.001", 0, parent="Lot"), thing("Lot", 0))
    parts = thing("Car_body", 1, parent="Car.001"), thing("Car_door", 2, parent="Car.001")
    assert instances_of(table, parts, parents, grouping=Grouping.PARENT) == [("Car.001", "car", (1, 2))]
    marked = [dataclasses.replace(part, facts=Facts(category="car")) for part in parts]
    assert instances_of(table, marked, parents, grouping=Grouping.PARENT) == [
        ("Car_body", "car", (1,)), ("Car_door", "car", (2,)),
    ]  # fmt: skip
    assert instances_of(table, marked, parents, grouping=Grouping.TOP_PARENT) == [("Lot", "car", (1, 2))]


def test_a_parent_that_is_seen_itself() -> None:
    parent = thing("Desk", 1, category="desk")
    objects = parent, thing("Drawer", 2, parent="Desk"), thing("Lamp", 3, category="lamp")
    assert instances_of(CategoryTable(), objects, [parent], grouping=Grouping.PARENT) == [
        ("Desk", "desk", (1, 2)), ("Lamp", "lamp", (3,)),
    ]  # fmt: skip


def test_an_object_of_a_library_that_is_named_like_a_parent() -> None:
    parent = thing("Desk", 0, category="desk")
    other = thing("Desk", 2, category="toy", data="Toy")
    objects = thing("Drawer", 1, parent="Desk"), other
    assert instances_of(CategoryTable(), objects, [parent], grouping=Grouping.PARENT) == [
        ("Desk", "desk", (1,)), ("Desk", "toy", (2,)),
    ]  # fmt: skip


def test_an_instanced_collection_is_below_its_empty() -> None:
    parents = thing("Truck at the gate", 0, category="truck"), thing("Chassis", 0, instancer="Truck at the gate")
    objects = (
        thing("Cab", 1, parent="Chassis"),
        thing("Trailer", 2, instancer="Truck at the gate"),
        thing("Horn", 3),
    )
    assert instances_of(CategoryTable(), objects, parents, grouping=Grouping.PARENT) == [
        ("Horn", "Horn", (3,)), ("Truck at the gate", "truck", (1, 2)),
    ]  # fmt: skip


def test_nested_collections_go_outwards_to_one_that_has_a_category() -> None:
    collections = (
        thing("Wheels", 0, collections=("Car",)),
        thing("Car", 0, collections=("Traffic",), category="car"),
        thing("Traffic", 0),
        thing("Signs", 0, collections=("Traffic",)),
    )
    objects = (
        thing("Tyre", 1, collection="Wheels", collections=("Wheels",)),
        thing("Hull", 2, collection="Car", collections=("Car",)),
        thing("Stop", 3, collection="Signs", collections=("Signs",)),
    )
    assert instances_of(CategoryTable(), objects, (), collections, Grouping.COLLECTION) == [
        ("Car", "car", (1, 2)), ("Signs", "Signs", (3,)),
    ]  # fmt: skip


def test_equal_pass_indices_and_equal_categories() -> None:
    """With Cryptomatte, where each object has a label of its own."""
    objects = (
        thing("A", 5, category="car"), thing("B", 5, category="car"), thing("C", 5, category="bus"),
        thing("D", 0, category="car"), thing("E", 0, category="car"),
    )  # fmt: skip
    record = plain_scene(*objects)
    names = {hash_name(entry.name): entry.name for entry in objects}
    image = empty_labels(LabelSource.CRYPTO_OBJECT, names)

    def found(grouping: Grouping) -> list[tuple[str, str, list[str]]]:
        named, _, _ = name_labels(sorted(names), image, categorise(record, CategoryTable()), grouping)
        return [(one.name, one.category, sorted(names[label] for label in one.labels)) for one in named]

    assert found(Grouping.PASS_INDEX) == [
        ("D", "car", ["D"]), ("E", "car", ["E"]), ("bus index 5", "bus", ["C"]), ("car index 5", "car", ["A", "B"]),
    ]  # fmt: skip
    assert found(Grouping.CATEGORY) == [("bus", "bus", ["C"]), ("car", "car", ["A", "B", "D", "E"])]


def test_unknown_parts_belong_to_their_group_and_background_does_not() -> None:
    table = CategoryTable((Category("car", 1), Category("air", 0)), unknown=Unknown.BACKGROUND)
    parents = (thing("Car", 0, category="car"),)
    objects = thing("Body", 1, parent="Car"), thing("Airbag", 2, parent="Car", category="air"), thing("Lamp", 3)
    assert instances_of(table, objects, parents, grouping=Grouping.PARENT) == [("Car", "car", (1,))]
    assert instances_of(table, objects, parents) == []


def test_a_group_that_nothing_names_takes_the_category_that_its_members_agree_on() -> None:
    """A rule on materials says nothing of an empty."""
    table = CategoryTable((Category("car", 1), Category("bus", 2)), (Rule(Source.MATERIAL, "Paint", "car"),))
    objects = (
        thing("Body", 1, parent="Root"), thing("Wheel", 2, parent="Root"),
        thing("Hull", 3, parent="Root.001"), thing("Door", 4, parent="Root.001"),
    )  # fmt: skip
    paint = entries_of(SceneEntry("Paint", 0, None), SceneEntry("Varnish", 0, None))
    painted = [
        dataclasses.replace(entry, facts=Facts(materials=("Paint",))) if entry.name == "Body" else entry
        for entry in objects
    ]
    parents = entries_of(thing("Root", 0), thing("Root.001", 0))
    record = plain_scene(*painted, materials=paint, parents=parents)
    named, _, _ = name_labels([1, 2, 3, 4], INDEX, categorise(record, table), Grouping.PARENT)
    assert [(one.name, one.category, one.labels) for one in named] == [
        ("Root", "car", (1, 2)), ("Root.001", "Root", (3, 4)),
    ]  # fmt: skip


def test_what_must_have_a_category_and_has_none() -> None:
    """Only what is seen, and not what is part of something that has one."""
    table = CategoryTable((Category("car", 1),), unknown=Unknown.ERROR)
    parents = (thing("Car", 0, category="car"),)
    objects = thing("Body", 1, parent="Car"), thing("Lamp", 0)
    assert instances_of(table, objects, parents, grouping=Grouping.PARENT) == [("Car", "car", (1,))]
    with pytest.raises(SceneError, match="'Body' has no category of the table, whose Other Objects are an error"):
        instances_of(table, objects, parents)


@given(st.randoms(use_true_random=False), st.sampled_from(Grouping))
def test_instances_do_not_depend_on_the_order_of_objects(random: random.Random, grouping: Grouping) -> None:
    table = CategoryTable((Category("car", 1, grouping=Grouping.PARENT), Category("grass", 2, stuff=True)))
    shuffled = random.sample(CARS, len(CARS)), random.sample(YARD, len(YARD)), SHELVES
    assert instances_of(table, *shuffled, grouping) == instances_of(table, CARS, YARD, SHELVES, grouping)


def test_materials_of_a_category_that_is_one_instance() -> None:
    materials = (SceneEntry(name, index, None) for index, name in enumerate(("Grass", "Moss", "Bark"), start=1))
    record = plain_scene(materials=entries_of(*materials))
    table = CategoryTable((Category("green", 1, stuff=True),), (Rule(Source.MATERIAL, "[GM]*", "green"),))
    image = empty_labels(LabelSource.MATERIAL_INDEX)
    named, _, _ = name_labels([1, 2, 3], image, categorise(record, table))
    assert [(one.name, one.category, one.labels) for one in named] == [
        ("Bark", "Bark", (3,)),
        ("green", "green", (1, 2)),
    ]
