"""What is wrong first: faults that were planted are found, and none where none was."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.report.write_report import write_report
from tests.core.report.planted import FAULTS, SPLITS, fine_frames, plant_all

KEYS = [fault.key for fault in FAULTS]
FINE = 30


def figures_of(dataset: Path, **options: Any) -> dict[str, Any]:
    written = write_report(dataset, SPLITS, **options)
    figures: dict[str, Any] = json.loads((written.page.parent / "figures.json").read_text())
    return figures


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, str], dict[str, Any]]:
    dataset = tmp_path_factory.mktemp("planted") / "dataset"
    return plant_all(dataset, FINE), figures_of(dataset, validated=True)


def test_there_are_thirty_kinds() -> None:
    assert len(set(KEYS)) == 30


@pytest.mark.parametrize("key", KEYS)
def test_a_planted_fault_stands_among_the_worst(planted: tuple[Mapping[str, str], dict[str, Any]], key: str) -> None:
    paths, figures = planted
    findings = {one["key"]: one for one in figures["findings"]}
    assert paths[key] in findings[key]["frames"]
    # And nothing else but what other faults bring with them; many of these make a frame disagree with itself.
    assert findings[key]["frame_count"] <= (len(KEYS) if key == "disagrees" else 6)
    assert paths[key] in [one["frame"] for one in figures["worst_frames"][: 2 * len(KEYS)]]
    assert findings[key]["why"].endswith((".", "?"))
    assert findings[key]["way_out"] or findings[key]["option"]


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    for frame in fine_frames(FINE):
        frame.write(tmp_path / "dataset")
    figures = figures_of(tmp_path / "dataset", validated=True)
    assert [one for one in figures["findings"] if one["about"] != "dataset"] == []
    assert figures["worst_frames"] == []
