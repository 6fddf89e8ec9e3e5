"""Each kind of thing that Cycles can show: labelled, or named before the render and at the frame, as the docs say."""

from pathlib import Path

import pytest

from tests import object_types
from tests.blender.object_types import BACKDROP, CASES, cases, render_all
from tests.blender.scenes import fresh_blender

_LABELS = {object_types.OBJECT_INDEX: "object_index", object_types.CRYPTOMATTE: "crypto_object"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them rendered."""
    folder: Path = tmp_path_factory.mktemp("object_types")
    with fresh_blender():
        render_all(folder, "CYCLES", cases())
    return folder


@pytest.fixture(scope="module")
def outputs(folder: Path) -> dict[int, Path]:
    """Column of the table -> the dataset by that label pass."""
    return {column: object_types.annotate(folder, labels) for column, labels in _LABELS.items()}


def test_the_page_lists_all_of_them() -> None:
    assert list(object_types.table()) == list(CASES)


@pytest.mark.parametrize("title", cases())
@pytest.mark.parametrize("column", _LABELS, ids=_LABELS.values())
def test_what_becomes_of_it(folder: Path, outputs: dict[int, Path], title: str, column: int) -> None:
    found = object_types.outcome(folder, outputs[column], object_types.stem(title), BACKDROP)
    assert found.word == object_types.table()[title][column], found.detail


def test_nothing_is_seen_without_a_label_and_a_word() -> None:
    for title, words in object_types.table().items():
        assert not any(word.endswith("not a word") for word in words), title
