"""What the rules of a category table can look at, read from Blender as plain data; core/categories/rules.py decides.

Names are keys as well. Where two have one name, which takes a linked library, the linked one is called as Blender
writes it, "Car [library.blend]"; see identity.py.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ...core.base.errors import SceneError
from ...core.scene.scene_record import Facts, SceneEntries, SceneEntry
from .identity import Identities, by_name
from .parents import with_parents

# Object types that leave pixels in a render.
RENDERED_TYPES = frozenset(
    {"MESH", "CURVE", "SURFACE", "META", "FONT", "CURVES", "POINTCLOUD", "VOLUME", "GPENCIL", "GREASEPENCIL"}
)


@dataclass(frozen=True)
class CopiedGeometry:
    """What geometry nodes make copies of with other materials or data than those of an object.

    Attributes:
        object: the original object whose copies they are besides.
        materials: those of the copies, in their order.
        data: name of their data; "" where it is that of the object, or nobody named it.
    """

    object: bpy.types.Object
    materials: tuple[bpy.types.Material, ...]
    data: str

    def name(self, identities: Identities) -> str:
        """What no object is called."""
        others = [*map(identities.of, self.materials), *([self.data] if self.data else [])]
        name = f"{identities.of(self.object)} ({', '.join(others)})"
        while name in bpy.data.objects:
            name += " copy"
        return name


class SceneFacts:
    """The things of a scene, without their categories.

    Args:
        scene: the original scene.
        objects: those that leave pixels, in the order that the table of objects has.
        visible: all objects that are not hidden from the render, empties included.
        depsgraph: of the frame; None takes the scene as the user sees it.
        copied: what else copies are made of; it comes after the objects, in the order of the names.
    """

    def __init__(
        self,
        scene: bpy.types.Scene,
        objects: Sequence[bpy.types.Object],
        visible: Collection[bpy.types.Object],
        depsgraph: bpy.types.Depsgraph | None,
        copied: Collection[CopiedGeometry] = (),
    ) -> None:
        self._depsgraph = depsgraph
        self._shown = depsgraph
        if depsgraph is None and scene == bpy.context.scene and any(map(_gains_materials, objects)):
            self._shown = bpy.context.evaluated_depsgraph_get()  # only of this scene is known what is evaluated
        self._copied = copied
        self._objects = objects
        self._instancers = _instancers(scene, visible)
        self._parents = _parents_of(objects, self._instancers)
        listed = scene.collection.children_recursive
        instanced = sorted({ob.instance_collection for ob in visible if ob.instance_collection}, key=by_name)
        self._collections = list(
            dict.fromkeys([*listed, *(one for root in instanced for one in (root, *root.children_recursive))])
        )
        self._identities = Identities()
        self._inside = _containers(self._collections)
        self._own_collections = _own_collections(listed)
        self._holdouts = _objects_in_holdouts(scene)
        self._read: dict[bpy.types.Object, SceneEntry] = {}

    def objects(self) -> SceneEntries:
        copied = sorted(map(self._copied_geometry, self._copied), key=SceneEntry.key)
        return SceneEntries((), (*map(self._object, self._objects), *copied))

    def parents(self) -> SceneEntries:
        """Whatever is a parent of an object, or instances one."""
        return SceneEntries((), tuple(map(self._object, sorted(self._parents, key=self._identities.of))))

    def assets(self) -> SceneEntries:
        """Cryptomatte's assets: the top-most parent stands for all its children."""
        ordered = sorted({list(with_parents(ob))[-1] for ob in self._objects}, key=by_name)
        return SceneEntries((), tuple(map(self._object, ordered)))

    def materials(self) -> SceneEntries:
        used = {material for ob in self._objects for material in materials_of(ob, self._shown)}
        used.update(_materials_in(self._depsgraph) if self._depsgraph else ())
        ordered = sorted(used, key=by_name)
        return SceneEntries(
            (),
            tuple(
                SceneEntry(
                    self._identities.of(material),
                    at_frame(material, self._depsgraph).pass_index,
                    None,
                    facts=_facts_of(material, name=self._own_name(material)),
                )
                for material in ordered
            ),
        )

    def collections(self) -> SceneEntries:
        ordered = sorted(self._collections, key=self._identities.of)
        return SceneEntries(
            (),
            tuple(
                SceneEntry(
                    self._identities.of(collection),
                    0,
                    None,
                    facts=_facts_of(
                        collection,
                        name=self._own_name(collection),
                        collections=self._names_of_containers(collection),
                    ),
                )
                for collection in ordered
            ),
        )

    def _object(self, ob: bpy.types.Object) -> SceneEntry:
        """An object; what is an asset or a parent as well is read once."""
        known = self._read.get(ob)
        if known is None:
            known = self._read[ob] = self._read_object(ob)
        return known

    def _read_object(self, ob: bpy.types.Object) -> SceneEntry:
        evaluated = at_frame(ob, self._depsgraph)
        collections = self._names_of_containers(ob)
        return SceneEntry(
            self._identities.of(ob),
            evaluated.pass_index,
            None,
            parent=self._identities.of(ob.parent) if ob.parent else "",
            collection=collections[0] if collections else "",
            instance_id=str(ob.get("instance_id", "")),
            facts=_facts_of(
                ob,
                name=self._own_name(ob),
                data=ob.data.name if ob.data else "",
                collections=collections,
                own_collection=self._own_collections.get(ob, ""),
                materials=tuple(map(self._identities.of, materials_of(ob, self._shown))),
                instancer=self._identities.of(self._instancers[ob]) if ob in self._instancers else "",
                holdout=evaluated.is_holdout or ob in self._holdouts,
                shadow_catcher=evaluated.is_shadow_catcher,
                beyond_shape=_beyond_shape(ob),
            ),
        )

    def _copied_geometry(self, copied: CopiedGeometry) -> SceneEntry:
        """As its object, but for what it has of its own."""
        entry = self._object(copied.object)
        facts = dataclasses.replace(
            entry.facts,
            name=entry.own_name,
            materials=tuple(map(self._identities.of, copied.materials)),
            data=copied.data or entry.facts.data,
            copy_of=entry.name,
        )
        return dataclasses.replace(entry, name=copied.name(self._identities), facts=facts)

    def _names_of_containers(self, thing: bpy.types.ID) -> tuple[str, ...]:
        return tuple(self._identities.of(collection) for collection in self._inside.get(thing, ()))

    def _own_name(self, thing: bpy.types.ID) -> str:
        """As Facts.name."""
        return "" if self._identities.of(thing) == thing.name else thing.name


