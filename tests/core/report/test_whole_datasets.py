"""What is found in a dataset as a whole, and what becomes of values that were drawn at random."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.dataset_folder import DatasetFolder
from core.base.errors import OutputError
from core.dataset.splits import Splits
from core.frames.dataset_plan import DatasetPlan
from core.frames.frame_list import FrameList
from core.report.facts.gathering import FRAME, Facts, Gatherer
from core.report.facts.image_facts import ImageFacts, ImageState
from core.report.facts.instance_rows import INSTANCE
from core.report.facts.views import NO_VIEW, views_of
from core.report.judgement.finding import Level
from core.report.judgement.judge import judge
from core.report.judgement.known import Known
from core.report.page.filters import filters_of
from core.report.page.head import SPLIT_COLOURS, colours_of
from core.report.write_report import write_report
from core.scene.scene_record import scene_path
from core.scene.shared_tables import share_tables, tables_folder
from core.settings.category_table import Category
from core.settings.settings import Settings
from tests.builders import plain_pose, plain_record, record_path
from tests.core.report.planted import CATEGORIES, SPLITS, fine_frame, fine_frames

FRAMES, EACH = 60, 10


def fine_facts() -> Facts:
    """Sixty frames with ten instances each, of two categories of several objects each, from all sides."""
    rng = np.random.default_rng(3)
    frames, rows = np.zeros(FRAMES, FRAME), np.zeros(FRAMES * EACH, INSTANCE)
    frames["width"], frames["height"], frames["instances"] = 640, 480, EACH
    frames["split"], frames["number"] = np.arange(FRAMES) % 3 == 0, 2 * np.arange(FRAMES)
    frames["brightness"], frames["contrast"], frames["bright_level"] = 0.5, 0.2, 200
    frames["fingerprint"] = rng.integers(0, 2**63, FRAMES)
    frames["camera"] = rng.uniform(-5, 5, (FRAMES, 3))
    frames["lens"] = np.nan
    rows["frame"] = np.repeat(np.arange(FRAMES), EACH)
    rows["category"] = np.arange(len(rows)) % 2
    rows["name"] = np.arange(len(rows)) % 7 % 6 // 2 * 2 + rows["category"]
    rows["x"], rows["y"] = rng.integers(10, 400, (2, len(rows)))
    rows["width"], rows["height"] = rng.integers(30, 70, (2, len(rows)))
    rows["area"] = rows["width"] * rows["height"] // 2
    rows["visible"], rows["outside"], rows["distance"] = 0.9, 0.0, 5.0
    rows["view"] = rng.integers(0, NO_VIEW, len(rows))
    rows["stands_out"], rows["light"], rows["pieces"], rows["keypoints"] = 0.3, 0.5, 1, -1
    rows["name"][(frames["split"] == 1)[rows["frame"]] & (rows["category"] == 0) & (np.arange(len(rows)) % 5 == 0)] = 9
    paths = [f"shot/{number:04}" for number in range(FRAMES)]
    names = [f"thing.{number:03}" for number in range(10)]
    return Facts(frames, rows, paths, paths, ["apple", "bottle"], names, ["shot"], ["train", "val"], {})


def _rows(**values: Any) -> Callable[[Facts], Facts]:
    def change(facts: Facts) -> Facts:
        for name, value in values.items():
            facts.instances[name] = value
        return facts

    return change


def _none_of_bottle_in_val(facts: Facts) -> Facts:
    facts.instances["category"][facts.frames["split"][facts.instances["frame"]] == 1] = 0
    return facts


def _few(facts: Facts) -> Facts:
    facts.instances["category"] = 0
    facts.instances["category"][[3, 400]] = 1
    return facts


def _seen_from_above_only(facts: Facts) -> Facts:
    facts.instances["view"] %= NO_VIEW // 2
    return facts


def _one_place(facts: Facts) -> Facts:
    facts.frames["camera"] = 1.0
    return facts


def _mostly_empty(facts: Facts) -> Facts:
    facts.frames["instances"][: FRAMES // 2] = 0
    return dataclasses.replace(facts, instances=facts.instances[FRAMES // 2 * EACH :])


def _all_in_train(facts: Facts) -> Facts:
    facts.frames["split"] = 0
    return facts


WHOLE = {
    "unseen": lambda facts: dataclasses.replace(facts, categories=["apple", "bottle", "crate"]),
    "few_instances": _few,
    "imbalance": _few,
    "lacking": _none_of_bottle_in_val,
    "empty_split": _all_in_train,
    "single_object": _rows(name=0, category=0),
    "same_objects": _rows(name=1),
    "at_border": _rows(at_border=True),
    "never_seen_from": _seen_from_above_only,
    "one_camera": _one_place,
    "many_empty": _mostly_empty,
}


def test_nothing_is_said_of_a_fine_dataset() -> None:
    found = judge(fine_facts(), Known(validated=True))
    assert [one.key for one in found.findings] == []
    assert (found.level, found.headline) == (Level.NOTE, "Ready to train")
    assert len(found.fine) == 6


@pytest.mark.parametrize("key", list(WHOLE))
def test_the_whole(key: str) -> None:
    found = judge(WHOLE[key](fine_facts()))
    assert key in [one.key for one in found.findings]


def test_damaged_records_come_first() -> None:
    found = judge(fine_facts(), Known(["shot/0003.json is damaged; annotate the frame again"]))
    assert found.findings[0].key == "damaged"
    assert found.headline.startswith("Not ready: 1 ")


def test_a_damaged_record_is_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    for frame in fine_frames(4):
        frame.write(tmp_path / "dataset")
    record_path(tmp_path / "dataset", "shot/0004").write_text("{}")
    written = write_report(tmp_path / "dataset", SPLITS)
    assert written.judgement.findings[0].key == "damaged"
    assert "annotate the frame again" in written.problems[0]
    assert '"frames":3' in written.page.read_text("utf-8")


def test_what_is_known_of_the_whole_comes_first() -> None:
    known = Known(
        missing=["shot/0003", "shot/0004"], contradictions=["One disagrees", "Another one does."], damaged=["A"]
    )
    found = {one.key: one for one in judge(fine_facts(), known).findings[:3]}
    assert found["missing"].sentence == "2 planned frames without a record"
    assert "shot/0003-0004" in found["missing"].why
    assert found["contradicts"].why == "One disagrees. Another one does."
    assert found["damaged"].sentence == "1 record that cannot be read"
    many = judge(fine_facts(), Known(contradictions=[f"Number {number}" for number in range(9)])).findings[0]
    assert many.count == 9 and many.why.endswith("Number 4. And 4 more.")


def test_planned_frames_that_are_missing(tmp_path: Path) -> None:
    """Those over which a run has failed, for example. A damaged one is not missing, too."""
    dataset = tmp_path / "dataset"
    frames = fine_frames(4)
    for frame in frames:
        frame.write(dataset)
    planned = FrameList.of([*(frame.path for frame in frames), "shot/0100", "shot/0101"])
    DatasetPlan(Settings(), None, CATEGORIES, planned).write(DatasetFolder(dataset))
    record_path(dataset, "shot/0004").write_text("{}")
    written = write_report(dataset, SPLITS)
    keys = {one.key: one for one in written.judgement.findings}
    assert keys["missing"].count == 2 and "shot/0100-0101" in keys["missing"].why
    assert keys["damaged"].count == 1 and "contradicts" not in keys
    assert [problem for problem in written.problems if "without" in problem] == [
        "2 frames (shot/0100-0101): planned, and without a record"
    ]
    validated = write_report(dataset, SPLITS, validated=True).judgement
    assert "contradicts" not in [one.key for one in validated.findings]  # what validate says of it is said already


def test_frames_that_were_not_annotated(tmp_path: Path) -> None:
    """Blender has described them, and a run has failed there or was stopped; planned ones are missing anyhow."""
    dataset = tmp_path / "dataset"
    for frame in fine_frames(3):
        frame.write(dataset)
    for name in ("0002", "0004", "0005", "0006"):
        path = scene_path(DatasetFolder(dataset).scenes, f"shot/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
        share_tables({"objects": ["x" * 20_000]}, tables_folder(path))  # which is no frame
    found = {one.key: one for one in write_report(dataset, SPLITS).judgement.findings}
    assert found["only_described"].sentence == "1 frame that was not annotated"
    assert "shot/0005" in found["only_described"].why
    planned = FrameList.of(["shot/0002", "shot/0004", "shot/0005", "shot/0006"])
    DatasetPlan(Settings(), None, CATEGORIES, planned).write(DatasetFolder(dataset))
    found = {one.key: one for one in write_report(dataset, SPLITS).judgement.findings}
    assert "only_described" not in found and found["missing"].count == 1


def test_labels_that_a_setting_leaves_out_are_weak() -> None:
    facts = fine_facts()
    facts.instances["visible"][::20] = 0.05
    facts.instances["area"][::40] = 9
    found = judge(facts)
    assert found.headline == "Trainable; 5% of the labels are too weak"
    assert [one.option for one in found.remedies] == ["--min-visibility 0.1"]
    assert {one.key: one.within for one in found.findings} == {"hidden": "", "few_pixels": "hidden", "hollow": "hidden"}


# --- Drawn values ---


def gathered(draws: list[dict[str, Any] | None], split: Callable[[int], str] = lambda number: "train") -> Facts:
    gatherer = Gatherer(["train", "val"])
    for number, drawn in enumerate(draws):
        gatherer.add(plain_record(frame=number + 1), split(number), ImageFacts(ImageState.NOT_WRITTEN), drawn)
    return gatherer.facts([])


def test_drawn_values_become_filters() -> None:
    draws: list[dict[str, Any] | None] = [
        {"seed": 4, "Camera.distance": 4 + number / 10, "Sun.colour": [number / 20, 0.5], "look": "ab"[number % 2]}
        for number in range(20)
    ]
    filters, columns = filters_of(gathered([*draws, None]))
    drawn = {one.title: one for one in filters if one.key.startswith("drawn_")}
    assert list(drawn) == ["Camera.distance", "seed", "look", "Sun.colour 1", "Sun.colour 2"]
    assert drawn["seed"].labels == ["(none)", "4"] and drawn["look"].labels == ["(none)", "a", "b"]
    distance = drawn["Camera.distance"]
    assert (distance.edges[0], distance.edges[-1], len(distance.edges)) == (4.0, pytest.approx(5.9), 25)
    stored = {one.name: one for one in columns}[f"frames.{distance.key}"]
    values = stored.first + stored.stored[:20] * stored.step
    assert np.abs(values - [4 + number / 10 for number in range(20)]).max() <= 1.9 / 250 / 2 + 1e-9
    assert stored.has_missing and stored.stored[20] == stored.stored.max()


def test_frames_that_are_drawn_alike_in_two_splits_are_a_leak() -> None:
    draws: list[dict[str, Any] | None] = [{"seed": 1, "x": 0.5}, {"seed": 1, "x": 0.7}, {"seed": 1, "x": 0.5}, None]
    found = judge(gathered(draws, lambda number: "val" if number == 2 else "train"))
    (leak,) = [one for one in found.findings if one.key == "same_draw"]
    assert leak.items.tolist() == [0, 2]
    assert "same_draw" not in [one.key for one in judge(gathered(draws)).findings]


# --- From where things are seen ---


@pytest.mark.parametrize(
    ("camera", "ring", "sector"),
    [
        ((0, -3, 0), 4, 0),
        ((3, 0, 0.01), 3, 6),
        ((0, 3, 0.01), 3, 12),
        ((-3, 0, 0.01), 3, 18),
        ((0, 0, 3), 0, 0),
        ((0, 0, -3), 7, 0),
    ],
)
def test_sides(camera: tuple[float, float, float], ring: int, sector: int) -> None:
    """The front is -Y and the right +X, as in Blender."""
    pose = dataclasses.replace(plain_pose(0.0), translation=tuple(-one for one in camera))
    view = views_of([pose])
    assert view.field.tolist() == [24 * ring + sector] or (ring in (0, 7) and view.field[0] // 24 == ring)
    assert not view.inside[0]


def test_fields_are_of_one_size() -> None:
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(20_000, 3))
    directions *= 5 / np.linalg.norm(directions, axis=1)[:, None]
    pose = plain_pose(0.0)
    poses = [dataclasses.replace(pose, translation=tuple(place)) for place in (-directions).tolist()]
    counts = np.bincount(views_of(poses).field, minlength=NO_VIEW)
    assert counts.min() > 60 and counts.max() < 160  # 104 on average


# --- Colours ---


def test_few_categories_have_colours_that_all_eyes_tell_apart() -> None:
    for name, apart in _apart(colours_of([Category(f"c{number}") for number in range(8)])):
        assert apart[:3, :3].min() > 35, name
        assert apart.min() > 15, name


def test_splits_have_colours_that_all_eyes_tell_apart() -> None:
    for name, apart in _apart(SPLIT_COLOURS):
        assert apart.min() > 20, name
    # Also from the page, light or dark.
    for _, apart in _apart([*SPLIT_COLOURS, "#ffffff", "#1a1c1f"]):
        assert apart[-2:, : len(SPLIT_COLOURS)].min() > 30


def _apart(colours: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """How far colours are from each other, simulated as by Machado, Oliveira and Fernandes (2009), severity 1; distance
    as CIE76."""
    simulated = {
        "normal": np.eye(3),
        "protanopia": [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        "deuteranopia": [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ],
    }
    encoded = np.array([[int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] for colour in colours])
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    for name, matrix in simulated.items():
        lab = _lab(np.clip(linear @ np.array(matrix).T, 0, 1))
        yield name, np.linalg.norm(lab[:, None] - lab[None], axis=-1) + 1000 * np.eye(len(colours))


def _lab(linear: Any) -> Any:
    """CIE Lab of linear sRGB."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / (0.9505, 1.0, 1.089)
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack((116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])), axis=1)


def test_colours_of_the_category_table_are_kept() -> None:
    assert colours_of([Category("a", colour="#AABBCC"), Category("b")])[0] == "#aabbcc"
    many = colours_of([Category(f"c{number:02}") for number in range(40)])
    assert len(set(many)) == 40


# --- Where it goes ---


def test_another_folder_and_an_earlier_report(tmp_path: Path) -> None:
    fine_frame(2).write(tmp_path / "dataset")
    first = write_report(tmp_path / "dataset", SPLITS, tmp_path / "look here")
    assert '"root":"../dataset/"' in first.page.read_text("utf-8")
    (first.page.parent / "frames-0099.js").write_text("left over")
    write_report(tmp_path / "dataset", SPLITS, tmp_path / "look here")
    assert not (first.page.parent / "frames-0099.js").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not a report of Labelpass"):
        write_report(tmp_path / "dataset", Splits.parse("train=1"), tmp_path / "mine")
