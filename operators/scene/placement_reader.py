"""Where each object of a frame is and how large, read from the evaluated scene."""

from collections import defaultdict
from collections.abc import Collection

import bpy
import numpy as np

from ...core.scene.camera import Matrix
from ...core.scene.placements import Bounds, Floats, Placement, rigid_frame
from ...core.scene.scene_record import SceneEntries
from .evaluated_shape import evaluated_points
from .identity import Identities
from .parents import with_parents
from .scene_reader import instanced_objects, own_objects


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
        points = np.concatenate(shapes)
        bounds: dict[str, Bounds | None] = {}
        if len(points):
            bounds = {identities.of(one): _bounds_in(points, _matrix(one, depsgraph)) for one in line}
            bounds[""] = Bounds.around(points)
        name = identities.of(ob)
        found[name] = Placement(name, _matrix(ob, depsgraph), bounds, len(shapes))
        for parent in line[1:]:
            found.setdefault(identities.of(parent), Placement(identities.of(parent), _matrix(parent, depsgraph)))
    return tuple(found[name] for name in sorted(found))


def _shapes(
    objects: Collection[bpy.types.Object], depsgraph: bpy.types.Depsgraph
) -> dict[bpy.types.Object, list[Floats]]:
    """Object -> (N, 3) points of the world for each place that has any; at least one array."""
    wanted = set(objects)
    found: dict[bpy.types.Object, list[Floats]] = defaultdict(list)
    for instance in depsgraph.object_instances:
        original = instance.object.original
        if original in wanted:
            matrix = np.array(instance.matrix_world, np.float64)
            points = evaluated_points(instance.object) @ matrix[:3, :3].T + matrix[:3, 3]
            # What generates instances, or is listed as a mesh besides, may have no points of its own.
            if not found[original] or not len(found[original][0]):
                found[original] = [points]
            elif len(points):
                found[original].append(points)
    return found


def _bounds_in(points: Floats, matrix: Matrix) -> Bounds | None:
    """The box of points of the world in the rigid frame of a matrix; None where the matrix has none."""
    frame = rigid_frame(matrix)
    return Bounds.around(frame.from_world(points)) if frame else None


def _matrix(ob: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> Matrix:
    return tuple(tuple(row) for row in ob.evaluated_get(depsgraph).matrix_world)
