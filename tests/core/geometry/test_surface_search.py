"""Which surface each pixel is on, for boxes whose depth has a closed form along every ray."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from core.geometry import surface_search
from core.geometry.placed_mesh import PlacedMesh
from core.geometry.rasteriser import Projection
from core.geometry.surface_search import FoundSurfaces, find_surfaces
from core.scene.scene_geometry import Mesh

Array = np.ndarray
HEIGHT, WIDTH = 120, 160
TURN = np.array([[1.0, 0, 0], [0, -0.28, -0.96], [0, 0.96, -0.28]])
TO_CAMERA = np.block([[TURN, np.array([[0.1], [0.2], [12.0]])], [np.zeros((1, 3)), np.ones((1, 1))]])
PINHOLE = Projection(np.array([[150.0, 0, 80], [0, 155.0, 60], [0, 0, 1]]), TO_CAMERA, False, 0.1)
PARALLEL = Projection(np.array([[14.0, 0, 80], [0, 14.0, 60], [0, 0, 1]]), TO_CAMERA, True, 0.1)
FAR = 1e10

CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32)
FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
BOX = Mesh(CORNERS, np.array([tri for a, b, c, d in FACES for tri in ((a, b, c), (a, c, d))], np.int32))


def along_rays(matrix: Array, projection: Projection, jitter: Array) -> Array:
    """Depth of a box (any affine image of the cube from -1 to 1) in each pixel, infinite where it is missed.

    By slabs: in the cube's own space a ray enters it at the last of the three times at which it enters a slab.
    """
    row, column = np.divmod(np.arange(HEIGHT * WIDTH), WIDTH)
    k = projection.k
    x = (column + 0.5 + jitter[0] - k[0, 2]) / k[0, 0]
    y = (row + 0.5 + jitter[1] - k[1, 2]) / k[1, 1]
    zero, one = np.zeros_like(x), np.ones_like(x)
    if projection.parallel:
        origin, direction = np.stack((x, y, zero, one)), np.stack((zero, zero, one, zero))
    else:
        origin, direction = np.stack((zero, zero, zero, one)), np.stack((x, y, one, zero))
    inverse = np.linalg.inv(projection.world_to_camera @ matrix)
    origin, direction = (inverse @ origin)[:3], (inverse @ direction)[:3]
    with np.errstate(divide="ignore"):
        times = np.sort(np.stack(((-1 - origin) / direction, (1 - origin) / direction)), axis=0)
    enter, leave = times[0].max(axis=0), times[1].min(axis=0)
    return np.where((enter < leave) & (enter > 0), enter, np.inf)


@dataclass(frozen=True)
class Scene:
    """Boxes over a large flat one, which is the last."""

    matrices: Array
    depth: Array
    owner: Array

    def placed(self, labels: Array) -> list[PlacedMesh]:
        return [PlacedMesh(int(label), "box", matrix) for label, matrix in zip(labels, self.matrices, strict=True)]


def scatter(projection: Projection, count: int = 60, jitter: float = 0.0) -> Scene:
    """Boxes turned, squeezed and mirrored at random.

    Args:
        jitter: how far from the pixel's centre its depth is taken, at most; who is seen is always that of the centre.
    """
    rng = np.random.default_rng(5)
    matrices = np.zeros((count + 1, 4, 4))
    for matrix in matrices:
        matrix[:3, :3] = np.linalg.qr(rng.normal(size=(3, 3)))[0] * rng.uniform(0.15, 0.6, 3) * rng.choice([-1, 1], 3)
        matrix[:3, 3] = rng.uniform((-4.5, -4, -0.2), (4.5, 4, 0.6))
        matrix[3, 3] = 1
    matrices[-1] = np.diag((6.0, 6.0, 0.05, 1.0))
    matrices[-1, 2, 3] = -0.3
    still = np.zeros((2, HEIGHT * WIDTH))
    centres = np.stack([along_rays(matrix, projection, still) for matrix in matrices])
    owner = np.where(np.isinf(centres.min(axis=0)), -1, centres.argmin(axis=0)).reshape(HEIGHT, WIDTH)
    moved = rng.uniform(-jitter, jitter, still.shape)
    depth = np.stack([along_rays(matrix, projection, moved) for matrix in matrices]).min(axis=0)
    return Scene(matrices, np.where(np.isinf(depth), FAR, depth).reshape(HEIGHT, WIDTH).astype(np.float32), owner)


def search(scene: Scene, projection: Projection, labels: Array, mesh: Mesh = BOX) -> tuple[FoundSurfaces, Array]:
    """The surfaces found, and where something was to be found."""
    label_image = np.where(scene.owner >= 0, np.append(labels, -1)[scene.owner], -1).astype(np.int32)
    return find_surfaces(scene.depth, label_image, scene.placed(labels), {"box": mesh}, projection), label_image >= 0


PROJECTIONS = pytest.mark.parametrize("projection", [PINHOLE, PARALLEL], ids=["pinhole", "parallel"])
# All with one label, boxes of three labels over a floor that is not wanted, and each by itself.
LABELS = {
    "one": np.zeros(61, dtype=int),
    "several": np.append(np.arange(60) % 3, -1),
    "all": np.arange(61),
}


@PROJECTIONS
@pytest.mark.parametrize("kind", LABELS)
def test_every_pixel_is_right(projection: Projection, kind: str) -> None:
    """One sample at each pixel's centre. Overlapping boxes, also such that pierce each other and the floor."""
    scene = scatter(projection)
    found, wanted = search(scene, projection, LABELS[kind])

    assert wanted.sum() > 1500
    wrong = wanted & (found.surface != scene.owner)
    assert np.count_nonzero(wrong) <= 1  # a ray may meet two boxes at the same depth to the last digit
    assert found.centred
    assert found.on_surface[wanted].mean() > 0.999
    assert (found.surface[~wanted] == -1).all()


