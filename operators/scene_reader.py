"""The open scene as a scene record: what can be seen, what each object is, and the camera."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import bpy
from mathutils import Matrix

from ..core.camera import Camera
from ..core.categories import CategoryTable
from ..core.category_rules import categorise
from ..core.scene import SceneEntries, SceneRecord
from .category_table import table_of
from .object_facts import RENDERED_TYPES, SceneFacts, at_frame

_CAMERA_TYPES = {"PERSP": "perspective", "ORTHO": "orthographic", "PANO": "panoramic"}
# Blender's camera looks along -z with y up, OpenCV's along +z with y down.
_TO_OPENCV = Matrix.Diagonal((1.0, -1.0, -1.0, 1.0))


def read_scene(
    scene: bpy.types.Scene,
    depsgraph: bpy.types.Depsgraph,
    table: CategoryTable | None = None,
    also: Iterable[bpy.types.Object] = (),
) -> SceneRecord:
    """Describe the frame that the scene stands at.

    Args:
        scene: the original scene.
        depsgraph: its evaluated dependency graph, up to date at the current frame. What is animated is read from it:
            the objects that the user edits stay behind while a render goes from frame to frame.
        table: of categories; None takes the scene's own.
        also: objects that instances are copies of, wherever they are.

    Raises:
        SceneError: a custom property is no category, or the scene contradicts itself.
        CategoryError: the scene's category table contradicts itself.
    """
    objects = sorted(own_objects(scene, depsgraph).union(instanced_objects(depsgraph), also), key=lambda ob: ob.name)
    render = scene.render
    metric = scene.unit_settings.system != "NONE"
    return dataclasses.replace(
        read_label_tables(scene, objects, depsgraph, table),
        pixel_aspect=render.pixel_aspect_x / render.pixel_aspect_y,
        unit_scale=scene.unit_settings.scale_length if metric else 1.0,
        camera=_camera(scene, depsgraph),
        opaque=None if render.film_transparent else _opaque_part(scene),
    )


def own_objects(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph | None = None) -> set[bpy.types.Object]:
    """The objects of the scene that can leave pixels in a render, those of instanced collections included.

    Args:
        scene: the original scene.
        depsgraph: of the frame; None takes the scene as the user sees it.
    """
    return {ob for ob in _visible_objects(scene, depsgraph) if ob.type in RENDERED_TYPES}


def _visible_objects(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph | None) -> set[bpy.types.Object]:
    """All objects that are not hidden from the render, empties and those of instanced collections included."""
    found: set[bpy.types.Object] = set()
    for view_layer in scene.view_layers:
        if view_layer.use:
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
    """Where the image is rendered, half-open, in its own pixels: outside of a border that does not crop it is empty."""
    width, height, _, _ = _image_rectangle(scene)
    render = scene.render
    return _border(scene) if render.use_border and not render.use_crop_to_border else (0, 0, width, height)


def _border(scene: bpy.types.Scene) -> tuple[int, int, int, int]:
    """The border of a render in pixels of the uncropped image: left, top, right, bottom, half-open, from the top."""
    render = scene.render
    width, height = _uncropped_size(scene)
    # As Blender does it: truncated to whole pixels, rows from the bottom.
    left, right = int(render.border_min_x * width), int(render.border_max_x * width)
    bottom, top = int(render.border_min_y * height), int(render.border_max_y * height)
    return left, height - top, right, height - bottom


def _uncropped_size(scene: bpy.types.Scene) -> tuple[int, int]:
    render = scene.render
    percentage = render.resolution_percentage
    return render.resolution_x * percentage // 100, render.resolution_y * percentage // 100


def read_label_tables(
    scene: bpy.types.Scene,
    objects: Sequence[bpy.types.Object],
    depsgraph: bpy.types.Depsgraph | None = None,
    table: CategoryTable | None = None,
    assets: bool = True,
) -> SceneRecord:
    """The part of a scene record that decides which category and instance each object is; it has no camera.

    Args:
        scene: the original scene.
        objects: those to describe, in the order that the table of objects has.
        depsgraph: of the frame; None takes the scene as the user sees it.
        table: of categories; None takes the scene's own.
        assets: whether those of Cryptomatte are wanted, which take as long as the objects.

    Raises:
        SceneError: a custom property is no category, or the scene contradicts itself.
        CategoryError: the scene's category table contradicts itself.
    """
    width, height = image_size(scene)
    facts = SceneFacts(scene, objects, _visible_objects(scene, depsgraph), depsgraph)
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
    """The objects that geometry nodes, particles and the like instance; they need not be in the scene themselves."""
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


def _camera(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> Camera | None:
    if scene.camera is None or scene.render.use_multiview:
        return None  # with several views there is no one camera that made the image
    camera = scene.camera.evaluated_get(depsgraph)
    kind = _CAMERA_TYPES.get(camera.data.type, camera.data.type.lower())
    # Blender ignores the scale of a camera.
    world_to_camera = _TO_OPENCV @ camera.matrix_world.normalized().inverted()
    return Camera(
        name=scene.camera.name,
        type=kind,
        k=_intrinsics(scene, camera, depsgraph) if kind == "perspective" else None,
        parallel_k=_intrinsics(scene, camera, depsgraph, parallel=True) if kind == "orthographic" else None,
        world_to_camera=tuple(tuple(row) for row in world_to_camera),
        clip_start=camera.data.clip_start,
        clip_end=camera.data.clip_end,
        lens=camera.data.lens if kind == "perspective" else None,
        sensor_width=camera.data.sensor_width,
        sensor_height=camera.data.sensor_height,
        sensor_fit=camera.data.sensor_fit.lower(),
        depth_of_field=camera.data.dof.use_dof,
        motion_blur=scene.render.use_motion_blur,
    )


def _intrinsics(
    scene: bpy.types.Scene, camera: bpy.types.Object, depsgraph: bpy.types.Depsgraph, parallel: bool = False
) -> tuple[tuple[float, ...], ...]:
    """K in pixels, or that of a parallel camera, from the projection matrix that Blender itself renders with."""
    render = scene.render
    width, height = _uncropped_size(scene)
    projection = camera.calc_matrix_camera(
        depsgraph, x=width, y=height, scale_x=render.pixel_aspect_x, scale_y=render.pixel_aspect_y
    )
    _, _, left, top = _image_rectangle(scene)
    # From normalised device coordinates (-1 to 1, y up) of a camera that looks along -z to pixels (y down). The shift
    # is what the matrix adds to a parallel camera's coordinates, and to z times those of a perspective one.
    x, y = (projection[0][3], -projection[1][3]) if parallel else (-projection[0][2], projection[1][2])
    return (
        (projection[0][0] * width / 2, 0.0, (1 + x) * width / 2 - left),
        (0.0, projection[1][1] * height / 2, (1 + y) * height / 2 - top),
        (0.0, 0.0, 1.0),
    )
