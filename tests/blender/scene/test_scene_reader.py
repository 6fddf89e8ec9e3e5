"""The scene record: what can be seen, categories, and a camera that projects as Blender's own does."""

import math
import random
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from core.records.record_files import read_record_file
from tests.blender.reprojection import reprojection
from tests.blender.scenes import add_collection, add_object


def read():
    from labelpass.operators.scene.scene_reader import read_scene

    bpy.context.view_layer.update()
    return read_scene(bpy.context.scene, bpy.context.evaluated_depsgraph_get())


def categories_of(entries) -> dict[str, str | None]:
    return {entry.name: entry.category for entry in entries.entries}


def layer_collection(name: str) -> bpy.types.LayerCollection:
    return bpy.context.view_layer.layer_collection.children[name]


def test_only_what_leaves_pixels(scene: bpy.types.Scene) -> None:
    add_object(scene, "Hidden", "cube", (0, 0, 0), 9).hide_render = True
    scene.collection.objects.link(bpy.data.objects.new("Empty", None))
    scene.collection.objects.link(bpy.data.objects.new("Text", bpy.data.curves.new("Text", "FONT")))
    add_object(scene, "In hidden collection", "cube", (0, 0, 0), 9, add_collection("Off"))
    bpy.data.collections["Off"].hide_render = True
    add_object(scene, "In excluded collection", "cube", (0, 0, 0), 9, add_collection("Out"))
    layer_collection("Out").exclude = True
    hidden_in_viewport = add_object(scene, "Only in render", "cube", (0, 0, 0), 9)
    hidden_in_viewport.hide_viewport = True

    names = {entry.name for entry in read().objects.entries}

    assert names == {"Floor", "Cube", "Cube.001", "Ball", "Text", "Only in render"}


def test_frame_and_resolution(scene: bpy.types.Scene) -> None:
    scene.render.resolution_percentage = 50
    scene.unit_settings.scale_length = 0.01
    scene.frame_set(2)
    record = read()
    assert (record.frame, record.width, record.height) == (2, 32, 24)
    assert record.unit_scale == pytest.approx(0.01)
    scene.unit_settings.system = "NONE"
    assert read().unit_scale == 1.0


def test_names_are_the_categories_of_a_plain_scene(scene: bpy.types.Scene) -> None:
    record = read()
    assert categories_of(record.objects) == {"Floor": "Floor", "Cube": "Cube", "Cube.001": "Cube", "Ball": "Ball"}
    assert {entry.name: entry.pass_index for entry in record.objects.entries}["Cube.001"] == 2


def test_one_collection_says_nothing(scene: bpy.types.Scene) -> None:
    add_object(scene, "Chair.004", "cube", (0, 0, 0), 5, add_collection("Collection"))
    assert categories_of(read().objects)["Chair.004"] == "Chair"


def test_several_collections_are_the_categories(scene: bpy.types.Scene) -> None:
    add_object(scene, "a", "cube", (0, 0, 0), 5, add_collection("Cars"))
    add_object(scene, "b", "cube", (0, 0, 0), 6, add_collection("Trees"))
    categories = categories_of(read().objects)
    assert (categories["a"], categories["b"], categories["Ball"]) == ("Cars", "Trees", "Ball")


def test_categories_do_not_change_with_what_is_hidden(scene: bpy.types.Scene) -> None:
    add_object(scene, "Beetle", "cube", (0, 0, 0), 5, add_collection("Cars"))
    add_object(scene, "Oak", "cube", (0, 0, 0), 6, add_collection("Trees")).hide_render = True
    assert categories_of(read().objects)["Beetle"] == "Cars"


@pytest.mark.parametrize("named", ["Cube", "Cube.001"])
def test_an_id_has_one_name_whichever_object_says_it(scene: bpy.types.Scene, named: str) -> None:
    for name in ("Cube", "Cube.001"):
        scene.objects[name]["category_id"] = 3
    scene.objects[named]["category"] = "parcel"
    categories = categories_of(read().objects)
    assert (categories["Cube"], categories["Cube.001"]) == ("parcel", "parcel")


def test_custom_properties_come_first(scene: bpy.types.Scene) -> None:
    objects = scene.objects
    objects["Cube"]["category_id"] = 7
    objects["Cube"]["supercategory"] = "box"
    objects["Cube.001"]["category"] = "parcel"
    objects["Floor"]["category_id"] = 0
    record = read()
    assert categories_of(record.objects) == {
        "Cube": "category_7", "Cube.001": "parcel", "Floor": None, "Ball": "Ball",
    }  # fmt: skip
    table = {category.name: (category.id, category.supercategory) for category in record.objects.categories}
    assert table == {"category_7": (7, "box"), "parcel": (None, ""), "Ball": (None, "")}


