"""The open scene as a scene record: what can be seen, what each object is, and the camera."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence

import bpy
import numpy as np
from mathutils import Matrix

from ...core.categories.rules import categorise
from ...core.scene.camera import RAY_DEPTH_TYPES, Camera
from ...core.scene.scene_record import SceneEntries, SceneRecord
from ...core.settings.category_table import CategoryTable
from .. import compat
from ..category_table import table_of
from .compositor import read_compositing
from .identity import by_name
from .object_facts import RENDERED_TYPES, CopiedGeometry, SceneFacts, at_frame
from .random_draws import drawn_at
from .readers.panoramas import read_panorama
from .stereo import Viewpoint, viewpoint_of, views_of
from .unlabelled import ShownObjects, View, freestyle_of, lights_in

_CAMERA_TYPES = {"PERSP": "perspective", "ORTHO": "orthographic", "PANO": "panoramic"}
# Blender's camera looks along -z with y up, OpenCV's along +z with y down.
_TO_OPENCV = Matrix.Diagonal((1.0, -1.0, -1.0, 1.0))


def read_scene(
    scene: bpy.types.Scene,
    depsgraph: bpy.types.Depsgraph,
    table: CategoryTable | None = None,
    view: str = "",
    every_layer: bool = False,
    also: Iterable[bpy.types.Object] = (),
    copied: Collection[CopiedGeometry] = (),
) -> SceneRecord:
    """Describe the frame that the scene stands at.

    Args:
        scene: the original scene.
        depsgraph: its evaluated dependency graph, up to date at the current frame. What is animated is read from it:
            the objects that the user edits stay behind while a render goes from frame to frame.
        table: of categories; None takes the scene's own.
        view: the stereo view whose camera is wanted; "" takes the first, if there are any.
        every_layer: whether all view layers that are rendered count, and not only that of the depsgraph.
        also: objects that instances are copies of, wherever they are.
        copied: what instances are copies of that has other materials or data than any object.

    Raises:
        SceneError: a custom property is not a category, or the scene contradicts itself.
        CategoryError: the scene's category table contradicts itself.
    """
    own = own_objects(scene, depsgraph, every_layer)
    objects = sorted(own.union(instanced_objects(depsgraph), also), key=by_name)
    view = view or next(iter(views_of(scene)), "")
    render = scene.render
    metric = scene.unit_settings.system != "NONE"
    camera = _camera(scene, depsgraph, view)
    tables = read_label_tables(scene, objects, depsgraph, table, every_layer, copied=copied)
    shown, frame = ShownObjects(scene, depsgraph), View(camera, tables.width, tables.height)
    return dataclasses.replace(
        tables,
        objects=_with_unlabelled(tables, objects, shown, frame),
        unlabelled=(*lights_in(frame, depsgraph), *freestyle_of(scene, depsgraph.view_layer, every_layer)),
        volume=shown.volume_in(frame),
        pixel_aspect=render.pixel_aspect_x / render.pixel_aspect_y,
        unit_scale=scene.unit_settings.scale_length if metric else 1.0,
        camera=camera,
        view_layer="" if every_layer else depsgraph.view_layer.name,
        view=view,
        opaque=None if render.film_transparent else _opaque_part(scene),
        compositing=read_compositing(scene),
        blender=".".join(map(str, bpy.app.version)),
        engine=scene.render.engine,
        random=drawn_at(scene, tables.frame),
    )


def from_view(record: SceneRecord, scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, view: str) -> SceneRecord:
    """What read_scene has read, as another stereo view shows it."""
    return dataclasses.replace(record, view=view, camera=_camera(scene, depsgraph, view))


def _with_unlabelled(
    record: SceneRecord, objects: Sequence[bpy.types.Object], shown: ShownObjects, view: View
) -> SceneEntries:
    """The entries of the objects, with a mark on those that the frame shows and no pass has."""
    entries = list(record.objects.entries)
    for place, ob in enumerate(objects):
        found = shown.of(ob)
        if kind := found.in_view(view):
            facts = dataclasses.replace(entries[place].facts, unlabelled=kind, unlabelled_part=found.labelled)
            entries[place] = dataclasses.replace(entries[place], facts=facts)
    return dataclasses.replace(record.objects, entries=tuple(entries))


def own_objects(
    scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph | None = None, every_layer: bool = False
) -> set[bpy.types.Object]:
    """The objects of the scene that can leave pixels in a render, those of instanced collections included.

    Args:
        scene: the original scene.
        depsgraph: of the frame, for the objects of its view layer; None takes the scene as the user sees it, with all
            view layers that are rendered.
        every_layer: take all of these with a depsgraph too.
    """
    return {ob for ob in visible_objects(scene, depsgraph, every_layer) if ob.type in RENDERED_TYPES}


def visible_objects(
    scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph | None = None, every_layer: bool = False
) -> set[bpy.types.Object]:
    """All objects that are not hidden from the render, empties and those of instanced collections included; else as
    own_objects()."""
    found: set[bpy.types.Object] = set()
    own = None if depsgraph is None or every_layer else depsgraph.view_layer.name
    for view_layer in scene.view_layers:
        if view_layer.use if own is None else view_layer.name == own:
            for ob in _objects_of(view_layer.layer_collection, depsgraph):
                _add_with_instances(ob, depsgraph, found)
    return found


def image_size(scene: bpy.types.Scene) -> tuple[int, int]:
    """Width and height of the rendered image in pixels, with the resolution percentage and a crop."""
    return _image_rectangle(scene)[:2]


def _image_rectangle(scene: bpy.types.Scene) -> tuple[int, int, int, int]:
    """Width and height of the rendered image, and the column and row (from the top) of its first pixel in the
    uncropped one."""
    width, height = _uncropped_size(scene)
    if not (scene.render.use_border and scene.render.use_crop_to_border):
        return width, height, 0, 0
    left, top, right, bottom = _border(scene)
    return right - left, bottom - top, left, top


def _opaque_part(scene: bpy.types.Scene) -> tuple[int, int, int, int]:
    """Where the image is rendered, half-open, in its own pixels: outside a border that does not crop it is empty."""
    width, height, _, _ = _image_rectangle(scene)
    render = scene.render
    return _border(scene) if render.use_border and not render.use_crop_to_border else (0, 0, width, height)


def _border(scene: bpy.types.Scene) -> tuple[int, int, int, int]:
    """The border of a render in pixels of the uncropped image: left, top, right, bottom, half-open, from the top."""
    render = scene.render
    width, height = _uncropped_size(scene)
    # Rows are counted from the bottom there.
    left, right = _whole_pixels(render.border_min_x, width), _whole_pixels(render.border_max_x, width)
    bottom, top = _whole_pixels(render.border_min_y, height), _whole_pixels(render.border_max_y, height)
    return left, height - top, right, height - bottom


def _whole_pixels(part: float, size: int) -> int:
    """A part of a side of the image in pixels, as Blender has it: computed in 32 bits, and cut off behind the point.

    In 64 bits 0.7 of 160 are 111.99999809, and three of four crops to whole pixels come out with another size or place.
    """
    return int(np.float32(part) * np.float32(size))


def _uncropped_size(scene: bpy.types.Scene) -> tuple[int, int]:
    render = scene.render
    percentage = render.resolution_percentage
    return render.resolution_x * percentage // 100, render.resolution_y * percentage // 100


def read_label_tables(
    scene: bpy.types.Scene,
    objects: Sequence[bpy.types.Object],
    depsgraph: bpy.types.Depsgraph | None = None,
    table: CategoryTable | None = None,
    every_layer: bool = False,
    assets: bool = True,
    copied: Collection[CopiedGeometry] = (),
) -> SceneRecord:
    """The part of a scene record that decides which category and instance each object is; it has no camera.

    Args:
        scene: the original scene.
        objects: those to describe, in the order that the table of objects has.
        depsgraph: of the frame; None takes the scene as the user sees it.
        table: of categories; None takes the scene's own.
        every_layer: as in own_objects.
        assets: whether those of Cryptomatte are wanted, which take as long as the objects.
        copied: as in read_scene.

    Raises:
        SceneError: a custom property is not a category, or the scene contradicts itself.
        CategoryError: the scene's category table contradicts itself.
    """
    width, height = image_size(scene)
    facts = SceneFacts(scene, objects, visible_objects(scene, depsgraph, every_layer), depsgraph, copied)
    record = SceneRecord(
        scene=scene.name,
        frame=scene.frame_current,
        width=width,
        height=height,
        pixel_aspect=1.0,
        unit_scale=1.0,
        camera=None,
        objects=facts.objects(),
        materials=facts.materials(),
        assets=facts.assets() if assets else SceneEntries(),
        parents=facts.parents(),
        collections=facts.collections(),
    )
    return categorise(record, table or table_of(scene))


def instanced_objects(depsgraph: bpy.types.Depsgraph) -> set[bpy.types.Object]:
    """The objects that geometry nodes, particles and so on instance; they need not be in the scene themselves."""
    found = {instance.object.original for instance in depsgraph.object_instances if instance.is_instance}
    return {ob for ob in found if ob.type in RENDERED_TYPES}


def _objects_of(
    layer_collection: bpy.types.LayerCollection, depsgraph: bpy.types.Depsgraph | None
) -> Iterator[bpy.types.Object]:
    if layer_collection.exclude or layer_collection.collection.hide_render:
        return
    for ob in layer_collection.collection.objects:
        if not at_frame(ob, depsgraph).hide_render:
            yield ob
    for child in layer_collection.children:
        yield from _objects_of(child, depsgraph)


def _add_with_instances(
    ob: bpy.types.Object, depsgraph: bpy.types.Depsgraph | None, found: set[bpy.types.Object]
) -> None:
    """Add an object, and those of the collection that it instances, and so on."""
    if ob in found:
        return
    found.add(ob)
    if ob.instance_type == "COLLECTION" and ob.instance_collection:
        for member in ob.instance_collection.all_objects:
            if not at_frame(member, depsgraph).hide_render:
                _add_with_instances(member, depsgraph, found)


def type_of_camera(camera: bpy.types.Object) -> str:
    """As in Camera.type; "" for an object that is not a camera, though Blender renders through any."""
    if camera.type != "CAMERA":
        return ""
    return _CAMERA_TYPES.get(camera.data.type, camera.data.type.lower())


def rendered_type(scene: bpy.types.Scene, camera: bpy.types.Object) -> str:
    """The same as the scene's engine renders it: EEVEE and Workbench draw panoramic and custom cameras as perspective
    ones, without a word."""
    kind = type_of_camera(camera)
    return "perspective" if kind in RAY_DEPTH_TYPES and scene.render.engine in compat.RASTERISERS else kind


def has_depth_of_field(camera: bpy.types.Object) -> bool:
    return camera.type == "CAMERA" and bool(camera.data.dof.use_dof)


def read_camera(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> Camera | None:
    """The camera of a frame, of a stereo render that of its first view; None where the scene has none."""
    return _camera(scene, depsgraph, next(iter(views_of(scene)), ""))


def _camera(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, view: str) -> Camera | None:
    viewpoint = viewpoint_of(scene, depsgraph, view) if scene.camera else None
    if viewpoint is None:
        return None
    camera = viewpoint.camera
    kind = rendered_type(scene, camera)
    world_to_camera = _TO_OPENCV @ viewpoint.to_world.inverted()
    return Camera(
        name=camera.name,
        type=kind,
        k=_intrinsics(scene, viewpoint, depsgraph) if kind == "perspective" else None,
        parallel_k=_intrinsics(scene, viewpoint, depsgraph, parallel=True) if kind == "orthographic" else None,
        world_to_camera=tuple(tuple(row) for row in world_to_camera),
        clip_start=camera.data.clip_start,
        clip_end=camera.data.clip_end,
        lens=camera.data.lens if kind == "perspective" else None,
        sensor_width=camera.data.sensor_width,
        sensor_height=camera.data.sensor_height,
        sensor_fit=camera.data.sensor_fit.lower(),
        panorama=read_panorama(camera.data, _uncropped_size(scene), _image_rectangle(scene)[2:], scene.render)
        if kind == "panoramic"
        else None,
        depth_of_field=has_depth_of_field(camera),
        motion_blur=scene.render.use_motion_blur,
    )


def _intrinsics(
    scene: bpy.types.Scene, viewpoint: Viewpoint, depsgraph: bpy.types.Depsgraph, parallel: bool = False
) -> tuple[tuple[float, ...], ...]:
    """K in pixels, or that of a parallel camera, from the projection matrix that Blender itself renders with."""
    render = scene.render
    width, height = _uncropped_size(scene)
    projection = viewpoint.camera.calc_matrix_camera(
        depsgraph, x=width, y=height, scale_x=render.pixel_aspect_x, scale_y=render.pixel_aspect_y
    )
    _, _, left, top = _image_rectangle(scene)
    # From normalised device coordinates (-1 to 1, y up) of a camera that looks along -z to pixels (y down). The shift
    # is what the matrix adds to a parallel camera's coordinates, and to z times those of a perspective one.
    x, y = (projection[0][3], -projection[1][3]) if parallel else (-projection[0][2], projection[1][2])
    focal = projection[0][0] * width / 2
    return (
        (focal, 0.0, (1 + x) * width / 2 - left + viewpoint.shift * focal),
        (0.0, projection[1][1] * height / 2, (1 + y) * height / 2 - top),
        (0.0, 0.0, 1.0),
    )