def _beyond_shape(ob: bpy.types.Object) -> str:
    """As Facts.beyond_shape. Hair as curves has a shape of its own, and so has what hair or particles instance."""
    for modifier in ob.modifiers:
        if modifier.type == "PARTICLE_SYSTEM" and modifier.show_render:
            settings = modifier.particle_system.settings
            if settings.type == "HAIR" and settings.render_type == "PATH":
                return "particle hair"
    return "displacement" if any(map(_displaces, ob.material_slots)) else ""


def _displaces(slot: bpy.types.MaterialSlot) -> bool:
    """Whether the material moves the surface, and not only its shading."""
    material = slot.material
    if material is None or material.displacement_method == "BUMP" or material.node_tree is None:
        return False
    ends = (node for node in material.node_tree.nodes if node.type == "OUTPUT_MATERIAL")
    return any(node.inputs["Displacement"].is_linked for node in ends)


def at_frame(thing: bpy.types.ID, depsgraph: bpy.types.Depsgraph | None) -> bpy.types.ID:
    """A data block as the depsgraph has evaluated it; itself where that does not know it.

    Custom properties are not to be read from it: it does not notice when a script sets them.
    """
    return thing.evaluated_get(depsgraph) if depsgraph else thing


def materials_of(ob: bpy.types.Object, depsgraph: bpy.types.Depsgraph | None) -> tuple[bpy.types.Material, ...]:
    """The materials in the slots of an original object, and after them those that its modifiers add."""
    slots = list(ob.material_slots)
    materials = [slot.material for slot in slots]
    if depsgraph is not None and _gains_materials(ob):
        own = data_materials(at_frame(ob, depsgraph).data)
        materials += [one for place, one in enumerate(own) if place >= len(slots) or slots[place].link == "DATA"]
    return tuple(dict.fromkeys(material for material in materials if material is not None))


def _gains_materials(ob: bpy.types.Object) -> bool:
    """Whether it has a modifier that may add materials."""
    return any(modifier.type in {"NODES", "BOOLEAN"} for modifier in ob.modifiers)


def data_materials(data: bpy.types.ID | None) -> list[bpy.types.Material | None]:
    """The original materials of a mesh, curve and so on, in the order of their slots."""
    return [material and material.original for material in getattr(data, "materials", ())]


def used_materials(data: bpy.types.ID | None) -> tuple[bpy.types.Material, ...]:
    """Those of its original materials that a mesh shows, in the order of its slots; of curves and so on, all."""
    materials = data_materials(data)
    indices = data.attributes.get("material_index") if isinstance(data, bpy.types.Mesh) else None
    if indices is not None and len(materials) > 1:
        values = np.empty(len(indices.data), np.int32)
        indices.data.foreach_get("value", values)
        seen = set(np.unique(values).tolist())
        materials = [one for place, one in enumerate(materials) if place in seen]
    elif isinstance(data, bpy.types.Mesh):
        materials = materials[:1]  # without the attribute all faces have the first
    return tuple(dict.fromkeys(one for one in materials if one is not None))