def test_portions_of_triangles_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = scatter(PINHOLE, jitter=0.3)
    found, _ = search(scene, PINHOLE, LABELS["one"])
    monkeypatch.setattr(surface_search, "_TRIANGLES_AT_ONCE", 5)
    in_portions, _ = search(scene, PINHOLE, LABELS["one"])
    assert np.array_equal(found.surface, in_portions.surface)
    assert np.array_equal(found.on_surface, in_portions.on_surface)


@PROJECTIONS
def test_samples_beside_the_centre(projection: Projection) -> None:
    """What a filter does: the depth is that of some place in the pixel, the label that of its centre."""
    scene = scatter(projection, jitter=0.5)
    found, wanted = search(scene, projection, LABELS["one"])
    assert not found.centred
    assert (found.surface == scene.owner)[wanted].mean() > 0.999


@PROJECTIONS
def test_half_precision(projection: Projection) -> None:
    """EEVEE stores depths in 16 bit."""
    scene = scatter(projection)
    rounded = np.minimum(scene.depth, 100).astype(np.float16).astype(np.float32)
    scene = dataclasses.replace(scene, depth=np.where(scene.depth < FAR, rounded, np.float32(FAR)))
    found, wanted = search(scene, projection, LABELS["one"])
    assert (found.surface == scene.owner)[wanted].mean() > 0.99
    assert found.on_surface[wanted].mean() > 0.99


def test_unused_geometry_makes_no_difference() -> None:
    """Instances behind the camera, next to the image and below the floor."""
    scene = scatter(PINHOLE)
    labels = LABELS["one"]
    alone, wanted = search(scene, PINHOLE, labels)
    moves = np.array([[0, 0, 30.0], [60, 0, 0], [0, 0, -3], [0, 90, 0]])
    more = np.concatenate([scene.matrices + np.pad(move[:, None], ((0, 1), (3, 0))) for move in moves])
    others = [PlacedMesh(0, "box", matrix) for matrix in more]
    depth = scene.depth
    label_image = np.where(scene.owner >= 0, 0, -1).astype(np.int32)
    together = find_surfaces(depth, label_image, [*scene.placed(labels), *others], {"box": BOX}, PINHOLE)
    assert np.array_equal(alone.surface, together.surface) and wanted.any()