def test_id_and_name_together(scene: bpy.types.Scene) -> None:
    scene.objects["Cube"]["category"], scene.objects["Cube"]["category_id"] = "parcel", 3
    scene.objects["Cube.001"]["category"] = "parcel"
    table = {category.name: category.id for category in read().objects.categories}
    assert table["parcel"] == 3


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ([{"category_id": 1.5}, {}], "make it a whole number"),
        ([{"category_id": -1}, {}], "make it a whole number"),
        ([{"category": 4}, {}], "make it a text"),
        ([{"category": "a", "category_id": 1}, {"category": "a", "category_id": 2}], "make them the same"),
        ([{"category": "a", "category_id": 1}, {"category": "b", "category_id": 1}], "give one of them another number"),
    ],
)
def test_contradictions_are_errors(scene: bpy.types.Scene, properties: list[dict], message: str) -> None:
    from labelpass.core.base.errors import SceneError

    for name, values in zip(("Cube", "Cube.001"), properties, strict=True):
        for key, value in values.items():
            scene.objects[name][key] = value
    with pytest.raises(SceneError, match=message):
        read()


def test_materials_and_assets(scene: bpy.types.Scene) -> None:
    for name, index in (("Steel", 4), ("Steel.001", 5)):
        material = bpy.data.materials.new(name)
        material.pass_index = index
        scene.objects["Cube"].data.materials.append(material)
    root = bpy.data.objects.new("Truck.002", None)
    scene.collection.objects.link(root)
    scene.objects["Cube"].parent = scene.objects["Cube.001"]
    scene.objects["Cube.001"].parent = root
    record = read()
    assert categories_of(record.materials) == {"Steel": "Steel", "Steel.001": "Steel"}
    assert [entry.pass_index for entry in record.materials.entries] == [4, 5]
    assert categories_of(record.assets) == {"Truck.002": "Truck", "Floor": "Floor", "Ball": "Ball"}


def test_instanced_objects_are_there(scene: bpy.types.Scene) -> None:
    """A collection that is instanced by an empty, and is not part of the scene itself."""
    library = bpy.data.collections.new("Library")
    stone = add_object(scene, "Stone", "cube", (0, 0, 0), 8, library)
    empty = bpy.data.objects.new("Stones", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", library
    scene.collection.objects.link(empty)
    assert stone.name in {entry.name for entry in read().objects.entries}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"resolution_x": 64, "resolution_y": 150},
        {"resolution_percentage": 25},
        {"pixel_aspect_x": 1.6},
        {"pixel_aspect_y": 1.3},
        {"sensor_fit": "VERTICAL"},
        {"sensor_fit": "HORIZONTAL", "resolution_y": 130},
        {"shift_x": 0.2, "shift_y": -0.3},
        {"shift_x": -0.1, "pixel_aspect_y": 1.4, "resolution_y": 96, "resolution_percentage": 50},
        {"lens": 18.0, "sensor_width": 20.0},
    ],
)
def test_camera_projects_like_blender(scene: bpy.types.Scene, change: dict[str, float]) -> None:
    camera = scene.camera
    camera.scale = (2, 3, 0.5)  # which Blender ignores
    for name, value in change.items():
        setattr(scene.render if hasattr(scene.render, name) else camera.data, name, value)
    record = read()
    points = np.random.default_rng(4).uniform((-3, -3, -2), (3, 4, 3), (50, 3))
    ours = record.camera.project(points)
    for point, (x, y, depth) in zip(points, ours, strict=True):
        view = world_to_camera_view(scene, camera, Vector(point))
        assert x == pytest.approx(view.x * record.width, abs=2e-3)
        assert y == pytest.approx((1 - view.y) * record.height, abs=2e-3)
        assert depth == pytest.approx(view.z, rel=1e-5)


def test_crop_moves_the_principal_point(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """The ball's box in a cropped render is where the camera of the record says."""
    render = scene.render
    render.resolution_x, render.resolution_y = 320, 240
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x, render.border_min_y, render.border_max_y = 0.21, 0.777, 0.13, 0.91
    record = read()
    bpy.ops.render.render()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}  # refuses where the record's size is not the file's

    frame = read_record_file(tmp_path / "frames/records/shot_0001.json")
    ball = next(instance for instance in frame.instances if instance.name == "Ball")
    vertices = np.array(
        [scene.objects["Ball"].matrix_world @ vertex.co for vertex in scene.objects["Ball"].data.vertices]
    )
    x, y, _ = record.camera.project(vertices).T
    box = ball.mask.box
    assert (frame.width, frame.height) == (record.width, record.height)
    assert np.abs([box.x0 - x.min(), box.y0 - y.min(), box.x1 - x.max(), box.y1 - y.max()]).max() < 1


