"""Where the keypoints of a scene are: objects, bones and vertex groups with the names that the categories list."""

from collections import defaultdict
from collections.abc import Collection, Iterator

import bpy
import numpy as np
from mathutils import Vector

from ....core.scene.keypoints import SceneKeypoint
from ....core.scene.scene_record import category_of_name
from ..evaluated_shape import coordinates
from ..identity import Identities, by_name
from ..parents import with_parents


def read_keypoints(
    names: Collection[str],
    scene: bpy.types.Scene,
    rendered: Collection[bpy.types.Object],
    depsgraph: bpy.types.Depsgraph,
) -> tuple[SceneKeypoint, ...]:
    """Find keypoints at the frame of a depsgraph.

    A keypoint is an object (an empty) of that name, with or without the ".001" of a copy, or with a custom property
    `keypoint` that says so; else a bone; else a vertex group, whose middle it is.

    Args:
        names: those that the categories list.
        scene: the original scene.
        rendered: the objects that leave pixels.
        depsgraph: up to date.

    Returns:
        Sorted by name. Only what belongs to objects that leave pixels.
    """
    family = _Family(scene, set(rendered))
    identities = Identities()
    found: dict[str, list[SceneKeypoint]] = defaultdict(list)
    for name, position, owners in _candidates(set(names), scene, family, depsgraph):
        # An empty of that name decides for the objects that it belongs to, and a bone comes before a vertex group.
        decided = {ob for place in found[name] for ob in place.objects}
        objects = tuple(sorted({identities.of(ob) for ob in owners} - decided))
        if objects:
            below = min(_distance(ob.evaluated_get(depsgraph), position) for ob in owners)
            found[name].append(SceneKeypoint(name, objects, tuple(position), below))
    return tuple(place for name in sorted(found) for place in found[name])


_Candidate = tuple[str, Vector, set[bpy.types.Object]]


def _candidates(
    names: set[str], scene: bpy.types.Scene, family: "_Family", depsgraph: bpy.types.Depsgraph
) -> Iterator[_Candidate]:
    """Name, place in the world, and the objects that it is a keypoint of; what decides comes first."""
    objects = sorted(scene.objects, key=by_name)
    for ob in objects:
        name = str(ob.get("keypoint", "")) or category_of_name(ob.name)
        if (name in names or ob.name in names) and ob not in family.rendered:
            position = ob.evaluated_get(depsgraph).matrix_world.translation.copy()
            yield (name if name in names else ob.name), position, family.around(ob)
    for ob in objects:
        if ob.type == "ARMATURE":
            evaluated = ob.evaluated_get(depsgraph)
            for bone in evaluated.pose.bones:
                if bone.name in names:
                    yield bone.name, evaluated.matrix_world @ bone.head, family.moved_by(ob)
    for ob in objects:
        if ob in family.rendered and ob.type == "MESH":
            wanted = {group.index: group.name for group in ob.vertex_groups if group.name in names}
            for name, position in _middles(ob.evaluated_get(depsgraph), wanted) if wanted else ():
                yield name, position, {ob}


class _Family:
    """Which of the rendered objects belong to something that is not rendered."""

    def __init__(self, scene: bpy.types.Scene, rendered: set[bpy.types.Object]) -> None:
        self.rendered = rendered
        self._below: dict[bpy.types.Object, set[bpy.types.Object]] = defaultdict(set)
        for ob in rendered:
            for above in with_parents(ob):
                self._below[above].add(ob)

    def around(self, ob: bpy.types.Object) -> set[bpy.types.Object]:
        """Those below an object, else below the nearest of its parents that has any."""
        return next((self._below[above] for above in with_parents(ob) if above in self._below), set())

    def moved_by(self, armature: bpy.types.Object) -> set[bpy.types.Object]:
        """Those that are children of an armature or that it deforms; else those around it."""
        deformed = {
            ob
            for ob in self.rendered
            if any(modifier.type == "ARMATURE" and modifier.object == armature for modifier in ob.modifiers)
        }
        return deformed | self._below.get(armature, set()) or self.around(armature)


def _middles(ob: bpy.types.Object, names: dict[int, str]) -> Iterator[tuple[str, Vector]]:
    """The middle of the vertices of each vertex group of an evaluated object, by weight, in the world.

    Args:
        ob: the evaluated object.
        names: of the groups, by their index.
    """
    # Blender shows Python the weights of one vertex at a time only.
    members: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for number, vertex in enumerate(ob.data.vertices):
        for member in vertex.groups:
            if member.group in names and member.weight > 0:
                members[member.group].append((number, member.weight))
    places = coordinates(ob.data.vertices, "co")
    for group, rows in sorted(members.items()):
        numbers, weights = zip(*rows, strict=True)
        middle = np.average(places[list(numbers)], axis=0, weights=weights)
        yield names[group], ob.matrix_world @ Vector(middle)


def _distance(ob: bpy.types.Object, position: Vector) -> float:
    """From a point of the world to the surface of an evaluated object, in scene units."""
    if ob.type != "MESH" or not ob.data.polygons:
        return 0.0
    found, nearest, *_ = ob.closest_point_on_mesh(ob.matrix_world.inverted_safe() @ position)
    return (ob.matrix_world @ nearest - position).length if found else 0.0
