"""Ids of categories: fixed once for a dataset, whatever comes first, and kept when frames are added."""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.dataset_folder import CATEGORIES_FILE, DatasetFolder
from core.base.errors import CategoryError, RecordError
from core.categories.ids import DatasetCategories, ids_before, keep_ids, move_former_ids
from core.settings.category_table import Category, CategoryTable, Rule, Source, Unknown

NAMES = st.sampled_from("abcdefgh")
# What the user fixes is the same in all frames; else see the contradictions below.
FIXED = st.dictionaries(NAMES, st.integers(1, 12), max_size=4).filter(lambda ids: len(set(ids.values())) == len(ids))
FRAMES = st.lists(st.sets(NAMES, max_size=5), min_size=1, max_size=6)


def frame(names: Iterable[str], fixed: Mapping[str, int] = {}) -> list[Category]:
    return [Category(name, fixed.get(name)) for name in sorted(names)]


def ids_of(frames: Sequence[Sequence[Category]], before: Mapping[str, int] = {}) -> dict[str, int]:
    found = DatasetCategories()
    for number, categories in enumerate(frames):
        found.add(categories, Path(f"{number}.json"))
    numbered = found.numbered(before)
    assert [category.id for category in numbered] == sorted(category.id or 0 for category in numbered)
    return {category.name: category.id or 0 for category in numbered}


@given(FRAMES, FIXED, st.randoms(use_true_random=False))
def test_the_order_of_frames_and_categories_does_not_matter(
    frames: list[set[str]], fixed: dict[str, int], random: random.Random
) -> None:
    records = [frame(names, fixed) for names in frames]
    shuffled = [random.sample(categories, len(categories)) for categories in random.sample(records, len(records))]

    ids = ids_of(records)

    assert ids_of(shuffled) == ids
    assert len(set(ids.values())) == len(ids)
    assert all(ids[name] == fixed[name] for name in ids if name in fixed)


@given(FRAMES, FRAMES, FIXED, st.randoms(use_true_random=False))
def test_frames_that_are_added_change_no_id(
    frames: list[set[str]], more: list[set[str]], fixed: dict[str, int], random: random.Random
) -> None:
    """The user has fixed the ids of some from the start; then a dataset that grows keeps those of all others too."""
    first = [frame({*names, *fixed}, fixed) for names in frames]
    before = ids_of(first)
    added = [frame({*names, *fixed}, fixed) for names in more]

    after = ids_of(random.sample([*first, *added], len(first) + len(added)), before)

    assert {name: after[name] for name in before} == before
    assert ids_of([*first, *added], after) == after, "and a second merge changes nothing"


def test_a_new_category_takes_the_next_free_number() -> None:
    before = ids_of([frame("bd")])
    assert before == {"b": 1, "d": 2}
    assert ids_of([frame("bd"), frame("abcd")], before) == {"a": 3, "b": 1, "c": 4, "d": 2}


def test_what_the_dataset_has_no_more_is_forgotten() -> None:
    """Names of a first try do not take numbers for good."""
    assert ids_of([frame(["car"])], {"Cube": 1, "Floor": 2}) == {"car": 1}


def test_fixing_an_id_and_exporting_everything_again_is_no_contradiction() -> None:
    before = ids_of([frame("abc")] * 2)
    again = [frame("abc", {"c": 1})] * 2
    assert ids_of(again, before) == {"c": 1, "b": 2, "a": 3}


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (
            {"a": 5},
            r"'a' has the id 1 in this dataset, but frames that were added give it 5; give it 1 in their scene, or "
            r"export all frames again with 5$",
        ),
        (
            {"z": 1},
            r"This dataset uses the id 1 for 'a', but frames that were added give it to 'z'; give 'z' another "
            r"category_id, or export all frames again$",
        ),
    ],
)
def test_frames_that_would_change_the_ids_of_others_are_told(added: dict[str, int], message: str) -> None:
    old = [frame("abc")]
    before = ids_of(old)
    for new in ([frame(["b", *added], added)], [frame(["a", "b", *added], added)]):
        for records in ([*old, *new], [*new, *old]):
            with pytest.raises(RecordError, match=message):
                ids_of(records, before)


def test_the_file_is_a_category_table(tmp_path: Path) -> None:
    """So that it can be imported in Blender and given to --categories."""
    from core.settings.category_files import read_table

    assert ids_before(DatasetFolder(tmp_path)) == {}
    categories = [Category("car", 1, "vehicle", "#102030"), Category("person", 2, keypoints=("nose",))]
    keep_ids(DatasetFolder(tmp_path), categories)
    assert ids_before(DatasetFolder(tmp_path)) == {"car": 1, "person": 2}
    assert read_table(tmp_path / CATEGORIES_FILE).categories == tuple(categories)
    own = CategoryTable((), (Rule(Source.MATERIAL, "Paint*", "car"),), Unknown.BACKGROUND)
    read = read_table(tmp_path / CATEGORIES_FILE, base=own)
    assert (read.rules, read.unknown) == (own.rules, own.unknown), "how things come to them is up to each scene"


def test_damaged_file(tmp_path: Path) -> None:
    (tmp_path / CATEGORIES_FILE).write_text("{")
    with pytest.raises(CategoryError, match=r"categories\.json is not a category table"):
        ids_before(DatasetFolder(tmp_path))


def test_what_records_leave_open_is_no_contradiction() -> None:
    found = DatasetCategories()
    found.add([Category("person")], Path("old.json"))
    found.add([Category("person", 3, "being", "#102030", False, ("nose", "tail"), ((1, 2),))], Path("new.json"))
    found.add([Category("person", 3, "being", "#302010", False, ("nose", "tail"), ((1, 2),))], Path("other.json"))
    assert found.numbered({}) == [Category("person", 3, "being", "#302010", False, ("nose", "tail"), ((1, 2),))]


