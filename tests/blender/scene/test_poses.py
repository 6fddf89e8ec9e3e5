"""Poses and 3D boxes from Blender: against its own matrices and projection, and every vertex that it renders."""

import math
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector

from tests.blender.scenes import render_animation

CORNER_BITS = [(x, y, z) for z in (0, 1) for y in (0, 1) for x in (0, 1)]


def described(scene: bpy.types.Scene):
    from labelpass.core.settings.settings import Settings
    from labelpass.operators.scene.scene_description import describe

    bpy.context.view_layer.update()
    return describe(scene, bpy.context.evaluated_depsgraph_get(), Settings(poses=True)).record


def placements(record):
    return {placement.name: placement for placement in record.placements}


def pose_of(scene: bpy.types.Scene, name: str, *objects: str):
    """The pose of an instance of some objects; a failure where it has none."""
    from labelpass.core.scene.poses import find_poses

    record = described(scene)
    (pose,), notes = find_poses([(name, objects or [name])], placements(record), record.camera, record.unit_scale)
    assert pose is not None, notes
    return pose


def seen_by_blender(scene: bpy.types.Scene, point: Vector) -> tuple[float, float]:
    """A point of the world in pixels, as Blender's own helper projects it."""
    x, y, _ = world_to_camera_view(scene, scene.camera, point)
    return x * scene.render.resolution_x, (1 - y) * scene.render.resolution_y


def evaluated_vertices(ob: bpy.types.Object) -> np.ndarray:
    """(N, 3) in the world, through Blender's own arithmetic."""
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([evaluated.matrix_world @ vertex.co for vertex in evaluated.data.vertices])


def in_camera(scene: bpy.types.Scene, points: np.ndarray) -> np.ndarray:
    """(N, 3) in OpenCV axes."""
    to_camera = Matrix.Diagonal((1, -1, -1, 1)) @ scene.camera.matrix_world.inverted()
    return np.array([to_camera @ Vector(point) for point in points])


def assert_tight(pose, points: np.ndarray) -> None:
    """Points in the camera's axes are all within the box of a pose, and touch each of its sides."""
    along = (points - pose.translation) @ np.array(pose.rotation)
    assert along.min(axis=0) == pytest.approx(pose.low, abs=1e-4)
    assert along.max(axis=0) == pytest.approx(pose.high, abs=1e-4)


def test_corners_project_as_in_blender(scene: bpy.types.Scene) -> None:
    ob = bpy.data.objects["Cube"]
    ob.rotation_euler, ob.scale = (0.3, 0.8, -0.5), (0.5, 1, 1.5)
    scene.camera.data.shift_x, scene.camera.data.shift_y = 0.1, -0.05

    pose = pose_of(scene, "Cube")

    bpy.context.view_layer.update()
    for corner, (x, y, z) in zip(pose.corners, CORNER_BITS, strict=True):
        local = Vector((x * 1.5 - 0.75, y * 1.5 - 0.75, z * 1.5 - 0.75))
        assert corner == pytest.approx(seen_by_blender(scene, ob.matrix_world @ local), abs=1e-3)
    assert pose.dimensions == pytest.approx(tuple(ob.dimensions), abs=1e-5)
    assert pose.distance == pytest.approx((ob.matrix_world.translation - scene.camera.matrix_world.translation).length)


@pytest.mark.parametrize("scale", [(1, 1, 1), (2, 0.5, 1), (-1, 1, 1), (-1, -2, 1), (-1, -1, -0.3)])
def test_rotation_and_scale_are_those_of_blender(scene: bpy.types.Scene, scale: tuple[float, float, float]) -> None:
    ob = bpy.data.objects["Ball"]
    ob.rotation_euler, ob.scale, ob.location = (1, 2, 3), scale, (0.5, -0.3, 0.2)

    pose = pose_of(scene, "Ball")

    seen = Matrix.Diagonal((1, -1, -1, 1)) @ scene.camera.matrix_world.inverted() @ ob.matrix_world
    location, rotation, blender_scale = seen.decompose()
    assert pose.translation == pytest.approx(tuple(location), abs=1e-5)
    assert np.array(pose.rotation) == pytest.approx(np.array(rotation.to_matrix()), abs=1e-5)
    assert pose.scale == pytest.approx(tuple(blender_scale), abs=1e-5)
    assert_tight(pose, in_camera(scene, evaluated_vertices(ob)))


def test_modifiers_and_keyframes_count(scene: bpy.types.Scene) -> None:
    ob = bpy.data.objects["Cube"]
    array = ob.modifiers.new("Array", "ARRAY")
    array.count, array.use_relative_offset, array.use_constant_offset = 3, False, True
    array.constant_offset_displace = (0, 0, 2)

    scene.frame_set(2)
    pose = pose_of(scene, "Cube")

    assert pose.dimensions == pytest.approx((1.5, 1.5, 5.5), abs=1e-5)
    assert pose.frame == "Cube"
    assert_tight(pose, in_camera(scene, evaluated_vertices(ob)))


