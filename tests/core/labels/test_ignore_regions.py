"""What is to be ignored: background, or regions in which detections count neither way, as COCO's evaluation has it."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.annotate.annotate import annotate
from core.base.box import Box
from core.base.dataset_folder import INSTANCES_FILE
from core.categories.rules import categorise
from core.exr.cryptomatte import hash_name
from core.labels.naming import name_labels
from core.records.frame_record import FrameRecord
from core.records.record_files import read_record_file
from core.scene.scene_record import Facts, SceneEntry
from core.settings.category_table import Category, CategoryTable, Rule, Source, Unknown
from core.settings.settings import Ignored, LabelSource, Settings
from tests.builders import NO_IMAGES, plain_job, plain_scene, read_record, record_path
from tests.core.datasets import write_coco_file
from tests.core.label_images import empty_labels

HEIGHT, WIDTH = 40, 60
OBJECTS = (
    SceneEntry("Car", 1, None, facts=Facts(category="car")),
    SceneEntry("Person", 2, None, facts=Facts(category="person")),
    SceneEntry("Far people", 3, None, facts=Facts(category="person", ignore=True)),
    SceneEntry("More people", 4, None, facts=Facts(category="person", ignore=True)),
    SceneEntry("Mirror", 5, None, facts=Facts(holdout=True)),
)
PLACES = {
    1: (slice(2, 14), slice(2, 20)),
    2: (slice(20, 38), slice(4, 12)),
    3: (slice(2, 12), slice(30, 38)),
    4: (slice(2, 12), slice(38, 44)),
    5: (slice(20, 38), slice(30, 55)),
}


@pytest.fixture
def labels() -> np.ndarray:
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    for label, place in PLACES.items():
        labels[place] = label
    return labels


def export(write_exr: Any, output: Path, labels: np.ndarray, ignored: Ignored) -> COCO:
    frame = write_exr(output / "frame_0001.exr", {"L.IndexOB.X": labels.astype(np.float32)})
    scene = plain_scene(*OBJECTS, width=WIDTH, height=HEIGHT)
    categorise(scene, CategoryTable((Category("bus", 9),))).write(output / "scene.json")
    settings = {"labels": LabelSource.OBJECT_INDEX, "ignored": ignored}
    annotate(plain_job(frame, output, output / "scene.json", **NO_IMAGES | settings))
    write_coco_file(output)
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(output / INSTANCES_FILE))


def precision(truth: COCO, detections: list[dict[str, Any]], category: int, kind: str) -> float:
    """Average precision at an IoU of 0.5, as pycocotools has it."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(detections), kind)
        evaluation.params.catIds, evaluation.params.iouThrs = [category], np.array([0.5])
        evaluation.evaluate()
        evaluation.accumulate()
    return float(evaluation.eval["precision"][0, :, 0, 0, 2].mean())


def detection(labels: np.ndarray, mask: np.ndarray, category: int, score: float) -> dict[str, Any]:
    rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {
        "image_id": 1,
        "category_id": category,
        "bbox": coco_mask.toBbox(rle).tolist(),
        "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()},
        "score": score,
    }


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_a_detection_in_an_ignore_region_is_no_false_positive(
    write_exr: Any, tmp_path: Path, labels: np.ndarray, kind: str
) -> None:
    """The same detections, more certain than the right one, against a dataset with regions and one without."""
    regions = export(write_exr, tmp_path / "regions", labels, Ignored.CROWD)
    without = export(write_exr, tmp_path / "without", labels, Ignored.BACKGROUND)
    ids = {row["name"]: row["id"] for row in regions.dataset["categories"]}
    assert ids == {"bus": 9, "car": 1, "person": 2}

    person = [detection(labels, labels == 2, ids["person"], 0.5)]
    in_group = [detection(labels, labels == 3, ids["person"], 0.9)]
    over_both = [detection(labels, (labels == 3) | (labels == 4), ids["person"], 0.9)]
    in_mirror = np.zeros_like(labels)
    in_mirror[22:36, 33:40] = 1
    mirrored = [detection(labels, in_mirror == 1, ids["person"], 0.9)]
    outside = np.zeros_like(labels)
    outside[30:38, 14:24] = 1
    wrong = [detection(labels, outside == 1, ids["person"], 0.9)]

    assert precision(regions, person, ids["person"], kind) == pytest.approx(1)
    for harmless in (in_group, over_both, mirrored):
        assert precision(regions, person + harmless, ids["person"], kind) == pytest.approx(1)
        assert precision(without, person + harmless, ids["person"], kind) == pytest.approx(0.5)
    assert precision(regions, person + wrong, ids["person"], kind) == pytest.approx(0.5)

    car = [detection(labels, labels == 1, ids["car"], 0.5)]
    mirrored_car = [detection(labels, in_mirror == 1, ids["car"], 0.9)]
    assert precision(regions, car + mirrored_car, ids["car"], kind) == pytest.approx(1), "ignored for all categories"
    car_in_group = [detection(labels, labels == 3, ids["car"], 0.9)]
    assert precision(regions, car + car_in_group, ids["car"], kind) == pytest.approx(0.5), "people are not cars"


