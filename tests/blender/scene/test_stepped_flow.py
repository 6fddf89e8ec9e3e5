"""Flow to other frames, from the motion of surfaces: against Blender's Vector pass and its own projection."""

import json
import math
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from tests.blender import scatters
from tests.blender.scenes import add_object, render_animation, turn_on_maps

WIDTH, HEIGHT = 64, 48
Array = np.ndarray


def export(scene: bpy.types.Scene, *maps: str, step: int, frames: int, **settings: object) -> Path:
    turn_on_maps(scene, *maps)
    for name, value in settings.items():
        setattr(scene.labelpass, name, value)
    scene.labelpass.flow_step, scene.labelpass.source, scene.labelpass.pictures = step, "FILES", False
    scene.frame_end = frames
    bpy.ops.labelpass.set_up_passes()
    render_animation()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    return Path(bpy.context.window_manager.labelpass.output)


def load(folder: Path, kind: str, frame: int) -> Array:
    return np.load(folder / f"maps/{kind}/shot_{frame:04}.npy")


def described(folder: Path, name: str) -> dict:
    (entry,) = [one for one in json.loads((folder / "dataset.json").read_bytes())["maps"] if one["name"] == name]
    return entry


def animate(
    ob: bpy.types.Object, frames: int, step: tuple[float, ...] = (0, 0, 0), turn: tuple[float, ...] = (0, 0, 0)
):
    bpy.context.preferences.edit.keyframe_new_interpolation_type = "LINEAR"
    place, angles = Vector(ob.location), Vector(ob.rotation_euler)
    for frame in (1, frames):
        ob.location, ob.rotation_euler = place + (frame - 1) * Vector(step), angles + (frame - 1) * Vector(turn)
        ob.keyframe_insert("location", frame=frame)
        ob.keyframe_insert("rotation_euler", frame=frame)


