"""YOLO exports as Ultralytics reads them: its own loader, and a training that ends."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ultralytics import YOLO
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset

from core.dataset.splits import Splits
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings
from tests.core.made_up import CATEGORIES, exported, several_frames, write_made_up


def _loaded(folder: Path, split: str, task: str) -> tuple[Any, Any]:
    """What Ultralytics says of a split: the description of the data, and its dataset."""
    data = check_det_dataset(folder / "data.yaml")
    return data, YOLODataset(img_path=data[split], data=data, task=task, augment=False, imgsz=64)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_made_up(tmp_path / "dataset", several_frames(12))
    return tmp_path / "dataset"


def test_boxes(dataset: Path, reads_back: Any) -> None:
    records = write_made_up(dataset, several_frames(12))
    exported(dataset, ExportFormat.YOLO_DETECT)
    splits = Splits.of_settings(Settings())

    for split in splits.names:
        data, loaded = _loaded(dataset / "exports/yolo_detect", split, "detect")
        assert list(data["names"].values()) == [one.name for one in sorted(CATEGORIES, key=lambda one: one.id or 0)]
        wanted = {Path(record.image).name: record for record in records if splits.of(record) == split}
        assert len(loaded) == len(wanted)
        for label in loaded.labels:
            inode = Path(label["im_file"]).stat().st_ino
            (record,) = (one for one in wanted.values() if (dataset / one.image).stat().st_ino == inode)
            size = np.array([record.width, record.height] * 2)
            centre, half = label["bboxes"][:, :2], label["bboxes"][:, 2:] / 2
            low_high = np.concatenate((centre - half, centre + half), 1)
            boxes = [[one.mask.box.x0, one.mask.box.y0, one.mask.box.x1, one.mask.box.y1] for one in record.instances]
            assert np.allclose(low_high * size, np.reshape(boxes, (-1, 4)), atol=1e-4)
            names = [data["names"][int(number)] for number in label["cls"][:, 0]]
            assert names == [one.category for one in record.instances]
    reads_back("yolo_detect", "ultralytics", "images, boxes, classes")


def test_training_ends(dataset: Path, tmp_path: Path, reads_back: Any) -> None:
    """One epoch of a small model on two small images: nothing is learnt, and nothing is missing."""
    exported(dataset, ExportFormat.YOLO_DETECT)
    data = str(dataset / "exports/yolo_detect/data.yaml")
    model = YOLO("yolo11n.yaml")
    model.train(data=data, epochs=1, imgsz=64, device="cpu", workers=0, plots=False, project=str(tmp_path / "runs"))

    assert list((tmp_path / "runs").rglob("last.pt"))
    reads_back("yolo_detect", "ultralytics", "a training of one epoch")
