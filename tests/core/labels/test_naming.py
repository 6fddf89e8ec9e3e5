"""Labels become named instances of a category, with a scene record and without."""

import dataclasses
import itertools

import pytest

from core.base.errors import SceneError
from core.exr.cryptomatte import hash_name
from core.labels.label_image import LabelImage
from core.labels.naming import name_labels
from core.scene.scene_record import Facts, SceneEntries, SceneEntry, SceneRecord
from core.settings.category_table import Category
from core.settings.settings import Grouping, LabelSource
from tests.builders import entries_of, plain_scene
from tests.core.label_images import empty_labels

INDEX_SOURCES = (LabelSource.OBJECT_INDEX, LabelSource.MATERIAL_INDEX)
CRYPTO_SOURCES = (LabelSource.CRYPTO_OBJECT, LabelSource.CRYPTO_MATERIAL, LabelSource.CRYPTO_ASSET)
KIND = {
    LabelSource.OBJECT_INDEX: "objects",
    LabelSource.CRYPTO_OBJECT: "objects",
    LabelSource.MATERIAL_INDEX: "materials",
    LabelSource.CRYPTO_MATERIAL: "materials",
    LabelSource.CRYPTO_ASSET: "assets",
}

CAR = Category("car", 7, "vehicle")
TREE = Category("tree")
UNSEEN = Category("unseen", 2)


def image(source: LabelSource, *names: str) -> LabelImage:
    """A label image whose manifest knows these names."""
    manifest = {hash_name(name): name for name in names}
    return empty_labels(source, {} if source in INDEX_SOURCES else manifest)


def scene(source: LabelSource, *entries: SceneEntry, categories=(CAR, TREE, UNSEEN)) -> SceneRecord:
    """A scene with these entries of the source's kind, and misleading ones of the other kinds."""
    wrong = entries_of(
        SceneEntry("wrong", 1, "wrong"), SceneEntry("Car", 5, "wrong"), categories=[Category("wrong", 99)]
    )
    tables = dict.fromkeys(("objects", "materials", "assets"), wrong)
    tables[KIND[source]] = SceneEntries(categories, entries)
    return plain_scene(scene="Street", **tables)


def label(source: LabelSource, entry: SceneEntry) -> int:
    return entry.pass_index if source in INDEX_SOURCES else hash_name(entry.name)


def named(instances) -> list[tuple[str, str, int]]:
    return [(instance.name, instance.category, *instance.labels) for instance in instances]


# --- With a scene record ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", INDEX_SOURCES + CRYPTO_SOURCES)
def test_every_kind_of_label(source: LabelSource) -> None:
    """Each by its own table; sorted by name, in whatever order the labels come."""
    entries = (SceneEntry("Oak", 3, "tree"), SceneEntry("Car", 5, "car"), SceneEntry("Hidden", 8, "car"))
    record = scene(source, *entries)
    labels = [label(source, entry) for entry in entries[:2]]

    for some in itertools.permutations(labels):
        instances, categories, notes = name_labels(some, image(source, "Oak", "Car"), record)

        assert named(instances) == [
            ("Car", "car", label(source, entries[1])),
            ("Oak", "tree", label(source, entries[0])),
        ]
        assert categories == [CAR, TREE, UNSEEN]
        assert notes == []


@pytest.mark.parametrize("source", INDEX_SOURCES + CRYPTO_SOURCES)
def test_background_is_no_instance(source: LabelSource) -> None:
    ground, car = SceneEntry("Ground", 4, None), SceneEntry("Car", 5, "car")
    labels = [label(source, ground), label(source, car)]

    instances, _, notes = name_labels(labels, image(source, "Ground", "Car"), scene(source, ground, car))

    assert [instance.name for instance in instances] == ["Car"]
    assert notes == []


def test_nothing_seen() -> None:
    """The categories are there all the same, so that a dataset has them whatever a frame shows."""
    for source in INDEX_SOURCES + CRYPTO_SOURCES:
        entry = SceneEntry("Car", 5, "car")
        assert name_labels([], image(source), scene(source, entry)) == ([], [CAR, TREE, UNSEEN], [])