def test_regions_in_the_dataset(write_exr: Any, tmp_path: Path, labels: np.ndarray) -> None:
    """One of a category, one for each category where it has none, with their pixels as a mask."""
    coco = export(write_exr, tmp_path, labels, Ignored.CROWD)
    names = {row["id"]: row["name"] for row in coco.dataset["categories"]}

    regions = [row for row in coco.dataset["annotations"] if row["iscrowd"]]

    assert [(row["name"], names[row["category_id"]]) for row in regions] == [
        ("ignored", "car"), ("ignored", "person"), ("ignored", "bus"), ("ignored person", "person"),
    ]  # fmt: skip
    assert np.array_equal(coco.annToMask(regions[3]), np.isin(labels, (3, 4)))
    for row in regions:
        assert coco.annToMask(row).sum() == row["area"]
        assert coco_mask.toBbox(coco.annToRLE(row)).tolist() == row["bbox"]
    assert [row["name"] for row in coco.dataset["annotations"] if not row["iscrowd"]] == ["Car", "Person"]
    assert [row["id"] for row in coco.dataset["annotations"]] == list(range(1, 7))
    assert coco.getAnnIds(iscrowd=True) == [row["id"] for row in regions]


def test_regions_in_the_record(write_exr: Any, tmp_path: Path, labels: np.ndarray) -> None:
    export(write_exr, tmp_path, labels, Ignored.CROWD)
    path = record_path(tmp_path, "frame_0001")
    record = read_record_file(path)
    assert [(region.name, region.category, region.labels) for region in record.ignored] == [
        ("ignored", "", (5,)), ("ignored person", "person", (3, 4)),
    ]  # fmt: skip
    assert [instance.name for instance in record.instances] == ["Car", "Person"]
    assert json.loads(path.read_bytes())["record"]["ignored"][0]["category"] == ""


def test_background_is_the_default(write_exr: Any, tmp_path: Path, labels: np.ndarray) -> None:
    assert Settings().ignored is Ignored.BACKGROUND
    coco = export(write_exr, tmp_path, labels, Settings().ignored)
    assert {row["name"] for row in coco.dataset["annotations"]} == {"Car", "Person"}
    assert not any(row["iscrowd"] for row in coco.dataset["annotations"])


def test_a_label_that_something_else_has_too_is_not_ignored(write_exr: Any, tmp_path: Path) -> None:
    entries = OBJECTS[2], SceneEntry("Person", 3, None, facts=Facts(category="person"))

    image = empty_labels()
    named, _, _ = name_labels([3], image, categorise(plain_scene(*entries), CategoryTable()), ignored=Ignored.CROWD)
    assert [(one.category, one.ignored) for one in named] == [("person", False)]


