"""The geometry of instances that the passes cannot separate, from the evaluated scene.

Blender gives every instance a matrix and a `persistent_id`. In the passes an instance carries what its object carries,
so all instances of one object have one pass index and one Cryptomatte id; geometry nodes that bring in an object "as
geometry" give the instances the index and id of the object with the nodes, and so the same as the ground they lie on.
"""

import itertools
from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

import bpy
import numpy as np
from mathutils import Matrix

from ....core.base.files import digest
from ....core.scene.scene_geometry import Carrier, Mesh, SceneGeometry, Surface, shared_labels
from ..evaluated_shape import LISTED_AS_MESH, coordinates
from ..identity import Identities, by_name
from ..object_facts import CopiedGeometry, materials_of, used_materials

# What persistent_id holds after the last level.
_NO_LEVEL = 0x7FFFFFFF


@dataclass(frozen=True)
class InstanceGeometry:
    """What the scene record of a frame cannot hold.

    Attributes:
        geometry: the surfaces.
        meshes: those of the surfaces, by digest.
        objects: further objects that surfaces are copies of, though nothing in the passes carries their labels.
        copied: what surfaces are copies of that has other materials or data than any object.
    """

    geometry: SceneGeometry
    meshes: dict[str, Mesh] = field(default_factory=dict)
    objects: frozenset[bpy.types.Object] = frozenset()
    copied: frozenset[CopiedGeometry] = frozenset()


def read_instances(depsgraph: bpy.types.Depsgraph, every_object: bool = False) -> InstanceGeometry | None:
    """The surfaces of a frame that share a label with an instance, or all of them; None where there are none.

    Args:
        depsgraph: evaluated at the frame. What only a render shows is known to the depsgraph of a render alone.
        every_object: whether objects count too that share their label with nothing.
    """
    identities = Identities()
    carriers = []
    for one in visible_instances(depsgraph):
        original = one.object.original
        name = identities.of(original)
        carriers.append(Carrier(name, original.name, one.object.pass_index, _instancer(one) is not None))
    wanted = {one.object for one in carriers} if every_object else shared_labels(carriers)
    if not wanted:
        return None
    sources = _Sources(depsgraph)
    meshes: dict[str, Mesh] = {}
    digests: dict[int, str] = {}
    surfaces: list[Surface] = []
    copied_objects = set()
    made: dict[tuple[bpy.types.Object, int], CopiedGeometry | None] = {}
    members = _members(depsgraph)
    for one in visible_instances(depsgraph):
        ob = one.object
        name = identities.of(ob.original)
        if name not in wanted:
            continue
        by, path = _instancer(one), _path(one)
        source = sources.of(ob) if by and len(_levels(one)) > 1 else None
        if source is not None:
            copied_objects.add(source)
        kind = source or ob.original, ob.data.as_pointer() if by and ob.data is not None else 0
        if kind not in made:
            made[kind] = _copied_geometry(ob, kind[0], depsgraph) if kind[1] else None
        mesh = ""
        if ob.type == "MESH":
            key = ob.data.as_pointer()
            if key not in digests:
                read = read_mesh(ob.data)
                digests[key] = digest(read.as_bytes())
                meshes[digests[key]] = read
            mesh = digests[key]
        matrix = np.array(one.matrix_world, dtype=np.float32)
        is_member = (by, path) in members
        instancer = identities.of(by) if by else ""
        copied = made[kind]
        of = copied.name(identities) if copied else identities.of(source) if source else name
        surfaces.append(Surface(name, of, instancer, path, is_member, matrix, mesh))
    surfaces.sort(key=lambda surface: (surface.object, surface.instancer, surface.path))
    return InstanceGeometry(
        SceneGeometry(tuple(surfaces)), meshes, frozenset(copied_objects), frozenset(filter(None, made.values()))
    )