def test_an_empty_with_parts(scene: bpy.types.Scene) -> None:
    """One box around all parts, along the axes of the parent; the parts are turned, and the parent is scaled."""
    car = bpy.data.objects.new("Car", None)
    scene.collection.objects.link(car)
    car.rotation_euler, car.scale, car.location = (0, 0, 0.7), (1.2, 1.2, 1.2), (0.2, 0.3, 0)
    car["category"] = "car"
    parts = [bpy.data.objects["Cube"], bpy.data.objects["Ball"]]
    for part in parts:
        part.parent = car
    parts[1].rotation_euler = (0.5, 0.2, 1)

    pose = pose_of(scene, "Car", "Cube", "Ball")

    assert pose.frame == "Car"
    points = np.concatenate([evaluated_vertices(part) for part in parts])
    assert_tight(pose, in_camera(scene, points))
    assert pose.scale == pytest.approx((1.2, 1.2, 1.2))


@pytest.mark.parametrize("kind", ["FONT", "CURVE", "hair"])
def test_what_is_no_mesh(scene: bpy.types.Scene, kind: str) -> None:
    if kind == "hair":
        data = bpy.data.hair_curves.new("Hair")
        data.add_curves([3, 4])
        data.position_data.foreach_set("vector", np.arange(21, dtype=np.float32) / 21)
        expected = (18 / 21, 18 / 21, 18 / 21)
    else:
        data = bpy.data.curves.new("Curve", kind)
        data.extrude = 0.25
        if kind == "FONT":
            data.body, expected = "I", None
        else:
            data.splines.new("POLY").points.add(1)
            data.splines[0].points[1].co = (2, 0, 0, 1)
            expected = (2, 0, 0.5)
    scene.collection.objects.link(bpy.data.objects.new("Thing", data))

    pose = pose_of(scene, "Thing")

    if expected is None:  # Blender's own dimensions know the letter's width and height, and forget the extrusion
        bpy.context.view_layer.update()
        width, height, _ = bpy.data.objects["Thing"].dimensions
        expected = (width, height, 0.5)
    assert pose.dimensions == pytest.approx(expected, abs=1e-3)


def test_metaballs_are_one_shape(scene: bpy.types.Scene) -> None:
    """Blender joins all balls of a family into the first, which is also the only one that leaves pixels."""
    for name, x in (("Ball.100", 0), ("Ball.101", 1)):
        data = bpy.data.metaballs.new(name)
        data.elements.new().radius = 1.0
        ob = bpy.data.objects.new(name, data)
        ob.location.x = x
        scene.collection.objects.link(ob)

    pose = pose_of(scene, "Ball.100")

    assert pose.dimensions[0] == pytest.approx(pose.dimensions[1] + 1, abs=0.2)


def test_copies_have_no_one_place(scene: bpy.types.Scene) -> None:
    from labelpass.core.scene.poses import find_poses

    copies = bpy.data.collections.new("Copies")
    copies.objects.link(bpy.data.objects["Ball"])
    for x in (-2, 2):
        ob = bpy.data.objects.new("Copy", None)
        ob.instance_type, ob.instance_collection, ob.location = "COLLECTION", copies, (x, 0, 1)
        scene.collection.objects.link(ob)

    record = described(scene)
    poses, notes = find_poses([("Ball", ["Ball"])], placements(record), record.camera, 1.0)

    assert poses == [None]
    assert "several copies share its label" in notes[0]


def test_background_is_not_measured(scene: bpy.types.Scene) -> None:
    bpy.data.objects["Floor"]["category_id"] = 0

    assert [placement.name for placement in described(scene).placements] == ["Ball", "Cube", "Cube.001"]


def test_nothing_is_measured_unless_asked_for(scene: bpy.types.Scene) -> None:
    from labelpass.core.settings.settings import Settings
    from labelpass.operators.scene.scene_description import describe

    assert describe(scene, bpy.context.evaluated_depsgraph_get(), Settings()).record.placements == ()


def test_export(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """From the render to the dataset: the projected box is around the mask, in COCO too."""
    import json

    scene.render.use_file_extension = True
    render_animation()
    scene.labelpass.source, scene.labelpass.poses, scene.labelpass.pictures = "FILES", True, True
    scene.labelpass.output = str(tmp_path / "dataset")
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    coco = json.loads((tmp_path / "dataset/annotations/instances.json").read_text())
    assert len(coco["annotations"]) == 6
    for annotation in coco["annotations"]:
        x, y, width, height = annotation["bbox"]
        corners = np.array(annotation["pose"]["corners"])
        low, high = corners.min(axis=0), corners.max(axis=0)
        assert (low <= (x + 1, y + 1)).all() and (high >= (x + width - 1, y + height - 1)).all()
        assert math.prod(high - low) < 3 * width * height, "the box is around this object"
    assert (tmp_path / "dataset/pictures/boxes3d/shot_0001.png").is_file()