@pytest.mark.parametrize("source", INDEX_SOURCES)
def test_shared_index_of_one_category(source: LabelSource) -> None:
    """Both are one instance, named after the first by name in whatever order the scene has them."""
    entries = [SceneEntry("Car.R", 5, "car"), SceneEntry("Car.L", 5, "car"), SceneEntry("Oak", 3, "tree")]
    for some in itertools.permutations(entries):
        instances, _, notes = name_labels([5], image(source), scene(source, *some))
        assert named(instances) == [("Car.L", "car", 5)]
        assert notes == []


@pytest.mark.parametrize("source", INDEX_SOURCES)
@pytest.mark.parametrize(("category", "told"), [("tree", "tree"), (None, "background")])
def test_shared_index_of_different_categories(source: LabelSource, category: str | None, told: str) -> None:
    entries = [SceneEntry("Car.L", 5, "car"), SceneEntry("Car.R", 5, "car"), SceneEntry("Oak", 5, category)]
    for some in itertools.permutations(entries):
        record = scene(source, *some)
        with pytest.raises(SceneError) as caught:
            name_labels([5], image(source), record)
        assert "'Car.L' (car)" in str(caught.value)
        assert f"'Oak' ({told})" in str(caught.value)
        assert "share the pass index 5; give each its own" in str(caught.value)
        # What is not in the frame does no harm.
        assert name_labels([4], image(source), scene(source, *some, SceneEntry("Bus", 4, "car")))[0]


def test_shared_name_of_different_categories() -> None:
    """Linked objects may have the name of a local one, and then their Cryptomatte ids are equal too."""
    record = scene(LabelSource.CRYPTO_OBJECT, SceneEntry("Car", 1, "car"), SceneEntry("Car", 2, "tree"))

    with pytest.raises(SceneError, match="'Car'") as caught:
        name_labels([hash_name("Car")], image(LabelSource.CRYPTO_OBJECT, "Car"), record)
    assert "share the pass index" not in str(caught.value)


def linked(name: str, library: str, category: str | None, parent: str = "") -> SceneEntry:
    """A thing of a library that shares its name with others."""
    return SceneEntry(f"{name} [{library}]", 0, category, parent, facts=Facts(name=name))


@pytest.mark.parametrize(
    ("source", "why", "index"),
    [
        (LabelSource.CRYPTO_OBJECT, "no surfaces of them", "Object Index"),
        (LabelSource.CRYPTO_MATERIAL, "not materials", "Material Index"),
        (LabelSource.CRYPTO_ASSET, "not assets", "Object Index"),
    ],
)
def test_one_name_in_two_libraries(source: LabelSource, why: str, index: str) -> None:
    number, shown = hash_name("Paint"), image(source, "Paint")
    record = scene(source, linked("Paint", "b", "truck"), linked("Paint", "a", "car"), SceneEntry("Road", 0, "road"))
    with pytest.raises(SceneError) as caught:
        name_labels([number], shown, record)
    assert "'Paint [a]' (car) and 'Paint [b]' (truck) have the same name" in str(caught.value)
    assert why in str(caught.value) and f"label by {index}" in str(caught.value)

    # Of one category they are one instance, which is called by the name that they share.
    same = scene(source, linked("Paint", "b", "car"), linked("Paint", "a", "car"))
    (one,), _, notes = name_labels([number], shown, same)
    assert (one.name, one.category) == ("Paint", "car")
    assert notes == ["'Paint [a]' and 'Paint [b]' share one name, so they are one instance"]

    # Where one of them alone is there, it keeps its library.
    (one,), _, notes = name_labels([number], shown, scene(source, linked("Paint", "b", "truck")))
    assert (one.name, notes) == ("Paint [b]", [])


def test_one_name_in_two_groups() -> None:
    """Two wheels of one category would be one wheel of the wrong car."""
    source = LabelSource.CRYPTO_OBJECT
    record = scene(source, linked("Wheel", "a", "car", "First"), linked("Wheel", "b", "car", "Second"))
    record = dataclasses.replace(
        record, parents=SceneEntries((), (SceneEntry("First", 0, "car"), SceneEntry("Second", 0, "car")))
    )
    with pytest.raises(SceneError, match=r"'Wheel \[a\]' \(of 'First'\) and 'Wheel \[b\]' \(of 'Second'\)"):
        name_labels([hash_name("Wheel")], image(source, "Wheel"), record, Grouping.PARENT)


