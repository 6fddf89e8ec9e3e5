"""YOLO exports as Ultralytics reads them: its own loader, and trainings that end."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pycocotools.mask
import pytest
from ultralytics import YOLO
from ultralytics.cfg import DEFAULT_CFG
from ultralytics.data.build import build_yolo_dataset
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset, polygons2masks
from ultralytics.utils.ops import resample_segments, xyxyxyxy2xywhr

from core.dataset.splits import Splits
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
    write_rich,
)

Mask = npt.NDArray[np.bool_]
TRAINING = {"epochs": 1, "imgsz": 64, "device": "cpu", "workers": 0, "plots": False, "val": False}


def loaded(dataset: Path, format: ExportFormat, split: str) -> tuple[Any, Any]:
    """What Ultralytics says of a split: the description of the data, and its dataset."""
    task = format.value.removeprefix("yolo_")
    data = check_det_dataset(dataset / "exports" / format / "data.yaml")
    return data, YOLODataset(img_path=data[split], data=data, task=task, augment=False, imgsz=64)


def labels_of(dataset: Path, format: ExportFormat, records: Sequence[FrameRecord]) -> Iterator[tuple[Any, FrameRecord]]:
    """Each label that is read, with the record of its image; those of images that are large enough are all there."""
    read = []
    for split in Splits.of_settings(Settings()).names:
        data, found = loaded(dataset, format, split)
        for label in found.labels:
            inode = Path(label["im_file"]).stat().st_ino
            (record,) = (one for one in records if (dataset / one.image).stat().st_ino == inode)
            assert label["shape"] == (record.height, record.width)
            label["names"] = [data["names"][int(number)] for number in label["cls"][:, 0]]
            read.append(record)
            yield label, record
    assert {record.path for record in records if min(record.width, record.height) >= 10} == {one.path for one in read}


def box_of(one: Instance) -> list[int]:
    box = one.mask.box
    return [box.x0, box.y0, box.x1, box.y1]


def boxes_in(label: Any, record: FrameRecord) -> npt.NDArray[np.float64]:
    centre, half = label["bboxes"][:, :2], label["bboxes"][:, 2:] / 2
    size = np.array([record.width, record.height] * 2)
    boxes: npt.NDArray[np.float64] = np.concatenate((centre - half, centre + half), 1) * size
    return boxes


def mask_of(record: FrameRecord, one: Instance) -> Mask:
    return pycocotools.mask.decode({"size": [record.height, record.width], "counts": one.mask.rle.encode()}).astype(
        bool
    )


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "dataset"


def test_boxes(dataset: Path, reads_back: Any) -> None:
    records = write_made_up(dataset, [*several_frames(12), *unusual_frames()])
    exported(dataset, ExportFormat.YOLO_DETECT)
    data = check_det_dataset(dataset / "exports/yolo_detect/data.yaml")

    assert list(data["names"].values()) == [one.name for one in sorted(CATEGORIES, key=lambda one: one.id or 0)]
    for label, record in labels_of(dataset, ExportFormat.YOLO_DETECT, records):
        wanted = [box_of(one) for one in record.instances]
        assert np.allclose(boxes_in(label, record), np.reshape(wanted, (-1, 4)), atol=1e-4)
        assert label["names"] == [one.category for one in record.instances]
    reads_back("yolo_detect", "ultralytics", "images, boxes, classes")


def test_names(dataset: Path) -> None:
    names = ["on", "1", "a: b", "- c", 'say "hi" \\ #no', "\U0001f40e", "line\u2028break\x85\t", "~", "x" * 200]
    frames = [MadeUpFrame(random_labels(seed), f"f_{seed:04}") for seed in range(8)]
    write_made_up(dataset, frames, [Category(name, 10 * number + 1) for number, name in enumerate(names)])
    exported(dataset, ExportFormat.YOLO_DETECT)

    assert check_det_dataset(dataset / "exports/yolo_detect/data.yaml")["names"] == dict(enumerate(names))


def test_equal_rows_are_read_as_one(dataset: Path) -> None:
    """As the result of the export says it."""
    y, x = np.mgrid[:20, :30]
    chess = ((x + y) % 2 + 1).astype(np.uint32)
    records = write_made_up(dataset, [*several_frames(12), MadeUpFrame(chess, "chess")])
    exported(dataset, ExportFormat.YOLO_DETECT)

    (label,) = (one for one, record in labels_of(dataset, ExportFormat.YOLO_DETECT, records) if record.name == "chess")
    assert len(label["cls"]) == 1


def test_polygons(dataset: Path, reads_back: Any) -> None:
    """Those of one piece are filled to the mask, also after Ultralytics has put points between them."""
    records = write_made_up(dataset, [*several_frames(40), *unusual_frames()])
    exported(dataset, ExportFormat.YOLO_SEGMENT)
    exact = 0
    for label, record in labels_of(dataset, ExportFormat.YOLO_SEGMENT, records):
        assert label["names"] == [one.category for one in record.instances]
        segments = resample_segments([one.copy() for one in label["segments"]]) if label["segments"] else []
        size = np.array([record.width, record.height], np.float32)
        masks = polygons2masks((record.height, record.width), [one * size for one in segments], color=1)
        for found, one in zip(masks.astype(bool), record.instances, strict=True):
            mask = mask_of(record, one)
            pieces, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
            assert found[mask].all()
            assert pieces > 2 or np.array_equal(found, mask)
            exact += np.array_equal(found, mask)
    assert exact > 100
    reads_back("yolo_segment", "ultralytics", "images, classes; masks exactly, if of one piece")


def test_keypoints(dataset: Path, reads_back: Any) -> None:
    records = write_rich(dataset, 20)
    exported(dataset, ExportFormat.YOLO_POSE)
    seen = 0
    for label, record in labels_of(dataset, ExportFormat.YOLO_POSE, records):
        people = [one for one in record.instances if one.category == "person"]
        assert label["names"] == ["person"] * len(people)
        assert np.allclose(boxes_in(label, record), np.reshape([box_of(one) for one in people], (-1, 4)), atol=1e-4)
        for found, one in zip(label["keypoints"], people, strict=True):
            wanted = [(point.x, point.y, point.visibility) for point in one.keypoints or ()]
            if wanted:
                assert np.allclose(found * (record.width, record.height, 1), wanted, atol=1e-4)
                seen += 1
            else:
                assert not found.any()
    assert seen > 20
    reads_back("yolo_pose", "ultralytics", "images, boxes, classes, keypoints")


def test_turned_boxes(dataset: Path, reads_back: Any) -> None:
    """Also those with corners outside the image are read, and stay as they are in what is trained on."""
    y, x = np.mgrid[:48, :64]
    corner = ((x + y < 40) & (x + 2 * y > 20)).astype(np.uint32)
    diagonal = (abs(x * 48 - y * 64) < 900).astype(np.uint32)
    more = [MadeUpFrame(labels, name) for labels, name in ((corner, "corner"), (diagonal, "diagonal"))]
    records = write_made_up(dataset, [*several_frames(12), *unusual_frames(), *more])
    exported(dataset, ExportFormat.YOLO_OBB)
    outside = 0
    for label, record in labels_of(dataset, ExportFormat.YOLO_OBB, records):
        assert label["names"] == [one.category for one in record.instances]
        segments = np.reshape(label["segments"], (-1, 4, 2))
        outside += int(((segments < 0) | (segments > 1)).any(axis=(1, 2)).sum())
        boxes = xyxyxyxy2xywhr(segments * (record.width, record.height))
        for (_, _, width, height, _), corners, one in zip(boxes, segments, record.instances, strict=True):
            rows, columns = np.nonzero(mask_of(record, one))
            points = np.concatenate([np.stack((columns + dx, rows + dy), 1) for dx in (0, 1) for dy in (0, 1)])
            _, size, _ = cv2.minAreaRect(points.astype(np.float32))
            assert width * height >= 0.999 * size[0] * size[1]
            if np.ptp(corners, axis=0).max() < 0.8:
                assert width * height == pytest.approx(size[0] * size[1], rel=1e-3)
    assert outside > 3
    _, found = loaded(dataset, ExportFormat.YOLO_OBB, "train")
    for number, label in enumerate(found.labels):
        if label["shape"] == (48, 64) and len(label["segments"]):
            wanted = xyxyxyxy2xywhr(np.reshape(label["segments"], (-1, 4, 2)) * (64, 48) + (0, 8))
            item = found[number]["bboxes"].numpy() * (64, 64, 64, 64, 1)
            assert np.allclose(item[:, :4], wanted[:, :4], atol=0.05)
    reads_back("yolo_obb", "ultralytics", "images, boxes, classes")


def test_depth(dataset: Path, reads_back: Any) -> None:
    records = write_rich(dataset, 20)
    exported(dataset, ExportFormat.YOLO_DEPTH)
    data = check_det_dataset(dataset / "exports/yolo_depth/data.yaml")
    read = 0
    for split in ("train", "val"):
        found = build_yolo_dataset(_depth_arguments(), data[split], 1, data, mode="val")
        for number, file in enumerate(found.im_files):
            inode = Path(file).stat().st_ino
            (record,) = (one for one in records if (dataset / one.image).stat().st_ino == inode)
            stored = cv2.imread(str(dataset / record.maps[0].file), cv2.IMREAD_UNCHANGED)
            assert np.allclose(found._load_depth(number), stored * 0.001, atol=1e-5)
            read += 1
    assert read == len(records)
    reads_back("yolo_depth", "ultralytics", "images, depth in metres")


def _depth_arguments() -> Any:
    arguments = type(DEFAULT_CFG)(**vars(DEFAULT_CFG))
    arguments.task, arguments.imgsz = "depth", 64
    return arguments


@pytest.mark.parametrize(
    ("format", "network"),
    [
        (ExportFormat.YOLO_DETECT, "yolo11n.yaml"),
        (ExportFormat.YOLO_SEGMENT, "yolo11n-seg.yaml"),
        (ExportFormat.YOLO_POSE, "yolo11n-pose.yaml"),
        (ExportFormat.YOLO_OBB, "yolo11n-obb.yaml"),
        (ExportFormat.YOLO_DEPTH, "yolo26n-depth.yaml"),
    ],
)
def test_training_ends(dataset: Path, tmp_path: Path, reads_back: Any, format: ExportFormat, network: str) -> None:
    """One epoch of a small model on a few small images: nothing is learnt, and nothing is missing."""
    write_rich(dataset, 6)
    exported(dataset, format, splits="train=50,val=50")
    data = str(dataset / "exports" / format / "data.yaml")
    YOLO(network).train(data=data, project=str(tmp_path / "runs"), **TRAINING)

    assert list((tmp_path / "runs").rglob("last.pt"))
    reads_back(format.value, "ultralytics", "a training of one epoch")


def test_nothing_of_an_image_is_lost_by_random_labels(dataset: Path) -> None:
    """No image is dropped for one of its rows, in any of the tasks."""
    frames = [MadeUpFrame(random_labels(seed, 30, 40), f"f_{seed:04}", frame=seed) for seed in range(60)]
    records = write_made_up(dataset, frames)
    for format in (ExportFormat.YOLO_DETECT, ExportFormat.YOLO_SEGMENT, ExportFormat.YOLO_OBB):
        exported(dataset, format)
        for label, record in labels_of(dataset, format, records):
            assert len(label["cls"]) == len(record.instances)