@pytest.fixture
def moving(scene: bpy.types.Scene) -> bpy.types.Scene:
    """Things that slide, turn, are stretched, mirrored, parents, and instances; the camera moves, the floor has no
    index."""
    scene.unit_settings.scale_length = 0.5
    objects = scene.objects
    objects["Cube"].animation_data_clear()
    animate(objects["Cube"], 4, (0.1, -0.05, 0.08), (0.05, 0.02, 0.1))
    objects["Cube.001"].scale = (1.2, -0.7, 0.9)
    animate(objects["Cube.001"], 4, turn=(0.0, 0.06, 0.1))
    child = add_object(scene, "Child", "ball", (0.0, 0.0, 1.2), 7)
    child.parent, child.scale = objects["Cube.001"], (0.6, 0.6, 0.6)
    library = bpy.data.collections.new("Library")
    add_object(scene, "Pebble", "ball", (0, 0, 0), 8, library).scale = (0.4, 0.3, 0.3)
    for number in range(3):
        empty = bpy.data.objects.new(f"Place {number}", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", library
        empty.location = (1.1 * number - 1.1, -2.2, -0.6)
        scene.collection.objects.link(empty)
        animate(empty, 4, (0.03 * number, 0.02, 0.02), (0.0, 0.0, 0.05 * number))
    animate(scene.camera, 4, (0.08, 0.03, -0.02), (0.003, 0.0, 0.004))
    return scene


@pytest.mark.parametrize("labels", ["object_index", "crypto_object"])
@pytest.mark.parametrize(("step", "kind"), [(1, "flow_forward"), (-1, "flow_backward")])
def test_one_step_is_the_vector_pass(
    moving: bpy.types.Scene, tmp_path: Path, labels: str, step: int, kind: str
) -> None:
    folder = export(moving, "flow_step_npy", f"{kind}_npy", step=step, frames=2, labels=labels)
    frame = 1 if step > 0 else 2
    flow, vector = load(folder, "flow_step", frame), load(folder, kind, frame)
    assert (np.isnan(flow) == np.isnan(vector)).all()
    has = ~np.isnan(flow[..., 0])
    assert np.count_nonzero(has) > 1500
    assert np.abs(vector[has]).max() > 1
    assert np.abs(flow - vector)[has].max() < 0.01
    assert described(folder, "flow_step_npy")["pixels_unknown"] == {}


def test_instances_of_nodes_that_carry_the_label_of_their_ground(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Ground and stones have one pass index; the ground turns with all of them."""
    for ob in list(scene.objects):
        if ob.type == "MESH":
            bpy.data.objects.remove(ob)
    ground = scatters.add_mesh("Ground", scene.collection, "ground", 6, 5)
    ground.location.z = -1.5
    scatters.stones()
    scatters.scatter_nodes(ground, bpy.data.objects["Boulder"], 0.6, as_instance=False)
    animate(ground, 2, (0.05, 0.1, 0.02), (0.0, 0.01, 0.06))
    folder = export(scene, "flow_step_npy", "flow_forward_npy", "surfaces_npz", step=1, frames=2)
    with np.load(folder / "maps/surfaces/shot_0001.npz") as archive:
        assert len(np.unique(archive["number"])) > 15
    flow, vector = load(folder, "flow_step", 1), load(folder, "flow_forward", 1)
    has = ~np.isnan(flow[..., 0])
    assert np.mean(has == ~np.isnan(vector[..., 0])) > 0.99
    assert np.abs(flow - vector)[has].max() < 0.01


@pytest.mark.parametrize("step", [3, -3, 1, -1])
@pytest.mark.parametrize("kind", ["PERSP", "ORTHO"])
def test_flow_against_the_projection_of_blender(moving: bpy.types.Scene, tmp_path: Path, kind: str, step: int) -> None:
    """Position of Cycles, matrices of the objects and `world_to_camera_view`."""
    moving.camera.data.type, moving.camera.data.ortho_scale = kind, 6.5
    folder = export(moving, "flow_step_npy", "position_npy", "instances_png", step=step, frames=4)
    frame = 1 if step > 0 else 4
    flow, position = load(folder, "flow_step", frame), load(folder, "position", frame).astype(np.float64) / 0.5
    with np.load(folder / f"maps/surfaces/shot_{frame:04}.npz") as archive:
        names = [row[0] for row in json.loads(archive["surfaces"].tobytes())]
        shown = np.array([*names, ""])[archive["number"]]
    assert {"Floor", "Cube", "Cube.001", "Ball", "Child", "Pebble"} <= set(np.unique(shown))
    assert (np.isnan(flow[..., 0]) == (shown == "")).all()
    for name in ("Floor", "Cube", "Cube.001", "Ball", "Child"):
        ob = moving.objects[name]
        moving.frame_set(frame)
        back = ob.matrix_world.inverted()
        moving.frame_set(frame + step)
        motion = ob.matrix_world @ back
        rows, columns = np.nonzero(shown == name)
        places = [
            world_to_camera_view(moving, moving.camera, motion @ Vector(position[row, column]))
            for row, column in zip(rows, columns, strict=True)
        ]
        expected = (
            np.array([(x * WIDTH, (1 - y) * HEIGHT) for x, y, _ in places]) - np.column_stack((columns, rows)) - 0.5
        )
        assert np.abs(expected).max() > 0.05 * abs(step)
        assert np.abs(flow[rows, columns] - expected).max() < 0.01, name


def test_what_changes_its_shape_has_no_flow(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """A shape key, and bones; a moving armature that bends nothing is rigid."""
    keyed = scene.objects["Ball"]
    keyed.shape_key_add(name="Basis")
    key = keyed.shape_key_add(name="Longer")
    for point in key.data:
        point.co.z *= 1.5
    for frame, value in ((1, 0.0), (3, 1.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)
    boned = scene.objects["Cube.001"]
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = rig.data.edit_bones.new("Bone")
    bone.head, bone.tail = (0, 0, 0), (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    group = boned.vertex_groups.new(name="Bone")
    group.add([index for index, vertex in enumerate(boned.data.vertices) if vertex.co.z > 0], 1.0, "REPLACE")
    boned.modifiers.new("Rig", "ARMATURE").object = rig
    for frame, angle in ((1, 0.0), (3, 0.5)):
        rig.pose.bones["Bone"].rotation_mode = "XYZ"
        rig.pose.bones["Bone"].rotation_euler.x = angle
        rig.pose.bones["Bone"].keyframe_insert("rotation_euler", frame=frame)
    folder = export(scene, "flow_step_npy", "occlusion_step_png", "instances_png", step=2, frames=3)
    flow = load(folder, "flow_step", 1)
    with np.load(folder / "maps/surfaces/shot_0001.npz") as archive:
        names = [row[0] for row in json.loads(archive["surfaces"].tobytes())]
        shown = np.array([*names, ""])[archive["number"]]
    bends = np.isin(shown, ("Ball", "Cube.001"))
    assert np.count_nonzero(bends) > 200
    assert (np.isnan(flow[..., 0]) == (bends | (shown == ""))).all()
    entry = described(folder, "flow_step_npy")
    assert (entry["step"], entry["frames"]) == (2, 1)
    assert entry["pixels_unknown"] == {"shape changes": np.count_nonzero(bends)}


def test_what_is_gone_has_no_flow(scene: bpy.types.Scene, tmp_path: Path) -> None:
    ball = scene.objects["Ball"]
    for frame, hidden in ((1, False), (2, True)):
        ball.hide_render = hidden
        ball.keyframe_insert("hide_render", frame=frame)
    folder = export(scene, "flow_step_npy", step=1, frames=2)
    with np.load(folder / "maps/surfaces/shot_0001.npz") as archive:
        names = [row[0] for row in json.loads(archive["surfaces"].tobytes())]
        gone = np.array([*names, ""])[archive["number"]] == "Ball"
    assert np.isnan(load(folder, "flow_step", 1)[gone]).all()
    assert described(folder, "flow_step_npy")["pixels_unknown"] == {"not in the other frame": np.count_nonzero(gone)}


def test_flow_of_an_equirectangular_camera(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """The Vector pass has pixels of the panorama; over its seam it leads the long way round."""
    scene.objects["Cube"].animation_data_clear()
    room = add_object(scene, "Room", "cube", (0, 0, 0), 9)
    room.scale = (6, 6, 6)
    camera = scene.camera
    camera.data.type = "PANO"
    (camera.data if hasattr(camera.data, "panorama_type") else camera.data.cycles).panorama_type = "EQUIRECTANGULAR"
    camera.location, camera.rotation_euler = (0.0, -3.0, 0.5), (math.pi / 2, 0.0, 0.0)
    animate(camera, 2, (0.3, 0.2, 0.1), (0.0, 0.0, 0.1))
    folder = export(scene, "flow_forward_npy", "position_npy", step=2, frames=2)
    flow, position = load(folder, "flow_forward", 1), load(folder, "position", 1).astype(np.float64)
    places = []
    for frame in (1, 2):
        scene.frame_set(frame)
        matrix = np.array(camera.matrix_world)
        local = (position - matrix[:3, 3]) @ matrix[:3, :3]
        local /= np.linalg.norm(local, axis=-1, keepdims=True)
        across = np.arctan2(local[..., 0], -local[..., 2]) / (2 * np.pi) + 0.5
        places.append(np.stack((across * WIDTH, (0.5 - np.arcsin(local[..., 1]) / np.pi) * HEIGHT), axis=-1))
    expected = places[1] - places[0]
    seam = np.abs(expected[..., 0]) > WIDTH / 2
    assert np.abs(flow - expected)[~seam].max() < 0.01
    assert np.abs(expected[~seam]).max() > 1
    assert np.count_nonzero(seam) > 10
    assert np.abs(flow - expected)[seam].max() < 0.01