@pytest.mark.parametrize(
    ("source", "kind"), [(LabelSource.OBJECT_INDEX, "Object"), (LabelSource.MATERIAL_INDEX, "Material")]
)
def test_all_indices_zero(source: LabelSource, kind: str) -> None:
    """What every user does first: say where the setting is, and what works without it."""
    record = scene(source, SceneEntry("Car", 0, "car"), SceneEntry("Oak", 0, "tree"))

    for labels in ([], [5]):
        with pytest.raises(SceneError) as caught:
            name_labels(labels, image(source), record)
        assert f"All {kind.lower()}s of the scene 'Street' have the pass index 0" in str(caught.value)
        assert f"{kind} Properties > " in str(caught.value)
        assert f"Cryptomatte {kind}" in str(caught.value)


@pytest.mark.parametrize("source", CRYPTO_SOURCES)
def test_all_indices_zero_do_not_matter_to_cryptomatte(source: LabelSource) -> None:
    entries = SceneEntry("Car", 0, "car"), SceneEntry("Oak", 0, None)
    labels = [hash_name(entry.name) for entry in entries]

    instances, _, _ = name_labels(labels, image(source, "Car", "Oak"), scene(source, *entries))

    assert named(instances) == [("Car", "car", hash_name("Car"))]


def test_scene_without_entries() -> None:
    """An empty scene is not a scene whose indices are all 0."""
    assert name_labels([], image(LabelSource.OBJECT_INDEX), scene(LabelSource.OBJECT_INDEX))[0] == []


@pytest.mark.parametrize("source", INDEX_SOURCES + CRYPTO_SOURCES)
def test_unknown_label_is_kept_and_told(source: LabelSource) -> None:
    entry = SceneEntry("Car", 5, "car")
    unknown = [2, 31] if source in INDEX_SOURCES else [hash_name("Bus.001"), 0x00C0FFEE]
    names = ["index_2", "index_31"] if source in INDEX_SOURCES else ["00c0ffee", "Bus.001"]
    categories_of = names if source in INDEX_SOURCES else ["00c0ffee", "Bus"]
    labels = [unknown[0], label(source, entry), unknown[1]]

    instances, categories, notes = name_labels(labels, image(source, "Car", "Bus.001"), scene(source, entry))

    found = {name: category for name, category, _ in named(instances)}
    assert found == {"Car": "car", **dict(zip(names, categories_of, strict=True))}
    assert {category.name for category in categories} == {"car", "tree", "unseen", *categories_of}
    assert [category.name for category in categories] == sorted(category.name for category in categories)
    (note,) = notes
    kind = KIND[source].removesuffix("s")
    assert f"No {kind} of the scene has the label {', '.join(sorted(names))};" in note


def test_unknown_label_does_not_take_the_id_of_a_category() -> None:
    """The user gave 7 to cars; an unknown index 7 must not make the dataset contradict itself."""
    entry = SceneEntry("Car", 5, "car")

    _, categories, _ = name_labels([5, 7], image(LabelSource.OBJECT_INDEX), scene(LabelSource.OBJECT_INDEX, entry))

    ids = [category.id for category in categories if category.id is not None]
    assert len(ids) == len(set(ids))


def test_unknown_name_of_a_known_category() -> None:
    """A copy that was added after the render belongs to the category of its name, as the scene describes it."""
    source = LabelSource.CRYPTO_OBJECT
    labels = [hash_name("car.002")]

    instances, categories, notes = name_labels(labels, image(source, "car.002"), scene(source))

    assert named(instances) == [("car.002", "car", hash_name("car.002"))]
    assert categories == [CAR, TREE, UNSEEN]
    assert len(notes) == 1


