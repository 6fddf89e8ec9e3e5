"""Which category a thing has, by each source of a rule, and what contradicts."""

import dataclasses
import random
from collections.abc import Sequence
from functools import partial
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import SceneError
from core.categories.rules import Kind, _Rules, categorise, categorise_alone
from core.scene.scene_record import REFUSED, UNKNOWN, Facts, SceneEntries, SceneEntry, SceneRecord
from core.settings.category_table import DEFAULT_RULES, OTHER_NAME, Category, CategoryTable, Rule, Source, Unknown
from tests.builders import entries_of, plain_scene

CAR, TREE, BACKGROUND = Category("car", 1, "vehicle"), Category("tree", 2), Category("helpers", 0)
OBJECTS = (
    SceneEntry(
        "Beetle.001",
        12,
        None,
        parent="Root",
        facts=Facts(data="CarBody.003", collections=("Small",), materials=("Glass", "Paint"), tags=("red", "vehicle")),
    ),
    SceneEntry("Oak", 3, None, facts=Facts(data="Plant", collections=("Trees",), own_collection="Trees")),
    SceneEntry("Ground", 0, None, facts=Facts(data="Plane")),
)
COLLECTIONS = (
    SceneEntry("Small", 0, None, facts=Facts(collections=("Vehicles",), tags=("tiny",))),
    SceneEntry("Vehicles", 0, None, facts=Facts(collections=("World",))),
    SceneEntry("World", 0, None),
    SceneEntry("Trees", 0, None, facts=Facts(category="tree")),
)
MATERIALS = (SceneEntry("Glass", 0, None), SceneEntry("Paint", 4, None, facts=Facts(category="paint", category_id=9)))
ROOT = SceneEntry("Root", 0, None, facts=Facts(ignore=True))


def scene(
    objects: Sequence[SceneEntry] = OBJECTS,
    collections: Sequence[SceneEntry] = COLLECTIONS,
    parents: Sequence[SceneEntry] = (),
) -> SceneRecord:
    return plain_scene(
        *objects,
        materials=entries_of(*MATERIALS),
        parents=entries_of(*parents),
        collections=entries_of(*collections),
    )


def found(table: CategoryTable, record: SceneRecord | None = None) -> dict[str, tuple[str | None, str]]:
    entries = categorise(record or scene(), table).objects.entries
    return {entry.name: (entry.category, entry.origin) for entry in entries}


def by(*rules: Rule, categories: Sequence[Category] = (), unknown: Unknown = Unknown.BACKGROUND) -> CategoryTable:
    return CategoryTable(tuple(categories), rules, unknown)


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (Rule(Source.OBJECT_NAME, "Beet*", "car"), "car"),
        (Rule(Source.OBJECT_NAME, "Beetle", "car"), "car"),  # without the .001 of copies
        (Rule(Source.OBJECT_NAME, "beetle*", "car"), None),
        (Rule(Source.OBJECT_NAME, "B[eo]*", ""), "Beetle"),
        (Rule(Source.DATA_NAME, "CarB?dy*", "car"), "car"),
        (Rule(Source.DATA_NAME, "*"), "CarBody"),
        (Rule(Source.COLLECTION, "Vehicles", "car"), "car"),  # outwards
        (Rule(Source.COLLECTION, "*"), "Small"),
        (Rule(Source.TOP_COLLECTION, "*"), "World"),
        (Rule(Source.TOP_COLLECTION, "Vehicles", "car"), None),
        (Rule(Source.MATERIAL, "Pa*", "car"), "car"),
        (Rule(Source.MATERIAL, "*"), "Glass"),
        (Rule(Source.MATERIAL), "paint"),  # the first that is marked
        (Rule(Source.PASS_INDEX, "3,10-19", "car"), "car"),
        (Rule(Source.PASS_INDEX, "13-19", "car"), None),
        (Rule(Source.PASS_INDEX, "*"), "index_12"),
        (Rule(Source.ASSET_TAG, "veh*", "car"), "car"),
        (Rule(Source.ASSET_TAG, "tiny", "car"), "car"),  # of the collection
        (Rule(Source.ASSET_TAG, "*"), "red"),
        (Rule(Source.HOLDOUT, category="car"), None),
    ],
)
def test_every_source(rule: Rule, name: str | None) -> None:
    category, origin = found(by(rule))["Beetle.001"]
    assert (category, origin) == (name, rule.source.value if name else UNKNOWN)


def test_the_first_rule_that_fits_decides() -> None:
    rules = Rule(Source.OBJECT_NAME, "B*", "first"), Rule(Source.OBJECT_NAME, "Beetle*", "second")
    assert found(by(*rules))["Beetle.001"][0] == "first"
    assert found(by(*reversed(rules)))["Beetle.001"][0] == "second"


