"""The COCO export as pycocotools reads it, against the records and the dataset's own COCO file."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pycocotools.mask
import pytest
from pycocotools.coco import COCO

from core.base.box import Box
from core.base.errors import RecordError
from core.dataset.merge import merge
from core.dataset.splits import Splits
from core.records.instance import Amodal, SoftMask
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import CocoMasks, Settings, SplitBy
from tests.builders import write_record
from tests.core.made_up import MadeUpFrame, exported, random_labels, several_frames, unusual_frames, write_made_up

BOTH = pytest.mark.parametrize("masks", list(CocoMasks))


def tables(dataset: Path, split: str) -> Any:
    return json.loads((dataset / f"exports/coco/annotations/instances_{split}.json").read_text("utf-8"))


@BOTH
def test_read_back(tmp_path: Path, masks: CocoMasks, capsys: pytest.CaptureFixture[str]) -> None:
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    exported(tmp_path, ExportFormat.COCO, coco_masks=masks)
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
            assert {row["name"] for row in rows if row["iscrowd"]} == {one.name for one in record.ignored}
            known = {one.name: one for one in (*record.instances, *record.ignored)}
            for row in rows:
                one = known[row["name"]]
                category = coco.loadCats(row["category_id"])[0]["name"]
                assert one.category in (category, "")
                assert coco.annToMask(row).sum() == one.mask.area == row["area"]
                assert coco.annToRLE(row)["counts"] in (one.mask.rle, one.mask.rle.encode())
                assert pycocotools.mask.toBbox(coco.annToRLE(row)).tolist() == row["bbox"]
                assert isinstance(row["segmentation"], list) == (masks is CocoMasks.POLYGONS and not row["iscrowd"])
    capsys.readouterr()


def test_rows_are_those_of_the_dataset(tmp_path: Path) -> None:
    """Ids, tracks and all that the file can hold; every id that it names is in it."""
    labels = random_labels(1)
    amodal = {"amodal": Amodal("0d0", Box(0, 0, 9, 9), 5, 4, 3), "at_border": True}
    frames = [MadeUpFrame(labels, f"{place:04}", f"s{place % 6}", place, instances={1: amodal}) for place in range(12)]
    write_made_up(tmp_path, frames)
    merge(tmp_path)
    own = json.loads((tmp_path / "annotations/instances.json").read_text("utf-8"))
    done = exported(tmp_path, ExportFormat.COCO, splits="train=1,val=1", split_by=SplitBy.SEQUENCE)
    assert min(done.split_sizes.values()) > 0

    for table in ("images", "annotations", "videos", "tracks"):
        rows = [row for split in done.split_sizes for row in tables(tmp_path, split)[table]]
        wanted = own[table]
        if table == "images":
            for row in wanted:
                row["file_name"] = row["file_name"].removeprefix("images/").replace("/", "__")
        assert sorted(rows, key=lambda row: row["id"]) == wanted
    for split in done.split_sizes:
        data = tables(tmp_path, split)
        ids = {table: {row["id"] for row in data[table]} for table in ("images", "categories", "videos", "tracks")}
        assert {row["video_id"] for row in data["images"]} == ids["videos"]
        assert {row["track_id"] for row in data["annotations"]} == ids["tracks"]
        assert {row["category_id"] for row in data["annotations"]} <= ids["categories"]


def test_what_would_mislead_is_left_out_and_said(tmp_path: Path) -> None:
    """Soft masks are files that are not in it, and a reader takes a first row with keypoints for COCO's other task."""
    labels = np.zeros((6, 8), np.uint32)
    labels[1:4, 2:5], labels[4:, 5:] = 1, 2
    soft = SoftMask("soft_masks/a/1.png", Box(0, 0, 3, 3))
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", instances={1: {"soft_mask": soft, "keypoints": ()}})],
                  [Category("cat", 3, keypoints=("nose",))])  # fmt: skip
    done = exported(tmp_path, ExportFormat.COCO, splits="train=1")

    assert done.losses[ExportFormat.COCO] == (
        "1 instance: keypoints left out; the formats coco_keypoints and yolo_pose have them",
        "1 instance: soft mask left out",
    )
    text = (tmp_path / "exports/coco/annotations/instances_train.json").read_text("utf-8")
    assert "soft_mask" not in text and "keypoints" not in text


def test_ten_thousand_instances(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = np.arange(1, 10_001, dtype=np.uint32).reshape(100, 100).repeat(2, axis=0).repeat(2, axis=1)
    write_made_up(tmp_path, [MadeUpFrame(labels, "many")], [Category("only one", 5)])
    exported(tmp_path, ExportFormat.COCO, splits="train=1", coco_masks=CocoMasks.POLYGONS)

    coco = COCO(tmp_path / "exports/coco/annotations/instances_train.json")
    assert len(coco.anns) == 10_000
    rles = [coco.annToRLE(row) for row in coco.anns.values()]
    assert {pycocotools.mask.area(rle) for rle in rles} == {4}
    assert pycocotools.mask.decode(pycocotools.mask.merge(rles)).all()
    capsys.readouterr()


def test_a_damaged_mask(tmp_path: Path) -> None:
    (record,) = write_made_up(tmp_path, [MadeUpFrame(random_labels(3), "a")])
    one = record.instances[0]
    wrong = dataclasses.replace(one, mask=dataclasses.replace(one.mask, rle="01"))
    write_record(tmp_path, dataclasses.replace(record, instances=(wrong,)))

    with pytest.raises(RecordError, match=r"record of the frame a is damaged \(.+\); annotate that frame again"):
        exported(tmp_path, ExportFormat.COCO, coco_masks=CocoMasks.POLYGONS)
    assert not (tmp_path / "exports/coco").exists()
