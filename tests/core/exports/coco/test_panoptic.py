"""The export of COCO panoptic: the PNGs and their segments, against the records."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pycocotools.mask
from PIL import Image

from core.dataset.splits import Splits
from core.records.frame_record import FrameRecord
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
)

PANOPTIC = ExportFormat.COCO_PANOPTIC


def tables(dataset: Path, split: str) -> Any:
    return json.loads((dataset / f"exports/coco_panoptic/annotations/panoptic_{split}.json").read_text("utf-8"))


def ids_in(dataset: Path, split: str, name: str) -> npt.NDArray[np.int64]:
    with Image.open(dataset / f"exports/coco_panoptic/annotations/panoptic_{split}" / name) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return np.asarray(image).astype(np.int64) @ [1, 256, 65536]


def mask_of(record: FrameRecord, rle: str) -> npt.NDArray[np.bool_]:
    decoded = pycocotools.mask.decode({"size": [record.height, record.width], "counts": rle.encode()})
    return decoded.astype(bool)


def test_read_back(tmp_path: Path) -> None:
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    exported(tmp_path, PANOPTIC)
    splits = Splits.of_settings(Settings())

    for split in splits.names:
        data = tables(tmp_path, split)
        wanted = [record for record in records if splits.of(record) == split]
        names = {row["id"]: row["name"] for row in data["categories"]}
        assert all(row["isthing"] == 1 and len(row["color"]) == 3 for row in data["categories"])
        assert len(data["images"]) == len(data["annotations"]) == len(wanted)
        for image, row, record in zip(data["images"], data["annotations"], wanted, strict=True):
            assert row["image_id"] == image["id"]
            assert Path(row["file_name"]).stem == Path(image["file_name"]).stem
            image_file = tmp_path / f"exports/coco_panoptic/images/{split}" / image["file_name"]
            assert image_file.samefile(tmp_path / record.image)
            ids = ids_in(tmp_path, split, row["file_name"])
            assert ids.shape == (record.height, record.width)
            segments = {segment["id"]: segment for segment in row["segments_info"]}
            assert set(np.unique(ids)) - {0} == set(segments)
            known = {id: names[segment["category_id"]] for id, segment in segments.items()}
            for id, segment in segments.items():
                rows, columns = np.nonzero(ids == id)
                assert segment["area"] == rows.size
                x0, y0 = columns.min(), rows.min()
                assert segment["bbox"] == [x0, y0, columns.max() + 1 - x0, rows.max() + 1 - y0]
            for one in record.instances:
                (id,) = np.unique(ids[mask_of(record, one.mask.rle)])
                assert (segments[id]["area"], segments[id]["iscrowd"]) == (one.mask.area, 0)
                assert known[id] == one.category
            for region in record.ignored:
                (id,) = np.unique(ids[mask_of(record, region.mask.rle)])
                assert id == 0 if not region.category else (known[id], segments[id]["iscrowd"]) == (region.category, 1)


def test_stuff_is_one_segment_and_so_are_the_crowds_of_a_category(tmp_path: Path) -> None:
    labels = np.array([[1, 1, 2, 3], [4, 5, 5, 0], [6, 6, 7, 8]], np.uint32)
    names = {1: "sky", 2: "sky", 3: "bird", 4: "bird", 5: "bird", 6: "bird", 7: "sky", 8: "sky"}
    table = [Category("bird", 3), Category("sky", 8, stuff=True, colour="#0080ff")]
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", "", 1, names, ignored=[5, 6, 8])], table)
    exported(tmp_path, PANOPTIC, splits="train=1", media=Media.NONE)
    data = tables(tmp_path, "train")

    assert data["categories"][1] == {
        "id": 8, "name": "sky", "supercategory": "", "isthing": 0, "color": [0, 128, 255],
    }  # fmt: skip
    assert [(row["isthing"], row["id"]) for row in data["categories"]] == [(1, 3), (0, 8)]
    assert data["annotations"][0]["segments_info"] == [
        {"id": 1, "category_id": 8, "area": 4, "bbox": [0, 0, 3, 3], "iscrowd": 0},
        {"id": 2, "category_id": 3, "area": 1, "bbox": [3, 0, 1, 1], "iscrowd": 0},
        {"id": 3, "category_id": 3, "area": 1, "bbox": [0, 1, 1, 1], "iscrowd": 0},
        {"id": 4, "category_id": 3, "area": 4, "bbox": [0, 1, 3, 2], "iscrowd": 1},
        {"id": 5, "category_id": 8, "area": 1, "bbox": [3, 2, 1, 1], "iscrowd": 1},
    ]
    assert ids_in(tmp_path, "train", "a.png").tolist() == [[1, 1, 1, 2], [3, 4, 4, 0], [4, 4, 1, 5]]


def test_more_segments_than_a_byte_and_than_two(tmp_path: Path) -> None:
    labels = np.arange(1, 70_001, dtype=np.uint32).reshape(200, 350)
    write_made_up(tmp_path, [MadeUpFrame(labels, "many")], CATEGORIES[:1])
    exported(tmp_path, PANOPTIC, splits="train=1")

    assert (ids_in(tmp_path, "train", "many.png") == labels).all()
    assert len(tables(tmp_path, "train")["annotations"][0]["segments_info"]) == 70_000


def test_regions_of_all_categories_are_said(tmp_path: Path) -> None:
    labels = random_labels(2)
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", categories={1: ""}, ignored=[1])])
    done = exported(tmp_path, PANOPTIC, splits="train=1")

    assert "1 ignore region: of all categories, so void as pixels without a label are" in done.losses[PANOPTIC]
    assert (ids_in(tmp_path, "train", "a.png")[labels == 1] == 0).all()
