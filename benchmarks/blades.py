"""A meadow of long thin triangles, each of which crosses nearly all rows of the image and covers few pixels."""

import numpy as np

from core.annotate.amodal_masks import find_amodal
from core.base.box import Box
from core.geometry.placed_mesh import PlacedMesh
from core.geometry.rasteriser import Projection, fragments, project_triangles
from core.masks.runs import find_runs
from core.scene.scene_geometry import Mesh

from .scenes import FULL_HD

_FOCAL = 1500.0
_DISTANCE = 12.0


def cover(count: int) -> int:
    """Find what so many blades cover, as a mask and pixel by pixel; returns the number of fragments."""
    mesh = _blades(count)
    k = np.array([[_FOCAL, 0, FULL_HD.width / 2], [0, _FOCAL, FULL_HD.height / 2], [0, 0, 1]])
    projection = Projection(k, np.eye(4), False, 0.1)
    labels = np.zeros((FULL_HD.height, FULL_HD.width), np.uint32)
    labels[0, 0] = 1
    find_amodal(find_runs(labels), [PlacedMesh(0, "blades", np.eye(4))], {"blades": mesh}, projection)
    triangles = project_triangles(mesh.points.astype(np.float64), mesh.triangles, projection)
    return sum(found.pixel.size for found in fragments(triangles, Box(0, 0, FULL_HD.width, FULL_HD.height)))


def _blades(count: int) -> Mesh:
    random = np.random.default_rng(0)
    foot, lean = random.uniform(-7, 7, count), random.uniform(-0.3, 0.3, count)
    low, high = np.full(count, 4.0), np.full(count, -4.0)
    z = random.uniform(_DISTANCE, _DISTANCE + 4, count)
    corners = [(foot, low, z), (foot + 0.004, low, z), (foot + lean, high, z)]
    points = np.stack([np.stack(corner, axis=1) for corner in corners], axis=1)
    return Mesh(points.reshape(-1, 3).astype(np.float32), np.arange(3 * count, dtype=np.int32).reshape(-1, 3))
