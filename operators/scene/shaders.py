"""What the nodes of materials and worlds end in, as far as that decides on labels."""

from enum import Enum, auto

import bpy

from .. import compat


class Surface(Enum):
    """What a material makes of a surface."""

    LABELLED = auto()
    VOLUME = auto()
    HOLDOUT = auto()
    TRANSPARENT = auto()
    UNSEEN = auto()


def surface_of(material: bpy.types.Material | None, engine: str, threshold: float) -> Surface:
    """What is seen of a surface, in so far as it can be told without rendering it.

    Args:
        material: None is Blender's own grey.
        engine: of the scene, which may have an output node of its own.
        threshold: of alpha, from which on Cycles writes a surface into index passes.
    """
    tree = compat.shader_tree(material)
    if tree is None:
        return Surface.LABELLED
    output = _output_of(tree, engine)
    shader = _source(output.inputs["Surface"]) if output else None
    alpha = 0.0 if shader is None else _alpha(shader)
    if shader is None or alpha <= 0:
        return Surface.VOLUME if has_volume(tree, engine) else Surface.UNSEEN
    if shader.bl_idname == "ShaderNodeHoldout":
        return Surface.HOLDOUT
    return Surface.TRANSPARENT if alpha < threshold else Surface.LABELLED


def has_volume(tree: bpy.types.NodeTree, engine: str) -> bool:
    """Whether the nodes of a material or a world make a volume."""
    output = _output_of(tree, engine)
    return output is not None and _source(output.inputs["Volume"]) is not None


def _output_of(tree: bpy.types.NodeTree, engine: str) -> bpy.types.Node | None:
    return tree.get_output_node("CYCLES" if engine == "CYCLES" else "EEVEE")


def _alpha(shader: bpy.types.Node) -> float:
    """How much light a Transparent shader keeps; 1 for any other, and for one with a texture, of which it varies."""
    if shader.bl_idname != "ShaderNodeBsdfTransparent" or shader.inputs["Color"].is_linked:
        return 1.0
    return 1.0 - sum(shader.inputs["Color"].default_value[:3]) / 3


def _source(socket: bpy.types.NodeSocket) -> bpy.types.Node | None:
    """The node that a socket has its value from, in a group too; None where it has its own."""
    while socket.is_linked:
        link = socket.links[0]
        node, inner = link.from_node, None
        if link.is_muted:
            return None
        if node.mute:
            inner = next((one.from_socket for one in node.internal_links if one.to_socket == link.from_socket), None)
        elif node.type == "REROUTE":
            inner = node.inputs[0]
        elif node.type == "GROUP" and node.node_tree:
            ends = [one for one in node.node_tree.nodes if one.type == "GROUP_OUTPUT" and one.is_active_output]
            inner = next(
                (one for end in ends for one in end.inputs if one.identifier == link.from_socket.identifier), None
            )
        else:
            return node
        if inner is None:
            return None
        socket = inner
    return None