def test_every_crop_is_where_blender_has_it(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Size and place of the crop, by what the Position pass says of each pixel; most borders are round numbers."""
    render, choose = scene.render, random.Random(14)
    render.use_border = render.use_crop_to_border = True
    files = []
    for number in range(200):
        render.resolution_x, render.resolution_y = choose.randint(40, 160), choose.randint(30, 120)
        render.resolution_percentage = choose.choice((100, 100, 50, 33))
        digits = choose.choice((1, 2, 2, 2, 7))
        for axis in "xy":
            first = round(choose.uniform(0, 0.6), digits)
            last = round(choose.uniform(first + 0.2, 1), digits)
            setattr(render, f"border_min_{axis}", first)
            setattr(render, f"border_max_{axis}", last)
        files += [tmp_path / f"{number}.json", tmp_path / f"{number}.exr"]
        read().write(files[-2])
        render.filepath = str(files[-1])
        bpy.ops.render.render(write_still=True)

    for (pixels, distance), file in zip(reprojection(*files), files[::2], strict=True):
        assert pixels and distance < 0.1, file.read_text()


def test_cameras_without_a_matrix_say_so(scene: bpy.types.Scene) -> None:
    scene.camera.data.type = "ORTHO"
    assert (read().camera.type, read().camera.k) == ("orthographic", None)
    scene.camera.data.type = "PANO"
    assert (read().camera.type, read().camera.k) == ("panoramic", None)
    scene.camera.data.stereo.use_spherical_stereo = True
    assert read().camera is not None
    scene.render.use_multiview = True
    assert read().camera is None


@pytest.mark.parametrize("type", ["PANO", "CUSTOM"])
@pytest.mark.parametrize("engine", ["EEVEE", "BLENDER_WORKBENCH", "CYCLES"])
def test_what_the_engine_makes_of_the_camera(scene: bpy.types.Scene, type: str, engine: str) -> None:
    """EEVEE and Workbench draw a perspective picture, whatever the camera is, so that is what the record describes."""
    camera = scene.camera.data
    if type not in bpy.types.Camera.bl_rna.properties["type"].enum_items:
        return  # Blender 4.2 has no custom cameras
    engines = bpy.types.RenderSettings.bl_rna.properties["engine"].enum_items.keys()
    scene.render.engine = next((name for name in engines if engine in name), engine)
    camera.lens, camera.shift_x = 28.0, 0.1
    perspective = read().camera
    camera.type = type

    found = read().camera

    if engine == "CYCLES":
        assert (found.type, found.k) == ({"PANO": "panoramic", "CUSTOM": "custom"}[type], None)
    else:
        assert found == perspective


def test_a_camera_on_a_constraint_is_where_it_is_evaluated(scene: bpy.types.Scene) -> None:
    target = bpy.data.objects.new("Target", None)
    target.location = (0, -1, 0)
    scene.collection.objects.link(target)
    track = scene.camera.constraints.new("TRACK_TO")
    track.target, track.track_axis, track.up_axis = target, "TRACK_NEGATIVE_Z", "UP_Y"
    record = read()
    ((x, y, _),) = record.camera.project(np.array([[0.0, -1.0, 0.0]]))
    assert math.hypot(x - record.width / 2, y - record.height / 2) < 1e-3


def test_camera_of_the_record(scene: bpy.types.Scene) -> None:
    from labelpass.operators.scene.scene_reader import read_scene

    data = scene.camera.data
    data.lens, data.sensor_width, data.sensor_fit, data.dof.use_dof = 35.0, 24.0, "HORIZONTAL", True
    data.keyframe_insert("lens", frame=1)
    data.lens = 70.0
    data.keyframe_insert("lens", frame=2)
    scene.render.use_motion_blur = True
    found = []
    for frame in (1, 2):
        scene.frame_set(frame)
        found.append(read_scene(scene, bpy.context.evaluated_depsgraph_get()).camera)
    assert [camera.lens for camera in found] == [35.0, 70.0]
    assert found[1].k[0][0] == pytest.approx(2 * found[0].k[0][0])
    assert found[0].k[0][0] == pytest.approx(64 * 35 / 24)
    assert (found[0].sensor_width, found[0].sensor_fit) == (24.0, "horizontal")
    assert found[0].depth_of_field
    assert found[0].motion_blur


def test_groups_that_objects_belong_to(scene: bpy.types.Scene) -> None:
    top, middle = (bpy.data.objects.new(name, None) for name in ("Train", "Wagon"))
    middle.parent, middle["category_id"] = top, 3
    scene.objects["Cube"].parent, scene.objects["Cube.001"].parent = middle, top
    scene.objects["Ball"]["instance_id"] = 12
    park = bpy.data.collections.new("Park.002")
    park["category"] = "park"
    scene.collection.children.link(park)
    for ob in (top, middle):
        scene.collection.objects.link(ob)
    scene.collection.objects.unlink(scene.objects["Ball"])
    park.objects.link(bpy.data.objects["Ball"])
    bpy.context.view_layer.update()

    from labelpass.operators.scene.scene_reader import read_scene

    record = read_scene(scene, bpy.context.evaluated_depsgraph_get())

    groups = {entry.name: (entry.parent, entry.collection, entry.instance_id) for entry in record.objects.entries}
    assert groups == {
        "Ball": ("", "Park.002", "12"),
        "Cube": ("Wagon", "", ""),
        "Cube.001": ("Train", "", ""),
        "Floor": ("", "", ""),
    }
    assert [(entry.name, entry.category) for entry in record.parents.entries] == [
        ("Train", "Train"),
        ("Wagon", "category_3"),
    ]
    assert [(entry.name, entry.category) for entry in record.collections.entries] == [("Park.002", "park")]
