"""The Roboflow export: images beside their annotations, ids from 1 without gaps."""

import json
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO

from core.dataset.splits import Splits
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import CocoMasks, Settings
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
)

ROBOFLOW = ExportFormat.ROBOFLOW


@pytest.mark.parametrize("masks", list(CocoMasks))
def test_read_back(tmp_path: Path, masks: CocoMasks, capsys: pytest.CaptureFixture[str]) -> None:
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    exported(tmp_path, ROBOFLOW, splits="train=2,val=1,test=1", coco_masks=masks)
    splits = Splits.of_settings(Settings(splits="train=2,val=1,test=1"))

    for split, name in (("train", "train"), ("val", "valid"), ("test", "test")):
        folder = tmp_path / "exports/roboflow" / name
        coco = COCO(folder / "_annotations.coco.json")
        wanted = [record for record in records if splits.of(record) == split]
        assert {path.name for path in folder.iterdir()} == {
            "_annotations.coco.json",
            *(image["file_name"] for image in coco.imgs.values()),
        }
        for image, record in zip(coco.loadImgs(sorted(coco.imgs)), wanted, strict=True):
            assert (folder / image["file_name"]).samefile(tmp_path / record.image)
            rows = [row for row in coco.imgToAnns[image["id"]] if not row["iscrowd"]]
            for row, one in zip(rows, record.instances, strict=True):
                assert coco.cats[row["category_id"]]["name"] == one.category
                assert coco.annToMask(row).sum() == one.mask.area == row["area"]
                assert row["bbox"] == [one.mask.box.x0, one.mask.box.y0, one.mask.box.width, one.mask.box.height]
        assert [coco.cats[id]["name"] for id in range(len(CATEGORIES) + 1)] == [
            "objects",
            *(category.name for category in sorted(CATEGORIES, key=lambda category: category.id or 0)),
        ]
        assert {row["category_id"] for row in coco.anns.values()} <= set(range(1, len(CATEGORIES) + 1))
    capsys.readouterr()


@pytest.mark.parametrize(
    ("splits", "folders"),
    [
        ("train=1,val=1", {"train", "valid"}),
        ("train=1,Validation=1", {"train", "valid"}),
        ("val=1,validation=1", {"valid", "validation"}),
        ("val=1,valid=1", {"val", "valid"}),
    ],
)
def test_folders(tmp_path: Path, splits: str, folders: set[str]) -> None:
    write_made_up(tmp_path, several_frames(4))
    exported(tmp_path, ROBOFLOW, splits=splits)

    assert {path.parent.name for path in (tmp_path / "exports/roboflow").glob("*/_annotations.coco.json")} == folders


def test_categories(tmp_path: Path) -> None:
    """As in Roboflow's own exports: RF-DETR leaves out what is another's supercategory and has no instances."""
    table = [Category("objects", 3), Category("car", 9, "objects"), Category("oak", 11, "tree")]
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a", categories={1: "car"})], table)
    done = exported(tmp_path, ROBOFLOW, splits="train=1")

    data: Any = json.loads((tmp_path / "exports/roboflow/train/_annotations.coco.json").read_text("utf-8"))
    assert data["categories"] == [
        {"id": 0, "name": "objects_", "supercategory": "none"},
        {"id": 1, "name": "objects", "supercategory": "objects_"},
        {"id": 2, "name": "car", "supercategory": "objects_"},
        {"id": 3, "name": "oak", "supercategory": "objects_"},
    ]
    assert "2 categories: supercategory left out" in done.losses[ROBOFLOW]
