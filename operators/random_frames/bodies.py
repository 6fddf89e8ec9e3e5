"""What things are taken for while they fall: hulls, boxes or meshes around their centres of mass."""

from collections.abc import Sequence
from dataclasses import dataclass

import bmesh
import numpy as np

from ...core.random_frames.dropping import DropShape
from ...core.random_frames.placing import hull_points
from ...core.random_frames.streams import Floats
from .movers import Mover
from .shapes import Shape, triangles_in
from .simulation import Body

_BOX = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])


@dataclass(frozen=True)
class ThingBody:
    """A thing as a body.

    Attributes:
        mover: the thing.
        centre: (3,) of mass, from its origin, in the axes and units of the world, as it is turned now.
        points: (P, 3) of its hull, from the centre of mass.
        body: the same as the simulation has it, in its units.
    """

    mover: Mover
    centre: Floats
    points: Floats
    body: Body

    @classmethod
    def of(cls, mover: Mover, shape: DropShape, unit: float, usual_volume: float = 0.0) -> "ThingBody":
        """
        Args:
            mover: the thing.
            shape: what it is taken for.
            unit: length of the simulation's 1.
            usual_volume: of a thing that weighs 1; 0 where that does not matter.
        """
        points = _points(mover, shape)
        hull, triangles = _hull(points)
        volume, centre = _mass_of(hull, triangles)
        # Bullet gets along with masses that differ tenfold.
        mass = float(np.clip(volume / usual_volume, 0.1, 10.0)) if usual_volume else 1.0
        whole = mover.points - mover.matrix[:3, 3]
        if shape is DropShape.MESH:
            body = Body((whole - centre) / unit, _all_triangles(mover), True, mass)
        else:
            body = Body(_around(whole - centre, hull - centre, triangles) / unit, triangles, False, mass)
        return cls(mover, centre, hull - centre, body)


def volume_of(mover: Mover) -> float:
    """That of the hull of a thing."""
    return _mass_of(*_hull(_points(mover, DropShape.HULL)))[0]


def still_body(shapes: Sequence[Shape], top: Floats | None, reach: Floats, middle: Floats, unit: float) -> Body | None:
    """Whatever stands still, as far as it reaches into a box of the world; None where nothing does.

    Args:
        shapes: of what stands still.
        top: (4, 3) corners of a rectangle that stands still, too.
        reach: (2, 3) corners of the box.
        middle: (3,) the simulation's origin.
        unit: length of its 1.
    """
    corners = [triangles_in(shape, *reach) for shape in shapes]
    if top is not None:
        corners.append(top[[[0, 2, 3], [0, 3, 1]]])
    found = np.concatenate([np.zeros((0, 3, 3)), *corners])
    if not len(found):
        return None
    points = (found.reshape(-1, 3) - middle) / unit
    return Body(points, np.arange(len(points), dtype=np.int32).reshape(-1, 3), hollow=True)


def _points(mover: Mover, shape: DropShape) -> Floats:
    """(P, 3) points that a hull around a thing is of, from its origin."""
    points = mover.points - mover.matrix[:3, 3]
    if shape is not DropShape.BOX:
        return hull_points(points)
    axes = mover.matrix[:3, :3] / np.linalg.norm(mover.matrix[:3, :3], axis=0)
    along = points @ np.linalg.inv(axes).T
    low, high = along.min(axis=0), along.max(axis=0)
    corners: Floats = (low + _BOX * (high - low)) @ axes.T
    return corners


def _around(points: Floats, hull: Floats, triangles: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> Floats:
    """The corners of a hull of some points, moved outwards until all points are in it."""
    a, b, c = (hull[triangles[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals, a = (normals / np.maximum(lengths, 1e-300))[lengths[:, 0] > 0], a[lengths[:, 0] > 0]
    if not len(normals):
        return hull
    heights = (normals * a).sum(axis=1)  # of the faces, from the centre
    reach = (points @ normals.T).max(axis=0)
    grown: Floats = hull * float(np.max(reach / np.maximum(heights, 1e-3 * np.abs(hull).max()), initial=1.0))
    return grown


def _all_triangles(mover: Mover) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    triangles, count = [], 0
    for shape in mover.shapes:
        triangles.append(shape.mesh.triangles + count)
        count += len(shape.world_points)
    return np.concatenate(triangles).astype(np.int32)


def _hull(points: Floats) -> tuple[Floats, np.ndarray[tuple[int, ...], np.dtype[np.int32]]]:
    """The convex hull of points, with triangles that are counterclockwise as seen from outside; of flat ones, these."""
    mesh = bmesh.new()
    try:
        for point in points.tolist():
            mesh.verts.new(point)
        found = bmesh.ops.convex_hull(mesh, input=mesh.verts)
        bmesh.ops.delete(mesh, geom=list({*found["geom_interior"], *found["geom_unused"]}), context="VERTS")
        bmesh.ops.triangulate(mesh, faces=mesh.faces)
        mesh.verts.index_update()
        corners = np.array([vertex.co for vertex in mesh.verts], float).reshape(-1, 3)
        triangles = np.array([[vertex.index for vertex in face.verts] for face in mesh.faces], np.int32)
    finally:
        mesh.free()
    return (corners, triangles.reshape(-1, 3)) if len(triangles) else (points, np.zeros((0, 3), np.int32))


def _mass_of(points: Floats, triangles: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> tuple[float, Floats]:
    """Volume of a closed mesh, and the centre of it; of one without a volume, the middle of its points."""
    corners = points[triangles] - points.mean(axis=0)
    volumes = np.einsum("ti,ti->t", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    volume = float(volumes.sum())
    if volume < 1e-12 * float(np.ptp(points, axis=0).max()) ** 3:
        return 0.0, points.mean(axis=0)
    centre: Floats = points.mean(axis=0) + (volumes[:, None] * corners.sum(axis=1)).sum(axis=0) / 4 / volume
    return volume, centre
