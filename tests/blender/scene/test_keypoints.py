"""Keypoints from empties, bones and vertex groups: where Blender itself projects them, and whether they are seen."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.blender.scenes import add_object, render_animation

ABSENT, OCCLUDED, VISIBLE = 0, 1, 2


def list_keypoints(scene: bpy.types.Scene, category: str, keypoints: str, skeleton: str = "") -> None:
    row = scene.labelpass.table.categories.add()
    row.name, row.keypoints, row.skeleton = category, keypoints, skeleton


def exported(scene: bpy.types.Scene, output: Path, **settings: object) -> dict:
    scene.frame_end = 1
    render_animation()
    scene.labelpass.source, scene.labelpass.output = "FILES", str(output)
    for name, value in settings.items():
        setattr(scene.labelpass, name, value)
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    return json.loads((output / "annotations/instances.json").read_text())


def keypoints_of(coco: dict, name: str) -> np.ndarray:
    """(K, 3): x, y, visibility."""
    (annotation,) = [one for one in coco["annotations"] if one["name"] == name]
    return np.array(annotation["keypoints"]).reshape(-1, 3)


def seen_by_blender(scene: bpy.types.Scene, point: Vector) -> tuple[float, float]:
    x, y, _ = world_to_camera_view(scene, scene.camera, point)
    return x * scene.render.resolution_x, (1 - y) * scene.render.resolution_y


def add_empty(scene: bpy.types.Scene, name: str, parent: bpy.types.Object, location: tuple[float, float, float]):
    empty = bpy.data.objects.new(name, None)
    empty.parent, empty.location = parent, location
    scene.collection.objects.link(empty)
    return empty


def test_empties_of_two_copies(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Each cube has the empties below it, the copy's with ".001"; the back is not seen."""
    list_keypoints(scene, "Cube", "front, back, nowhere", "1-2")
    for cube in (bpy.data.objects["Cube"], bpy.data.objects["Cube.001"]):
        add_empty(scene, "front", cube, (0, -0.75, 0))
        add_empty(scene, "back", cube, (0, 0.75, 0))
    bpy.data.objects["Cube"].location.z = 0
    bpy.context.view_layer.update()

    coco = exported(scene, tmp_path / "dataset")

    (category,) = [one for one in coco["categories"] if one["name"] == "Cube"]
    assert (category["keypoints"], category["skeleton"]) == (["front", "back", "nowhere"], [[1, 2]])
    for name in ("Cube", "Cube.001"):
        front, back, nowhere = keypoints_of(coco, name)
        matrix = bpy.data.objects[name].matrix_world
        assert front[:2] == pytest.approx(seen_by_blender(scene, matrix @ Vector((0, -0.75, 0))), abs=1e-3)
        assert back[:2] == pytest.approx(seen_by_blender(scene, matrix @ Vector((0, 0.75, 0))), abs=1e-3)
        assert (front[2], back[2], nowhere.tolist()) == (VISIBLE, OCCLUDED, [0, 0, ABSENT])
    assert {one["num_keypoints"] for one in coco["annotations"] if "keypoints" in one} == {2}
    assert "keypoints" not in next(one for one in coco["annotations"] if one["name"] == "Ball")


def test_another_object_in_front_hides_a_keypoint(scene: bpy.types.Scene, tmp_path: Path) -> None:
    list_keypoints(scene, "Ball", "nose")
    ball = bpy.data.objects["Ball"]
    add_empty(scene, "nose", ball, (0, -0.8, 0))
    bpy.context.view_layer.update()
    before = keypoints_of(exported(scene, tmp_path / "free"), "Ball")
    nose = ball.matrix_world @ Vector((0, -0.8, 0))
    towards = (scene.camera.matrix_world.translation - nose).normalized()
    cover = add_object(scene, "Cover", "cube", tuple(nose + 1.2 * towards), 9)
    cover.scale = (0.2, 0.2, 0.2)
    scene.render.filepath = str(tmp_path / "covered_####")

    after = keypoints_of(exported(scene, tmp_path / "covered"), "Ball")

    assert before[0, 2] == VISIBLE
    assert after[0].tolist() == [*before[0, :2].tolist(), OCCLUDED]


