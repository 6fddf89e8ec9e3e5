"""The LVIS export, against the records; tests/readers has the judgement of the lvis package."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO

from core.dataset.splits import Splits
from core.settings.export_table import ExportFormat
from core.settings.settings import CocoMasks, Settings
from tests.core.made_up import CATEGORIES, MadeUpFrame, exported, several_frames, unusual_frames, write_made_up

LVIS = ExportFormat.LVIS
ALL = {category.name: category.id for category in CATEGORIES}


def tables(dataset: Path, split: str) -> Any:
    return json.loads((dataset / f"exports/lvis/annotations/lvis_{split}.json").read_text("utf-8"))


@pytest.mark.parametrize("masks", list(CocoMasks))
def test_read_back(tmp_path: Path, masks: CocoMasks, capsys: pytest.CaptureFixture[str]) -> None:
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    done = exported(tmp_path, LVIS, coco_masks=masks)
    splits = Splits.of_settings(Settings())

    for split in splits.names:
        coco = COCO(tmp_path / f"exports/lvis/annotations/lvis_{split}.json")
        wanted = [record for record in records if splits.of(record) == split]
        for image, record in zip(coco.loadImgs(sorted(coco.imgs)), wanted, strict=True):
            assert (tmp_path / "exports/lvis" / image["coco_url"]).samefile(tmp_path / record.image)
            assert image["coco_url"].endswith("/" + image["file_name"])
            shown = {ALL[one.category] for one in record.instances}
            names = {one.category for one in record.ignored}
            ignored = set(ALL.values()) if "" in names else {ALL[name] for name in names}
            assert set(image["neg_category_ids"]) == set(ALL.values()) - shown - ignored
            assert set(image["not_exhaustive_category_ids"]) == shown & ignored
            for row, one in zip(coco.imgToAnns[image["id"]], record.instances, strict=True):
                assert "iscrowd" not in row
                assert row["category_id"] == ALL[one.category]
                assert coco.annToMask(row).sum() == one.mask.area == row["area"]
    regions = sum(len(record.ignored) for record in records)
    assert f"{regions} ignore regions: left out; their category is not exhaustive there" in done.losses[LVIS]
    capsys.readouterr()


def some_frames(numbers: dict[str, int]) -> list[MadeUpFrame]:
    """As many frames with two instances of each category as it says."""
    frames = []
    for name, number in numbers.items():
        for place in range(number):
            labels = np.array([[1, 0, 2]], np.uint32)
            frames.append(MadeUpFrame(labels, f"{place:04}", f"of_{ALL[name]}", place, {1: name, 2: name}))
    return frames


def test_frequency(tmp_path: Path) -> None:
    """r to 10 images, c to 100, f beyond."""
    numbers = dict(zip(ALL, (10, 11, 100, 101), strict=True))
    write_made_up(tmp_path, some_frames(numbers))
    exported(tmp_path, LVIS, splits="train=900000000,val=1")

    for split in ("train", "val"):
        rows = {row["name"]: row for row in tables(tmp_path, split)["categories"]}
        assert [rows[name]["frequency"] for name in numbers] == ["r", "c", "c", "f"]
        assert {name: row["image_count"] for name, row in rows.items()} == numbers
        assert {name: row["instance_count"] for name, row in rows.items()} == {
            name: 2 * number for name, number in numbers.items()
        }


def test_frequency_is_that_of_the_training_images(tmp_path: Path) -> None:
    write_made_up(tmp_path, some_frames({"car": 30}))
    sizes = exported(tmp_path, LVIS, splits="train=1,val=1").split_sizes
    assert min(sizes.values()) > 0
    for split in sizes:
        assert tables(tmp_path, split)["categories"][0]["image_count"] == sizes["train"]

    exported(tmp_path, LVIS, splits="a=1,b=1")
    for split in ("a", "b"):
        assert tables(tmp_path, split)["categories"][0]["image_count"] == 30