def _materials_in(depsgraph: bpy.types.Depsgraph) -> set[bpy.types.Material]:
    """The materials of everything that is evaluated, also of what nodes make copies of."""
    found: dict[int, list[bpy.types.Material | None]] = {}
    for one in depsgraph.object_instances:
        data = one.object.data
        if data is not None and data.as_pointer() not in found:
            found[data.as_pointer()] = data_materials(data)
    return {material for materials in found.values() for material in materials if material is not None}


def _facts_of(thing: bpy.types.ID, **others: object) -> Facts:
    """The facts that every kind of thing can have, and others; SceneError where a custom property is not a category."""
    id, text = thing.get("category_id"), thing.get("category")
    if id is not None and (not isinstance(id, int) or id < 0):
        raise SceneError(
            f"The custom property category_id of {thing.name!r} is {id!r}; make it a whole number from 1, "
            "or 0 for background"
        )
    if text is not None and not isinstance(text, str):
        raise SceneError(f"The custom property category of {thing.name!r} is {text!r}; make it a text")
    return Facts(
        category=text or None,
        category_id=None if id is None else int(id),
        # BlenderProc's writer takes the data set of a BOP object before anything else.
        supercategory=str(thing.get("bop_dataset_name", thing.get("supercategory", ""))),
        ignore=bool(thing.get("ignore", False)),
        tags=tuple(tag.name for tag in thing.asset_data.tags) if thing.asset_data else (),
        **others,
    )


def _instancers(
    scene: bpy.types.Scene, visible: Iterable[bpy.types.Object]
) -> dict[bpy.types.Object, bpy.types.Object]:
    """Object -> the empty that alone brings it into the scene, by instancing a collection."""
    empties: dict[bpy.types.Collection, list[bpy.types.Object]] = defaultdict(list)
    for ob in visible:
        if ob.instance_type == "COLLECTION" and ob.instance_collection:
            empties[ob.instance_collection].append(ob)
    found: dict[bpy.types.Object, bpy.types.Object] = {}
    several = set(scene.objects)
    for collection, instancing in empties.items():
        for member in collection.all_objects:
            if member in found or len(instancing) > 1:
                several.add(member)
            found[member] = instancing[0]
    return {ob: empty for ob, empty in found.items() if ob not in several}


def _parents_of(
    objects: Iterable[bpy.types.Object], instancers: dict[bpy.types.Object, bpy.types.Object]
) -> set[bpy.types.Object]:
    """Whatever is above some of the objects: parents, empties that instance them, and whatever is above those."""
    found: set[bpy.types.Object] = set()
    waiting = list(objects)
    while waiting:
        ob = waiting.pop()
        for above in (ob.parent, instancers.get(ob)):
            if above is not None and above not in found:
                found.add(above)
                waiting.append(above)
    return found


def _containers(collections: Iterable[bpy.types.Collection]) -> dict[bpy.types.ID, list[bpy.types.Collection]]:
    """Object or collection -> the collections that it is directly in."""
    found: dict[bpy.types.ID, list[bpy.types.Collection]] = defaultdict(list)
    for collection in collections:
        for thing in (*collection.objects, *collection.children):
            found[thing].append(collection)
    return found


def _own_collections(collections: Iterable[bpy.types.Collection]) -> dict[bpy.types.Object, str]:
    """Object -> name of the first collection that it is in, where the scene sorts its objects into several; else empty.

    All objects that could leave pixels decide on that, also hidden ones, so that it is the same in every frame.
    """
    found: dict[bpy.types.Object, str] = {}
    for collection in collections:
        for ob in collection.objects:
            found.setdefault(ob, collection.name)
    several = len({name for ob, name in found.items() if ob.type in RENDERED_TYPES}) > 1
    return found if several else {}


def _objects_in_holdouts(scene: bpy.types.Scene) -> set[bpy.types.Object]:
    """The objects that every view layer that is rendered holds out, by a collection's own switch."""
    held: set[bpy.types.Object] = set()
    shown: set[bpy.types.Object] = set()
    for view_layer in scene.view_layers:
        if view_layer.use:
            for layer_collection in _layer_collections(view_layer.layer_collection):
                (held if layer_collection.holdout else shown).update(layer_collection.collection.objects)
    return held - shown


def _layer_collections(root: bpy.types.LayerCollection) -> Iterator[bpy.types.LayerCollection]:
    if not root.exclude:
        yield root
    for child in root.children:
        yield from _layer_collections(child)
