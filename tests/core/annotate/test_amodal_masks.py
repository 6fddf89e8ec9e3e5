"""Amodal masks and visibility: against point-in-triangle tests of every pixel, and spheres in closed form."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from core.annotate import amodal_masks as amodal
from core.annotate.amodal_masks import find_amodal
from core.base.box import Box
from core.geometry.placed_mesh import PlacedMesh
from core.geometry.rasteriser import Projection
from core.masks.runs import find_runs
from core.records.instance import Amodal
from core.scene.scene_geometry import Mesh

WIDTH, HEIGHT, FOCAL = 32, 24, 20.0
K = np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]])
PINHOLE = Projection(K, np.eye(4), False, 0.1)
CANVAS = 2 * amodal.CANVAS_MARGIN + 1


def at(x: float, y: float, z: float) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def sphere(steps: int = 64) -> Mesh:
    """Radius 1, of 4 * steps^2 triangles that are nearly on it."""
    around, down = 2 * steps, steps
    a, b = np.meshgrid(np.arange(around) * math.pi / steps, np.arange(down + 1) * math.pi / steps)
    points = np.stack((np.sin(b) * np.cos(a), np.sin(b) * np.sin(a), np.cos(b)), axis=-1).reshape(-1, 3)
    row, column = np.meshgrid(np.arange(down), np.arange(around), indexing="ij")
    corners = [(row + i) * around + (column + j) % around for i, j in ((0, 0), (0, 1), (1, 0), (1, 1))]
    triangles = np.stack((corners[0], corners[1], corners[2], corners[1], corners[2], corners[3]), axis=-1)
    return Mesh(points.astype(np.float32), triangles.reshape(-1, 3).astype(np.int32))


def decoded(found: Amodal, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    return coco_mask.decode({"size": [height, width], "counts": found.rle}).astype(bool)


def covered(points: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Which pixel centres lie in any of some triangles in the image, (T, 3, 2), by the signs of three areas."""
    inside = np.zeros((rows.size, columns.size), bool)
    x, y = np.meshgrid(columns + 0.5, rows + 0.5)
    for a, b, c in points:
        areas = [(q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]) for p, q in ((a, b), (b, c), (c, a))]
        inside |= np.all([area > 0 for area in areas], axis=0) | np.all([area < 0 for area in areas], axis=0)
    return inside


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 3))
def test_every_pixel_of_random_triangles(seed: int, triangles: int, instances: int) -> None:
    """Triangles of several instances, in and beyond the image; all in front of the camera."""
    rng = np.random.default_rng(seed)
    points = np.stack((rng.uniform(-6, 6, 3 * triangles), rng.uniform(-6, 6, 3 * triangles),
                       rng.uniform(1, 9, 3 * triangles)), axis=1).astype(np.float32)  # fmt: skip
    meshes = {"m": Mesh(points, np.arange(3 * triangles, dtype=np.int32).reshape(-1, 3))}
    shifts = [at(*rng.uniform(-1, 1, 3) * (1, 1, 0.5)) for _ in range(instances)]
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    labels[rng.integers(HEIGHT, size=instances), rng.integers(WIDTH, size=instances)] = np.arange(instances) + 1

    runs = find_runs(labels)
    found = find_amodal(runs, [PlacedMesh(number, "m", shift) for number, shift in enumerate(shifts)], meshes, PINHOLE)

    assert set(found) == {label - 1 for label in runs.labels()}
    columns = np.arange(-amodal.CANVAS_MARGIN * WIDTH, (amodal.CANVAS_MARGIN + 1) * WIDTH)
    rows = np.arange(-amodal.CANVAS_MARGIN * HEIGHT, (amodal.CANVAS_MARGIN + 1) * HEIGHT)
    for number, whole in found.items():
        moved = (points + shifts[number][:3, 3]).astype(float)
        image = moved[:, :2] / moved[:, 2:] * FOCAL + (WIDTH / 2, HEIGHT / 2)
        canvas = covered(image.reshape(-1, 3, 2), columns, rows)
        inside = canvas[-rows[0] : HEIGHT - rows[0], -columns[0] : WIDTH - columns[0]]
        inside |= labels == number + 1
        assert (decoded(whole) == inside).all()
        assert (whole.px_count_all, whole.px_count_in_frame) == (canvas.sum(), inside.sum())
        assert whole.px_count_visib == (labels == number + 1).sum()
        at_columns, at_rows = np.flatnonzero(canvas.any(axis=0)), np.flatnonzero(canvas.any(axis=1))
        assert whole.box == Box(
            columns[at_columns[0]], rows[at_rows[0]], columns[at_columns[-1]] + 1, rows[at_rows[-1]] + 1
        )


def disc(x: float, y: float, z: float, height: int, width: int, focal: float) -> np.ndarray:
    """The pixels of a sphere of radius 1: rays that meet it."""
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = np.stack(((columns - width / 2) / focal, (rows - height / 2) / focal, np.ones_like(rows)), axis=-1)
    middle = np.array((x, y, z))
    along = (rays @ middle) ** 2 / (rays**2).sum(-1)
    return middle @ middle - along < 1


