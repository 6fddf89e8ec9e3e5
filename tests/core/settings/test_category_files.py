"""Category tables: what is a table and what is none, and files of them."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import CategoryError, OutputError
from core.settings.category_files import read_table, table_from_json, write_table
from core.settings.category_table import (
    DEFAULT_RULES,
    Category,
    CategoryTable,
    Rule,
    Source,
    Unknown,
    index_ranges,
    with_ids,
)
from core.settings.settings import Grouping

TABLE = CategoryTable(
    (
        Category("car", 1, "vehicle", "#e04010", False, ("front", "rear"), ((1, 2),), Grouping.PARENT),
        Category("Straße", 2, stuff=True),
        Category("helpers", 0),
    ),
    (
        Rule(Source.COLLECTION, "Helpers*", ignore=True),
        Rule(Source.PROPERTY),
        Rule(Source.OBJECT_NAME, "Car*", "car"),
        Rule(Source.PASS_INDEX, "3,10-19", "Straße"),
        Rule(Source.MATERIAL, "*"),
        Rule(Source.SHADOW_CATCHER, category="helpers"),
    ),
    Unknown.BACKGROUND,
)

NAMES = st.text(min_size=1, max_size=8)
COLOURS = st.integers(0, 2**24 - 1).map(lambda number: f"#{number:06x}")


@st.composite
def tables(draw: st.DrawFn) -> CategoryTable:
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    ids = draw(st.lists(st.integers(1, 2**53), unique=True, min_size=len(names), max_size=len(names)))
    categories = []
    for name, id in zip(names, ids, strict=True):
        keypoints = tuple(draw(st.lists(NAMES, unique=True, max_size=3)))
        numbers = st.integers(1, len(keypoints)) if keypoints else st.nothing()
        skeleton = tuple(draw(st.lists(st.tuples(numbers, numbers), max_size=2))) if keypoints else ()
        categories.append(
            Category(
                name,
                id,
                draw(NAMES | st.just("")),
                draw(COLOURS | st.just("")),
                draw(st.booleans()),
                keypoints,
                skeleton,
                draw(st.none() | st.sampled_from(Grouping)),
            )
        )
    named = [source for source in Source if not source.is_switch and source is not Source.PASS_INDEX]
    categories_of = st.sampled_from(names) if names else NAMES
    rules = draw(
        st.lists(
            st.builds(Rule, st.sampled_from(named), NAMES, categories_of | st.just(""))
            | st.builds(Rule, st.sampled_from(named), NAMES, ignore=st.just(True))
            | st.just(Rule(Source.PROPERTY)),
            max_size=4,
        )
    )
    return CategoryTable(tuple(categories), tuple(rules), draw(st.sampled_from(Unknown)))


@given(tables())
def test_file_and_back(tmp_path_factory: pytest.TempPathFactory, table: CategoryTable) -> None:
    path = tmp_path_factory.mktemp("tables") / "categories.json"
    write_table(path, table)
    assert read_table(path) == table
    assert table_from_json(json.loads(json.dumps(table.as_json()))) == table


def test_file_as_people_see_it(tmp_path: Path) -> None:
    """Every row on a line, names as they are, nothing that is as by default; any JSON reader reads it."""
    path = tmp_path / "categories.json"
    write_table(path, TABLE)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["categories"][1] == {"name": "Straße", "id": 2, "supercategory": "", "stuff": True}
    assert '    {"source": "object_name", "pattern": "Car*", "category": "car"},\n' in text
    assert "Straße" in text
    assert read_table(path) == TABLE


def test_empty_file_is_the_default() -> None:
    assert table_from_json({}) == CategoryTable()
    assert CategoryTable().rules == DEFAULT_RULES


def test_no_rules_is_not_the_default_rules(tmp_path: Path) -> None:
    write_table(tmp_path / "a.json", CategoryTable(rules=()))
    assert read_table(tmp_path / "a.json").rules == ()


def test_toml_says_the_same(tmp_path: Path) -> None:
    text = """
