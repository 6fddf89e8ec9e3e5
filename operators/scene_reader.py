"""The open scene as a scene record: what can be seen, what each object is, and the camera."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import bpy
from mathutils import Matrix

from ..core.camera import Camera
from ..core.errors import SceneError
from ..core.scene import Category, SceneEntries, SceneEntry, SceneRecord, category_of_name
from .stereo import Eye, eye_of, views_of

# Object types that leave pixels in a render.
_RENDERED_TYPES = frozenset(
    {"MESH", "CURVE", "SURFACE", "META", "FONT", "CURVES", "POINTCLOUD", "VOLUME", "GPENCIL", "GREASEPENCIL"}
)
_CAMERA_TYPES = {"PERSP": "perspective", "ORTHO": "orthographic", "PANO": "panoramic"}
# Blender's camera looks along -z with y up, OpenCV's along +z with y down.
_TO_OPENCV = Matrix.Diagonal((1.0, -1.0, -1.0, 1.0))


def read_scene(
    scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, view: str = "", every_layer: bool = False
) -> SceneRecord:
    """Describe the frame that the scene stands at.

    Args:
        scene: the original scene.
        depsgraph: its evaluated dependency graph, up to date at the current frame. What is animated is read from it:
            the objects that the user edits stay behind while a render goes from frame to frame.
        view: the stereo view whose camera is wanted; "" takes the first, if there are any.
        every_layer: whether all view layers that are rendered count, and not only that of the depsgraph.

    Raises:
        SceneError: a custom property is no category, or the scene contradicts itself.
    """
    width, height = image_size(scene)
    objects = sorted(own_objects(scene, depsgraph, every_layer) | instanced_objects(depsgraph), key=lambda ob: ob.name)
    view = view or next(iter(views_of(scene)), "")
    render = scene.render
    metric = scene.unit_settings.system != "NONE"
    return SceneRecord(
        scene=scene.name,
        frame=scene.frame_current,
        width=width,
        height=height,
        pixel_aspect=render.pixel_aspect_x / render.pixel_aspect_y,
        unit_scale=scene.unit_settings.scale_length if metric else 1.0,
        camera=_camera(scene, depsgraph, view),
        objects=object_entries(scene, objects, depsgraph),
        materials=_material_entries(objects, depsgraph),
        assets=_asset_entries(scene, objects),
        parents=_parent_entries(scene, objects),
        collections=_collection_entries(scene),
        view_layer="" if every_layer else depsgraph.view_layer.name,
        view=view,
    )


def from_view(record: SceneRecord, scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, view: str) -> SceneRecord:
    """What read_scene has read, as another stereo view shows it."""
    return dataclasses.replace(record, view=view, camera=_camera(scene, depsgraph, view))


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
    found: set[bpy.types.Object] = set()
    own = None if depsgraph is None or every_layer else depsgraph.view_layer.name
    for view_layer in scene.view_layers:
        if view_layer.use if own is None else view_layer.name == own:
            for ob in _objects_of(view_layer.layer_collection, depsgraph):
                _add_with_instances(ob, depsgraph, found)
    return {ob for ob in found if ob.type in _RENDERED_TYPES}


def image_size(scene: bpy.types.Scene) -> tuple[int, int]:
    """Width and height of the rendered image in pixels, with the resolution percentage and a crop."""
    return _image_rectangle(scene)[:2]


def _image_rectangle(scene: bpy.types.Scene) -> tuple[int, int, int, int]:
    """Width and height of the rendered image, and the column and row (from the top) of its first pixel in the
    uncropped one."""
    render = scene.render
    width, height = _uncropped_size(scene)
    if not (render.use_border and render.use_crop_to_border):
        return width, height, 0, 0
    # As Blender does it: truncated to whole pixels, rows from the bottom.
    left, right = int(render.border_min_x * width), int(render.border_max_x * width)
    bottom, top = int(render.border_min_y * height), int(render.border_max_y * height)
    return right - left, top - bottom, left, height - top


def _uncropped_size(scene: bpy.types.Scene) -> tuple[int, int]:
    render = scene.render
    percentage = render.resolution_percentage
    return render.resolution_x * percentage // 100, render.resolution_y * percentage // 100


def object_entries(
    scene: bpy.types.Scene, objects: Sequence[bpy.types.Object], depsgraph: bpy.types.Depsgraph | None = None
) -> SceneEntries:
    """Objects with their pass indices and categories, at the frame of a depsgraph or as the user sees them."""
    collections = collections_of_objects(scene, objects)
    table = _CategoryTable(objects)
    nearest, families = _nearest_collections(scene), _families(objects)
    entries = [
        SceneEntry(
            ob.name,
            _at_frame(ob, depsgraph).pass_index,
            table.category_of(ob, collections.get(ob)),
            parent=families[ob].name if ob in families else "",
            collection=nearest[ob].name if ob in nearest else "",
            instance_id=str(ob.get("instance_id", "")),
        )
        for ob in objects
    ]
    return SceneEntries(table.categories(), tuple(entries))


def _parent_entries(scene: bpy.types.Scene, objects: Iterable[bpy.types.Object]) -> SceneEntries:
    """The parents that stand for all their children."""
    ordered = sorted(set(_families(objects).values()), key=lambda ob: ob.name)
    collections = collections_of_objects(scene, ordered)
    table = _CategoryTable(ordered)
    entries = [SceneEntry(ob.name, 0, table.category_of(ob, collections.get(ob))) for ob in ordered]
    return SceneEntries(table.categories(), tuple(entries))


def _collection_entries(scene: bpy.types.Scene) -> SceneEntries:
    """The collections that stand for the objects in them."""
    ordered = sorted(set(_nearest_collections(scene).values()), key=lambda collection: collection.name)
    table = _CategoryTable(ordered)
    entries = [SceneEntry(collection.name, 0, table.category_of(collection, None)) for collection in ordered]
    return SceneEntries(table.categories(), tuple(entries))


def _head_of_family(ob: bpy.types.Object) -> bpy.types.Object:
    """The nearest parent with a category of its own, the object itself included; else the top-most."""
    while ob.parent and not _has_own_category(ob):
        ob = ob.parent
    return ob


def _families(objects: Iterable[bpy.types.Object]) -> dict[bpy.types.Object, bpy.types.Object]:
    """Object -> the parent that stands for it and others; those that stand alone are left out."""
    heads = {ob: _head_of_family(ob) for ob in objects}
    sizes = Counter(heads.values())
    return {ob: head for ob, head in heads.items() if head != ob or sizes[head] > 1}


def _has_own_category(ob: bpy.types.Object) -> bool:
    return any(value is not None for value in _category_properties(ob))


def _nearest_collections(scene: bpy.types.Scene) -> dict[bpy.types.Object, bpy.types.Collection]:
    """Object -> the collection that it is directly in; objects of the scene's own collection are in none."""
    found: dict[bpy.types.Object, bpy.types.Collection] = {}
    for collection in scene.collection.children_recursive:
        for ob in collection.objects:
            found.setdefault(ob, collection)
    return found