@pytest.mark.parametrize(("x", "y"), [(0, 0), (1.5, -0.7), (-3, 0), (2.9, 2.2)])
def test_a_sphere_behind_another(x: float, y: float) -> None:
    """Its whole outline is found in the image though only a part is seen; beyond the image its pixels are counted."""
    height, width, focal = 240, 320, 300.0
    k = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    behind, front = disc(x, y, 6, height, width, focal), disc(0.6 * x + 0.9, 0.6 * y, 4, height, width, focal)
    labels = np.where(front, 2, np.where(behind, 1, 0)).astype(np.uint32)
    placed = [PlacedMesh(0, "s", at(x, y, 6)), PlacedMesh(1, "s", at(0.6 * x + 0.9, 0.6 * y, 4))]

    found = find_amodal(find_runs(labels), placed, {"s": sphere()}, Projection(k, np.eye(4), False, 0.1))

    mask = decoded(found[0], height, width)
    assert (mask & behind).sum() / (mask | behind).sum() > 0.99
    large = disc(x, y, 6, 5 * height, 5 * width, focal)
    assert found[0].px_count_all == pytest.approx(large.sum(), rel=0.01)
    assert found[0].visib_fract == pytest.approx((labels == 1).sum() / large.sum(), abs=0.01)
    assert found[0].truncated == pytest.approx(1 - behind.sum() / large.sum(), abs=0.01)
    assert found[0].occluded == pytest.approx(1 - (labels == 1).sum() / behind.sum(), abs=0.01)


def test_what_lies_behind_the_camera_is_cut_off() -> None:
    """A quad that reaches from before the camera to behind it covers the image below the horizon, and no more."""
    points = np.array([[-50, 1, -5], [50, 1, -5], [50, 1, 1000], [-50, 1, 1000]], np.float32)
    floor = Mesh(points, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    labels[-1] = 1

    found = find_amodal(find_runs(labels), [PlacedMesh(0, "f", np.eye(4))], {"f": floor}, PINHOLE)[0]

    assert decoded(found)[HEIGHT // 2 + 1 :].all()
    assert not decoded(found)[: HEIGHT // 2].any()
    assert found.box.y1 > HEIGHT and found.px_count_all > found.px_count_in_frame


def test_a_parallel_camera() -> None:
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    labels[12, 16] = 1
    projection = Projection(np.array([[5.0, 0, 16], [0, 5, 12], [0, 0, 1]]), np.eye(4), True, 0.1)

    found = find_amodal(find_runs(labels), [PlacedMesh(0, "s", at(0, 0, 50))], {"s": sphere()}, projection)[0]

    assert found.px_count_all == pytest.approx(math.pi * 25, rel=0.1)
    assert found.box == Box(11, 7, 21, 17)


def test_several_parts_are_one() -> None:
    """Overlapping meshes of one instance count once, whichever comes first and however many come at once."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    labels[12, 16] = 1
    placed = [PlacedMesh(0, "s", at(0, 0, 5)), PlacedMesh(0, "s", at(0.5, 0, 5)), PlacedMesh(0, "s", at(0, 0, 8))]

    found = find_amodal(find_runs(labels), placed, {"s": sphere()}, PINHOLE)
    alone = find_amodal(find_runs(labels), placed[:1], {"s": sphere()}, PINHOLE)

    assert found == find_amodal(find_runs(labels), placed[::-1], {"s": sphere()}, PINHOLE)
    assert alone[0].px_count_all < found[0].px_count_all < 2 * alone[0].px_count_all


def test_many_meshes(monkeypatch: pytest.MonkeyPatch) -> None:
    """However the triangles are taken and the intervals are united on the way, the result is the same."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    labels[3, 3:23] = np.arange(20) + 1
    meshes = {str(number): sphere(4 + number) for number in range(20)}
    placed = [PlacedMesh(number, str(number), at(number / 5 - 2, 0, 4 + number / 9)) for number in range(20)]

    at_once = find_amodal(find_runs(labels), placed, meshes, PINHOLE)
    monkeypatch.setattr(amodal, "_INTERVALS_AT_ONCE", 1)
    monkeypatch.setattr(amodal, "_TRIANGLES_AT_ONCE", 7)

    assert find_amodal(find_runs(labels), placed, meshes, PINHOLE) == at_once


def test_without_triangles_the_seen_pixels_are_the_whole() -> None:
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    labels[5:8, 4:10] = 1

    found = find_amodal(find_runs(labels), [], {}, PINHOLE)[0]

    assert (found.px_count_all, found.visib_fract, found.truncated, found.box) == (18, 1, 0, Box(4, 5, 10, 8))


def test_nothing_seen() -> None:
    nothing = find_runs(np.zeros((HEIGHT, WIDTH), np.uint32))

    assert find_amodal(nothing, [PlacedMesh(0, "s", at(0, 0, 5))], {"s": sphere()}, PINHOLE) == {}


def test_json() -> None:
    found = Amodal("abc", Box(-5, 0, 70, 48), 100, 80, 60)

    assert Amodal.from_json(json.loads(json.dumps(found.as_json()))) == found
    assert (found.visib_fract, found.truncated, found.occluded) == pytest.approx((0.6, 0.2, 0.25))
