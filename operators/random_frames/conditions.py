"""What a frame has to show before it is rendered; a frame that does not is drawn again."""

import dataclasses
from collections.abc import Collection, Sequence

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

from ...core.geometry.placed_mesh import PlacedMesh
from ...core.geometry.rasteriser import Projection
from ...core.random_frames.coarse_mesh import coarse
from ...core.random_frames.streams import Floats
from ...core.random_frames.visibility import NOBODY, View, look
from ...core.scene.scene_geometry import Mesh
from ..labelling.labelled_objects import LabelledObject
from ..random_rows import LabelpassRandomFrames
from ..scene.parents import with_parents
from ..scene.scene_reader import image_size, read_camera
from .light_estimate import irradiance
from .shapes import Shape, Shapes, triangles_in

# The longer side of the image that is looked at, in pixels.
_SIDE = 160
# Before the lens is what is nearer than this part of the distance to what the camera looks at, in more of the image
# than this.
_NEAR, _NEAR_SHARE = 0.2, 0.01


class Conditions:
    """Looks at the frame where the scene stands.

    Args:
        scene: the original scene.
        settings: the conditions.
        labelled: objects of the scene that leave pixels.
        placed: the objects that rows place.
        grounds: what these stand on, which they may touch.
        target: the objects that the camera has to show, where it is told to look at one; none otherwise.
    """

    def __init__(
        self,
        scene: bpy.types.Scene,
        settings: LabelpassRandomFrames,
        labelled: Sequence[LabelledObject],
        placed: Collection[bpy.types.Object],
        grounds: Collection[bpy.types.Object],
        target: Collection[bpy.types.Object],
    ) -> None:
        self._scene = scene
        self._settings = settings
        self._placed, self._grounds = frozenset(placed), frozenset(grounds)
        instances = [one for one in labelled if one.category is not None]
        names = dict.fromkeys((one.instance, one.category) for one in instances)
        number = {name: place for place, name in enumerate(names)}
        self._names = [name for name, _ in names]
        self._number = {one.object: number[one.instance, one.category] for one in instances}
        self._target = {self._number[ob] for ob in self._number if any(above in target for above in with_parents(ob))}
        self._shapes = Shapes()
        self._coarse: dict[int, tuple[Mesh, Mesh]] = {}

    @property
    def any_wanted(self) -> bool:
        """Whether the user wants any: a look at a frame takes as long as evaluating the scene, or more."""
        settings = self._settings
        return bool(settings.in_view or settings.no_overlap or settings.min_light)

    def unmet(self, depsgraph: bpy.types.Depsgraph) -> str:
        """What the frame does not show as it should, as a part of a sentence; "" where all is well."""
        self._shapes.forget_changed(depsgraph)
        shapes = self._shapes.read(depsgraph)
        return (
            (self._view(shapes, depsgraph) if self._settings.in_view else "")
            or (self._overlap(shapes) if self._settings.no_overlap else "")
            or (self._darkness(shapes, depsgraph) if self._settings.min_light else "")
        )

    def look(self, depsgraph: bpy.types.Depsgraph) -> dict[str, float]:
        """Name of an instance -> part of it that is seen, of those that are seen at all."""
        shapes = self._shapes.read(depsgraph)
        projection = self._projection(depsgraph)
        if projection is None:
            return {}
        return {self._names[number]: share for number, share in self._seen(shapes, projection).shares.items()}

    def _projection(self, depsgraph: bpy.types.Depsgraph) -> Projection | None:
        """That of the camera; None where it is none that straight lines stay straight in."""
        camera = read_camera(self._scene, depsgraph)
        return Projection.of(camera) if camera else None

    def _seen(self, shapes: Sequence[Shape], projection: Projection) -> View:
        """What a small image would show."""
        width, height = image_size(self._scene)
        scale = _SIDE / max(width, height)
        small = dataclasses.replace(projection, k=np.diag([scale, scale, 1.0]) @ projection.k)
        placed, meshes = [], {}
        for shape in shapes:
            name = str(id(shape.mesh))
            meshes[name] = self._coarse_of(shape.mesh)
            placed.append(PlacedMesh(self._number_of(shape), name, shape.matrix))
        return look(placed, meshes, small, max(1, round(height * scale)), max(1, round(width * scale)))

    def _view(self, shapes: Sequence[Shape], depsgraph: bpy.types.Depsgraph) -> str:
        projection = self._projection(depsgraph)
        if projection is None:
            return ""
        things = [shape for shape in shapes if self._number_of(shape) != NOBODY]
        eye = np.linalg.inv(projection.world_to_camera)[:3, 3]
        if any(shape.holds(eye) for shape in things):
            return "the camera is inside of something"
        view = self._seen(shapes, projection)
        if things:
            middles = np.array([shape.world_box().mean(axis=0) for shape in things])
            depths = (middles - eye) @ projection.world_to_camera[2, :3]
            ahead = depths[depths > 0]
            if len(ahead) and view.share_before(_NEAR * float(np.median(ahead))) > _NEAR_SHARE:
                return "something is right before the lens"
        seen = [number for number, share in view.shares.items() if share >= self._settings.visible]
        if len(seen) < self._settings.in_view:
            return "too few instances are in view"
        if any(number not in seen for number in self._target):
            return "the target is hardly visible"
        return ""

    def _darkness(self, shapes: Sequence[Shape], depsgraph: bpy.types.Depsgraph) -> str:
        places = [shape.world_box().mean(axis=0) for shape in shapes if self._number_of(shape) != NOBODY]
        light = irradiance(self._scene, depsgraph, places)
        return "" if light is None or light >= self._settings.min_light else "it is too dark"

    def _overlap(self, shapes: Sequence[Shape]) -> str:
        """Whether something that was placed runs into anything else."""
        boxes = np.array([shape.world_box() for shape in shapes]).reshape(-1, 2, 3)
        movers = [self._mover(shape) for shape in shapes]
        for one, mover in enumerate(movers):
            if mover is None:
                continue
            near = (boxes[one, 0] < boxes[:, 1]).all(axis=1) & (boxes[:, 0] < boxes[one, 1]).all(axis=1)
            for other in np.flatnonzero(near).tolist():
                counted_before = other < one and movers[other] is not None
                if movers[other] == mover or counted_before or shapes[other].owner in self._grounds:
                    continue
                if _run_into_each_other(shapes[one], shapes[other], boxes[[one, other]]):
                    return "things run into each other"
        return ""

    def _number_of(self, shape: Shape) -> int:
        return self._number.get(shape.owner, self._number.get(shape.object, NOBODY))

    def _mover(self, shape: Shape) -> bpy.types.Object | None:
        """What was placed and moves a shape; None where it stands still."""
        return next((ob for ob in with_parents(shape.owner) if ob in self._placed), None)

    def _coarse_of(self, mesh: Mesh) -> Mesh:
        known = self._coarse.get(id(mesh))
        if known is None or known[0] is not mesh:
            known = self._coarse[id(mesh)] = (mesh, coarse(mesh))
        return known[1]


