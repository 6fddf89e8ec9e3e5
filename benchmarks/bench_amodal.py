"""Amodal masks and visibility of all instances of a frame: `core.annotate.amodal_masks.find_amodal`."""

import math
from functools import partial
from pathlib import Path

import numpy as np

from core.annotate.amodal_masks import find_amodal
from core.geometry.placed_mesh import PlacedMesh
from core.geometry.rasteriser import Projection
from core.masks.runs import Runs, find_runs
from core.scene.scene_geometry import Mesh

from .bench_memory import above
from .fresh_process import Outcome, in_fresh_process, nothing, thin_triangles
from .report import Row, Section, duration, megabytes
from .scenes import FULL_HD
from .timing import compare, one_core

_OBJECTS = 100
_TRIANGLES = (250_000, 500_000, 1_000_000, 2_000_000)
_TARGET_TRIANGLES, _TARGET_SECONDS = 1_000_000, 5.0
_FOCAL = 1500.0
_BLADES = (40_000, 160_000)
_MOST_MEMORY = 1_000_000_000


def measure(folder: Path) -> Section:
    """Spheres at random places, some beyond the border; all of them count as seen in one pixel."""
    rows = [_one_scene(triangles) for triangles in _TRIANGLES]
    imports = in_fresh_process(nothing)
    rows += [_blades(imports, triangles) for triangles in _BLADES]
    text = (
        f"{FULL_HD}, {_OBJECTS} instances, from their triangles to amodal masks, boxes and pixel counts inside and "
        "outside the image. The time grows linearly with the triangles. Thin blades cross all rows of the image and "
        "cover hardly any pixel; their amodal mask and their fragments are found in a process of its own."
    )
    return Section("Amodal masks and visibility", text, rows)


def _one_scene(triangles: int) -> Row:
    steps = round(math.sqrt(triangles / _OBJECTS / 4))
    mesh = _sphere(steps)
    total = _OBJECTS * len(mesh.triangles)
    placed, visible = _scene()
    k = np.array([[_FOCAL, 0, FULL_HD.width / 2], [0, _FOCAL, FULL_HD.height / 2], [0, 0, 1]])
    projection = Projection(k, np.eye(4), False, 0.1)
    whole = find_amodal(visible, placed, {"sphere": mesh}, projection)
    if len(whole) != _OBJECTS:
        raise SystemExit(f"{len(whole)} of {_OBJECTS} instances have an amodal mask, so there is nothing to measure")
    covered = sum(one.px_count_all for one in whole.values())
    with one_core():
        timings = compare({"ours": partial(find_amodal, visible, placed, {"sphere": mesh}, projection)}, most_runs=5)
    seconds = timings["ours"].cpu
    is_target = triangles == _TARGET_TRIANGLES
    return Row(
        f"{total / 1e6:.2g} million triangles, {covered / 1e6:.2g} million covered pixels",
        duration(seconds),
        target=f"below {duration(_TARGET_SECONDS)}" if is_target else "",
        met=seconds < _TARGET_SECONDS if is_target else None,
    )


def _blades(imports: Outcome, triangles: int) -> Row:
    outcome = in_fresh_process(thin_triangles, triangles)
    what = f"{triangles:,} thin blades, {duration(outcome.timing.cpu)}"
    peak = above(imports, outcome)
    if peak is None:
        return Row(what, "memory not measured on this system")
    return Row(what, megabytes(peak), target=f"below {megabytes(_MOST_MEMORY)}", met=peak < _MOST_MEMORY)


def _scene() -> tuple[list[PlacedMesh], Runs]:
    rng = np.random.default_rng(7)
    labels = np.zeros((FULL_HD.height, FULL_HD.width), np.uint32)
    labels[np.arange(_OBJECTS), np.arange(_OBJECTS)] = np.arange(_OBJECTS) + 1
    placed = []
    for number in range(_OBJECTS):
        matrix = np.eye(4)
        z = rng.uniform(5, 20)
        matrix[:3, 3] = rng.uniform(-0.7, 0.7) * z, rng.uniform(-0.4, 0.4) * z, z
        placed.append(PlacedMesh(number, "sphere", matrix))
    return placed, find_runs(labels)


def _sphere(steps: int) -> Mesh:
    """Radius 1, of 4 * steps^2 triangles."""
    around = 2 * steps
    angle, height = np.meshgrid(np.arange(around) * math.pi / steps, np.arange(steps + 1) * math.pi / steps)
    points = np.stack((np.sin(height) * np.cos(angle), np.sin(height) * np.sin(angle), np.cos(height)), axis=-1)
    row, column = np.meshgrid(np.arange(steps), np.arange(around), indexing="ij")
    a, b, c, d = ((row + i) * around + (column + j) % around for i in (0, 1) for j in (0, 1))
    triangles = np.stack((np.stack((a, b, c), axis=-1), np.stack((b, d, c), axis=-1)))
    return Mesh(points.reshape(-1, 3).astype(np.float32), triangles.reshape(-1, 3).astype(np.int32))