def _at_frame(thing: bpy.types.ID, depsgraph: bpy.types.Depsgraph | None) -> bpy.types.ID:
    """A data block as the depsgraph has evaluated it; itself where that does not know it.

    Custom properties are not to be read from it: it does not notice when a script sets them.
    """
    return thing.evaluated_get(depsgraph) if depsgraph else thing


def _material_entries(objects: Iterable[bpy.types.Object], depsgraph: bpy.types.Depsgraph) -> SceneEntries:
    used = {slot.material for ob in objects for slot in ob.material_slots if slot.material}
    materials = sorted(used, key=lambda material: material.name)
    table = _CategoryTable(materials)
    entries = [
        SceneEntry(material.name, _at_frame(material, depsgraph).pass_index, table.category_of(material, None))
        for material in materials
    ]
    return SceneEntries(table.categories(), tuple(entries))


def _asset_entries(scene: bpy.types.Scene, objects: Iterable[bpy.types.Object]) -> SceneEntries:
    """Cryptomatte's assets: the top-most parent stands for all its children."""
    roots = set()
    for ob in objects:
        while ob.parent:
            ob = ob.parent
        roots.add(ob)
    ordered = sorted(roots, key=lambda ob: ob.name)
    collections = collections_of_objects(scene, ordered)
    table = _CategoryTable(ordered)
    entries = [SceneEntry(ob.name, 0, table.category_of(ob, collections.get(ob))) for ob in ordered]
    return SceneEntries(table.categories(), tuple(entries))


