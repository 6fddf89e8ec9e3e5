"""The meshes of the scene where they stand: what things are placed by, and what conditions look at."""

from dataclasses import dataclass
from functools import cached_property

import bpy
import numpy as np

from ...core.random_frames.streams import Floats
from ...core.random_frames.visibility import is_inside
from ...core.scene.scene_geometry import Mesh
from ..scene.parents import with_parents
from ..scene.readers.instances import read_mesh, visible_instances


@dataclass(frozen=True)
class Shape:
    """A mesh that stands somewhere.

    Attributes:
        owner: the original object that it is of; of an instance, the object in the scene that makes it.
        object: the original object whose mesh it is.
        mesh: in its own coordinates.
        bounds: (2, 3) least and greatest of its points there.
        matrix: (4, 4) to the world.
    """

    owner: bpy.types.Object
    object: bpy.types.Object
    mesh: Mesh
    bounds: Floats
    matrix: Floats

    @cached_property
    def world_points(self) -> Floats:
        """(P, 3) points in the world."""
        points: Floats = self.mesh.points @ self.matrix[:3, :3].T + self.matrix[:3, 3]
        return points

    def world_box(self) -> Floats:
        """(2, 3) least and greatest corner of a box in the world that holds it, which need not be the smallest."""
        middle, half = self.bounds.mean(axis=0), np.ptp(self.bounds, axis=0) / 2
        centre = self.matrix[:3, :3] @ middle + self.matrix[:3, 3]
        reach = np.abs(self.matrix[:3, :3]) @ half
        return np.stack((centre - reach, centre + reach))

    def holds(self, point: Floats) -> bool:
        """Whether a point of the world lies in it."""
        local = np.linalg.solve(self.matrix[:3, :3], point - self.matrix[:3, 3])
        if (local < self.bounds[0]).any() or (local > self.bounds[1]).any():
            return False
        return is_inside(local, self.mesh.points.astype(float), self.mesh.triangles)


class Shapes:
    """Reads the meshes of the frame where the scene stands; a mesh is read again only where it has changed."""

    def __init__(self) -> None:
        self._meshes: dict[tuple[str, str, int], tuple[Mesh, Floats]] = {}

    def forget_changed(self, depsgraph: bpy.types.Depsgraph) -> None:
        """Forget the meshes that the last evaluation has changed."""
        changed = {update.id.name_full for update in depsgraph.updates if update.is_updated_geometry}
        self._meshes = {key: mesh for key, mesh in self._meshes.items() if not changed.intersection(key)}

    def read(self, depsgraph: bpy.types.Depsgraph) -> list[Shape]:
        """All that a render of the frame shows, as the viewport has it evaluated."""
        found = []
        for one in visible_instances(depsgraph):
            ob = one.object
            if ob.type != "MESH" or ob.data is None:
                continue
            owner = one.parent if one.is_instance and one.parent else ob
            key = (ob.name_full, ob.data.name_full, len(ob.data.vertices))
            if key not in self._meshes:
                self._meshes[key] = _read(ob.data)
            mesh, bounds = self._meshes[key]
            if len(mesh.triangles):
                matrix = np.array(one.matrix_world, float)
                found.append(Shape(owner.original, ob.original, mesh, bounds, matrix))
        return found


def _read(data: bpy.types.Mesh) -> tuple[Mesh, Floats]:
    mesh = read_mesh(data)
    points = mesh.points if len(mesh.points) else np.zeros((1, 3))
    return mesh, np.stack((points.min(axis=0), points.max(axis=0))).astype(float)


def below(shape: Shape, mover: bpy.types.Object) -> bool:
    """Whether a shape moves with an object."""
    return any(ob == mover for ob in with_parents(shape.owner))


def triangles_in(shape: Shape, low: Floats, high: Floats) -> Floats:
    """(T, 3, 3) corners of those triangles of a shape that may reach into a box: not all on one outer side of it."""
    points = shape.world_points
    sides = np.zeros(len(points), np.uint8)
    for axis in range(3):
        sides |= (points[:, axis] < low[axis]).view(np.uint8) << (2 * axis)
        sides |= (points[:, axis] > high[axis]).view(np.uint8) << (2 * axis + 1)
    one, two, three = shape.mesh.triangles.T
    reaches = (sides[one] & sides[two] & sides[three]) == 0
    found: Floats = points[shape.mesh.triangles[reaches]]
    return found