def _copied_geometry(
    ob: bpy.types.Object, source: bpy.types.Object, depsgraph: bpy.types.Depsgraph
) -> CopiedGeometry | None:
    """What a copy is of that differs from an object in its materials or data; None where it is a copy of that.

    Args:
        ob: the evaluated object of an instance.
        source: the original object that it is a copy of.
        depsgraph: of the frame.
    """
    evaluated = source.evaluated_get(depsgraph)
    if ob.data == evaluated.data:
        return None
    materials = used_materials(ob.data)
    if source.type == "MESH":
        has_own = materials != used_materials(evaluated.data)
    else:
        has_own = not set(materials) <= {*materials_of(source, depsgraph), *used_materials(source.data)}
    # Nodes keep the name of the data that they bring in, and of those of curves and texts too.
    named = ob.data.name not in (_NAMELESS, "" if source.data is None else source.data.name)
    data = ob.data.name if named and source.type == "MESH" else ""
    if data or (materials and has_own):
        return CopiedGeometry(source, materials, data)
    return None


def find_copies(depsgraph: bpy.types.Depsgraph, background: Container[bpy.types.Object]) -> Iterator[tuple[str, int]]:
    """Objects that share a label with others, at least one of them an instance, as soon as one is found.

    Objects of one name from several libraries share a Cryptomatte id, instances or not.

    Args:
        depsgraph: evaluated.
        background: objects whose copies need not be separated. What geometry nodes bring in with the
            label of such an object counts all the same, since it is of its own category.

    Yields:
        Name of the object and the pass index that it shares, or 0 where it shares a Cryptomatte id. Many come several
        times.
    """
    if not bpy.data.libraries and not any(one.is_instance for one in depsgraph.object_instances):
        return
    copied: dict[str | int, bool] = {}  # name or pass index -> whether any that carries it is an instance
    first: dict[str, bpy.types.Object] = {}  # that has a name
    for one in itertools.islice(visible_instances(depsgraph), MOST_LOOKED_AT):
        ob, instancer = one.object.original, _instancer(one)
        name = ob.name
        other = first.setdefault(name, ob)
        if other != ob and not (ob in background and other in background):
            yield name, 0
        if ob in background and instancer != ob:
            continue
        index, is_instance = one.object.pass_index, instancer is not None
        labels = [name, index] if index else [name]
        for label in labels:
            if label in copied and (is_instance or copied[label]):
                yield name, index if label == index else 0
            copied[label] = copied.get(label, False) or is_instance


# A lawn of background may have millions of blades, and the panel must not stall.
MOST_LOOKED_AT = 50_000


def visible_instances(depsgraph: bpy.types.Depsgraph) -> Iterator[bpy.types.DepsgraphObjectInstance]:
    """What leaves pixels in a render. Each one is valid only until the next is asked for."""
    for one in depsgraph.object_instances:
        ob = one.object
        if one.is_instance:
            hidden = one.parent is not None and one.parent.hide_render
        else:
            # Not `show_self`, which in the viewport's depsgraph is about the viewport. What vertices or faces of its
            # parent instance is listed, but not rendered by itself.
            instanced = ob.parent is not None and ob.parent.instance_type in {"VERTS", "FACES"}
            hidden = ob.hide_render or instanced or (ob.is_instancer and not ob.show_instancer_for_render)
        # The object of a curve or metaball has no surface; its mesh comes as an instance of its own.
        if ob.type in _WITH_PIXELS and not hidden:
            yield one


_WITH_PIXELS = frozenset({"MESH", "CURVES", "POINTCLOUD", "VOLUME", "GPENCIL", "GREASEPENCIL"})


def _path(one: bpy.types.DepsgraphObjectInstance) -> tuple[int, ...]:
    """What distinguishes the instances of one instancer, the outermost level first; () for what stands for itself."""
    path = _levels(one)
    # Blender hands out the mesh of a curve, a text or a metaball as an instance, one level further in.
    return path[:-1] if one.object.original.type in LISTED_AS_MESH else path


def _levels(one: bpy.types.DepsgraphObjectInstance) -> tuple[int, ...]:
    """Blender's persistent id, the outermost level first; () for what stands for itself."""
    if not one.is_instance:
        return ()
    return tuple(number for number in reversed(one.persistent_id) if number != _NO_LEVEL)


def _instancer(one: bpy.types.DepsgraphObjectInstance) -> bpy.types.Object | None:
    """The original object that makes an instance; None for what stands for itself."""
    if not one.is_instance or one.parent is None:
        return None
    itself = one.parent.original == one.object.original
    # A part of an object's own geometry is one level deep, what its nodes instance is deeper.
    return None if itself and len(_levels(one)) <= 1 else one.parent.original


