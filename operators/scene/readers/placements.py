"""Where each object of a frame is and how large, read from the evaluated scene."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import bpy
import numpy as np

from ....core.scene.camera import Matrix
from ....core.scene.placements import Bounds, Floats, Placement, RigidFrame, rigid_frame
from ....core.scene.scene_record import SceneEntries
from ..evaluated_shape import evaluated_points, radii
from ..identity import Identities
from ..parents import with_parents
from ..scene_reader import instanced_objects, own_objects


@dataclass(frozen=True)
class _Shape:
    """What one place of an object is made of, in the world: (N, 3) points, and how far each reaches around itself."""

    points: Floats
    radii: Floats

    def bounds(self, frame: RigidFrame | None = None) -> Bounds:
        points = frame.from_world(self.points) if frame else self.points
        return Bounds.around(np.concatenate((points - self.radii[:, None], points + self.radii[:, None])))


def read_placements(
    scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, labelled: SceneEntries
) -> tuple[Placement, ...]:
    """Measure the objects of a frame.

    Args:
        scene: the original scene.
        depsgraph: its evaluated dependency graph, up to date at the frame.
        labelled: the objects as the scene record has them; background is not measured.

    Returns:
        A placement of each object and of each of its parents, sorted by name.
    """
    names = {entry.name for entry in labelled.entries if entry.category is not None or not entry.is_known}
    identities = Identities()
    objects = {ob for ob in own_objects(scene, depsgraph) | instanced_objects(depsgraph) if identities.of(ob) in names}
    found: dict[str, Placement] = {}
    for ob, shapes in _shapes(objects, depsgraph).items():
        line = list(with_parents(ob))
        shape = _Shape(np.concatenate([one.points for one in shapes]), np.concatenate([one.radii for one in shapes]))
        bounds: dict[str, Bounds | None] = {}
        if len(shape.points):
            bounds = {identities.of(one): _bounds_in(shape, _matrix(one, depsgraph)) for one in line}
            bounds[""] = shape.bounds()
        name = identities.of(ob)
        found[name] = Placement(name, _matrix(ob, depsgraph), bounds, len(shapes))
        for parent in line[1:]:
            found.setdefault(identities.of(parent), Placement(identities.of(parent), _matrix(parent, depsgraph)))
    return tuple(found[name] for name in sorted(found))


def _shapes(
    objects: Collection[bpy.types.Object], depsgraph: bpy.types.Depsgraph
) -> dict[bpy.types.Object, list[_Shape]]:
    """Object -> what each place is made of that has any points; at least one."""
    wanted = set(objects)
    found: dict[bpy.types.Object, list[_Shape]] = defaultdict(list)
    for instance in depsgraph.object_instances:
        original = instance.object.original
        if original in wanted:
            matrix = np.array(instance.matrix_world, np.float64)
            points = evaluated_points(instance.object) @ matrix[:3, :3].T + matrix[:3, 3]
            # Of a stretched object the mean stretch, as Cycles takes it.
            around = radii(instance.object) * abs(np.linalg.det(matrix[:3, :3])) ** (1 / 3)
            shape = _Shape(points, np.broadcast_to(around, len(points)))
            # What generates instances, or is listed as a mesh besides, may have no points of its own.
            if not found[original] or not len(found[original][0].points):
                found[original] = [shape]
            elif len(points):
                found[original].append(shape)
    return found


def _bounds_in(shape: _Shape, matrix: Matrix) -> Bounds | None:
    """The box of a shape in the rigid frame of a matrix; None where the matrix has none."""
    frame = rigid_frame(matrix)
    return shape.bounds(frame) if frame else None


def _matrix(ob: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> Matrix:
    return tuple(tuple(row) for row in ob.evaluated_get(depsgraph).matrix_world)