def _run_into_each_other(one: Shape, other: Shape, boxes: Floats) -> bool:
    """Whether two shapes share a place.

    Args:
        one, other: the shapes.
        boxes: (2, 2, 3) around them.
    """
    low, high = boxes[:, 0].max(axis=0), boxes[:, 1].min(axis=0)
    fewer, more = sorted((one, other), key=lambda shape: len(shape.mesh.triangles))
    if len(near := triangles_in(fewer, low, high)):
        # The boxes are loose, so what is left of the one narrows down what is looked at of the other, and back.
        low, high = np.maximum(low, near.min(axis=(0, 1))), np.minimum(high, near.max(axis=(0, 1)))
        if len(others := triangles_in(more, low, high)):
            low, high = np.maximum(low, others.min(axis=(0, 1))), np.minimum(high, others.max(axis=(0, 1)))
            near = triangles_in(fewer, low, high)
            if len(near) and _tree(near).overlap(_tree(others)):
                return True
    return other.holds(one.world_points[0]) or one.holds(other.world_points[0])


def _tree(corners: Floats) -> BVHTree:
    """Of (T, 3, 3) corners of triangles."""
    numbers = np.arange(3 * len(corners)).reshape(-1, 3)
    return BVHTree.FromPolygons(corners.reshape(-1, 3).tolist(), numbers.tolist(), all_triangles=True)
