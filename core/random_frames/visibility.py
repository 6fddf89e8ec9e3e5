"""What a camera will see of each thing, before anything is rendered: true occlusion, by triangles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..annotate.amodal_masks import find_amodal
from ..geometry.placed_mesh import PlacedMesh
from ..geometry.rasteriser import Projection, nearest
from ..masks.runs import find_runs
from ..scene.scene_geometry import Mesh
from .streams import Floats

# What no condition asks for.
NOBODY = -1


@dataclass(frozen=True)
class View:
    """What is seen of a frame.

    Attributes:
        shares: number of a thing -> part of it that is seen, as visib_fract; of all that it has, also beyond the image.
        depths: (H, W) float64, infinite where nothing is.
    """

    shares: Mapping[int, float]
    depths: Floats

    def share_before(self, depth: float) -> float:
        """Part of the image in which something is nearer than that."""
        return float(np.mean(self.depths < depth))


def look(
    placed: Sequence[PlacedMesh], meshes: Mapping[str, Mesh], projection: Projection, height: int, width: int
) -> View:
    """
    Args:
        placed: all meshes of the frame; those of the number NOBODY only hide others.
        meshes: by the names in these.
        projection: of the camera, for an image of that size.
        height, width: of a small image, which is enough.
    """
    points, triangles, numbers, count = [], [], [], 0
    for one in placed:
        mesh = meshes[one.mesh]
        matrix = projection.world_to_camera @ np.asarray(one.matrix, float)
        points.append(mesh.points @ matrix[:3, :3].T + matrix[:3, 3])
        triangles.append(mesh.triangles + count)
        numbers.append(np.full(len(mesh.triangles), one.number + 1))
        count += len(mesh.points)
    if not points:
        return View({}, np.full((height, width), np.inf))
    depths, seen = nearest(np.concatenate(points), np.concatenate(triangles), projection, height, width)
    labels = np.append(np.concatenate(numbers), 0)[seen].astype(np.uint32)
    runs = find_runs(labels)
    shown = set(runs.labels())
    whole = find_amodal(runs, [one for one in placed if one.number + 1 in shown], meshes, projection)
    shares = {number: amodal.px_count_visib / amodal.px_count_all for number, amodal in whole.items()}
    return View(shares, depths)


def is_inside(point: Floats, points: Floats, triangles: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> bool:
    """Whether a point lies in a closed mesh: a ray upwards from it crosses an odd number of triangles.

    Args:
        point: (3,).
        points: (P, 3) of the mesh, in the same space.
        triangles: (T, 3).
    """
    if (point < points.min(axis=0)).any() or (point > points.max(axis=0)).any():
        return False
    a, b, c = (points[triangles[:, corner]] - point for corner in range(3))

    def side(one: Floats, other: Floats) -> Floats:
        found: Floats = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
        return found

    weights = np.stack((side(b, c), side(c, a), side(a, b)))
    crossed = (weights > 0).all(axis=0) | (weights < 0).all(axis=0)
    weights, total = weights[:, crossed], weights[:, crossed].sum(axis=0)
    heights = (weights * np.stack((a[crossed, 2], b[crossed, 2], c[crossed, 2]))).sum(axis=0) / total
    return bool(np.count_nonzero(heights > 0) % 2)