def test_default_rules_look_up_the_table() -> None:
    """An object or collection named like a category is of it, and a marked collection says what is in it."""
    table = CategoryTable((Category("Beetle", 5), Category("tree", 2)), unknown=Unknown.BACKGROUND)
    assert found(table) == {
        "Beetle.001": ("Beetle", "object_name"),
        "Oak": ("tree", "collection"),
        "Ground": (None, UNKNOWN),
    }
    table = CategoryTable((Category("World", 1), Category("Small", 2), Category("tree", 3)))
    assert found(table)["Beetle.001"] == ("Small", "collection"), "the nearest"


def test_pass_index_and_tag_that_the_table_knows() -> None:
    rules = Rule(Source.PASS_INDEX), Rule(Source.ASSET_TAG)
    table = by(*rules, categories=[Category("cone", 12), Category("x", 4)])
    assert found(table)["Beetle.001"] == ("cone", "pass_index"), "the index is the id of the category"
    table = by(*rules, categories=[Category("vehicle", 13)])
    assert found(table)["Beetle.001"] == ("vehicle", "asset_tag")


@pytest.mark.parametrize(
    ("unknown", "expected"),
    [
        (Unknown.OWN, {"Beetle.001": ("Beetle", UNKNOWN), "Ground": ("Ground", UNKNOWN)}),
        (Unknown.BACKGROUND, {"Beetle.001": (None, UNKNOWN), "Ground": (None, UNKNOWN)}),
        (Unknown.OTHER, {"Beetle.001": (OTHER_NAME, UNKNOWN), "Ground": (OTHER_NAME, UNKNOWN)}),
        (Unknown.ERROR, {"Beetle.001": (None, REFUSED), "Ground": (None, REFUSED)}),
    ],
)
def test_unknown_objects(unknown: Unknown, expected: dict[str, tuple[str | None, str]]) -> None:
    assert found(CategoryTable(unknown=unknown)) == {**expected, "Oak": ("tree", "collection")}


def test_a_table_is_closed_unless_it_says_otherwise() -> None:
    """A category that only a custom property knows comes in with OWN; else its object is unknown."""
    bike = dataclasses.replace(OBJECTS[2], facts=Facts(category="bike"))
    record = scene([bike])
    assert found(CategoryTable((CAR,)), record) == {"Ground": ("bike", "property")}
    for unknown, name in ((Unknown.BACKGROUND, None), (Unknown.OTHER, OTHER_NAME), (Unknown.ERROR, None)):
        assert found(CategoryTable((CAR,), unknown=unknown), record)["Ground"][0] == name
    assert found(CategoryTable(unknown=Unknown.BACKGROUND), record)["Ground"][0] == "bike", "there is no table"


def test_the_id_0_of_a_table_is_background() -> None:
    table = CategoryTable((CAR, BACKGROUND), (Rule(Source.OBJECT_NAME, "Gr*", "helpers"), *DEFAULT_RULES))
    record = categorise(scene(), table)
    assert {entry.name: entry.category for entry in record.objects.entries}["Ground"] is None
    assert [category.name for category in record.table] == ["car"]
    assert "helpers" not in {category.name for category in record.objects.categories}