unknown = "background"
[[categories]]
name = "car"
id = 1
supercategory = "vehicle"
colour = "#E04010"
keypoints = ["front", "rear"]
skeleton = [[1, 2]]
grouping = "parent"
[[categories]]
name = "Straße"
id = 2
stuff = true
[[categories]]
name = "helpers"
id = 0
[[rules]]
source = "collection"
pattern = "Helpers*"
ignore = true
[[rules]]
source = "property"
[[rules]]
source = "object_name"
pattern = "Car*"
category = "car"
[[rules]]
source = "pass_index"
pattern = "3,10-19"
category = "Straße"
[[rules]]
source = "material"
pattern = "*"
[[rules]]
source = "shadow_catcher"
category = "helpers"
"""
    assert tomllib.loads(text)
    (tmp_path / "table.toml").write_text(text, encoding="utf-8")
    assert read_table(tmp_path / "table.toml") == TABLE


def test_ids_that_are_left_out() -> None:
    """In the order of the file, whatever the names; those that are there stay."""
    rows = [Category("z"), Category("y", 1), Category("x"), Category("w", 0), Category("v", 3), Category("u")]
    assert [(row.name, row.id) for row in with_ids(rows)] == [
        ("z", 2), ("y", 1), ("x", 4), ("w", 0), ("v", 3), ("u", 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "cannot be"),
        ({"category": []}, "A category table cannot have 'category'; it may have categories, rules, unknown"),
        ({"categories": {}}, "make it a list"),
        ({"categories": ["car"]}, "A category cannot be 'car'"),
        (
            {"categories": [{"name": "car", "color": "red"}]},
            "A category cannot have 'color'; it may have called",
        ),
        ({"categories": [{"name": 3}]}, "name cannot be 3; make it a text"),
        ({"categories": [{}]}, "has no name; give it one"),
        ({"categories": [{"name": "car", "id": True}]}, "make it a whole number"),
        ({"categories": [{"name": "car", "id": -1}]}, "use a number from 1, or 0 for background"),
        ({"categories": [{"name": "car", "id": 1}, {"name": "bus", "id": 1}]}, "gives the id 1 to 'car' and to 'bus'"),
        ({"categories": [{"name": "car"}, {"name": "car"}]}, "has 'car' twice; remove or rename"),
        ({"categories": [{"name": "car", "colour": "red"}]}, "write it like #e04010"),
        ({"categories": [{"name": "car", "stuff": 1}]}, "make it true or false"),
        ({"categories": [{"name": "car", "keypoints": "nose"}]}, "make it a list"),
        ({"categories": [{"name": "car", "keypoints": [1]}]}, "are not a list of names"),
        ({"categories": [{"name": "car", "keypoints": ["a", "a"]}]}, "two keypoints with one name"),
        ({"categories": [{"name": "car", "skeleton": [[1]]}]}, "is not a list of pairs"),
        ({"categories": [{"name": "car", "skeleton": [[1, 2]]}]}, "has 0 keypoints, counted from 1"),
        ({"categories": [{"name": "car", "grouping": "all"}]}, "choose one of object, parent"),
        ({"rules": [{}]}, "source of a rule cannot be None; choose one of property, collection"),
        ({"rules": [{"source": "name"}]}, "source of a rule cannot be 'name'"),
        ({"rules": [{"source": "property", "pattern": "x"}]}, "takes none; leave it out"),
        (
            {"rules": [{"source": "material", "category": "x"}]},
            "does not say what belongs to the category 'x'; add a pattern",
        ),
        (
            {"rules": [{"source": "material", "pattern": "x", "category": "y", "ignore": True}]},
            "leave out one of the two",
        ),
        ({"rules": [{"source": "material", "ignore": True}]}, "has no pattern; add one that says what to ignore"),
        ({"rules": [{"source": "holdout"}]}, "has no category and does not ignore"),
        ({"rules": [{"source": "pass_index", "pattern": "a-b", "category": "x"}]}, "is not a list of pass indices"),
        (
            {"categories": [{"name": "car"}], "rules": [{"source": "material", "pattern": "x", "category": "cra"}]},
            "names the category 'cra', which is not in the table",
        ),
        ({"unknown": "ignore"}, "choose one of own, background, other, error"),
    ],
)
def test_what_is_no_table(tmp_path: Path, data: Any, message: str) -> None:
    """One sentence that names the file, what is wrong, and the way out."""
    path = tmp_path / "table.json"
    path.write_text(json.dumps(data))
    with pytest.raises(CategoryError) as caught:
        read_table(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000], ids=["empty", "open", "not text", "deep"])
def test_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(content)
    with pytest.raises(CategoryError, match=r"table\.json is not a category table"):
        read_table(path)


def test_missing_file_and_unwritable_place(tmp_path: Path) -> None:
    with pytest.raises(CategoryError, match=r"Cannot read .*none\.json: .*; check the path"):
        read_table(tmp_path / "none.json")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="Cannot write"):
        write_table(tmp_path / "file" / "table.json", TABLE)


def test_pass_indices() -> None:
    numbers = {number for part in index_ranges("3, 10 - 12,0-1") for number in part}
    assert numbers == {1, 3, 10, 11, 12}, "0 is background"
    (everything,) = index_ranges("*")
    assert 1 in everything and 32767 in everything and 0 not in everything
