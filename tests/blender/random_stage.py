"""A scene to bake random frames in, and what tests ask of it."""

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from tests.blender.scenes import build_scene


def build_stage(scene: bpy.types.Scene) -> bpy.types.Scene:
    """The usual scene with a larger floor, a light that has a parent, and things of all modes of rotation."""
    objects = build_scene(scene)
    objects.floor.scale = (2, 2, 1)
    objects.floor["category_id"] = 0
    objects.left.rotation_mode, objects.right.rotation_mode = "QUATERNION", "ZYX"
    rig = bpy.data.objects.new("Rig", None)
    rig.location, rig.rotation_euler = (1, 2, 0), (0.1, 0.2, 0.9)
    scene.collection.objects.link(rig)
    objects.right.parent = scene.objects["Sun"].parent = rig
    objects.right.location = (0.5, 0, 0.5)
    lamp = bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "POINT"))
    lamp.location, lamp.data.energy = (3, -3, 5), 500
    scene.collection.objects.link(lamp)
    world = scene.world = bpy.data.worlds.new("World")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    material = bpy.data.materials.new("Paint")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    objects.ball.data.materials.append(material)
    bpy.context.view_layer.update()
    return scene


def add(scene: bpy.types.Scene, kind: str, **values: Any) -> bpy.types.PropertyGroup:
    from labelpass.core.random_frames.kinds import RowKind
    from labelpass.operators.random_frames.adding import add_row

    row = add_row(scene, RowKind(kind))
    for name, value in values.items():
        setattr(row, name, value)
    return row


def add_all(scene: bpy.types.Scene) -> None:
    """Rows of every kind of value, among them some that look at others."""
    material = bpy.data.materials["Paint"]
    add(scene, "place_on_surface", turning="any", chance=0.9)
    add(scene, "around_target", roll_min=-0.1, roll_max=0.1)
    add(scene, "lights", lights_min=1)
    shader = 'node_tree.nodes["Principled BSDF"].inputs["{}"].default_value'
    add(scene, "material_input", block=material, path=shader.format("Roughness"), low=0.1, high=0.9)
    add(scene, "material_input", block=material, path=shader.format("Base Color"))
    add(scene, "world")
    add(scene, "exposure")
    add(
        scene, "property", block=material, path=shader.format("Metallic"), distribution="same", same_as="material_input"
    )


def bake(scene: bpy.types.Scene, frames: Any, seed: int = 1) -> Any:
    from labelpass.operators.random_frames.bake import bake

    return bake(scene, list(frames), seed, list(scene.labelpass.random_frames.rows))


def error() -> type[Exception]:
    """The extension's own LabelpassError, which is another class than that of the tests' core."""
    from labelpass.core.base.errors import LabelpassError

    return LabelpassError


def remove(scene: bpy.types.Scene) -> int:
    from labelpass.operators.random_frames.bake import remove

    return remove(scene)


def actions() -> Iterator[tuple[bpy.types.ID, bpy.types.Action]]:
    for block in (*bpy.data.objects, *bpy.data.cameras, *bpy.data.lights, *bpy.data.scenes):
        if block.animation_data and block.animation_data.action:
            yield block, block.animation_data.action


def keys_of(scene: bpy.types.Scene) -> dict[tuple[str, str, int], dict[int, float]]:
    """(data block, path, index) -> baked frame -> value, of everything that is animated."""
    from labelpass.core.random_frames.stored_draws import unpack_integers
    from labelpass.operators import compat

    frames = unpack_integers(scene.labelpass.random_frames.frames).tolist()
    trees = [bpy.data.materials["Paint"].node_tree, scene.world.node_tree]
    found = {}
    for block in (*bpy.data.objects, *bpy.data.cameras, *bpy.data.lights, *bpy.data.scenes, *trees):
        for curve in compat.curves_of(block.animation_data) if block.animation_data else ():
            values = {frame: curve.evaluate(frame) for frame in frames}
            assert {point.interpolation for point in curve.keyframe_points} <= {"CONSTANT", "BEZIER"}
            found[type(block).__name__ + block.name, curve.data_path, curve.array_index] = values
    return found


# What Blender changes by itself.
_OF_BLENDER = ("users", "is_evaluated", "session_uid", "is_runtime_data")


def everything() -> dict[str, Any]:
    """All settings of the scene's data blocks that random frames may touch, and their animation."""
    found: dict[str, Any] = {}
    scene = bpy.context.scene
    shader, world = bpy.data.materials["Paint"].node_tree, scene.world.node_tree
    for block in (*bpy.data.objects, *bpy.data.cameras, *bpy.data.lights, scene, shader, world, scene.view_settings):
        for prop in block.bl_rna.properties:
            if prop.type in ("FLOAT", "BOOLEAN", "INT", "ENUM") and prop.identifier not in _OF_BLENDER:
                value = getattr(block, prop.identifier)
                found[f"{block!r}.{prop.identifier}"] = np.array(value).tolist() if hasattr(value, "__len__") else value
    for tree in (shader, world):
        for node in tree.nodes:
            for socket in node.inputs:
                value = getattr(socket, "default_value", None)
                found[f"{node!r}.{socket.identifier}"] = list(value) if hasattr(value, "__len__") else value
    found["actions"] = [(repr(block), action.name) for block, action in actions()]
    found["animated"] = [ob.name for ob in bpy.data.objects if ob.animation_data]
    found["count"] = len(bpy.data.actions)
    return found