def build_arm(scene: bpy.types.Scene, name: str, x: float, pass_index: int) -> bpy.types.Object:
    """A bar that two bones bend; all arms share the armature and the mesh."""
    armature, mesh = bpy.data.armatures.get("Arm"), bpy.data.meshes.get("Bar")
    is_first = armature is None
    armature = armature or bpy.data.armatures.new("Arm")
    rig = bpy.data.objects.new(f"{name} rig", armature)
    scene.collection.objects.link(rig)
    if is_first:
        with bpy.context.temp_override(active_object=rig, object=rig):
            bpy.context.view_layer.objects.active = rig
            bpy.ops.object.mode_set(mode="EDIT")
            upper = armature.edit_bones.new("elbow.upper")
            upper.head, upper.tail = (0, 0, 0), (0, 0, 1)
            lower = armature.edit_bones.new("elbow")
            lower.head, lower.tail, lower.parent = (0, 0, 1), (0, 0, 2), upper
            bpy.ops.object.mode_set(mode="OBJECT")
        mesh = bpy.data.meshes.new("Bar")
        rings = [(dx, dy, z) for z in np.linspace(0, 2, 9) for dx, dy in ((-0.15, -0.15), (0.15, -0.15), (0.15, 0.15),
                                                                          (-0.15, 0.15))]  # fmt: skip
        faces = [[4 * i + j, 4 * i + (j + 1) % 4, 4 * i + 4 + (j + 1) % 4, 4 * i + 4 + j] for i in range(8)
                 for j in range(4)]  # fmt: skip
        mesh.from_pydata(rings, [], faces)
    bar = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(bar)
    bar.pass_index, bar.parent = pass_index, rig
    for bone, rows in (("elbow.upper", range(16)), ("elbow", range(16, 36))):
        (bar.vertex_groups.get(bone) or bar.vertex_groups.new(name=bone)).add(list(rows), 1.0, "REPLACE")
    bar.modifiers.new("Armature", "ARMATURE").object = rig
    rig.location = (x, -1, -1)
    bar["category"] = "arm"
    return rig


def test_bones_of_several_instances_of_one_rig(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Each posed on its own; the joint lies within the bar and counts as seen all the same."""
    list_keypoints(scene, "arm", "elbow")
    rigs = [build_arm(scene, "Left arm", -2.5, 21), build_arm(scene, "Right arm", 2.5, 22)]
    bpy.context.view_layer.update()
    for rig, angle in zip(rigs, (0.6, -0.4), strict=True):
        rig.pose.bones["elbow.upper"].rotation_mode = "XYZ"
        rig.pose.bones["elbow.upper"].rotation_euler.z = angle
    bpy.context.view_layer.update()

    coco = exported(scene, tmp_path / "dataset")

    for name, rig in zip(("Left arm", "Right arm"), rigs, strict=True):
        ((x, y, visibility),) = keypoints_of(coco, name)
        expected = rig.matrix_world @ rig.pose.bones["elbow"].head
        assert (x, y) == pytest.approx(seen_by_blender(scene, expected), abs=1e-2)
        assert visibility == VISIBLE


def test_a_vertex_group_is_its_middle_after_modifiers(scene: bpy.types.Scene, tmp_path: Path) -> None:
    list_keypoints(scene, "Ball", "tip")
    ball = bpy.data.objects["Ball"]
    lowest = min(ball.data.vertices, key=lambda vertex: vertex.co.y)
    group = ball.vertex_groups.new(name="tip")
    group.add([lowest.index], 1.0, "REPLACE")
    cast = ball.modifiers.new("Displace", "DISPLACE")
    cast.strength, cast.mid_level = 0.3, 0.0

    ((x, y, visibility),) = keypoints_of(exported(scene, tmp_path / "dataset"), "Ball")

    evaluated = ball.evaluated_get(bpy.context.evaluated_depsgraph_get())
    expected = evaluated.matrix_world @ evaluated.data.vertices[lowest.index].co
    assert (x, y) == pytest.approx(seen_by_blender(scene, expected), abs=1e-2)
    assert visibility == VISIBLE


def test_an_orthographic_camera(scene: bpy.types.Scene, tmp_path: Path) -> None:
    list_keypoints(scene, "Ball", "nose")
    scene.camera.data.type, scene.camera.data.ortho_scale = "ORTHO", 7
    nose = add_empty(scene, "nose", bpy.data.objects["Ball"], (0, -0.8, 0))
    bpy.context.view_layer.update()

    ((x, y, visibility),) = keypoints_of(exported(scene, tmp_path / "dataset"), "Ball")

    assert (x, y) == pytest.approx(seen_by_blender(scene, nose.matrix_world.translation), abs=1e-2)
    assert visibility == VISIBLE


def test_pycocotools_evaluates_them(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """The annotations as their own results are a perfect detector, by COCO's keypoint evaluation."""
    list_keypoints(scene, "Cube", "front, back")
    for cube in (bpy.data.objects["Cube"], bpy.data.objects["Cube.001"]):
        add_empty(scene, "front", cube, (0, -0.75, 0))
        add_empty(scene, "back", cube, (0, 0.75, 0))
    coco = exported(scene, tmp_path / "dataset")
    truth = COCO(tmp_path / "dataset/annotations/instances.json")
    cubes = [one for one in coco["annotations"] if "keypoints" in one]
    results = [{key: one[key] for key in ("image_id", "category_id", "keypoints")} | {"score": 1.0} for one in cubes]

    evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
    evaluation.params.kpt_oks_sigmas = np.array([0.05, 0.05])
    evaluation.params.catIds = [cubes[0]["category_id"]]
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]] * 3, ["all", "medium", "large"]
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()

    assert evaluation.stats[0] == pytest.approx(1)