class _CategoryTable:
    """The categories of things; finds contradictions between them.

    Args:
        things: all whose category will be asked for; one that gives an id a name gives it to the others too.

    Raises:
        SceneError: a custom property is no category, or two of them contradict each other.
    """

    def __init__(self, things: Iterable[bpy.types.ID]) -> None:
        self._categories: dict[str, Category] = {}
        self._by_id: dict[int, str] = {}
        for thing in things:
            id, text = _category_properties(thing)
            if id and text:
                self._add(Category(text, id, str(thing.get("supercategory", ""))), thing)

    def category_of(self, thing: bpy.types.ID, collection: str | None) -> str | None:
        """The category's name; None for background.

        From the custom properties `category_id` (0 is background), `category` and `supercategory`, which BlenderProc
        uses as well; else the collection; else the name.
        """
        id, text = _category_properties(thing)
        if id == 0:
            return None
        if text:
            name = text
        elif id is not None:
            name = self._by_id.get(id, f"category_{id}")
        else:
            name = collection or category_of_name(thing.name)
        self._add(Category(name, id, str(thing.get("supercategory", ""))), thing)
        return name

    def categories(self) -> tuple[Category, ...]:
        return tuple(self._categories[name] for name in sorted(self._categories))

    def _add(self, category: Category, thing: bpy.types.ID) -> None:
        known = self._categories.get(category.name, category)
        id = known.id if category.id is None else category.id
        if known.id not in (None, id):
            raise SceneError(
                f"{thing.name!r} gives the category {category.name!r} the category_id {id}, and another object gives "
                f"it {known.id}; make them the same"
            )
        if id is not None and self._by_id.setdefault(id, category.name) != category.name:
            raise SceneError(
                f"{thing.name!r} gives the category_id {id} to {category.name!r}, and another object gives it to "
                f"{self._by_id[id]!r}; give one of them another number"
            )
        supercategory = known.supercategory or category.supercategory
        self._categories[category.name] = Category(category.name, id, supercategory)


def instanced_objects(depsgraph: bpy.types.Depsgraph) -> set[bpy.types.Object]:
    """The objects that geometry nodes, particles and the like instance; they need not be in the scene themselves."""
    found = {instance.object.original for instance in depsgraph.object_instances if instance.is_instance}
    return {ob for ob in found if ob.type in _RENDERED_TYPES}


def _category_properties(thing: bpy.types.ID) -> tuple[int | None, str | None]:
    """The custom properties category_id and category; None where it has none."""
    id, text = thing.get("category_id"), thing.get("category")
    if id is not None and (not isinstance(id, int) or id < 0):
        raise SceneError(
            f"The custom property category_id of {thing.name!r} is {id!r}; make it a whole number from 1, "
            "or 0 for background"
        )
    if text is not None and not isinstance(text, str):
        raise SceneError(f"The custom property category of {thing.name!r} is {text!r}; make it a text")
    return id, text


def category_origin(ob: bpy.types.Object, in_collection: bool) -> str:
    """What decides on the category of an object, in words; see _CategoryTable.category_of."""
    if _has_own_category(ob):
        return "custom property"
    return "collection" if in_collection else "object name"


def _objects_of(
    layer_collection: bpy.types.LayerCollection, depsgraph: bpy.types.Depsgraph | None
) -> Iterator[bpy.types.Object]:
    if layer_collection.exclude or layer_collection.collection.hide_render:
        return
    for ob in layer_collection.collection.objects:
        if not _at_frame(ob, depsgraph).hide_render:
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
            if not _at_frame(member, depsgraph).hide_render:
                _add_with_instances(member, depsgraph, found)


def collections_of_objects(scene: bpy.types.Scene, objects: Iterable[bpy.types.Object]) -> dict[bpy.types.Object, str]:
    """Object -> name of its collection, where the scene sorts its objects into several; else empty.

    All objects of the scene decide on that, also hidden ones, so that it is the same in every frame.
    """
    wanted = set(objects)
    found = {
        ob: collection.name
        for ob, collection in _nearest_collections(scene).items()
        if ob in wanted or ob.type in _RENDERED_TYPES
    }
    return found if len(set(found.values())) > 1 else {}


def _camera(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, view: str) -> Camera | None:
    eye = eye_of(scene, depsgraph, view) if scene.camera else None
    if eye is None:
        return None
    camera = eye.camera
    kind = _CAMERA_TYPES.get(camera.data.type, camera.data.type.lower())
    world_to_camera = _TO_OPENCV @ eye.to_world.inverted()
    return Camera(
        name=camera.name,
        type=kind,
        k=_intrinsics(scene, eye, depsgraph) if kind == "perspective" else None,
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


def _intrinsics(scene: bpy.types.Scene, eye: Eye, depsgraph: bpy.types.Depsgraph) -> tuple[tuple[float, ...], ...]:
    """K in pixels, from the projection matrix that Blender itself renders with."""
    render = scene.render
    width, height = _uncropped_size(scene)
    projection = eye.camera.calc_matrix_camera(
        depsgraph, x=width, y=height, scale_x=render.pixel_aspect_x, scale_y=render.pixel_aspect_y
    )
    _, _, left, top = _image_rectangle(scene)
    focal = projection[0][0] * width / 2
    # From normalised device coordinates (-1 to 1, y up) of a camera that looks along -z to pixels (y down).
    return (
        (focal, 0.0, (1 - projection[0][2]) * width / 2 - left + eye.shift * focal),
        (0.0, projection[1][1] * height / 2, (1 + projection[1][2]) * height / 2 - top),
        (0.0, 0.0, 1.0),
    )
