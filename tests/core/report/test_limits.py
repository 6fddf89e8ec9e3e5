"""Limits of the judgement: from a file, in the figures, in the docs, and each of them has an effect."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.base.errors import InputError
from core.cli.main import main
from core.report.judgement.limits import Limits
from core.report.write_report import write_report
from tests.builders import plain_pose
from tests.core.report.planted import CATEGORIES, SPLITS, fine_frame, fine_frames, plant_all

DOCS = Path(__file__).resolve().parents[3] / "docs/report.md"
# A value of each limit -> the key of what is found less or more often in the dataset with all faults.
OTHERS: dict[str, tuple[float, str]] = {
    "dark_level": (0, "dark"),
    "min_contrast": (0, "flat"),
    "max_burnt_out": (1, "burnt_out"),
    "alike_bits": (10, "leak"),
    "neighbour_bits": (0, "neighbours"),
    "max_alike_brightness": (0, "leak"),
    "min_size_share": (0, "odd_size"),
    "crowded_times": (100, "crowded"),
    "crowded_instances": (1000, "crowded"),
    "min_visible": (0, "hidden"),
    "min_pixels": (0, "few_pixels"),
    "min_side": (0, "narrow"),
    "max_ratio": (1000, "long"),
    "max_outside": (1, "outside"),
    "torn_pieces": (99, "torn"),
    "min_stands_out": (0, "blends_in"),
    "min_light": (0, "unlit"),
    "max_light": (1, "overlit"),
    "min_of_box": (0, "hollow"),
    "max_of_image": (1, "fills_image"),
    "min_instances": (1000, "few_instances"),
    "max_imbalance": (1, "imbalance"),
    "max_empty": (0, "many_empty"),
    "max_at_border": (0, "at_border"),
    "min_from_side": (1, "never_seen_from"),
    "min_from_above": (1, "never_seen_from"),
    "min_from_below": (1, "never_seen_from"),
    "min_camera_move": (1e6, "one_camera"),
    "few_weak": (1, ""),
    "many_weak": (0, ""),
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All faults, and a frame with an instance at the border, all of them seen from above."""
    dataset = tmp_path_factory.mktemp("planted") / "dataset"
    plant_all(dataset, 30)
    frame = fine_frame(9000)
    frame.labels[40:80, :20] = 5
    turned = dataclasses.replace(plain_pose(5.0), rotation=((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)))
    frame.instances |= {label: {"pose": turned} for label in range(1, 6)}
    frame.write(dataset)
    return dataset


def figures_of(dataset: Path, limits: Limits) -> dict[str, Any]:
    page = write_report(dataset, SPLITS, limits=limits).page
    figures: dict[str, Any] = json.loads((page.parent / "figures.json").read_text())
    return figures


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Limits)])
def test_each_limit_is_one(planted: Path, name: str) -> None:
    value, key = OTHERS[name]
    usual, other = figures_of(planted, Limits()), figures_of(planted, dataclasses.replace(Limits(), **{name: value}))
    assert other["limits"] == usual["limits"] | {name: value}
    if key:
        found = [
            [(one["count"], one["sentence"], one["frames"]) for one in figures["findings"] if one["key"] == key]
            for figures in (usual, other)
        ]
        assert found[0] != found[1]
    else:
        assert usual["verdict"]["level"] == "bad"  # as whatever the labels are


def test_the_verdict(tmp_path: Path) -> None:
    for number, frame in enumerate(fine_frames(40)):
        frame.known["categories"] = CATEGORIES[:2]
        if number % 10 == 0:
            frame.labels[110:112, 2:5] = 77
        frame.write(tmp_path / "dataset")
    levels = [
        figures_of(tmp_path / "dataset", Limits(few_weak=few, many_weak=many, min_instances=0))["verdict"]["headline"]
        for few, many in ((0.5, 0.9), (0.01, 0.9), (0, 0.01))
    ]
    assert levels[0] == "Trainable, with a few things to look at"
    assert re.fullmatch(r"Trainable; \d% of the labels are too weak", levels[1])
    assert re.fullmatch(r"Not ready: \d% of the labels are too weak to learn from", levels[2])


def test_a_file_and_the_figures_of_another_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for frame in fine_frames(6):
        frame.write(tmp_path / "dataset")
    file = tmp_path / "limits.json"
    file.write_text('{"min_instances": 3.0, "min_visible": 1}')
    assert Limits.read(file) == Limits(min_instances=3, min_visible=1.0)
    assert main(["report", str(tmp_path / "dataset"), "--limits", str(file)]) == 0
    assert "Only" not in capsys.readouterr().out
    figures = tmp_path / "dataset/report/figures.json"
    assert Limits.read(figures) == Limits(min_instances=3, min_visible=1.0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"min_instance": 3}', "names the limit 'min_instance', which there is not; write min_instances"),
        ('{"what": 3}', "names the limit 'what', which there is not; docs/report.md lists all of them"),
        ('{"min_visible": 10}', "min_visible in .* cannot be 10; write a number from 0 to 1 .share."),
        ('{"min_side": 2.5}', "min_side in .* cannot be 2.5; write a whole number of at least 0 .pixels."),
        ('{"min_side": true}', "cannot be True; write a whole number"),
        ('{"min_side": "8"}', "cannot be '8'; write a whole number"),
        ("[3]", "holds no limits; write for example"),
        ("{", "is not a JSON file .*; write for example"),
    ],
)
def test_what_is_no_limit(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "limits.json").write_text(text)
    with pytest.raises(InputError, match=sentence):
        Limits.read(tmp_path / "limits.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot read the limits in .*; give a file that is there"):
        Limits.read(tmp_path / "limits.json")


def test_the_docs_list_all_limits() -> None:
    text = DOCS.read_text("utf-8")
    rows = [
        f"| `{field.name}` | {field.default:g} | {field.metadata['unit']} | {field.metadata['help']} |"
        for field in dataclasses.fields(Limits)
    ]
    assert "\n".join(rows) in text
    assert re.findall(r"^\| `(\w+)` \| [\d.]+ \|", text, re.MULTILINE) == [row.split("`")[1] for row in rows]
