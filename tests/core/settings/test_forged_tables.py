"""Category tables and settings in which any value is replaced by one of another type: one sentence each, or none."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.base.errors import CategoryError, UsageError
from core.settings.category_files import read_table
from core.settings.category_table import Category, CategoryTable, Rule, Source
from core.settings.settings import Grouping, Settings
from tests.core.forged_json import VALUES, places, replaced

TABLE = CategoryTable(
    (
        Category("plate", 3, "thing", "#102030", keypoints=("right", "left"), skeleton=((1, 2),)),
        Category("sky", 4, stuff=True, grouping=Grouping.CATEGORY),
    ),
    (Rule(Source.HOLDOUT, ignore=True), Rule(Source.OBJECT_NAME, "Pl*", "plate"), Rule(Source.PASS_INDEX, "1-3,9")),
)
AS_JSON = json.loads(json.dumps(TABLE.as_json()))
SETTINGS = json.loads(json.dumps(Settings().as_json()))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_category_tables(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "table.json"
    refused = 0
    for place in places(AS_JSON):
        path.write_text(json.dumps(replaced(AS_JSON, place, value)))
        try:
            read_table(path)
        except CategoryError as error:
            assert str(path) in str(error)
            assert "\n" not in str(error)
            refused += 1
    assert refused > 5


@pytest.mark.parametrize(
    "text", ["categories = 1", "rules = [[]]", "[[categories]]\nname = 1979-05-27", "a = " + "[" * 9999]
)
def test_category_tables_as_toml(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.toml"
    path.write_text(text)
    with pytest.raises(CategoryError, match=r"table\.toml"):
        read_table(path)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_settings(value: Any) -> None:
    refused = 0
    for name in SETTINGS:
        try:
            Settings.from_json({**SETTINGS, name: value})
        except UsageError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 5
