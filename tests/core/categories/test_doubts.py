"""Categories that can hardly be meant, and what is said of them."""

import dataclasses

import pytest

from core.categories.doubts import doubtful_names, doubts_of_scene, without_names
from core.categories.ids import DatasetCategories
from core.categories.rules import categorise
from core.scene.scene_record import UNKNOWN, Facts, SceneEntry, SceneRecord
from core.settings.category_table import DEFAULT_RULES, Category, CategoryTable, Rule, Source
from tests.builders import entries_of, plain_scene


def thing(name: str, category: str | None = None, id: int | None = None, **facts: object) -> SceneEntry:
    return SceneEntry(name, 0, None, facts=Facts(category=category, category_id=id, **facts))


def scene_of(*objects: SceneEntry, table: CategoryTable | None = None, **others: object) -> SceneRecord:
    return categorise(plain_scene(*objects, **others), table or CategoryTable())


# --- A category and the id of background ------------------------------------------------------------------------------


def test_a_category_with_the_id_of_background() -> None:
    (sentence,) = doubts_of_scene(scene_of(thing("Car", "car", 0), thing("Truck", "truck", 4), thing("Sky", id=0)))
    assert "'Car' has a category ('car') and the category_id 0, which makes it background" in sentence
    assert "category table" in sentence
    (sentence,) = doubts_of_scene(scene_of(thing("Car", "car", 0), thing("Bus", "bus", 0)))
    assert "'Bus' and 1 more have" in sentence


@pytest.mark.parametrize("kind", ["collections", "materials"])
def test_of_what_it_is_in_or_made_of(kind: str) -> None:
    """A collection and a material say it as well, but only where a rule looks at them."""
    entries = {kind: entries_of(thing("Vehicles", "car", 0), categories=())}
    ob = thing("Beetle", **{kind: ("Vehicles",)})
    table = CategoryTable(rules=(*DEFAULT_RULES, Rule(Source.MATERIAL))[-1:]) if kind == "materials" else None
    (sentence,) = doubts_of_scene(scene_of(ob, table=table, **entries))
    assert "'Vehicles' has a category ('car')" in sentence
    other = CategoryTable(rules=(Rule(Source.OBJECT_NAME, "B*", "car"),))
    assert doubts_of_scene(scene_of(ob, table=other, **entries)) == []


def test_background_on_purpose_is_nothing_to_say() -> None:
    assert doubts_of_scene(scene_of(thing("Sky", id=0), thing("Car", "car"), thing("Bus", "bus", 3))) == []


# --- Names that differ in numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Box_{:04}", "Box_*"),
        ("Box {}", "Box *"),
        ("{:03}-crate", "*-crate"),
        ("tree{}_LOD{}", "tree*_LOD*"),
        ("[{}] what?", "[[]*] what[?]"),
    ],
)
def test_numbered_names(name: str, pattern: str) -> None:
    objects = [thing(name.format(number, number)) for number in range(2500)] + [thing("Floor")]
    (sentence,) = doubts_of_scene(scene_of(*objects))
    assert sentence.startswith("2500 categories differ only in numbers in their names")
    assert "category table" in sentence and f"Object Name {pattern!r}" in sentence

    # The way out does what it says.
    rules = (Rule(Source.OBJECT_NAME, pattern, "box"), *DEFAULT_RULES)
    mended = scene_of(*objects, table=CategoryTable(rules=rules))
    assert {entry.category for entry in mended.objects.entries} == {"box", "Floor"}
    assert doubts_of_scene(mended) == []


def test_collections_and_materials_with_numbers() -> None:
    objects = [thing("Lid", own_collection=f"Crate.{number:03}") for number in range(12)]
    (sentence,) = doubts_of_scene(scene_of(*objects))
    assert "Collection 'Crate.*'" in sentence
    materials = entries_of(*(thing(f"mat{number}") for number in range(12)), categories=())
    (sentence,) = doubts_of_scene(scene_of(materials=materials), "material")
    assert "Material 'mat*'" in sentence


