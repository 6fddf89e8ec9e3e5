"""Dense maps of scenes whose geometry is known in closed form, from all three ways in."""

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from tests.blender.scenes import add_object, render_animation

CHECKOUT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 64, 48


def turn_on(scene: bpy.types.Scene, *maps: str) -> None:
    for map in maps:
        setattr(scene.labelpass, f"maps_{map}", True)


def export(scene: bpy.types.Scene) -> None:
    """Set up, render and export what the panel says."""
    scene.labelpass.source = "FILES"
    bpy.ops.labelpass.set_up_passes()
    render_animation()
    bpy.ops.labelpass.export_annotations()


def lines() -> list[str]:
    state = bpy.context.window_manager.labelpass
    return [*(line.name for line in state.lines), *(remark.text for remark in state.remarks)]


def record_of(folder: Path, frame: str = "shot_0001") -> dict:
    return json.loads((folder / f"records/{frame}.json").read_bytes())["record"]


def rays(record: dict) -> np.ndarray:
    """(H, W, 3) directions of the pixels' centres in the camera's axes, z = 1."""
    x, y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
    return np.stack((x, y, np.ones_like(x)), axis=-1) @ np.linalg.inv(np.array(record["camera"]["k"])).T


def ball(scene: bpy.types.Scene, radius: float, centre: Sequence[float]) -> None:
    """A smooth sphere, true to a few ten-thousandths."""
    for ob in list(scene.objects):
        if ob.type == "MESH":
            bpy.data.objects.remove(ob)
    bpy.ops.mesh.primitive_uv_sphere_add(radius=radius, segments=256, ring_count=128, location=centre)
    bpy.ops.object.shade_smooth()
    bpy.context.object.pass_index = 1


def in_camera(record: dict, point: Sequence[float]) -> np.ndarray:
    return (np.array(record["camera"]["world_to_camera"]) @ (*point, 1.0))[:3]


