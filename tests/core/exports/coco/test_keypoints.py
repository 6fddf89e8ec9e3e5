"""The export of COCO keypoints as pycocotools reads and evaluates it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.base.errors import RecordError
from core.records.frame_record import FrameRecord
from core.scene.keypoints import ABSENT, Keypoint, Visibility
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import CocoMasks
from tests.core.made_up import MadeUpFrame, exported, random_labels, write_made_up

KEYPOINTS = ExportFormat.COCO_KEYPOINTS
# Ids with gaps, and as many keypoints in each as no other has.
PERSON = Category("person", 4, "animal", keypoints=("nose", "left hand", "right hand"), skeleton=((1, 2), (1, 3)))
CHAIR = Category("chair", 20, keypoints=("seat", "back"))
TREE = Category("tree", 9)


def some_keypoints(category: Category, seed: int) -> dict[str, Any]:
    """Keypoints of an instance: hidden, seen, and the last of them absent."""
    places = np.random.default_rng(seed).uniform(1, 40, (len(category.keypoints) - 1, 2)).tolist()
    points = [Keypoint(x, y, Visibility(1 + number % 2), 3.0) for number, (x, y) in enumerate(places)]
    return {"keypoints": (*points, ABSENT)}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_people(tmp_path)
    return tmp_path


def write_people(dataset: Path) -> list[FrameRecord]:
    """Frames of which one is empty, with instances of all three categories, and regions to ignore."""
    names = {1: "person", 2: "chair", 3: "tree", 4: "person", 5: "chair", 6: "person"}
    frames = []
    for place in range(6):
        known = {
            label: some_keypoints({"person": PERSON, "chair": CHAIR}[names[label]], 10 * place + label)
            for label in (1, 2, 4, 6)
        }
        labels = random_labels(place) if place != 4 else np.zeros((48, 64), np.uint32)
        ignored = [6] if place % 2 else []
        frames.append(MadeUpFrame(labels, f"f_{place:04}", "", place, names, ignored, instances=known))
    return write_made_up(dataset, frames, [PERSON, CHAIR, TREE])


def test_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = write_people(tmp_path)
    done = exported(tmp_path, KEYPOINTS, splits="train=1", coco_masks=CocoMasks.POLYGONS)
    folder = tmp_path / "exports/coco_keypoints"
    coco = COCO(folder / "annotations/person_keypoints_train.json")
    capsys.readouterr()

    assert coco.cats == {
        4: {"id": 4, "name": "person", "supercategory": "animal", "keypoints": ["nose", "left hand", "right hand"],
            "skeleton": [[1, 2], [1, 3]]},
        20: {"id": 20, "name": "chair", "supercategory": "", "keypoints": ["seat", "back"], "skeleton": []},
    }  # fmt: skip
    assert len(coco.imgs) == 6
    trees = regions = 0
    for image, record in zip(coco.imgs.values(), records, strict=True):
        rows = {row["name"]: row for row in coco.imgToAnns[image["id"]]}
        trees += sum(one.category == "tree" for one in record.instances)
        regions += len(record.ignored)
        assert rows.keys() == {one.name for one in (*record.instances, *record.ignored) if one.category != "tree"}
        for one in record.instances:
            if one.category == "tree":
                continue
            row = rows[one.name]
            number = len(coco.cats[row["category_id"]]["keypoints"])
            points = one.keypoints or [ABSENT] * number
            flat = [value for point in points for value in (point.x, point.y, point.visibility)]
            assert row["keypoints"] == flat and len(flat) == 3 * number
            assert row["num_keypoints"] == sum(seen > 0 for seen in flat[2::3])
            assert coco.annToMask(row).sum() == row["area"] == one.mask.area
        for region in record.ignored:
            row = rows[region.name]
            assert (row["keypoints"], row["num_keypoints"], row["iscrowd"]) == ([0] * 9, 0, 1)
    assert trees and regions
    assert f"{trees} instances: their category has no keypoints, left out" in done.losses[KEYPOINTS]


@pytest.mark.parametrize("category", [PERSON, CHAIR])
def test_evaluation(dataset: Path, category: Category, capsys: pytest.CaptureFixture[str]) -> None:
    """What the page says is what COCOeval needs: the truth as a result is perfect, and moved by far it is not."""
    exported(dataset, KEYPOINTS, splits="train=1")
    folder = dataset / "exports/coco_keypoints"
    number = len(category.keypoints)
    page = (folder / "LABELPASS.md").read_text("utf-8")
    assert f"| {category.id} | {number} |" in page
    assert "kpt_oks_sigmas = np.full(3, 0.05)" in page and "catIds = [4]" in page

    coco = COCO(folder / "annotations/person_keypoints_train.json")
    for offset, precision in ((0, 1.0), (30, 0.0)):
        results = [
            {"image_id": row["image_id"], "category_id": row["category_id"], "score": 1.0,
             "keypoints": [value + offset * (place % 3 < 2) for place, value in enumerate(row["keypoints"])]}
            for row in coco.anns.values() if row["num_keypoints"]
        ]  # fmt: skip
        evaluation = COCOeval(coco, coco.loadRes(results), "keypoints")
        evaluation.params.catIds = [category.id]
        evaluation.params.kpt_oks_sigmas = np.full(number, 0.05)
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]] * 3, ["all", "medium", "large"]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        assert evaluation.stats[0] == pytest.approx(precision, abs=0.05)
    capsys.readouterr()


def test_without_keypoints(tmp_path: Path) -> None:
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a")], [TREE])

    with pytest.raises(RecordError, match="The format coco_keypoints needs an instance with keypoints"):
        exported(tmp_path, KEYPOINTS)