def test_the_table_says_what_a_category_is() -> None:
    """Its id and all else, to whatever rule a thing owes it; custom properties only fill in what is new."""
    things = (
        SceneEntry("A", 0, None, facts=Facts(category="car", supercategory="toy")),
        SceneEntry("B", 0, None, facts=Facts(category_id=1)),
        SceneEntry("C", 0, None, facts=Facts(category_id=7)),
        SceneEntry("D", 0, None, facts=Facts(category="bus", category_id=7, supercategory="vehicle")),
    )
    record = categorise(scene(things), CategoryTable((CAR,)))
    assert [entry.category for entry in record.objects.entries] == ["car", "car", "bus", "bus"]
    assert record.objects.categories == (Category("bus", 7, "vehicle"), CAR)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (Facts(category="car", category_id=2), "the category_id 2, but the category table gives it 1; make them the"),
        (Facts(category="bus", category_id=1), "gives the category_id 1 to 'bus', but the category table gives it to"),
    ],
)
def test_what_contradicts_the_table(facts: Facts, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        categorise(scene([SceneEntry("A", 0, None, facts=facts)]), CategoryTable((CAR,)))


@pytest.mark.parametrize(
    ("rule", "ignored"),
    [
        (Rule(Source.COLLECTION, "World", ignore=True), {"Beetle.001"}),
        (Rule(Source.OBJECT_NAME, "*o*", ignore=True), {"Ground"}),
        (Rule(Source.PASS_INDEX, "3", ignore=True), {"Oak"}),
        (Rule(Source.MATERIAL, "Paint", ignore=True), {"Beetle.001"}),
        (Rule(Source.ASSET_TAG, "tiny", ignore=True), {"Beetle.001"}),
        (Rule(Source.PROPERTY, ignore=True), {"Beetle.001"}),  # of its parent
        (Rule(Source.HOLDOUT, ignore=True), set()),
    ],
)
def test_rules_that_ignore(rule: Rule, ignored: set[str]) -> None:
    record = categorise(scene(parents=[ROOT]), by(rule, unknown=Unknown.OWN))
    assert {entry.name for entry in record.objects.entries if entry.ignored} == ignored


def test_ignored_things_keep_a_category_that_a_rule_gives_them_and_get_none_of_their_own() -> None:
    things = (
        SceneEntry("Window", 0, None, facts=Facts(holdout=True)),
        SceneEntry("Dummy", 0, None, facts=Facts(shadow_catcher=True, category="person")),
        SceneEntry("Crowd", 0, None, facts=Facts(ignore=True, collections=("Trees",))),
    )
    record = categorise(scene(things), CategoryTable())
    assert [(entry.category, entry.ignored) for entry in record.objects.entries] == [
        (None, True), ("person", True), ("tree", True),
    ]  # fmt: skip
    assert [category.name for category in record.objects.categories] == ["person", "tree"]


def test_materials_and_collections_by_their_own_kind() -> None:
    """A rule on objects says nothing of a material that is named alike, and a collection is not what is around it."""
    record = categorise(
        scene(), by(Rule(Source.OBJECT_NAME, "*", "car"), Rule(Source.MATERIAL, "Gl*", "glass"), *DEFAULT_RULES)
    )
    assert [(entry.name, entry.category) for entry in record.materials.entries] == [
        ("Glass", "glass"), ("Paint", "paint"),
    ]  # fmt: skip
    assert {entry.name: (entry.category, entry.is_known) for entry in record.collections.entries} == {
        "Small": (None, False), "Vehicles": (None, False), "World": (None, False), "Trees": ("tree", True),
    }  # fmt: skip


def test_collections_that_are_in_each_other_in_a_damaged_record_do_no_harm() -> None:
    loop = [
        SceneEntry("A", 0, None, facts=Facts(collections=("B",))),
        SceneEntry("B", 0, None, facts=Facts(collections=("A",))),
    ]
    thing = SceneEntry("X", 0, None, parent="Y", facts=Facts(collections=("A",)))
    parents = [SceneEntry("Y", 0, None, parent="Z"), SceneEntry("Z", 0, None, parent="Y")]
    table = by(Rule(Source.PROPERTY, ignore=True), Rule(Source.COLLECTION, "C", "car"))
    assert found(table, scene([thing], loop, parents)) == {"X": (None, UNKNOWN)}


@given(st.randoms(use_true_random=False), st.sampled_from(Unknown))
def test_categories_and_ids_do_not_depend_on_the_order_of_things(random: random.Random, unknown: Unknown) -> None:
    """Whichever object, collection or material comes first."""
    things = [
        *OBJECTS,
        SceneEntry("A", 0, None, facts=Facts(category_id=3)),
        SceneEntry("B", 0, None, facts=Facts(category_id=3, category="lamp", supercategory="light")),
        SceneEntry("C", 0, None, facts=Facts(category="lamp")),
    ]
    table = CategoryTable(rules=(Rule(Source.MATERIAL), *DEFAULT_RULES), unknown=unknown)
    expected = categorise(scene(things), table)
    shuffled = random.sample(things, len(things))
    record = categorise(scene(shuffled, random.sample(COLLECTIONS, len(COLLECTIONS))), table)
    assert set(record.objects.entries) == set(expected.objects.entries)
    assert record.objects.categories == expected.objects.categories


@given(st.sampled_from(Unknown), st.sampled_from(Unknown))
def test_deciding_again_forgets_what_was_decided(first: Unknown, second: Unknown) -> None:
    """So that a scene record can be labelled by another table without Blender."""
    one, other = CategoryTable((CAR, TREE), unknown=first), CategoryTable(unknown=second)
    assert categorise(categorise(scene(), one), other) == categorise(scene(), other)


PATTERNS = {
    Source.OBJECT_NAME: ["", "Beetle*", "*.001", "Oak.00?"],
    Source.DATA_NAME: ["", "Car*"],
    Source.MATERIAL: ["", "Gl*", "Paint", "Oak.00?", "*.001"],
    Source.COLLECTION: ["", "Tree*", "World", "*.001"],
    Source.TOP_COLLECTION: ["", "World"],
    Source.PASS_INDEX: ["", "3,10-19"],
    Source.ASSET_TAG: ["", "red"],
}
IGNORING = st.sampled_from([Rule(source, ignore=True) for source in (Source.HOLDOUT, Source.PROPERTY)])
ANY_RULES = st.lists(
    st.one_of(
        st.just(Rule(Source.PROPERTY)),
        IGNORING,
        *(
            st.builds(Rule, st.just(source), st.sampled_from(patterns), st.sampled_from(["", "car"]))
            for source, patterns in PATTERNS.items()
        ),
    ).filter(lambda rule: bool(rule.pattern) or not rule.category),
    max_size=5,
)
SOME_FACTS = st.builds(
    Facts,
    category=st.sampled_from([None, "tree"]),
    category_id=st.sampled_from([None, None, 0]),
    ignore=st.booleans(),
    data=st.sampled_from(["", "CarBody.003", "Plant"]),
    collections=st.sampled_from([(), ("Small",), ("Trees", "Small")]),
    own_collection=st.sampled_from(["", "Trees"]),
    materials=st.sampled_from([(), ("Glass",), ("Paint", "Glass")]),
    tags=st.sampled_from([(), ("red",)]),
    instancer=st.sampled_from(["", "Root"]),
    holdout=st.booleans(),
)
NAMES = ["Beetle", "Beetle.001", "Oak.001", "Oak.002", "Root", "car", "car.001"]
SOME_ENTRIES = st.lists(
    st.builds(
        SceneEntry,
        st.sampled_from(NAMES),
        st.sampled_from([0, 1, 3, 12]),
        st.none(),
        st.sampled_from(["", "Root"]),
        facts=SOME_FACTS,
    ),
    max_size=12,
)


@pytest.mark.parametrize("kind", get_args(Kind))
@given(ANY_RULES, SOME_ENTRIES, st.sampled_from(Unknown), st.booleans())
def test_things_that_are_alike_are_decided_once_and_no_others(
    kind: Kind, rules: Sequence[Rule], entries: Sequence[SceneEntry], unknown: Unknown, with_rows: bool
) -> None:
    """As if each thing was decided by itself."""

    class Single(_Rules):
        def _alike(self, entry: SceneEntry, has_patterns: bool) -> tuple[int]:
            return (id(entry),)

    table = CategoryTable((CAR, TREE) if with_rows else (), tuple(rules), unknown)
    record = scene(entries, parents=[ROOT])
    assert _Rules(table, record).applied(kind, entries) == Single(table, record).applied(kind, entries)


def test_a_copy_of_a_material_that_a_pattern_fits_is_not_the_material() -> None:
    """The pattern fits the copies alone."""
    table = by(Rule(Source.MATERIAL, "Paint.00?", "repaired"), Rule(Source.MATERIAL, "Paint", "paint"))
    materials = SceneEntries((), (SceneEntry("Paint", 0, None), SceneEntry("Paint.001", 0, None)))
    found = categorise(dataclasses.replace(scene(), materials=materials), table).materials.entries
    assert [entry.category for entry in found] == ["paint", "repaired"]


@given(ANY_RULES, st.sampled_from(get_args(Kind)), st.sampled_from(Unknown), st.booleans())
def test_things_of_which_only_the_name_is_known_are_decided_by_all_rules(
    rules: Sequence[Rule], kind: Kind, unknown: Unknown, with_rows: bool
) -> None:
    """Although rules that need more are left out."""
    table = CategoryTable((CAR, TREE) if with_rows else (), tuple(rules), unknown)
    names, indices = [*NAMES, *NAMES], [0] * len(NAMES) + [3] * len(NAMES)
    things = list(map(partial(SceneEntry, category=None), names, indices))
    assert categorise_alone(names, indices, kind, table) == _Rules(table).applied(kind, things)


@given(ANY_RULES, st.sampled_from(Unknown))
def test_an_index_is_the_id_of_its_category_where_no_rule_says_more(rules: Sequence[Rule], unknown: Unknown) -> None:
    indices = [1, 3, 12]
    names = [f"index_{index}" for index in indices]
    found = categorise_alone(names, indices, "object", CategoryTable((), tuple(rules), unknown), index_is_id=True)
    ids = {category.name: category.id for category in found.categories}
    for index, entry in zip(indices, found.entries, strict=True):
        if entry.category is not None:
            assert ids[entry.category] == (index if not entry.is_known and unknown is Unknown.OWN else None)
    without_ids = categorise_alone(names, indices, "object", CategoryTable((), tuple(rules), unknown))
    assert found.entries == without_ids.entries