def test_a_sphere_in_closed_form(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Planar depth, distance along the ray and normals of a sphere; with a unit scale."""
    scene.frame_end = 1
    ball(scene, 1.5, (0.2, 0.3, 0.1))
    scene.unit_settings.scale_length = 0.1
    turn_on(scene, "depth_npy", "ray_depth_npy", "normals_npy")
    export(scene)
    folder = tmp_path / "frames"
    record = record_of(folder)
    depth, distance, normals = (
        np.load(folder / f"maps/{kind}/shot_0001.npy") for kind in ("depth", "ray_depth", "normals")
    )
    centre, direction = in_camera(record, (0.2, 0.3, 0.1)), rays(record)
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    along = direction @ centre
    under_root = along**2 - (centre @ centre - 1.5**2)
    # At the outline the mesh and the sphere differ in what they hit.
    inside = (under_root > 0.3) & ~np.isnan(depth)
    assert np.count_nonzero(inside) > 200
    expected = along - np.sqrt(np.maximum(under_root, 0))
    assert np.abs(distance - 0.1 * expected)[inside].max() < 1e-4
    assert np.abs(depth - 0.1 * expected * direction[..., 2])[inside].max() < 1e-4
    outward = (expected[..., None] * direction - centre) / 1.5
    assert np.abs(normals - outward)[inside].max() < 1e-3
    assert (normals * direction).sum(axis=-1)[inside].max() < 0  # towards the camera
    assert np.isnan(depth[under_root < -0.3]).all()
    assert not normals[under_root < -0.3].any()


def test_flow_of_a_moving_camera_and_a_moving_cube(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.frame_end = 3
    camera = scene.camera
    camera.keyframe_insert("location", frame=1)
    camera.location.x += 0.4
    camera.keyframe_insert("location", frame=3)
    turn_on(scene, "flow_forward_npy", "flow_backward_flo", "instances_png")
    export(scene)
    folder = tmp_path / "frames"
    for frame, name, flow in (
        (1, "flow_forward", np.load(folder / "maps/flow_forward/shot_0001.npy")),
        (2, "flow_backward", cv2.readOpticalFlow(str(folder / "maps/flow_backward/shot_0002.flo"))),
    ):
        to = 3 - frame
        records = {number: record_of(folder, f"shot_{number:04}") for number in (1, 2)}
        numbers = cv2.imread(str(folder / f"maps/instances/shot_{frame:04}.png"), cv2.IMREAD_UNCHANGED)
        for ob in ("Cube", "Ball", "Cube.001"):
            (number,) = [i for i, one in enumerate(records[frame]["instances"], 1) if one["name"] == ob]
            rows, columns = np.nonzero(numbers == number)
            matrices = []
            for at in (frame, to):
                scene.frame_set(at)
                matrices.append(np.array(scene.objects[ob].matrix_world))
            # Where the ray through the pixel meets the object, by Blender's own ray casting.
            local = hits(scene, frame, ob, records[frame], rows, columns)
            world = np.column_stack((local, np.ones(len(local)))) @ matrices[1].T
            there = world @ np.array(records[to]["camera"]["world_to_camera"]).T[:, :3]
            projected = there @ np.array(records[to]["camera"]["k"]).T
            expected = projected[:, :2] / projected[:, 2:] - np.column_stack((columns, rows)) - 0.5
            assert np.abs(flow[rows, columns] - expected).max() < 0.01, (name, ob)
            assert np.abs(expected).max() > 0.5


def hits(scene: bpy.types.Scene, frame: int, name: str, record: dict, rows: np.ndarray, columns: np.ndarray):
    """(N, 3) points of an object's own space that pixels see."""
    scene.frame_set(frame)
    ob = scene.objects[name].evaluated_get(bpy.context.evaluated_depsgraph_get())
    to_local = np.linalg.inv(np.array(ob.matrix_world))
    to_world = np.linalg.inv(np.array(record["camera"]["world_to_camera"]))
    origin = (to_local @ to_world @ (0, 0, 0, 1))[:3]
    directions = rays(record)[rows, columns] @ (to_local[:3, :3] @ to_world[:3, :3]).T
    found = [ob.ray_cast(origin, direction) for direction in directions]
    assert all(hit for hit, *_ in found)
    return np.array([place for _, place, *_ in found])


def test_orthographic_depth_is_planar(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Of a plane that is tilted against the camera; the distance along the parallel rays is the same."""
    scene.frame_end = 1
    camera = scene.camera
    camera.data.type, camera.data.ortho_scale = "ORTHO", 4.0
    camera.location, camera.rotation_euler = (0, 0, 5), (0.4, 0, 0)
    for ob in list(scene.objects):
        if ob.type == "MESH":
            bpy.data.objects.remove(ob)
    add_object(scene, "Plane", "plane", (0, 0, 0), 1).scale = (20, 20, 20)
    turn_on(scene, "depth_npy", "ray_depth_npy")
    export(scene)
    depth = np.load(tmp_path / "frames/maps/depth/shot_0001.npy")
    rows = (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) * 4.0 / WIDTH  # scene units downwards in the image
    # The camera looks down, tilted by 0.4: the plane is 5 / cos away on the axis and recedes by tan for each unit up.
    expected = 5 / math.cos(0.4) - rows * math.tan(0.4)
    assert np.abs(depth - expected[:, None]).max() < 1e-4
    np.testing.assert_array_equal(np.load(tmp_path / "frames/maps/ray_depth/shot_0001.npy"), depth)
    camera_record = record_of(tmp_path / "frames")["camera"]
    assert camera_record["k"] is None
    assert camera_record["holds"].startswith("world_to_camera, depth along the z axis")


def test_panoramic_depth_is_the_distance(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.frame_end = 1
    ball(scene, 3.0, (0, 0, 0))
    camera = scene.camera
    camera.data.type = "PANO"
    owner = camera.data if hasattr(camera.data, "panorama_type") else camera.data.cycles  # where Cycles kept it
    owner.panorama_type = "EQUIRECTANGULAR"
    camera.location = (0, 0, 0)  # in the middle of the ball
    turn_on(scene, "ray_depth_npy")
    export(scene)
    distance = np.load(tmp_path / "frames/maps/ray_depth/shot_0001.npy")
    assert np.abs(distance - 3.0).max() < 1e-3
    turn_on(scene, "depth_npy")
    with pytest.raises(RuntimeError, match=r"panoramic camera.*choose Ray Depth"):
        bpy.ops.labelpass.export_annotations()


def test_motion_blur_gives_no_flow_but_a_reason(scene: bpy.types.Scene) -> None:
    scene.render.use_motion_blur = True
    scene.frame_end = 1
    turn_on(scene, "flow_forward_flo")
    with pytest.raises(RuntimeError, match=r"Vector pass of .* is 0 everywhere: Motion Blur is on"):
        export(scene)


def test_camera_of_the_record(scene: bpy.types.Scene) -> None:
    from labelpass.operators.scene_reader import read_scene

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
    assert found[0].k[0][0] == pytest.approx(WIDTH * 35 / 24)
    assert (found[0].sensor_width, found[0].sensor_fit) == (24.0, "horizontal")
    assert found[0].depth_of_field
    assert found[0].motion_blur


# --- From the panel, headless, and the command line ---


def test_the_three_ways_in_give_the_same_maps(scene: bpy.types.Scene, tmp_path: Path) -> None:
    from labelpass.core.maps import DenseMap

    scene.render.filepath = "//frames/shot_####"
    blend = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    everything = ",".join(DenseMap)
    turn_on(scene, *DenseMap)
    scene.labelpass.output = str(tmp_path / "sidebar")
    export(scene)
    command = [sys.executable, CHECKOUT / "tools/blender.py", "-b", blend, "-P", CHECKOUT / "export_annotations.py"]
    command += ["--", "--maps", everything, "--output", tmp_path / "headless"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "core", "annotate", tmp_path / "frames", "--output", tmp_path / "alone"]
    command += ["--scene", tmp_path / "sidebar", "--maps", everything]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=CHECKOUT, timeout=120)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "core", "merge", str(tmp_path / "alone")], capture_output=True, cwd=CHECKOUT, timeout=60
    )
    assert done.returncode == 0, done.stderr

    files = sorted(
        path.relative_to(tmp_path / "sidebar") for path in (tmp_path / "sidebar/maps").rglob("*") if path.is_file()
    )
    assert len(files) == 2 * len(DenseMap)
    for file in [*files, Path("dataset.json")]:
        expected = (tmp_path / "sidebar" / file).read_bytes()
        assert (tmp_path / "headless" / file).read_bytes() == expected
        assert (tmp_path / "alone" / file).read_bytes() == expected


def test_set_up_passes_turns_on_what_the_maps_need(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelled_objects import read_labelled_objects
    from labelpass.operators.panel_data import findings_of, missing_maps_of

    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_position = layer.use_pass_cryptomatte_object = False
    scene.labelpass.pictures = False
    objects = read_labelled_objects(scene)
    assert {kind.title for kind in missing_maps_of(scene, objects)} >= {"Depth", "Ray Depth", "Normals", "Forward Flow"}
    assert not any("maps" in found.text for found in findings_of(scene, objects))

    turn_on(scene, "normals_npy", "flow_forward_flo")
    wrong = [found.text for found in findings_of(scene, objects) if found.status.value == "wrong"]
    assert len(wrong) == 2
    assert wrong[0] == "No maps of Normals: Normal is off in the view layer 'ViewLayer'"
    assert wrong[1] == "No maps of Forward Flow: Vector and Depth are off in the view layer 'ViewLayer'"
    assert bpy.ops.labelpass.set_up_passes() == {"FINISHED"}
    assert layer.use_pass_normal and layer.use_pass_vector and layer.use_pass_z
    assert not layer.use_pass_position
    assert not [found for found in findings_of(scene, objects) if found.status.value == "wrong"]
    assert "Depth" not in {kind.title for kind in missing_maps_of(scene, objects)}


def test_motion_blur_is_the_reason_in_the_panel(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelled_objects import read_labelled_objects
    from labelpass.operators.panel_data import findings_of, missing_maps_of

    scene.view_layers[0].use_pass_vector = scene.render.use_motion_blur = True
    objects = read_labelled_objects(scene)
    reasons = {kind.value: reason for kind, reason in missing_maps_of(scene, objects).items()}
    assert "Motion Blur is on" in reasons["flow_forward"]
    turn_on(scene, "flow_forward_flo")
    wrong = [found for found in findings_of(scene, objects) if found.status.value == "wrong"]
    assert [found.fix for found in wrong] == [None]
    assert "No maps of Forward Flow: Motion Blur is on" in wrong[0].text


def test_settings_of_maps_travel_with_the_file(scene: bpy.types.Scene, tmp_path: Path) -> None:
    from labelpass.core.maps import DenseMap

    turn_on(scene, "normals_npy", "depth_png")
    scene.labelpass.depth_scale = 0.002
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.read_factory_settings()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    settings = bpy.context.scene.labelpass.core_settings()
    assert settings.maps == (DenseMap.DEPTH_PNG, DenseMap.NORMALS_NPY)
    assert settings.depth_scale == 0.002