def _members(depsgraph: bpy.types.Depsgraph) -> set[tuple[bpy.types.Object | None, tuple[int, ...]]]:
    """Instancer and path of all instances that came with others as the objects of one instanced collection.

    Blender does not say which levels of a path are collections: objects that are all different, and moved in the same
    way from where they stand in the scene, are.
    """
    siblings: dict[tuple[bpy.types.Object | None, tuple[int, ...]], list[tuple[int, bpy.types.Object, Matrix]]]
    siblings = defaultdict(list)
    for one in visible_instances(depsgraph):
        path = _path(one)
        if one.is_instance and path:
            original = one.object.original
            moved = one.matrix_world @ original.evaluated_get(depsgraph).matrix_world.inverted_safe()
            siblings[_instancer(one), path[:-1]].append((path[-1], original, moved))
    return {
        (instancer, (*outer, number))
        for (instancer, outer), rows in siblings.items()
        if len(rows) > 1 and len({ob for _, ob, _ in rows}) == len(rows) and _all_alike([row[2] for row in rows])
        for number, _, _ in rows
    }


def _all_alike(matrices: list[Matrix]) -> bool:
    values = np.array(matrices, dtype=np.float64)
    return bool(np.allclose(values, values[0], rtol=1e-4, atol=1e-4 * np.abs(values).max()))


class _Sources:
    """Finds the object whose data geometry nodes brought into the instances of another one.

    Blender does not tell. The data have kept their name, which others may have too, so only those objects count that
    the nodes refer to, by themselves or by collections and node groups.
    """

    def __init__(self, depsgraph: bpy.types.Depsgraph) -> None:
        self._depsgraph = depsgraph
        self._used: dict[bpy.types.ID, list[bpy.types.ID]] | None = None
        self._objects: dict[bpy.types.Object, list[bpy.types.Object]] = {}
        self._found: dict[tuple[bpy.types.Object, str, int], bpy.types.Object | None] = {}

    def of(self, ob: bpy.types.Object) -> bpy.types.Object | None:
        """That of the data of an instance; None where it is the object itself, or not known."""
        if ob.data is None:
            return None
        key = ob.original, ob.data.name, _size(ob)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def _find(self, original: bpy.types.Object, name: str, size: int) -> bpy.types.Object | None:
        if original not in self._objects:
            self._objects[original] = self._referred(original)
        named = [one for one in self._objects[original] if one.data is not None and one.data.name == name]
        itself = original.data is not None and original.data.name == name
        alike = [one for one in named if _size(one.evaluated_get(self._depsgraph)) == size]
        if itself and (not alike or _size(original.evaluated_get(self._depsgraph)) == size):
            return None
        # What nodes make themselves is called "Mesh", as is the mesh of many an object.
        return next(iter(alike if name == _NAMELESS else alike or named), None)

    def _referred(self, ob: bpy.types.Object) -> list[bpy.types.Object]:
        """The objects that an object's nodes refer to, sorted by name."""
        if self._used is None:
            self._used = defaultdict(list)
            kinds = {"OBJECT", "COLLECTION", "NODETREE"}
            for thing, users in bpy.data.user_map(key_types=kinds, value_types=kinds).items():
                for user in users:
                    if getattr(user, "parent", None) != thing:
                        self._used[user].append(thing)
        found = {ob}
        waiting: list[bpy.types.ID] = [ob]
        while waiting:
            new = set(self._used.get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        return sorted((one for one in found if isinstance(one, bpy.types.Object) and one != ob), key=by_name)


# What Blender calls a mesh that was made without a name.
_NAMELESS = "Mesh"


def _size(ob: bpy.types.Object) -> int:
    """Number of the vertices of an evaluated object; 0 where it is not a mesh."""
    return len(ob.data.vertices) if ob.type == "MESH" else 0


def read_mesh(mesh: bpy.types.Mesh) -> Mesh:
    """The triangles of an evaluated mesh, in its own coordinates."""
    mesh.calc_loop_triangles()
    triangles = np.empty(len(mesh.loop_triangles) * 3, dtype=np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    return Mesh(coordinates(mesh.vertices, "co"), triangles.reshape(-1, 3))
