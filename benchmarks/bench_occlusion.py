"""What is hidden in a neighbouring frame: `core.geometry.occlusion.find_hidden`."""

from functools import partial
from pathlib import Path

import numpy as np

from core.geometry.occlusion import find_hidden
from core.scene.camera import Camera
from tests.builders import moved_by, pinhole, plain_camera

from .report import Row, Section, duration
from .scenes import FULL_HD
from .timing import compare, one_core

_TARGET_SECONDS = 0.5
_FOCAL = 1500.0
_BALLS = 60


def measure(folder: Path) -> Section:
    """A wall with discs that move before it, seen by a camera that moves."""
    here, there = _camera(0.0), _camera(0.05)
    depth, depth_there = _depth(0), _depth(9)
    flow, back = _flow(depth, here, there), _flow(depth_there, there, here)
    flow[(depth < 4)] += 9  # what moves
    back[(depth_there < 4)] -= 9
    arguments = flow, back, depth, depth_there, (here, there), 1.0
    hidden = find_hidden(*arguments).mean()
    if not 0.001 < hidden < 0.2:
        raise SystemExit(f"{hidden:.2%} of the pixels are hidden, so there is nothing to measure")
    with one_core():
        seconds = compare({"ours": partial(find_hidden, *arguments)}, most_runs=5)["ours"].cpu
    row = Row(
        f"{FULL_HD}, flow and depth of both frames, both cameras",
        duration(seconds),
        target=f"below {duration(_TARGET_SECONDS)}",
        met=seconds < _TARGET_SECONDS,
    )
    return Section("Occlusion maps", "One map of a frame, without reading or writing files.", [row])


def _camera(x: float) -> Camera:
    k = pinhole(_FOCAL, FULL_HD.width / 2, FULL_HD.height / 2)
    return plain_camera(k=k, world_to_camera=moved_by(-x, 0.0, 0.0))


def _depth(shift: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    y, x = np.mgrid[: FULL_HD.height, : FULL_HD.width]
    depth = np.full(x.shape, 7.0, np.float32)
    for _ in range(_BALLS):
        column, row, radius = rng.integers(FULL_HD.width), rng.integers(FULL_HD.height), rng.integers(20, 90)
        depth[(x - column - shift) ** 2 + (y - row - shift) ** 2 < radius**2] = rng.uniform(2, 4)
    return depth


def _flow(depth: np.ndarray, here: Camera, there: Camera) -> np.ndarray:
    """That of points at rest."""
    y, x = np.mgrid[: FULL_HD.height, : FULL_HD.width] + 0.5
    points = here.from_image(np.column_stack((x.ravel(), y.ravel(), depth.ravel())))
    moved = points + np.asarray(there.world_to_camera)[:3, 3] - np.asarray(here.world_to_camera)[:3, 3]
    flow = there.to_image(moved)[:, :2] - np.column_stack((x.ravel(), y.ravel()))
    return flow.reshape(*depth.shape, 2).astype(np.float32)
