"""Blender's rigid bodies for one frame at a time, in a scene of their own: the user's scene and its rigid bodies stay
as they are, and a frame depends on where its own things start and on nothing else.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

import bpy
import numpy as np
import numpy.typing as npt

from ...core.random_frames.rotations import to_quaternions
from ...core.random_frames.streams import Floats, Integers

_NAME = "Labelpass Drop"
# Of the simulation's seconds, what Blender simulates at once: after each of these it is looked who still moves.
_SECONDS_AT_ONCE = 0.25
_STEPS_AT_ONCE = 15
# At rest is what moves and turns by less than this in two of these in a row; things are about 1 in size.
_STILL, _STILL_TURN = 0.005, 0.02
# Slower than this for two seconds, each second, is no movement.
_CREEP, _CREEP_TURN = 0.2, 0.4
# Nothing comes back from that far below.
_GONE = -5.0
# What lies between two things that touch is twice this, so that nothing runs into anything.
_MARGIN = 0.003
# Digits of points: versions of Blender evaluate meshes a little differently, and falling makes much of little.
_DIGITS = 4
# Air and ground hold things back, or what is round would roll for ever. Parts of the speed that are lost in a second.
_DRAG, _ROLLING_RESISTANCE, _FRICTION = 0.5, 0.99, 0.7
_QUIET = ("frame_change_pre", "frame_change_post", "depsgraph_update_pre", "depsgraph_update_post")


@dataclass(frozen=True)
class Body:
    """Something that falls, or that is fallen on.

    Attributes:
        points: (P, 3), about 1 in size, with the ground at 0; of what falls, from its centre of mass.
        triangles: (T, 3).
        hollow: whether it is its triangles, and not the convex hull of its points.
        mass: of what falls, as a multiple of that of others.
    """

    points: Floats
    triangles: npt.NDArray[np.int32]
    hollow: bool = False
    mass: float = 1.0


@dataclass(frozen=True)
class Rest:
    """Where things are when a simulation ends.

    Attributes:
        matrices: (N, 4, 4).
        still: (N,) whether each has come to rest.
    """

    matrices: Floats
    still: npt.NDArray[np.bool_]


class Simulation:
    """Lets bodies fall. To be used in a `with` block, after which nothing of it is left in the file."""

    def __init__(self, bodies: Sequence[Body], seconds: float) -> None:
        self._bodies, self._rounds = bodies, max(2, round(seconds / _SECONDS_AT_ONCE))
        self._objects: list[bpy.types.Object] = []

    def __enter__(self) -> "Simulation":
        self._objects = [_object_of(body) for body in self._bodies]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        meshes = [ob.data for ob in self._objects]
        bpy.data.batch_remove([*self._objects, *meshes])
        self._objects = []

    def run(self, falling: Integers, fixed: Integers, matrices: Floats) -> Rest:
        """One simulation.

        Args:
            falling: (N,) numbers of the bodies that fall.
            fixed: (M,) numbers of those that stay where they are.
            matrices: (N + M, 4, 4) where they start, first of those that fall; rotation and an even scale.
        """
        with _quiet(), _own_world() as scene:
            bodies = scene.rigidbody_world.collection
            objects = [self._objects[number] for number in (*falling, *fixed)]
            try:
                for place, (number, ob) in enumerate(zip((*falling, *fixed), objects, strict=True)):
                    bodies.objects.link(ob)
                    _set_up(ob, self._bodies[number], falls=place < len(falling))
                    _set_matrix(ob, matrices[place])
                return self._until_still(scene, objects[: len(falling)])
            finally:
                for ob in list(bodies.objects):
                    bodies.objects.unlink(ob)

    def _until_still(self, scene: bpy.types.Scene, falling: Sequence[bpy.types.Object]) -> Rest:
        scene.frame_set(1)  # where a simulation begins
        before = _matrices(scene, falling)
        resting = np.zeros(len(falling), np.int64)
        for number in range(1, self._rounds + 1):
            scene.frame_set(number + 1)
            now = _matrices(scene, falling)
            moved = np.abs(now - before).max(axis=1)
            is_still = (moved[:, 3] < _STILL) & (moved[:, :3].max(axis=1) < _STILL_TURN) | (now[:, 2, 3] < _GONE)
            resting = np.where(is_still, resting + 1, 0)
            before = now
            if (resting >= 2).all():
                break
        return Rest(before, resting >= 2)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the handlers of others, which are not meant for a scene that they do not know."""
    lists = [getattr(bpy.app.handlers, name) for name in _QUIET]
    before = [list(one) for one in lists]
    for one in lists:
        one.clear()
    try:
        yield
    finally:
        for one, functions in zip(lists, before, strict=True):
            one.extend(functions)


@contextmanager
def _own_world() -> Iterator[bpy.types.Scene]:
    """A scene with a rigid body world and nothing in it."""
    scene, bodies = bpy.data.scenes.new(_NAME), bpy.data.collections.new(_NAME)
    try:
        scene.collection.children.link(bodies)
        with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
            bpy.ops.rigidbody.world_add()
        world = scene.rigidbody_world
        world.collection = bodies
        world.time_scale = _SECONDS_AT_ONCE * scene.render.fps / scene.render.fps_base
        world.substeps_per_frame, world.solver_iterations, world.use_split_impulse = _STEPS_AT_ONCE, 20, True
        world.point_cache.frame_end = 10_000
        yield scene
    finally:
        bpy.data.scenes.remove(scene)
        bpy.data.collections.remove(bodies)


def _object_of(body: Body) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(_NAME)
    mesh.from_pydata(np.round(body.points, _DIGITS).tolist(), [], body.triangles.tolist())
    found = bpy.data.objects.new(_NAME, mesh)
    found.rotation_mode = "QUATERNION"
    return found


def _set_up(ob: bpy.types.Object, body: Body, falls: bool) -> None:
    """How an object takes part; it does since it was linked into the collection of the world."""
    settings = ob.rigid_body
    settings.type = "ACTIVE" if falls else "PASSIVE"
    settings.collision_shape = "MESH" if body.hollow else "CONVEX_HULL"
    settings.mesh_source = "BASE"
    settings.use_margin, settings.collision_margin = True, _MARGIN
    settings.friction, settings.restitution = _FRICTION, 0.0
    settings.mass = body.mass
    # What creeps on and on in a pile is held after a while.
    settings.use_deactivation = True
    settings.deactivate_linear_velocity, settings.deactivate_angular_velocity = _CREEP, _CREEP_TURN
    settings.linear_damping, settings.angular_damping = _DRAG, _ROLLING_RESISTANCE


def _set_matrix(ob: bpy.types.Object, matrix: Floats) -> None:
    scale = float(np.linalg.norm(matrix[:3, 0]))
    ob.location, ob.scale = matrix[:3, 3], (scale,) * 3
    ob.rotation_quaternion = to_quaternions(matrix[None, :3, :3] / scale)[0]


def _matrices(scene: bpy.types.Scene, objects: Sequence[bpy.types.Object]) -> Floats:
    depsgraph = scene.view_layers[0].depsgraph
    found = [ob.evaluated_get(depsgraph).matrix_world for ob in objects]
    return np.array(found, float).reshape(-1, 4, 4)
