"""What is in the picture and in no label pass, as the tests of each object type have measured it.

Blender leaves volumes and Grease Pencil out of every index pass and every Cryptomatte, and Cycles the lights that its
camera sees and surfaces of some shaders. What nodes make counts, not the type of the object: a volume object may be a
mesh in the end, and a mesh object a volume.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix, Vector

from ...core.scene.camera import Camera
from ...core.scene.unlabelled import Unlabelled, WithoutLabel
from .. import compat
from .identity import by_name
from .object_facts import at_frame
from .readers.instances import visible_instances
from .shaders import Surface, has_volume, surface_of

_GREASE_PENCIL_TYPES = frozenset({"GPENCIL", "GREASEPENCIL"})
# Of these types all that is seen has no label, unless nodes make something else of it.
UNLABELLED_TYPES = {"VOLUME": Unlabelled.VOLUME, **dict.fromkeys(_GREASE_PENCIL_TYPES, Unlabelled.GREASE_PENCIL)}
_OF_CYCLES = {
    Surface.VOLUME: Unlabelled.VOLUME_SHADER,
    Surface.HOLDOUT: Unlabelled.HOLDOUT_SHADER,
    Surface.TRANSPARENT: Unlabelled.TRANSPARENT_SHADER,
}
# A light of no size is a point, which no camera sees.
_RADIUS_OF_LIGHT: dict[str, Callable[[bpy.types.Light], float]] = {
    "AREA": lambda light: max(light.size, light.size_y) / 2,
    "POINT": lambda light: light.shadow_soft_size,
    "SPOT": lambda light: light.shadow_soft_size,
}
# (8, 3) corners in the world; None where the place is not known.
Box = npt.NDArray[np.float64] | None


@dataclass(frozen=True)
class View:
    """What a frame is seen by: its camera, and the size of its image in pixels; without a camera all is in view."""

    camera: Camera | None = None
    width: int = 0
    height: int = 0

    def may_show(self, box: Box) -> bool:
        """Whether a box reaches into the image, as far as that is easy to say."""
        if box is None or self.camera is None or not self.camera.is_projective:
            return True
        x, y, depth = self.camera.project(box).T
        if (depth <= 0).any():
            return bool((depth > 0).any())
        return bool(x.max() > 0 and y.max() > 0 and x.min() < self.width and y.min() < self.height)


@dataclass
class Shown:
    """What a render shows of an object.

    Attributes:
        unlabelled: what of it has no label, and the box around that.
        labelled: whether it has anything that can have a label.
    """

    unlabelled: list[tuple[Unlabelled, Box]] = field(default_factory=list)
    labelled: bool = False

    def in_view(self, view: View) -> Unlabelled | None:
        """What of it has no label and may be in view; None for nothing."""
        return next((kind for kind, box in self.unlabelled if view.may_show(box)), None)


class ShownObjects:
    """What a render shows of each object of a scene.

    Args:
        scene: the original scene.
        depsgraph: evaluated at the frame; None goes by the types and materials of objects alone.
        most: so many instances are looked at; None for all.
    """

    def __init__(self, scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph | None, most: int | None = None) -> None:
        self._scene, self._depsgraph = scene, depsgraph
        self._threshold = max(layer.pass_alpha_threshold for layer in scene.view_layers)
        self._kinds: dict[tuple[bpy.types.Object, int], tuple[list[Unlabelled], bool]] = {}
        self._shown: dict[bpy.types.Object, Shown] = {}
        # Nodes that make something else of such an object leave an empty one behind.
        empty: list[tuple[bpy.types.Object, Unlabelled, Box]] = []
        for one in itertools.islice(visible_instances(depsgraph), most) if depsgraph else ():
            ob, original = one.object, one.object.original
            kind = UNLABELLED_TYPES.get(ob.type)
            if kind and _is_empty(ob):
                empty.append((original, kind, _box(ob, one.matrix_world)))
            elif kinds_and_rest := self._kinds_of(ob, original):
                kinds, labelled = kinds_and_rest
                shown = self._shown.setdefault(original, Shown())
                shown.labelled = shown.labelled or labelled
                shown.unlabelled += [(kind, _box(ob, one.matrix_world)) for kind in kinds]
        for original, kind, box in empty:
            shown = self._shown.setdefault(original, Shown())
            if original.type in UNLABELLED_TYPES and not shown.unlabelled and not shown.labelled:
                shown.unlabelled.append((kind, box))
        self._empty = {original for original, _, _ in empty}

    def of(self, ob: bpy.types.Object) -> Shown:
        """What is shown of an original object, as far as its type tells where the depsgraph does not know it."""
        if ob in self._shown:
            return self._shown[ob]
        kind = UNLABELLED_TYPES.get(ob.type)
        if kind is None or ob.hide_render or not self._is_seen(ob):
            return Shown(labelled=kind is None)
        evaluated = at_frame(ob, self._depsgraph)
        return Shown([(kind, _box(evaluated, evaluated.matrix_world))])

    def volume_in(self, view: View) -> str:
        """What to call a volume that may lie before things in view, with its article; "" where there is none.

        Only Cycles follows rays through it that end there; EEVEE lays it over what it has drawn.
        """
        if self._scene.render.engine != "CYCLES":
            return ""
        world = compat.shader_tree(self._scene.world)
        if world and has_volume(world, "CYCLES"):
            return "the volume of the world"
        for ob in sorted(self._shown.keys() - self._empty, key=by_name):
            kinds = {kind for kind, box in self._shown[ob].unlabelled if view.may_show(box)}
            if kinds & {Unlabelled.VOLUME, Unlabelled.VOLUME_SHADER}:
                return f"the volume {ob.name_full!r}"
        return ""

    def _is_seen(self, ob: bpy.types.Object) -> bool:
        """Whether the camera sees an object of a type that has no label. EEVEE draws volumes all the same, and Grease
        Pencil is always drawn."""
        return ob.visible_camera or ob.type in _GREASE_PENCIL_TYPES or self._scene.render.engine != "CYCLES"

    def _kinds_of(self, ob: bpy.types.Object, original: bpy.types.Object) -> tuple[list[Unlabelled], bool] | None:
        """What of an evaluated object has no label, and whether anything else is seen; None where nothing is."""
        engine = self._scene.render.engine
        if kind := UNLABELLED_TYPES.get(ob.type):
            # Cycles leaves Grease Pencil out that nodes bring into an object of another type.
            drawn = kind is not Unlabelled.GREASE_PENCIL or original.type in _GREASE_PENCIL_TYPES or engine != "CYCLES"
            return ([kind], False) if drawn and self._is_seen(original) else None
        if not original.visible_camera or not len(ob.data.vertices if ob.type == "MESH" else ob.data.points):
            return None
        key = original, ob.data.as_pointer()
        if key not in self._kinds:
            kinds = {_kind(material, engine, self._threshold) for material in _materials(ob, original)}
            self._kinds[key] = sorted((one for one in kinds if one), key=lambda one: one.value), None in kinds
        return self._kinds[key]


def lights_in(view: View, depsgraph: bpy.types.Depsgraph | None) -> list[WithoutLabel]:
    """The lights that the camera may see, sorted by name, without those that are said to be background.

    Args:
        view: which frame.
        depsgraph: as for ShownObjects.
    """
    if depsgraph is None or (depsgraph.scene.render.engine in compat.RASTERISERS and not compat.EEVEE_DRAWS_LIGHTS):
        return []
    found = set()
    for one in depsgraph.object_instances:
        ob = one.object
        if ob.type != "LIGHT" or ob.hide_render or not ob.visible_camera or ob.original.get("category_id") == 0:
            continue
        radius = _RADIUS_OF_LIGHT.get(ob.data.type, _no_radius)(ob.data)
        if radius > 0 and ob.data.energy > 0:
            corners = [one.matrix_world @ Vector(signs) for signs in itertools.product((-radius, radius), repeat=3)]
            if view.may_show(np.array(corners)):
                found.add(ob.original.name_full)
    return [WithoutLabel(name, Unlabelled.LIGHT) for name in sorted(found)]


def freestyle_of(
    scene: bpy.types.Scene, view_layer: bpy.types.ViewLayer | None = None, every_layer: bool = True
) -> list[WithoutLabel]:
    """The view layers into whose picture Freestyle draws: all that are rendered, or a single one."""
    if not scene.render.use_freestyle or scene.render.engine == "BLENDER_WORKBENCH":
        return []
    return [
        WithoutLabel(layer.name, Unlabelled.FREESTYLE)
        for layer in scene.view_layers
        if (layer.use if every_layer or view_layer is None else layer.name == view_layer.name)
        and layer.use_freestyle
        and not layer.freestyle_settings.as_render_pass
        and any(one.show_render for one in layer.freestyle_settings.linesets)
    ]


def _no_radius(light: bpy.types.Light) -> float:
    return 0.0


def _is_empty(ob: bpy.types.Object) -> bool:
    """Whether an evaluated object of a type without labels has nothing in it."""
    if ob.type == "VOLUME":
        return not ob.data.filepath and (not len(ob.data.grids) or not np.ptp(_corners(ob), axis=0).any())
    return not len(ob.data.layers)


def _corners(ob: bpy.types.Object) -> npt.NDArray[np.float64]:
    return np.array([tuple(corner) for corner in ob.bound_box])


def _box(ob: bpy.types.Object, matrix: Matrix) -> Box:
    corners = _corners(ob)
    if ob.type in _GREASE_PENCIL_TYPES and not np.ptp(corners, axis=0).any():
        return None  # of Line Art, whose lines are where other objects are
    values = np.array(matrix, np.float64)
    return corners @ values[:3, :3].T + values[:3, 3]


def _materials(ob: bpy.types.Object, original: bpy.types.Object) -> list[bpy.types.Material | None]:
    """The materials that something of an evaluated object has; at least one where anything is seen."""
    if ob.type != "MESH":
        return list(ob.data.materials)[:1] or [None]
    slots = original.material_slots
    materials = [
        slots[number].material if number < len(slots) and slots[number].link == "OBJECT" else material
        for number, material in enumerate(ob.data.materials)
    ]
    if len(materials) < 2:
        return materials or [None]
    numbers = np.zeros(len(ob.data.polygons), np.int32)
    ob.data.polygons.foreach_get("material_index", numbers)
    # Blender takes the last material where there are fewer.
    return [materials[number] for number in np.unique(np.clip(numbers, 0, len(materials) - 1)).tolist()]


def _kind(material: bpy.types.Material | None, engine: str, threshold: float) -> Unlabelled | None:
    """Why a surface with a material has no label though it is seen; None if it has one."""
    surface = surface_of(material, engine, threshold)
    if engine == "CYCLES":
        return _OF_CYCLES.get(surface)
    if engine not in compat.RASTERISERS or engine == "BLENDER_WORKBENCH":
        return None
    blended = material is not None and material.surface_render_method == "BLENDED"
    if surface is Surface.VOLUME:
        return Unlabelled.VOLUME_SHADER
    return Unlabelled.BLENDED if blended and surface is not Surface.UNSEEN else None
