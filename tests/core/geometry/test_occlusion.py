"""Which surfaces are hidden in a neighbouring frame, against the definition looked up pixel by pixel."""

import math

import numpy as np
import pytest

from core.geometry import occlusion
from core.scene.camera import Camera
from tests.builders import pinhole, plain_camera

WIDTH, HEIGHT, FOCAL, UNIT_SCALE = 23, 17, 40.0, 0.5
K = pinhole(FOCAL, 11.0, 9.0)


def camera(angle: float, x: float, z: float) -> Camera:
    turn = ((math.cos(angle), 0.0, math.sin(angle)), (0.0, 1.0, 0.0), (-math.sin(angle), 0.0, math.cos(angle)))
    matrix = (*((*row, at) for row, at in zip(turn, (x, 0.1, z), strict=True)), (0.0, 0.0, 0.0, 1.0))
    return plain_camera(k=K, world_to_camera=matrix)


def moved(x: float, y: float, depth: float, here: Camera, there: Camera) -> tuple[float, float, float]:
    """Pixel and depth in metres, in the other image, of a point of the world that is at rest."""
    z = depth / UNIT_SCALE
    in_camera = np.array([(x - K[0][2]) / FOCAL * z, (y - K[1][2]) / FOCAL * z, z, 1.0])
    in_other = np.array(there.world_to_camera) @ np.linalg.inv(np.array(here.world_to_camera)) @ in_camera
    column, row, other_z = np.array(K) @ in_other[:3]
    return column / other_z, row / other_z, other_z * UNIT_SCALE


def is_hidden(row: int, column: int, flow, back, depth, there, cameras) -> bool:
    """The definition in find_hidden's docstring, for one pixel."""
    u, v = (float(one) for one in flow[row, column])
    x, y = column + 0.5 + u, row + 0.5 + v
    if not (0 <= x < WIDTH and 0 <= y < HEIGHT):
        return True
    left, top = math.floor(x - 0.5), math.floor(y - 0.5)
    returns, around = 0.0, []
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        at = min(max(top + dy, 0), HEIGHT - 1), min(max(left + dx, 0), WIDTH - 1)
        weight = (1 - abs(x - 0.5 - left - dx)) * (1 - abs(y - 0.5 - top - dy))
        if math.hypot(u + back[at][0], v + back[at][1]) <= 0.5 + 0.02 * math.hypot(u, v):
            returns += weight
        around.append(math.inf if math.isnan(there[at]) else float(there[at]))
    if returns < 0.5:
        return True
    if cameras is None:
        return False
    rest_x, rest_y, rest_depth = moved(column + 0.5, row + 0.5, float(depth[row, column]), *cameras)
    at_rest = max(abs(rest_x - x), abs(rest_y - y)) < 0.05 and rest_depth > 0
    return at_rest and max(around) < rest_depth * 0.995


@pytest.mark.parametrize("with_cameras", [True, False])
@pytest.mark.parametrize("pixels_at_once", [1, 5 * WIDTH, 1 << 15])
def test_each_pixel_by_the_definition(monkeypatch: pytest.MonkeyPatch, pixels_at_once: int, with_cameras: bool) -> None:
    monkeypatch.setattr(occlusion, "_PIXELS_AT_ONCE", pixels_at_once)
    rng = np.random.default_rng(3)
    here, there = camera(0.02, 0.1, 0.0), camera(-0.05, -0.1, 0.3)
    cameras = (here, there) if with_cameras else None
    for _ in range(10):
        depth, depth_there = (rng.uniform(1, 3, (HEIGHT, WIDTH)).astype(np.float32) for _ in range(2))
        flow, back = np.empty((HEIGHT, WIDTH, 2)), rng.normal(0, 3, (HEIGHT, WIDTH, 2))
        for row, column in np.ndindex(HEIGHT, WIDTH):
            x, y, _ = moved(column + 0.5, row + 0.5, float(depth[row, column]), here, there)
            flow[row, column] = x - column - 0.5, y - row - 0.5
        aside = rng.random((HEIGHT, WIDTH)) < 0.3
        flow[aside] += rng.normal(0, 5, (np.count_nonzero(aside), 2))
        for row, column in np.ndindex(HEIGHT, WIDTH):  # most of the other frame leads back to some pixel
            x, y = (int(one) for one in flow[row, column] + (column + 0.5, row + 0.5))
            for line, place in ((y, x), (y - 1, x), (y, x - 1), (y - 1, x - 1)):
                if 0 <= line < HEIGHT and 0 <= place < WIDTH and rng.random() < 0.8:
                    back[line, place] = -flow[row, column]
                    if not aside[row, column] and rng.random() < 0.5:
                        depth_there[line, place] = depth[row, column]
        back[rng.random((HEIGHT, WIDTH)) < 0.1] = np.nan
        depth_there[rng.random((HEIGHT, WIDTH)) < 0.1] = np.nan
        empty = rng.random((HEIGHT, WIDTH)) < 0.1
        flow[empty], depth[empty] = np.nan, np.nan
        flow, back = flow.astype(np.float32), back.astype(np.float32)

        found = occlusion.find_hidden(flow, back, depth, depth_there, cameras, UNIT_SCALE)

        expected = np.zeros((HEIGHT, WIDTH), bool)
        for row, column in zip(*np.nonzero(~empty), strict=True):
            expected[row, column] = is_hidden(row, column, flow, back, depth, depth_there, cameras)
        assert found.dtype == bool and np.array_equal(found, expected)
        assert 0.05 < expected[~empty].mean() < 0.95