# --- Without ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", INDEX_SOURCES)
def test_index_alone(source: LabelSource) -> None:
    """Every index is a category of its own, under its own number."""
    instances, categories, notes = name_labels([2, 10, 32767], image(source), None)

    assert named(instances) == [
        ("index_10", "index_10", 10),
        ("index_2", "index_2", 2),
        ("index_32767", "index_32767", 32767),
    ]
    assert categories == [Category("index_10", 10), Category("index_2", 2), Category("index_32767", 32767)]
    assert notes == []


@pytest.mark.parametrize("source", CRYPTO_SOURCES)
def test_cryptomatte_alone(source: LabelSource) -> None:
    """Copies share a category; ids of categories are left to the dataset."""
    names = ("Car", "Car.001", "Oak.002", "Lamp.1")
    labels = [hash_name(name) for name in names] + [0x00C0FFEE]

    instances, categories, notes = name_labels(labels, image(source, *names), None)

    assert [(name, category) for name, category, _ in named(instances)] == [
        ("00c0ffee", "00c0ffee"),
        ("Car", "Car"),
        ("Car.001", "Car"),
        ("Lamp.1", "Lamp.1"),
        ("Oak.002", "Oak"),
    ]
    assert categories == [Category(name) for name in ("00c0ffee", "Car", "Lamp.1", "Oak")]
    assert notes == []


def test_names_that_say_more_than_a_category() -> None:
    """Paths of another renderer, and numbers; not where there is no manifest, since hexadecimal digits are no names."""
    paths = [f"/geo/car_{number}/wheel" for number in range(3)]
    boxes = [f"Box_{number:04}" for number in range(12)]
    for names, said in ((paths, "Object Name '*/wheel'"), (boxes, "Object Name 'Box_*'")):
        _, _, (note,) = name_labels(list(map(hash_name, names)), image(LabelSource.CRYPTO_OBJECT, *names), None)
        assert said in note and "--categories" in note
    assert name_labels(list(range(1, 99)), image(LabelSource.CRYPTO_OBJECT), None)[2] == []
    assert name_labels(list(range(1, 99)), image(LabelSource.OBJECT_INDEX), None)[2] == []


def test_two_labels_of_one_name_keep_their_order() -> None:
    """A manifest may give a name to two ids; the records must not depend on chance."""
    twice = empty_labels(LabelSource.CRYPTO_OBJECT, {9: "Car", 4: "Car"})

    for labels in itertools.permutations([9, 4]):
        instances, _, _ = name_labels(labels, twice, None)
        assert named(instances) == [("Car", "Car", 4), ("Car", "Car", 9)]


def test_no_labels_without_a_scene() -> None:
    assert name_labels([], image(LabelSource.CRYPTO_OBJECT), None) == ([], [], [])


# --- What has no material ---------------------------------------------------------------------------------------------

NO_MATERIAL = hash_name("default_surface")
MATERIALS = {NO_MATERIAL: "default_surface", 5: "Steel"}


@pytest.mark.parametrize("manifest", [MATERIALS, {5: "Steel"}], ids=["named", "without a manifest entry"])
def test_no_material_is_background(manifest: dict[int, str]) -> None:
    """With and without a scene record, and without a remark that the scene has no such material."""
    image = empty_labels(LabelSource.CRYPTO_MATERIAL, manifest)
    scene = plain_scene(materials=entries_of(SceneEntry("Steel", 0, "metal")))

    for record in (None, scene):
        named, _, notes = name_labels([5, NO_MATERIAL], image, record)
        assert [one.name for one in named] == ["Steel"]
        assert notes == []


def test_material_that_is_really_called_so() -> None:
    image = empty_labels(LabelSource.CRYPTO_MATERIAL, MATERIALS)
    scene = plain_scene(materials=entries_of(SceneEntry("default_surface", 0, "odd")))

    named, _, _ = name_labels([NO_MATERIAL], image, scene)
    assert [(one.name, one.category) for one in named] == [("default_surface", "odd")]


def test_object_that_is_called_so_is_an_instance() -> None:
    image = empty_labels(LabelSource.CRYPTO_OBJECT, MATERIALS)
    named, _, _ = name_labels([NO_MATERIAL], image, None)
    assert [one.name for one in named] == ["default_surface"]
