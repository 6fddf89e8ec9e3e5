"""Rows of a BOP dataset, by the formulas of `calc_gt_info.py` and `calc_2d_bbox` in the BOP toolkit."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.box import Box
from ...masks.rle import mask_runs
from ...records.frame_record import FrameRecord
from ...records.instance import Amodal, Instance
from ...scene.camera import Matrix
from ...scene.poses import Pose
from ...settings.map_table import WrittenMap
from .bop_scene import Row

MM = 1000.0  # in a metre


def canvas_of(record: FrameRecord) -> Box:
    """What BOP counts on: 3 x 3 images, this one in the middle."""
    return Box(-record.width, -record.height, 2 * record.width, 2 * record.height)


def intrinsics(k: Matrix) -> list[float]:
    """K row by row, for pixels that count from the centre of the top-left one."""
    shifted = np.array(k)
    shifted[:2, 2] -= 0.5
    return [float(value) for value in shifted.ravel()]


def camera_row(record: FrameRecord, depth: WrittenMap | None) -> Row:
    """Of scene_camera.json, for a record with a perspective camera; depth is its depth PNG."""
    assert record.camera and record.camera.k and record.unit_scale is not None
    matrix = np.array(record.camera.world_to_camera)
    row: Row = {
        "cam_K": intrinsics(record.camera.k),
        "cam_R_w2c": matrix[:3, :3].ravel().tolist(),
        "cam_t_w2c": (matrix[:3, 3] * record.unit_scale * MM).tolist(),
    }
    return row | {"depth_scale": (depth.scale or 1.0) * MM} if depth else row


def info_rows(instances: list[Instance], record: FrameRecord, valid: npt.NDArray[np.bool_] | None) -> list[Row]:
    """Rows of scene_gt_info.json.

    Args:
        instances: of the frame, those with a row.
        record: of the frame.
        valid: (H, W) bool, where the depth PNG has a surface; None where there is none.

    Raises:
        ValueError: a mask is damaged.
    """
    canvas = canvas_of(record)
    amodal = [one.amodal for one in instances if one.amodal]
    counts = iter(_valid_pixels(amodal, record, valid))
    rows: list[Row] = []
    for one in instances:
        known = one.amodal
        rows.append({
            "bbox_obj": _box(clipped(known.box, canvas)) if known else [-1, -1, -1, -1],
            "bbox_visib": _box(one.mask.box),
            "px_count_all": known.px_count_all if known else -1,
            "px_count_valid": next(counts) if known else -1,
            "px_count_visib": known.px_count_visib if known else one.mask.area,
            "visib_fract": known.visib_fract if known else -1.0,
        })  # fmt: skip
    return rows


def _valid_pixels(amodal: list[Amodal], record: FrameRecord, valid: npt.NDArray[np.bool_] | None) -> list[int]:
    """How many pixels of each have a depth; -1 where that is not known."""
    if valid is None or not amodal:
        return [-1] * len(amodal)
    mask, start, end = mask_runs([one.rle for one in amodal], record.height, record.width)
    sums = np.concatenate(([0], np.cumsum(valid.T.ravel())))
    return [int(value) for value in np.bincount(mask, sums[end] - sums[start], len(amodal))]


def clipped(box: Box, canvas: Box) -> Box:
    """What both cover."""
    return Box(
        max(box.x0, canvas.x0), max(box.y0, canvas.y0), min(box.x1, canvas.x1), min(box.y1, canvas.y1)
    )  # fmt: skip


def _box(box: Box) -> list[int]:
    return [box.x0, box.y0, box.width - 1, box.height - 1]


def model_row(pose: Pose) -> dict[str, Any]:
    """Of models_info.json: the box of a model, millimetres."""
    low, size = (np.array(values) * MM for values in (pose.low, pose.dimensions))
    names = ("min_x", "min_y", "min_z", "size_x", "size_y", "size_z")
    return dict(zip(names, [*low.tolist(), *size.tolist()], strict=True))