@pytest.mark.parametrize(
    "other",
    [Category("person", stuff=True, keypoints=("nose",)), Category("person", keypoints=("tail",))],
)
def test_what_contradicts(other: Category) -> None:
    for first, second in (
        (Category("person", keypoints=("nose",)), other),
        (other, Category("person", keypoints=("nose",))),
    ):
        found = DatasetCategories()
        found.add([first], Path("a.json"))
        with pytest.raises(
            RecordError, match=r"'person' differs: .* in b\.json, but .*; make them the same in Blender"
        ):
            found.add([second], Path("b.json"))


def test_ids_in_the_place_of_before(tmp_path: Path) -> None:
    """They are read there, and moved once, after which the folder of the annotations holds COCO alone."""
    dataset = DatasetFolder(tmp_path)
    keep_ids(dataset, [Category("car", 5)])
    dataset.former_categories.parent.mkdir()
    dataset.categories.rename(dataset.former_categories)

    assert ids_before(dataset) == {"car": 5}
    keep_ids(dataset, [Category("car", 5)])
    assert not dataset.categories.exists(), "nothing has changed"
    move_former_ids(dataset)
    assert (dataset.categories.is_file(), dataset.former_categories.exists()) == (True, False)
    assert ids_before(dataset) == {"car": 5}
    # An earlier version of Labelpass has written it again.
    dataset.former_categories.write_text("{")
    move_former_ids(dataset)
    assert (ids_before(dataset), dataset.former_categories.exists()) == ({"car": 5}, False)


def test_a_category_without_a_name_locks_no_dataset(tmp_path: Path) -> None:
    """Earlier versions wrote such a row, and could not read it then."""
    dataset = DatasetFolder(tmp_path)
    rows = [{"name": "", "id": 1, "supercategory": ""}, {"name": "car", "id": 2, "supercategory": ""}]
    dataset.categories.write_text(json.dumps({"categories": rows}))

    assert ids_before(dataset) == {"car": 2}
    found = DatasetCategories()
    found.add([Category(""), Category("car"), Category("person")], "a.json")
    keep_ids(dataset, found.numbered(ids_before(dataset)))
    kept = ids_before(dataset)
    assert kept["car"] == 2 and kept.keys() == {"car", "person"}


@pytest.mark.parametrize(
    "category",
    [
        Category("car", -1),
        Category("car", 2**60),
        Category("car", 1, colour="red"),
        Category("car", 1, keypoints=("a", "a")),
        Category("car", 1, keypoints=("",)),
        Category("car", 1, keypoints=("a",), skeleton=((1, 2),)),
    ],
    ids=str,
)
def test_what_the_file_could_not_hold_is_refused_before_it_is_written(category: Category) -> None:
    """Otherwise the dataset could not be merged again."""
    with pytest.raises(RecordError, match=r"^a\.json: The (category|skeleton of the category) 'car' "):
        DatasetCategories().add([category], "a.json")


# --- Names of categories of which only the id is known ----------------------------------------------------------------


def called(*names: str, id: int = 12) -> list[list[Category]]:
    """Records of as many scenes, in each of which an object of this name is the first with the id."""
    return [[Category(f"category_{id}", id, called=name)] for name in names]


def titles_of(records: Iterable[Iterable[Category]], shuffled: random.Random) -> tuple[list[str], list[str]]:
    """What the dataset calls its categories, and what it says of that, whatever the order of its records."""
    records = list(records)
    found = DatasetCategories()
    for number, categories in enumerate(shuffled.sample(records, len(records))):
        found.add(categories, f"{number}.json")
    return [one.title for one in found.numbered({})], found.notes()


@given(st.randoms(use_true_random=False))
def test_two_scenes_call_a_category_differently(random: random.Random) -> None:
    """It has one id and one name, the first in the alphabet; a note names both."""
    titles, (note,) = titles_of([*called("Mug", "Cup", "Mug"), [Category("bus", 3)]], random)
    assert titles == ["bus", "Cup"]
    assert "'category_12'" in note and "called 'Cup', 'Mug'; it is called 'Cup'" in note
    assert "category table" in note
    assert titles_of(called("Mug", "Mug"), random) == (["Mug"], [])


@given(st.randoms(use_true_random=False))
def test_two_categories_never_have_one_name(random: random.Random) -> None:
    """Neither that of a category that has it by right, nor that of another one of which only the id is known."""
    records = [*called("Mug", "Cup"), *called("Cup", id=4), [Category("Mug", 1)]]
    titles, notes = titles_of(records, random)
    assert titles == ["Mug", "category_4", "Cup"]
    assert len(notes) == 1


def test_names_come_back_from_the_file(tmp_path: Path) -> None:
    """As a category table it gives a scene the same category, whatever that scene would call it."""
    dataset, found = DatasetFolder(tmp_path), DatasetCategories()
    for categories in called("Mug"):
        found.add(categories, "a.json")
    keep_ids(dataset, found.numbered({}))
    stamp = (tmp_path / CATEGORIES_FILE).stat()
    keep_ids(dataset, found.numbered(ids_before(dataset)))
    assert (tmp_path / CATEGORIES_FILE).stat() == stamp, "nothing is new"
    (table,) = json.loads((tmp_path / CATEGORIES_FILE).read_text())["categories"]
    assert (table["name"], table["id"], table["called"]) == ("category_12", 12, "Mug")
