"""The COCO export as pycocotools reads it, against the records."""

from pathlib import Path

import pycocotools.mask
import pytest
from pycocotools.coco import COCO

from core.dataset.splits import Splits
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings
from tests.core.made_up import exported, several_frames, write_made_up


def test_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = write_made_up(tmp_path, several_frames())
    exported(tmp_path, ExportFormat.COCO)
    splits = Splits.of_settings(Settings())
    folder = tmp_path / "exports/coco"

    for split in splits.names:
        coco = COCO(folder / f"annotations/instances_{split}.json")
        wanted = [record for record in records if splits.of(record) == split]
        assert len(coco.imgs) == len(wanted)
        for image, record in zip(coco.loadImgs(sorted(coco.imgs)), wanted, strict=True):
            assert (folder / f"images/{split}" / image["file_name"]).samefile(tmp_path / record.image)
            rows = coco.loadAnns(coco.getAnnIds(image["id"]))
            assert [row["name"] for row in rows if not row["iscrowd"]] == [one.name for one in record.instances]
            for row, instance in zip(rows, record.instances, strict=False):
                assert coco.loadCats(row["category_id"])[0]["name"] == instance.category
                decoded = coco.annToMask(row)
                assert decoded.sum() == instance.mask.area == row["area"]
                assert pycocotools.mask.toBbox(coco.annToRLE(row)).tolist() == row["bbox"]
    capsys.readouterr()