def test_what_lies_on_nothing_has_no_surface() -> None:
    """Pixels far from all that is known stay without; those a few steps away are the neighbour's."""
    scene = scatter(PINHOLE, count=0)
    scene = dataclasses.replace(scene, depth=np.where(np.arange(WIDTH) < 80, scene.depth, np.float32(3.0)))
    scene = dataclasses.replace(scene, owner=np.zeros_like(scene.owner))
    found, _ = search(scene, PINHOLE, np.array([0]))
    middle = slice(50, 70)
    assert (found.surface[middle, 40:80] == 0).all() and found.on_surface[middle, 40:79].all()
    assert (found.surface[middle, 82:90] == 0).all() and not found.on_surface[middle, 82:].any()
    assert (found.surface[middle, 110:] == -1).all()


def test_nothing_to_find() -> None:
    nothing = np.full((4, 5), -1, np.int32)
    found = find_surfaces(np.ones((4, 5), np.float32), nothing, [], {}, PINHOLE)
    assert (found.surface == -1).all() and not found.on_surface.any()
    flat = Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    found = find_surfaces(
        np.ones((4, 5), np.float32), nothing + 1, [PlacedMesh(0, "flat", np.eye(4))], {"flat": flat}, PINHOLE
    )
    assert (found.surface == -1).all()


@PROJECTIONS
def test_what_is_thinner_than_a_pixel(projection: Projection) -> None:
    """16 samples: the depth is that of the first one, the label what most of them show. What the blades are copies of
    lies behind the wall."""
    rng = np.random.default_rng(3)
    count = 90
    matrices = np.zeros((count + 2, 4, 4))
    for matrix in matrices[:-2]:
        turn = rng.uniform(0, np.pi)
        turned = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
        matrix[:3, :3] = turned * (0.03, rng.uniform(0.3, 0.8), 0.03)
        matrix[:, 3] = *rng.uniform((-4, -3, 0), (4, 3, 1)), 1
    matrices[-1], matrices[-2] = np.diag((7.0, 7.0, 0.05, 1.0)), np.diag((2.0, 2.0, 0.05, 1.0))
    matrices[-1, 2, 3], matrices[-2, 2, 3] = -0.5, -1.2
    samples = np.concatenate((np.full((1, 2), 0.1), rng.uniform(-0.5, 0.5, (15, 2))))
    seen = []
    for offset in samples:
        jitter = np.repeat(offset[:, None], HEIGHT * WIDTH, axis=1)
        depths = np.stack([along_rays(matrix, projection, jitter) for matrix in matrices])
        seen.append(np.where(np.isinf(depths.min(axis=0)), -1, depths.argmin(axis=0)))
        if len(seen) == 1:
            depth = np.where(np.isinf(depths.min(axis=0)), FAR, depths.min(axis=0))
    covered = np.stack([(np.stack(seen) == number).mean(axis=0) for number in range(count + 2)])
    is_blade = covered[:-1].sum(axis=0) > 0.5
    shape = HEIGHT, WIDTH
    wanted = np.where(is_blade, 0, -1).astype(np.int32).reshape(shape)
    placed = [PlacedMesh(0, "box", matrix) for matrix in matrices[:-1]]
    found = find_surfaces(depth.astype(np.float32).reshape(shape), wanted, placed, {"box": BOX}, projection)

    missed = is_blade & (seen[0] == count + 1)
    assert np.count_nonzero(missed) > 40  # where the depth is that of the wall
    chosen = found.surface.ravel()
    assert (chosen[is_blade] >= 0).all() and (chosen[is_blade] < count).all()
    share = covered[chosen, np.arange(chosen.size)]
    assert np.mean(share[is_blade] > 0) > 0.98
    assert np.mean(share[missed] > 0) > 0.95
    assert found.on_surface[wanted >= 0].mean() > 0.99
