"""YOLO exports as programs other than Ultralytics read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pycocotools.mask
import pytest
import supervision
from datumaro import Bbox, Dataset
from globox import AnnotationSet
from labelformat.formats.yolov8 import YOLOv8ObjectDetectionInput
from labelformat.model.bounding_box import BoundingBoxFormat

from core.dataset.splits import Splits
from core.exports.file_names import file_name
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings
from tests.core.made_up import CATEGORIES, exported, several_frames, write_made_up

NAMES = [one.name for one in sorted(CATEGORIES, key=lambda one: one.id or 0)]
SPLITS = Splits.of_settings(Settings()).names
Row = tuple[str, tuple[float, ...]]


@pytest.fixture
def records(tmp_path: Path) -> list[FrameRecord]:
    return write_made_up(tmp_path, several_frames(20))


def wanted(records: list[FrameRecord], split: str) -> dict[str, list[Row]]:
    """Name of each image -> category and box of its instances."""
    splits = Splits.of_settings(Settings())
    return {
        file_name(record.path): [(one.category, box_of(one)) for one in record.instances]
        for record in records
        if splits.of(record) == split
    }


def box_of(one: Instance) -> tuple[float, ...]:
    box = one.mask.box
    return (box.x0, box.y0, box.x1, box.y1)


def compare(found: dict[str, list[Row]], records: list[FrameRecord], split: str) -> None:
    right = wanted(records, split)
    assert found.keys() == right.keys()
    for name, rows in right.items():
        assert [category for category, _ in found[name]] == [category for category, _ in rows]
        assert np.allclose(
            np.reshape([box for _, box in found[name]], (-1, 4)),
            np.reshape([box for _, box in rows], (-1, 4)),
            atol=1e-3,
        )


def by_supervision(folder: Path, split: str, **options: Any) -> supervision.DetectionDataset:
    return supervision.DetectionDataset.from_yolo(
        str(folder / "images" / split), str(folder / "labels" / split), str(folder / "data.yaml"), **options
    )


def detections(read: supervision.DetectionDataset, records: list[FrameRecord]) -> Iterator[tuple[Any, FrameRecord]]:
    of_name = {file_name(record.path): record for record in records}
    for path, _, found in read:
        yield found, of_name[Path(path).name.rsplit(".", 1)[0]]


def test_supervision_boxes(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.YOLO_DETECT)
    for split in SPLITS:
        read = by_supervision(tmp_path / "exports/yolo_detect", split)
        assert read.classes == NAMES
        rows = {
            file_name(record.path): [
                (NAMES[number], tuple(box)) for number, box in zip(found.class_id, found.xyxy, strict=True)
            ]
            if len(found)
            else []
            for found, record in detections(read, records)
        }
        compare(rows, records, split)
    reads_back("yolo_detect", "supervision", "images, boxes, classes")


def test_supervision_masks(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    """It rounds to the nearest pixel, where Ultralytics cuts off, and finds the same."""
    exported(tmp_path, ExportFormat.YOLO_SEGMENT)
    exact = 0
    for split in SPLITS:
        for found, record in detections(by_supervision(tmp_path / "exports/yolo_segment", split), records):
            masks = found.mask if len(found) else []
            for mask, number, one in zip(masks, found.class_id, record.instances, strict=True):
                size = [record.height, record.width]
                right = pycocotools.mask.decode({"size": size, "counts": one.mask.rle.encode()}).astype(bool)
                pieces, _ = cv2.connectedComponents(right.astype(np.uint8), connectivity=4)
                assert NAMES[number] == one.category
                assert pieces > 2 or np.array_equal(mask, right)
                exact += np.array_equal(mask, right)
    assert exact > 50
    reads_back("yolo_segment", "supervision", "images, classes; masks exactly, if of one piece")


def test_supervision_turned_boxes(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.YOLO_OBB)
    for split in SPLITS:
        for found, record in detections(by_supervision(tmp_path / "exports/yolo_obb", split, is_obb=True), records):
            corners: npt.NDArray[np.float32] = found.data["xyxyxyxy"] if len(found) else np.zeros((0, 4, 2), np.float32)
            for rectangle, number, one in zip(corners, found.class_id, record.instances, strict=True):
                size = [record.height, record.width]
                rows, columns = np.nonzero(pycocotools.mask.decode({"size": size, "counts": one.mask.rle.encode()}))
                points = np.concatenate([np.stack((columns + dx, rows + dy), 1) for dx in (0, 1) for dy in (0, 1)])
                _, smallest, _ = cv2.minAreaRect(points.astype(np.float32))
                assert NAMES[number] == one.category
                assert cv2.contourArea(rectangle) >= 0.999 * smallest[0] * smallest[1]
                for x, y in points:
                    assert cv2.pointPolygonTest(rectangle, (float(x), float(y)), True) > -0.01
    reads_back("yolo_obb", "supervision", "images, boxes, classes")


def test_globox(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.YOLO_DETECT)
    for split in SPLITS:
        folder = tmp_path / "exports/yolo_detect"
        images = folder / "images" / split
        read = AnnotationSet.from_yolo_v5(folder / "labels" / split, image_folder=images, image_extension=".png")
        rows = {
            one.image_id.rsplit(".", 1)[0]: [(NAMES[int(box.label)], box.ltrb) for box in one.boxes] for one in read
        }
        compare(rows, records, split)
    reads_back("yolo_detect", "globox", "images, boxes, classes")


def test_labelformat(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.YOLO_DETECT)
    for split in SPLITS:
        read = YOLOv8ObjectDetectionInput(tmp_path / "exports/yolo_detect/data.yaml", split)
        rows = {
            label.image.filename.rsplit(".", 1)[0]: [
                (one.category.name, tuple(one.box.to_format(BoundingBoxFormat.XYXY))) for one in label.objects
            ]
            for label in read.get_labels()
        }
        compare(rows, records, split)
    reads_back("yolo_detect", "labelformat", "images, boxes, classes")


def test_datumaro(tmp_path: Path, records: list[FrameRecord], reads_back: Any) -> None:
    exported(tmp_path, ExportFormat.YOLO_DETECT)
    read = Dataset.import_from(str(tmp_path / "exports/yolo_detect"), "yolo")
    labels = read.categories()[next(iter(read.categories()))]
    for split in SPLITS:
        rows = {
            item.id: [(labels[one.label].name, tuple(one.points)) for one in item.annotations if isinstance(one, Bbox)]
            for item in read
            if item.subset == split
        }
        compare(rows, records, split)
    reads_back("yolo_detect", "datumaro", "images, boxes, classes")
