"""The turned boxes of a YOLO export: around the masks, and of a size that readers take."""

from pathlib import Path

import cv2
import numpy as np
import pycocotools.mask
import pytest

from core.exports.file_names import file_name
from core.settings.export_table import ExportFormat
from tests.core.made_up import MadeUpFrame, exported, several_frames, unusual_frames, write_made_up

OBB = ExportFormat.YOLO_OBB


def test_around_the_masks_and_as_small_as_opencv_makes_them(tmp_path: Path) -> None:
    y, x = np.mgrid[:100, :130]
    diagonal = (abs(x * 100 - y * 130) < 4000).astype(np.uint32)
    records = write_made_up(tmp_path, [*several_frames(20), *unusual_frames(), MadeUpFrame(diagonal, "diagonal")])
    done = exported(tmp_path, OBB)
    larger = turned = 0
    for record in records:
        (file,) = (tmp_path / "exports/yolo_obb/labels").glob(f"*/{file_name(record.path)}.txt")
        rows = file.read_text("ascii").splitlines()
        size = record.width, record.height
        for row, one in zip(rows, record.instances, strict=True):
            corners = np.array(row.split()[1:], np.float32).reshape(4, 2)
            box = np.concatenate(((corners.min(0) + corners.max(0)) / 2, np.ptp(corners, axis=0)))
            assert box.min() >= 0 and box.max() <= 1 + 1e-6, "Ultralytics drops the image otherwise"
            mask = pycocotools.mask.decode({"size": [record.height, record.width], "counts": one.mask.rle.encode()})
            rows_of, columns = np.nonzero(mask)
            points = np.concatenate([np.stack((columns + dx, rows_of + dy), 1) for dx in (0, 1) for dy in (0, 1)])
            (_, smallest, _), (_, found, angle) = (
                cv2.minAreaRect(p.astype(np.float32)) for p in (points, corners * size)
            )
            area, least = found[0] * found[1], smallest[0] * smallest[1]
            assert area > least * 0.999
            larger += area > least * 1.001
            turned += 1 < angle < 89
            sides = np.roll(corners, -1, axis=0) * size - corners * size
            away = points - (corners * size)[:, None]
            assert (sides[:, :1] * away[..., 1] - sides[:, 1:] * away[..., 0]).min() > -1e-2

    assert turned > 5
    (loss,) = (line for line in done.losses[OBB] if "smallest rectangle" in line)
    assert larger and loss.startswith(f"{larger} instance")


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (3, 4)])
def test_small_masks(tmp_path: Path, shape: tuple[int, int]) -> None:
    labels = np.zeros((20, 25), np.uint32)
    labels[4 : 4 + shape[0], 7 : 7 + shape[1]] = 1
    write_made_up(tmp_path, [MadeUpFrame(labels, "a")])
    exported(tmp_path, OBB)
    (file,) = (tmp_path / "exports/yolo_obb/labels").rglob("a.txt")
    corners = np.array(file.read_text().split()[1:], float).reshape(4, 2) * (25, 20)

    y1, x1 = 4 + shape[0], 7 + shape[1]
    assert np.allclose(corners, [[7, 4], [x1, 4], [x1, y1], [7, y1]], atol=1e-5)
