"""Meshes with fewer triangles, for what is looked at in small: where things are, and not how they are shaped."""

import numpy as np

from ..scene.scene_geometry import Mesh

_ENOUGH = 1500


def coarse(mesh: Mesh, cells: int = 20) -> Mesh:
    """A mesh whose points are brought together in the cells of a grid; as it is where it has few triangles.

    Args:
        mesh: any.
        cells: of the grid along the longest side; what is seen moves by less than half of one.

    Source: Rossignac and Borrel, Multi-resolution 3D approximations for rendering complex scenes, 1993.
    """
    if len(mesh.triangles) <= _ENOUGH:
        return mesh
    low = mesh.points.min(axis=0)
    size = float(np.ptp(mesh.points, axis=0).max()) or 1.0
    cell = np.minimum(((mesh.points - low) * (cells / size)).astype(np.int64), cells)
    _, of_point = np.unique(cell @ np.array([1, cells + 1, (cells + 1) ** 2]), return_inverse=True)
    of_point = of_point.reshape(-1)  # numpy 2.0 gives another shape than 1.26 and 2.1
    count = np.bincount(of_point)
    points = np.stack([np.bincount(of_point, mesh.points[:, axis]) / count for axis in range(3)], axis=1)
    triangles = of_point[mesh.triangles]
    one, two, three = triangles.T
    triangles = triangles[(one != two) & (two != three) & (three != one)]
    unique = np.unique(np.sort(triangles, axis=1), axis=0)
    return Mesh(points.astype(np.float32), unique.astype(np.int32))
