"""Copies that a render shows and the viewport does not, as far as the data tell without evaluating anything.

The checklist goes by the viewport's depsgraph, which Blender has evaluated anyway; that of a render would cost an
evaluation of what is hidden because it is heavy. So of what is off in the viewport it is only known that it makes
copies, and neither how many nor where.
"""

from collections import Counter
from collections.abc import Collection, Container, Iterator

import bpy

from .identity import by_name
from .object_facts import RENDERED_TYPES

_INSTANCING_NODES = frozenset({"GeometryNodeInstanceOnPoints", "GeometryNodeDuplicateElements"})
_INSTANCING_PARTICLES = frozenset({"OBJECT", "COLLECTION"})


def find_hidden_copies(
    layer: bpy.types.ViewLayer, objects: Collection[bpy.types.Object], background: Container[bpy.types.Object]
) -> Iterator[tuple[str, int]]:
    """Objects that may share a label with copies of theirs which the viewport does not show.

    Args:
        layer: the view layer that the user looks at.
        objects: all original objects that are not hidden from the render, empties included.
        background: as for find_copies.

    Yields:
        As find_copies; of an object with a pass index its name both with the index and with 0.
    """
    for ob in _copied(layer, objects):
        if ob not in background:
            yield ob.name, 0
            if ob.pass_index:
                yield ob.name, ob.pass_index


def _copied(layer: bpy.types.ViewLayer, objects: Collection[bpy.types.Object]) -> Iterator[bpy.types.Object]:
    """The original objects whose labels the copies carry."""
    instancing = Counter(ob.instance_collection for ob in objects if ob.instance_type == "COLLECTION")
    own = set(layer.id_data.collection.children_recursive)
    for ob in sorted(objects, key=by_name):
        is_shown = ob.visible_get(view_layer=layer)
        for modifier in ob.modifiers:
            if modifier.show_render and not (is_shown and modifier.show_viewport):
                yield from _copied_by(modifier)
        if is_shown:
            continue
        if ob.instance_type in {"VERTS", "FACES"}:
            yield from (child for child in _rendered(ob.children) if child in objects)
        collection = ob.instance_collection if ob.instance_type == "COLLECTION" else None
        if collection is not None and (instancing[collection] > 1 or collection in own):
            yield from (member for member in _rendered(collection.all_objects) if member in objects)


def _copied_by(modifier: bpy.types.Modifier) -> Iterator[bpy.types.Object]:
    """What a modifier makes copies of; its own object where its nodes bring nothing in."""
    if modifier.type == "PARTICLE_SYSTEM":
        settings = modifier.particle_system.settings
        if settings.render_type in _INSTANCING_PARTICLES:
            whole = settings.instance_collection if settings.render_type == "COLLECTION" else settings.instance_object
            yield from _objects_of(whole)
    elif modifier.type == "NODES" and modifier.node_group is not None:
        nodes = list(_nodes(modifier.node_group, set()))
        if any(node.bl_idname in _INSTANCING_NODES for node in nodes):
            sockets = [socket for node in nodes for socket in node.inputs if socket.type in {"OBJECT", "COLLECTION"}]
            given = [*(socket.default_value for socket in sockets), *modifier.values()]
            brought = [ob for thing in given for ob in _objects_of(thing)]
            yield from dict.fromkeys(brought) if brought else (modifier.id_data,)


def _nodes(tree: bpy.types.NodeTree, seen: set[bpy.types.NodeTree]) -> Iterator[bpy.types.Node]:
    """The nodes of a tree, and of the groups in it."""
    seen.add(tree)
    for node in tree.nodes:
        yield node
        inner = getattr(node, "node_tree", None)
        if inner is not None and inner not in seen:
            yield from _nodes(inner, seen)


def _objects_of(thing: object) -> Iterator[bpy.types.Object]:
    """An object, or those of a collection; nothing else counts."""
    if isinstance(thing, bpy.types.Object):
        yield from _rendered([thing])
    elif isinstance(thing, bpy.types.Collection):
        yield from _rendered(thing.all_objects)


def _rendered(objects: Collection[bpy.types.Object]) -> Iterator[bpy.types.Object]:
    """Those that leave pixels, in the order of their names."""
    return (ob for ob in sorted(objects, key=by_name) if ob.type in RENDERED_TYPES)
