"""Things that rows place, turn or show as a whole: an object, or the parent that several objects of one have."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import bpy
import numpy as np

from ...core.base.errors import SceneError
from ...core.base.phrases import listed
from ...core.random_frames import rotations
from ...core.random_frames.placing import Thing, hull_points
from ...core.random_frames.streams import Floats
from ..labelling.labelled_objects import LabelledObject
from ..scene.identity import by_name
from ..scene.parents import with_parents
from .keyed import Keyed
from .shapes import Shape, below


@dataclass(frozen=True)
class Mover:
    """A thing, as it stands before anything varies.

    Attributes:
        object: the original object that is moved.
        members: it and all below it that leave pixels.
        shapes: its meshes.
        matrix: (4, 4) of the object to the world.
        outer: (4, 4) from what its own transform is in, such as its parent, to the world.
    """

    object: bpy.types.Object
    members: tuple[bpy.types.Object, ...]
    shapes: tuple[Shape, ...]
    matrix: Floats
    outer: Floats

    @cached_property
    def points(self) -> Floats:
        """(P, 3) in the world."""
        return np.concatenate([shape.world_points for shape in self.shapes])

    @cached_property
    def middle(self) -> Floats:
        """(3,) of its box along the axes of the world."""
        middle: Floats = (self.points.min(axis=0) + self.points.max(axis=0)) / 2
        return middle

    @cached_property
    def thing(self) -> Thing:
        """What core needs to place it."""
        return Thing(self.object.name_full, hull_points(self.points - self.matrix[:3, 3]))


def movers_of(objects: Iterable[bpy.types.Object], shapes: Sequence[Shape]) -> list[Mover]:
    """Some objects as they stand, sorted by name; those without a mesh are left out.

    Args:
        objects: those to move; one that is below another moves with that.
        shapes: of the frame where the scene stands.
    """
    roots = set(objects)
    found = []
    for ob in sorted(roots, key=by_name):
        own = tuple(shape for shape in shapes if below(shape, ob))
        if not own or any(above in roots for above in with_parents(ob) if above != ob):
            continue
        _check_fixed(ob)
        members = {ob, *(shape.owner for shape in own)}
        evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
        matrix = np.array(evaluated.matrix_world, float)
        outer = matrix @ np.linalg.inv(np.array(evaluated.matrix_basis, float))
        found.append(Mover(ob, tuple(sorted(members, key=by_name)), own, matrix, outer))
    return found


def labelled_roots(labelled: Sequence[LabelledObject], categories: Sequence[str]) -> list[bpy.types.Object]:
    """What moves the instances of some categories.

    Args:
        labelled: all objects of the scene.
        categories: their names; none takes all.

    Raises:
        SceneError: the scene has nothing of a category.
    """
    instances: dict[tuple[str, str | None], list[bpy.types.Object]] = defaultdict(list)
    for one in labelled:
        if one.category is not None and (not categories or one.category in categories):
            instances[one.instance, one.category].append(one.object)
    missing = sorted(set(categories) - {category or "" for _, category in instances})
    if missing:
        raise SceneError(
            f"The scene has nothing of {listed([repr(name) for name in missing])}; correct the categories of the row"
        )
    return [root for objects in instances.values() for root in _common_roots(objects)]


def _common_roots(objects: Sequence[bpy.types.Object]) -> list[bpy.types.Object]:
    """The nearest object that all of some are or are below; where there is none, all of them."""
    if len(objects) == 1:
        return list(objects)
    lines = [list(with_parents(ob)) for ob in objects]
    shared = [ob for ob in lines[0] if all(ob in line for line in lines[1:])]
    return shared[:1] or list(objects)


def _check_fixed(ob: bpy.types.Object) -> None:
    """Raises SceneError where something else moves an object's parents, so that it would not get to its place."""
    for above in with_parents(ob):
        if above != ob and above.animation_data and above.animation_data.action:
            raise SceneError(
                f"{above.name!r} is animated and moves {ob.name!r}, which so cannot be placed; clear that parent, or "
                "take the row away"
            )


def pose(mover: Mover, turned: Floats, location: Floats, what: str = "location rotation scale") -> list[Keyed]:
    """The transform of a mover's own object that brings it somewhere.

    Args:
        mover: what to move.
        turned: (F, 3, 3) rotation and scale in the world, on top of those that it has now.
        location: (F, 3) of its origin, in the world.
        what: which of location, rotation and scale to key.
    """
    world = np.zeros((len(location), 4, 4))
    world[:, :3, :3] = turned @ mover.matrix[:3, :3]
    world[:, :3, 3], world[:, 3, 3] = location, 1.0
    return transform(mover.object, np.linalg.inv(mover.outer) @ world, what)


def transform(ob: bpy.types.Object, matrix: Floats, what: str = "location rotation scale") -> list[Keyed]:
    """(F, 4, 4) matrices of an object in what its own transform is in, as its properties; nothing else moves it."""
    found = []
    scale = np.linalg.norm(matrix[:, :3, :3], axis=1)
    scale[np.linalg.det(matrix[:, :3, :3]) < 0] *= -1
    if "location" in what:
        found.append(Keyed(ob, "location", matrix[:, :3, 3] - np.array(ob.delta_location)))
    if "rotation" in what:
        found.append(_rotation(ob, matrix[:, :3, :3] / scale[:, None]))
    if "scale" in what:
        found.append(Keyed(ob, "scale", scale / np.array(ob.delta_scale)))
    for constraint in ob.constraints:
        if not constraint.mute:
            path = f'constraints["{bpy.utils.escape_identifier(constraint.name)}"].influence'
            found.append(Keyed(ob, path, np.zeros((len(matrix), 1))))
    if ob.rigid_body and ob.rigid_body.type == "ACTIVE":  # or the user's simulation would move it on
        found.append(Keyed(ob, "rigid_body.kinematic", np.ones((len(matrix), 1))))
    return found


def _rotation(ob: bpy.types.Object, matrices: Floats) -> Keyed:
    if ob.rotation_mode == "QUATERNION":
        return Keyed(ob, "rotation_quaternion", rotations.to_quaternions(matrices))
    if ob.rotation_mode == "AXIS_ANGLE":
        return Keyed(ob, "rotation_axis_angle", rotations.to_axis_angle(matrices))
    return Keyed(ob, "rotation_euler", rotations.to_euler(matrices, ob.rotation_mode))


def shown(mover: Mover, present: Floats) -> list[Keyed]:
    """Whether a thing is rendered, (F,)."""
    return [Keyed(ob, "hide_render", (~present.astype(bool)).astype(float)[:, None]) for ob in mover.members]
