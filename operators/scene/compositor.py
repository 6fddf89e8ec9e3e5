"""What the compositor's nodes do between the render and the picture: followed from the output back to Render Layers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import bpy

from ...core.scene.compositing import Compositing
from .. import compat

# Nodes that move or crop what comes in at their first input, and the values of other inputs with which they do not.
_MOVES: dict[str, dict[str, Any]] = {
    "CompositorNodeLensdist": {"Distortion": 0.0, "Distort": 0.0, "Dispersion": 0.0},
    "CompositorNodeTransform": {"X": 0.0, "Y": 0.0, "Angle": 0.0, "Scale": 1.0},
    "CompositorNodeTranslate": {"X": 0.0, "Y": 0.0},
    "CompositorNodeRotate": {"Degr": 0.0, "Angle": 0.0},
    "CompositorNodeScale": {"X": 1.0, "Y": 1.0},
    "CompositorNodeFlip": {},
    "CompositorNodeCrop": {},
    "CompositorNodeCornerPin": {},
    "CompositorNodeMovieDistortion": {},
    "CompositorNodeStabilize": {},
    "CompositorNodePlaneTrackDeform": {},
    "CompositorNodeDisplace": {"X Scale": 0.0, "Y Scale": 0.0, "Displacement": (0.0, 0.0)},
    "CompositorNodeMapUV": {},
}


@dataclass
class _Shown:
    """What a picture shows: (scene, view layer) that reach it, and nodes on the way that move pixels."""

    layers: dict[tuple[str, str], None] = field(default_factory=dict)
    moves: dict[str, None] = field(default_factory=dict)

    def add(self, other: "_Shown") -> None:
        self.layers.update(other.layers)
        self.moves.update(other.moves)


def read_compositing(scene: bpy.types.Scene) -> Compositing:
    """What the compositor of a scene does to the picture of its render.

    Args:
        scene: the original scene.
    """
    tree = compat.compositor_tree(scene)
    if tree is None:
        return Compositing()
    walk = _Walk(scene)
    picture = walk.shown(tree, compat.picture_inputs(tree))
    files = _Shown()
    if not compat.writes_multilayer(scene):
        for node in compat.file_outputs(scene):
            files.add(walk.shown(tree, node.inputs))
    return Compositing(
        moves=tuple(picture.moves),
        layers=tuple(layer for name, layer in picture.layers if name == scene.name_full),
        scenes=tuple(dict.fromkeys(name for name, _ in picture.layers if name != scene.name_full)),
        moves_in_files=tuple(files.moves),
    )


class _Walk:
    """Follows links backwards, each of them once."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._scene = scene
        self._sources: dict[str, dict[tuple[str, str], bpy.types.NodeSocket]] = {}
        self._known: dict[tuple[str, ...], _Shown] = {}

    def shown(
        self, tree: bpy.types.NodeTree, inputs: Iterable[bpy.types.NodeSocket], groups: tuple[Any, ...] = ()
    ) -> _Shown:
        """What comes in at some inputs of nodes.

        Args:
            tree: that the nodes are in.
            inputs: of its nodes.
            groups: the group nodes that the tree was entered by, each with its own tree, the outermost first.
        """
        together = _Shown()
        for socket in inputs:
            source = self._sources_in(tree).get((socket.node.name, socket.identifier))
            if source is not None:
                together.add(self._coming_out(tree, source, groups))
        return together

    def _sources_in(self, tree: bpy.types.NodeTree) -> dict[tuple[str, str], bpy.types.NodeSocket]:
        """Node and input -> the output that is linked to it."""
        if tree.name_full not in self._sources:
            self._sources[tree.name_full] = {
                (link.to_node.name, link.to_socket.identifier): link.from_socket
                for link in tree.links
                if link.is_valid and not link.is_muted
            }
        return self._sources[tree.name_full]

    def _coming_out(self, tree: bpy.types.NodeTree, output: bpy.types.NodeSocket, groups: tuple[Any, ...]) -> _Shown:
        node = output.node
        key = (*(group.name for _, group in groups), tree.name_full, node.name, output.identifier)
        if key not in self._known:
            self._known[key] = _Shown()  # where links go in a circle
            self._known[key] = self._made_by(tree, node, output, groups)
        return self._known[key]

    def _made_by(
        self, tree: bpy.types.NodeTree, node: bpy.types.Node, output: bpy.types.NodeSocket, groups: tuple[Any, ...]
    ) -> _Shown:
        kind = node.bl_idname
        if kind == "CompositorNodeRLayers" and not node.mute:
            return self._rendered(node, output)
        if kind == "NodeGroupInput":
            if not groups:
                return _Shown()
            outer, group = groups[-1]
            return self.shown(outer, _with_identifier(group.inputs, output.identifier), groups[:-1])
        if node.mute:
            through = [link.from_socket for link in node.internal_links if link.to_socket == output]
            return self.shown(tree, through, groups)
        if kind == "CompositorNodeGroup" and node.node_tree:
            inside = node.node_tree
            ends = [end for end in inside.nodes if end.bl_idname == "NodeGroupOutput" and end.is_active_output]
            inputs = [socket for end in ends for socket in _with_identifier(end.inputs, output.identifier)]
            return self.shown(inside, inputs, (*groups, (tree, node)))
        if kind == "CompositorNodeSwitch":
            return self.shown(tree, self._switched(tree, node), groups)
        shown = self.shown(tree, node.inputs, groups)
        if kind in _MOVES and not self._is_idle(tree, node):
            moved = self.shown(tree, node.inputs[:1], groups)
            if moved.layers:
                shown = _Shown(dict(shown.layers), dict(shown.moves))
                shown.moves[" > ".join([*(group.name for _, group in groups), node.label or node.name])] = None
        return shown

    def _rendered(self, node: bpy.types.Node, output: bpy.types.NodeSocket) -> _Shown:
        """A layer counts where its colours are seen; its depths, indices and mattes may well steer something."""
        if output.type != "RGBA" or output.name.startswith("Crypto"):
            return _Shown()
        scene = node.scene or self._scene
        return _Shown({(scene.name_full, node.layer): None})

    def _switched(self, tree: bpy.types.NodeTree, node: bpy.types.Node) -> list[bpy.types.NodeSocket]:
        """The inputs of a Switch node that may come through."""
        *_, off, on = node.inputs
        switch = node.inputs.get("Switch")
        if switch is None:
            return [on if node.check else off]
        if (node.name, switch.identifier) in self._sources_in(tree):
            return [off, on]
        return [on if switch.default_value else off]

    def _is_idle(self, tree: bpy.types.NodeTree, node: bpy.types.Node) -> bool:
        """Whether a node leaves every pixel where it is, as it is set."""
        if node.bl_idname == "CompositorNodeScale":
            space = _scale_space(node)
            if space == "RENDER_SIZE":
                return True  # which the render has
            if space != "RELATIVE":
                return False
        values = _MOVES[node.bl_idname]
        steering = [socket for socket in node.inputs if socket.name in values]
        return bool(steering) and all(
            (node.name, socket.identifier) not in self._sources_in(tree) and _has_value(socket, values[socket.name])
            for socket in steering
        )


def _with_identifier(sockets: Iterable[bpy.types.NodeSocket], identifier: str) -> Iterator[bpy.types.NodeSocket]:
    return (socket for socket in sockets if socket.identifier == identifier)


def _scale_space(node: bpy.types.Node) -> str:
    """What a Scale node goes by: "RELATIVE" or "RENDER_SIZE", for example."""
    space = node.inputs["Type"].default_value if "Type" in node.inputs else node.space
    return str(space).upper().replace(" ", "_")


def _has_value(socket: bpy.types.NodeSocket, value: Any) -> bool:
    found = socket.default_value
    return tuple(found)[: len(value)] == value if isinstance(value, tuple) else found == value
