"""How brightly lights and world light a place, without shadows and reflections: enough to tell a frame that is black.

All in watts per square metre on a surface that faces the light, as Blender's lights are defined: what a white diffuse
surface shows is this divided by pi.
"""

import math
from collections.abc import Sequence

import bpy
import numpy as np

from ...core.random_frames.streams import Floats
from .. import compat


def irradiance(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, places: Sequence[Floats]) -> float | None:
    """The mean over some places; None where it cannot be known, since an image or a shader lights the scene.

    Args:
        scene: the original scene.
        depsgraph: evaluated at the frame.
        places: (3,) each, in the world.
    """
    world = _world(scene.world.evaluated_get(depsgraph) if scene.world else None)
    if world is None or not places:
        return None
    lights = [ob for ob in depsgraph.objects if ob.type == "LIGHT" and not ob.hide_render]
    if any(light.data.use_nodes and _has_shader(light.data) for light in lights):
        return None
    return world + float(np.mean([sum(_at(light, place) for light in lights) for place in places]))


def _at(light: bpy.types.Object, place: Floats) -> float:
    data, matrix = light.data, np.array(light.matrix_world, float)
    power = data.energy * float(np.mean(data.color)) * 2.0 ** getattr(data, "exposure", 0.0)
    if data.type == "SUN":
        return power
    away = place - matrix[:3, 3]
    squared = max(float(away @ away), 1e-6)
    towards = float(-matrix[:3, 2] @ away) / math.sqrt(squared) / max(float(np.linalg.norm(matrix[:3, 2])), 1e-9)
    if data.type == "AREA":
        return power * max(towards, 0.0) / (math.pi * squared)
    if data.type == "SPOT" and towards < math.cos(data.spot_size / 2):
        return 0.0
    return power / (4 * math.pi * squared)


def _world(world: bpy.types.World | None) -> float | None:
    """What comes from a world of one colour; None for any other."""
    if world is None:
        return 0.0
    tree = compat.shader_tree(world)
    if tree is None:
        return math.pi * float(np.mean(world.color))
    backgrounds = [node for node in tree.nodes if node.bl_idname == "ShaderNodeBackground"]
    if len(backgrounds) != 1 or any(socket.is_linked for socket in backgrounds[0].inputs):
        return None
    colour, strength = (socket.default_value for socket in backgrounds[0].inputs[:2])
    return math.pi * strength * float(np.mean(colour[:3]))


def _has_shader(data: bpy.types.Light) -> bool:
    """Whether the nodes of a light do more than hand on its power."""
    tree = data.node_tree
    return tree is not None and any(
        node.bl_idname not in ("ShaderNodeOutputLight", "ShaderNodeEmission") for node in tree.nodes
    )