def test_several_kinds_of_numbers() -> None:
    objects = [thing(f"{name}{number}") for name in ("A", "B") for number in range(20 if name == "B" else 10)]
    (sentence,) = doubts_of_scene(scene_of(*objects))
    assert sentence.startswith("30 categories") and sentence.endswith("'B*', and so on")


@pytest.mark.parametrize(
    "names",
    [
        [f"Room{number}" for number in range(9)],  # somebody may well have numbered them
        [f"Box.{number:03}" for number in range(1, 99)],  # copies, which are of one category
        [f"{letter}ox" for letter in "abcdefghijklmnop"],
    ],
)
def test_usual_names_are_nothing_to_say(names: list[str]) -> None:
    assert doubts_of_scene(scene_of(*map(thing, names))) == []


def test_what_a_rule_decides_is_nothing_to_say() -> None:
    marked = [thing(f"Box_{number}", f"kind_{number}") for number in range(50)]
    assert doubts_of_scene(scene_of(*marked)) == []


# --- Paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["/root/world/car_1/wheel_3", "/root/world/car_2/wheel_4", "/root/world/floor"], "*/wheel_*"),
        (["|car1|wheelShape", "|car2|wheelShape", "|floor"], "*|wheelShape"),
        (["world/trees/oak/", "world/trees/elm/", "world/house/oak/"], "*/oak"),
    ],
)
def test_instance_paths(names: list[str], pattern: str) -> None:
    entries = [SceneEntry(name, 0, name, origin=UNKNOWN) for name in names]
    (sentence,) = doubtful_names(entries, "object", has_scene=False)
    assert "Names are paths, and each makes a category" in sentence
    assert "(--categories)" in sentence and f"Object Name {pattern!r}" in sentence


def test_a_slash_is_no_path() -> None:
    assert doubts_of_scene(scene_of(thing("left/right"), thing("24|7"))) == []


# --- Only an id -------------------------------------------------------------------------------------------------------


def test_categories_that_only_have_an_id() -> None:
    """As in scenes that were made for BlenderProc: the first object gives the name, where nothing else has it."""
    objects = (
        thing("Mug.002", id=12),
        thing("Cup", id=12),
        thing("Oak", id=3),
        thing("Elm", "Oak"),
        thing("Bus", "bus", 5),
    )
    record = scene_of(*objects)
    (sentence,) = without_names(record.objects.entries)
    assert "'category_3' and 1 more have only an ID" in sentence
    called = {one.name: (one.id, one.called) for one in record.objects.categories}
    assert called == {"category_12": (12, "Mug"), "category_3": (3, "Oak"), "Oak": (None, ""), "bus": (5, "")}

    found = DatasetCategories()
    found.add(record.objects.categories, "the scene")
    named = [dataclasses.replace(one, name=one.title, called="") for one in found.numbered({})]
    assert {one.name: one.id for one in named} == {"Mug": 12, "category_3": 3, "Oak": 1, "bus": 5}
    record = scene_of(*objects, table=CategoryTable(tuple(named)))
    assert [entry.category for entry in record.objects.entries] == ["Mug", "Mug", "category_3", "Oak", "bus"]


def test_what_marks_only_with_an_id_gives_the_name() -> None:
    """A collection's id gives the collection's name, and a material's that of the material."""
    collections = entries_of(thing("Mugs.001", id=12), categories=())
    record = scene_of(thing("Cup", collections=("Mugs.001",)), collections=collections)
    assert [(one.name, one.called) for one in record.objects.categories] == [("category_12", "Mugs")]
    materials = entries_of(thing("Glaze", id=4), categories=())
    assert [one.called for one in scene_of(materials=materials).materials.categories] == ["Glaze"]


def test_a_name_that_a_table_gives_an_id_stays() -> None:
    record = scene_of(thing("Cup", id=12), table=CategoryTable((Category("mug", 12),)))
    assert without_names(record.objects.entries) == []
    assert [one.title for one in record.objects.categories] == ["mug"]
