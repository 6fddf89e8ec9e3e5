"""The YOLO polygons of an export as their readers fill them, and what is said of those that lose something."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pycocotools.mask

from core.exports.file_names import file_name
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.settings.export_table import ExportFormat
from core.settings.settings import Media
from tests.core.made_up import CATEGORIES, MadeUpFrame, exported, several_frames, unusual_frames, write_made_up

SEGMENT = ExportFormat.YOLO_SEGMENT
Mask = npt.NDArray[np.bool_]


def mask_of(record: FrameRecord, instance: Instance) -> Mask:
    size = [record.height, record.width]
    return pycocotools.mask.decode({"size": size, "counts": instance.mask.rle.encode()}).astype(bool)


def rows_of(dataset: Path, record: FrameRecord) -> list[list[str]]:
    (file,) = (dataset / "exports/yolo_segment/labels").glob(f"*/{file_name(record.path)}.txt")
    return [line.split() for line in file.read_text("ascii").splitlines()]


def filled(row: list[str], record: FrameRecord) -> Mask:
    """As Ultralytics does it."""
    points = np.array(row[1:], np.float32).reshape(-1, 2)
    assert len(points) >= 3 and points.min() >= 0 and points.max() < 1
    pixels = (points * np.array([record.width, record.height], np.float32)).astype(np.int32)
    mask = np.zeros((record.height, record.width), np.uint8)
    cv2.fillPoly(mask, [pixels], 1)
    return mask.astype(bool)


def test_read_back(tmp_path: Path) -> None:
    """What comes back exactly, and what does not, is as the result counts it."""
    records = write_made_up(tmp_path, [*several_frames(20), *unusual_frames()])
    done = exported(tmp_path, SEGMENT)
    exact = joined = bad = lines = 0
    for record in records:
        rows = rows_of(tmp_path, record)
        assert len(rows) == len(record.instances)
        for row, one in zip(rows, record.instances, strict=True):
            mask, found = mask_of(record, one), filled(row, record)
            pieces, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
            iou = (mask & found).sum() / (mask | found).sum()
            assert iou == 1 or pieces > 2
            exact, joined, bad = exact + (iou == 1), joined + (iou < 1), bad + (iou < 0.9)
            lines += one.mask.box.width == 1 or one.mask.box.height == 1

    losses = done.losses[SEGMENT]
    assert exact > 50 and joined and bad and lines
    assert f"{joined} instances: several pieces, joined by lines that readers fill too" in losses
    assert any(line.startswith(f"{bad} instance") and line.endswith("is below 0.9") for line in losses)
    assert any(line.startswith(f"{lines} instance") and "one pixel wide or high" in line for line in losses)


def test_noise_is_said(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = (random.random((200, 300)) < 0.3).astype(np.uint32) + 2 * (random.random((200, 300)) < 0.02)
    (record,) = write_made_up(tmp_path, [MadeUpFrame(labels.clip(0, 2).astype(np.uint32), "noise")], CATEGORIES[:2])
    losses = exported(tmp_path, SEGMENT).losses[SEGMENT]
    pieces = [
        cv2.connectedComponents(mask_of(record, one).astype(np.uint8), connectivity=4)[0] - 1
        for one in record.instances
    ]

    assert len(rows_of(tmp_path, record)) == 2
    assert "2 instances: so many pieces that the smallest were left out" in losses
    assert f"{sum(pieces) - 2 * 256} pieces: left out, of instances with very many" in losses


def test_ten_thousand_instances_of_one_class(tmp_path: Path) -> None:
    labels = np.arange(1, 10_001, dtype=np.uint32).reshape(100, 100).repeat(3, axis=0).repeat(4, axis=1)
    (record,) = write_made_up(tmp_path, [MadeUpFrame(labels, "many")], CATEGORIES[:1])
    exported(tmp_path, SEGMENT, media=Media.NONE)
    rows = rows_of(tmp_path, record)

    assert len(rows) == 10_000
    found = np.zeros(labels.shape, np.uint32)
    for row, one in zip(rows, record.instances, strict=True):
        box = (np.array(row[1:], float).reshape(-1, 2) * (400, 300)).astype(int)
        (x0, y0), (x1, y1) = box.min(axis=0), box.max(axis=0) + 1
        found[y0:y1, x0:x1] = one.labels[0]
    assert (found == labels).all()
