"""`labelpass plan`, and machines that make one dataset by it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.dataset_folder import DatasetFolder
from core.base.version import VERSION
from core.cli.main import main
from core.frames.dataset_plan import DatasetPlan, _not_among
from core.scene.scene_record import SceneEntry, scene_path
from tests.builders import plain_scene, record_path
from tests.core.datasets import bytes_in

FEW = ("--no-pictures", "--image-format", "none")
FRAMES = 5
BALL = {"categories": [{"name": "ball", "id": 4}, {"name": "rest", "id": 9}], "rules": [], "unknown": "other"}


@pytest.fixture
def renders(data: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "renders"
    folder.mkdir()
    for number in range(1, FRAMES + 1):
        shutil.copy(data / "4.5" / "transparent_0001.exr", folder / f"shot_{number:04}.exr")
    return folder


def command(name: str, *arguments: Any) -> int:
    return main([name, *map(str, arguments)])


def plan(renders: Path, output: Path, *options: Any) -> int:
    return command("plan", renders, "--output", output, *FEW, *options)


def annotate(renders: Path, output: Path, *options: Any) -> int:
    return command("annotate", renders, "--output", output, "--workers", 1, *options)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_shards_make_the_same_dataset_as_one_machine(renders: Path, tmp_path: Path) -> None:
    one, several, unplanned = tmp_path / "one", tmp_path / "several", tmp_path / "unplanned"
    for output in (one, several):
        assert plan(renders, output, "--min-area", 5) == 0
    assert annotate(renders, one) == 0
    for number in (3, 1, 2):
        assert annotate(renders, several, "--shard", f"{number}/3") == 0
    assert annotate(renders, unplanned, *FEW, "--min-area", 5) == 0
    for output in (one, several, unplanned):
        assert command("merge", output) == 0
    assert bytes_in(several) == bytes_in(one)
    without_plan = {name: content for name, content in bytes_in(one).items() if name != "plan.json"}
    assert bytes_in(unplanned) == without_plan


def test_shards_without_a_plan(renders: Path, tmp_path: Path) -> None:
    for number, frames in ((1, 2), (2, 3)):
        assert annotate(renders, tmp_path / "out", *FEW, "--shard", f"{number}/2") == 0
        assert len(list((tmp_path / "out" / "records").iterdir())) == (frames if number == 1 else FRAMES)
    assert annotate(renders, tmp_path / "out", *FEW, "--shard", "7/6") == 2


def test_nothing_is_made_of_half_a_dataset(renders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    plan(renders, out)
    annotate(renders, out, "--shard", "2/2")
    capsys.readouterr()
    missing = "2 of 5 planned frames have no record that can be used (shot_0001-0002)"
    for name, *options in (("merge",), ("export", "--formats", "coco"), ("validate",)):
        assert command(name, out, *options) == 1
        assert missing in said(capsys)
    assert not (out / "annotations").exists()
    assert not (out / "exports").exists()

    annotate(renders, out, "--shard", "1/2")
    assert command("merge", out) == 0
    assert command("validate", out) == 0
    record_path(out, "shot_0004").write_text("{}")
    assert command("merge", out) == 1
    assert "1 of 5 planned frames has no record that can be used (shot_0004)" in said(capsys)


def test_more_shards_than_frames(renders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan(renders, tmp_path / "out")
    assert annotate(renders, tmp_path / "out", "--shard", "1/20") == 0
    assert annotate(renders, tmp_path / "out", "--shard", "20/20") == 0
    assert len(list((tmp_path / "out" / "records").iterdir())) == 1


def test_what_is_not_as_planned(renders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, table = tmp_path / "out", tmp_path / "table.json"
    plan(renders, out, "--min-area", 5)
    capsys.readouterr()
    assert annotate(renders, out, "--min-area", 6) == 2
    assert "Minimum Area is planned as 5 for this dataset, and not as 6; leave it as planned" in said(capsys)
    assert annotate(renders, out, "--min-area", 5, "--frames", "1") == 0

    table.write_text(json.dumps(BALL))
    assert annotate(renders, out, "--categories", table) == 2
    assert "This is not the category table that the dataset was planned with" in said(capsys)

    stored = json.loads((out / "plan.json").read_bytes())
    (out / "plan.json").write_text(json.dumps(stored | {"labelpass": "0.0.1"}))
    assert annotate(renders, out) == 2
    assert f"The dataset was planned with Labelpass 0.0.1, and this is {VERSION}" in said(capsys)


def test_files_that_come_and_go(renders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    plan(renders, out, "--frames", "1-4")
    (renders / "shot_0002.exr").unlink()
    capsys.readouterr()
    assert annotate(renders, out) == 1
    text = said(capsys)
    assert "Failed: shot_0002: It is planned, and has no EXR file; render it first" in text
    assert "Note: 1 frame: Left out, since the plan of the dataset does not have them" in text
    assert {path.stem for path in (out / "records").iterdir()} == {"shot_0001", "shot_0003", "shot_0004"}
    assert annotate(renders, out, "--sequence", "other") == 1
    assert "None of these frames is in the plan of the dataset (shot_0001-0003, ...)" in said(capsys)


def test_ids_of_the_categories_of_scene_records(renders: Path, tmp_path: Path) -> None:
    """All frames decide on them, those of other machines too, and what the dataset has already is kept."""
    scenes, out = tmp_path / "scenes", tmp_path / "out"
    for number in range(1, FRAMES + 1):
        name = "Zebra" if number < 3 else "Ape"
        ground = (SceneEntry(f"Ground {index}", index, "Ground") for index in range(2, 30))
        scene = plain_scene(SceneEntry("Ball", 1, name), *ground)
        scene.write(scene_path(scenes, f"shot_{number:04}"))
    for frames, ids in (("1-2", {"Ground": 1, "Zebra": 2}), ("1-5", {"Ground": 1, "Zebra": 2, "Ape": 3})):
        assert plan(renders, out, "--maps", "categories_png", "--scene", scenes, "--frames", frames) == 0
        found = DatasetPlan.read(DatasetFolder(out))
        assert found is not None
        assert {one.name: one.id for one in found.categories} == ids
        assert found.scenes == "../scenes"
    assert plan(renders, out, "--maps", "categories_png", "--scene", renders, "--sequence", "b") == 1
    assert annotate(renders, out) == 0, "the scene records of the plan are used, or categories would not be known"


def test_category_maps_need_categories(renders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, table = tmp_path / "out", tmp_path / "table.json"
    assert plan(renders, out, "--maps", "categories_png") == 2
    assert "no category is known before the frames are annotated" in said(capsys)
    assert not (out / "plan.json").exists()

    table.write_text(json.dumps(BALL | {"unknown": "own"}))
    assert plan(renders, out, "--maps", "categories_png", "--categories", table) == 0
    capsys.readouterr()
    assert annotate(renders, out) == 1
    assert "is not in the plan of the dataset, so its id in maps is not known" in said(capsys)

    table.write_text(json.dumps(BALL | {"rules": [{"source": "object_name", "pattern": "*", "category": "ball"}]}))
    (out / "plan.json").unlink()
    assert plan(renders, out, "--maps", "categories_png", "--categories", table) == 0
    assert annotate(renders, out) == 0
    assert command("merge", out) == 0
    assert command("validate", out) == 0
    categories = json.loads((out / "annotations" / "instances.json").read_bytes())["categories"]
    assert [(one["id"], one["name"]) for one in categories] == [(4, "ball"), (9, "rest")]


def test_sequences_are_added(renders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    for sequence, frames in (("a", "1-3"), ("b", "1-2"), ("a", "1-4")):
        assert plan(renders, out, "--sequence", sequence, "--frames", frames) == 0
    assert f"{out / 'plan.json'}: 6 frames in 2 sequences" in said(capsys)
    assert annotate(renders, out, "--sequence", "b") == 0, "frames of other sequences are not missed"
    (renders / "shot_0002.exr").unlink()
    assert annotate(renders, out, "--sequence", "a") == 1
    assert "Failed: a/shot_0002: It is planned" in said(capsys)
    assert plan(renders, out, "--sequence", "c", "--min-area", 3) == 2
    assert "Minimum Area is planned as 0 for this dataset, and not as 3" in said(capsys)


_DAMAGES = [{"frames": 3}, {"settings": {"labels": "none"}}, {"settings": 3}, {"table": []}, {"categories": ""}]


@pytest.mark.parametrize("change", _DAMAGES)
def test_a_damaged_plan(
    renders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any]
) -> None:
    out = tmp_path / "out"
    plan(renders, out)
    path = out / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change))
    for code in (annotate(renders, out), plan(renders, out), command("merge", out)):
        assert code == 1
    assert said(capsys).count(f"{path} is damaged; remove it, and plan the dataset again") == 3


@given(st.sets(st.sampled_from([f"a/shot_{number:04}" for number in range(12)])), st.sets(st.integers(0, 11)))
def test_which_names_are_missing(planned: set[str], there: set[int]) -> None:
    found = {f"a/shot_{number:04}" for number in there}
    assert sorted(_not_among(sorted(planned), iter(found))) == sorted(planned - found)