def test_without_a_scene_rules_on_names_ignore_too() -> None:
    names = {hash_name(name): name for name in ("Car.001", "Helper.002", "Lamp")}
    image = empty_labels(LabelSource.CRYPTO_OBJECT, names)
    table = CategoryTable(
        (Category("car", 4), Category("bus", 5)),
        (Rule(Source.OBJECT_NAME, "Helper*", ignore=True), Rule(Source.OBJECT_NAME, "Car*", "car")),
        Unknown.BACKGROUND,
    )
    named, categories, notes = name_labels(sorted(names), image, None, ignored=Ignored.CROWD, table=table)
    assert [(one.name, one.category, one.ignored) for one in named] == [
        ("Car.001", "car", False), ("ignored", "", True),
    ]  # fmt: skip
    assert categories == [Category("bus", 5), Category("car", 4)]
    assert notes == []


@pytest.mark.parametrize("source", [LabelSource.OBJECT_INDEX, LabelSource.MATERIAL_INDEX])
def test_without_a_scene_an_index_can_be_the_id_of_a_category(source: LabelSource) -> None:
    image = empty_labels(source)
    table = CategoryTable(
        (Category("car", 4), Category("sky", 5, stuff=True)),
        (Rule(Source.PASS_INDEX, "10-12", "car"), Rule(Source.PASS_INDEX, "105", "sky"), Rule(Source.PASS_INDEX)),
    )
    named, categories, _ = name_labels([4, 5, 11, 30, 5 + 100], image, None, table=table)
    assert [(one.name, one.category) for one in named] == [
        ("index_11", "car"), ("index_30", "index_30"), ("index_4", "car"), ("sky", "sky"),
    ]  # fmt: skip
    assert categories == [Category("car", 4), Category("index_30"), Category("sky", 5, stuff=True)]


# --- Holdouts, which have no label ------------------------------------------------------------------------------------


def holdout_frame(write_exr: Any, folder: Path, **scene: Any) -> FrameRecord:
    """A car next to a holdout that cuts a hole of 25 x 18 pixels into the picture."""
    labels = np.zeros((HEIGHT, WIDTH), np.float32)
    labels[PLACES[1]] = 1
    alpha = np.ones((HEIGHT, WIDTH), np.float32)
    alpha[PLACES[5]] = 0
    alpha[20, 30:55] = 0.75  # an outline runs through these
    channels = {f"L.Combined.{letter}": alpha for letter in scene.pop("letters", "RGBA")}
    frame = write_exr(folder / "frame_0001.exr", {"L.IndexOB.X": labels, **channels})
    entries = (OBJECTS[0], OBJECTS[4])
    known = {"width": WIDTH, "height": HEIGHT, "opaque": (0, 0, WIDTH, HEIGHT)} | scene
    categorise(plain_scene(*entries, **known), CategoryTable()).write(folder / "scene.json")
    return annotate(plain_job(frame, folder, folder / "scene.json", ignored=Ignored.CROWD, **NO_IMAGES))


def test_a_holdout_is_the_hole_in_the_alpha(write_exr: Any, tmp_path: Path) -> None:
    record = holdout_frame(write_exr, tmp_path)
    (region,) = record.ignored
    assert (region.name, region.category, region.mask.area) == ("ignored holdouts", "", 25 * 17)
    assert read_record(tmp_path, "frame_0001").ignored == record.ignored
    assert [instance.name for instance in record.instances] == ["Car"]


def test_outside_of_the_border_of_a_render_there_is_no_holdout(write_exr: Any, tmp_path: Path) -> None:
    record = holdout_frame(write_exr, tmp_path, opaque=(0, 25, 40, HEIGHT))
    assert record.ignored[0].mask.box == Box(30, 25, 40, 38)


def test_holdouts_that_cannot_be_seen(write_exr: Any, tmp_path: Path) -> None:
    record = holdout_frame(write_exr, tmp_path / "film", opaque=None)
    assert record.ignored == () and "turn off Film > Transparent" in record.notes[0]
    for letters in ("", "RGB"):
        record = holdout_frame(write_exr, tmp_path / f"none{letters}", letters=letters)
        assert record.ignored == () and "There is no Combined pass with alpha" in record.notes[0]
