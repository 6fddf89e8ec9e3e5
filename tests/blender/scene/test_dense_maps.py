"""Dense maps of scenes whose geometry is known in closed form."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import bpy
import cv2
import numpy as np
import plyfile
import pytest

from tests.blender.programs import labelpass
from tests.blender.scenes import add_object, render_animation, turn_on_maps

WIDTH, HEIGHT = 64, 48


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
    turn_on_maps(scene, "depth_npy", "ray_depth_npy", "normals_npy")
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
    turn_on_maps(scene, "flow_forward_npy", "flow_backward_flo", "instances_png")
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


def test_occlusion_against_rays(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """A cube passes another and the camera moves; Blender's own rays say what is hidden in the other frame."""
    cube, camera = scene.objects["Cube"], scene.camera
    cube.animation_data_clear()
    for thing, places in ((cube, ((-1.5, -2, 0), (-0.9, -2, 0.1))), (camera, ((0.3, -9, 2.5), (0.5, -9, 2.5)))):
        for frame, place in enumerate(places, start=1):
            thing.location = place
            thing.keyframe_insert("location", frame=frame)
    turn_on_maps(scene, "occlusion_forward_png", "occlusion_backward_png", "position_npy", "instances_png")
    export(scene)
    folder = tmp_path / "frames"
    for here, there, kind in ((1, 2, "forward"), (2, 1, "backward")):
        record = record_of(folder, f"shot_{here:04}")
        position = np.load(folder / f"maps/position/shot_{here:04}.npy").astype(np.float64)
        numbers = cv2.imread(str(folder / f"maps/instances/shot_{here:04}.png"), cv2.IMREAD_UNCHANGED)
        pixels = cv2.imread(str(folder / f"maps/occlusion_{kind}/shot_{here:04}.png"), cv2.IMREAD_UNCHANGED)
        scene.frame_set(here)
        before = np.array(cube.matrix_world)
        scene.frame_set(there)
        motion = np.array(cube.matrix_world) @ np.linalg.inv(before)
        (number,) = [i for i, one in enumerate(record["instances"], 1) if one["name"] == "Cube"]
        moved = position.copy()
        moved[numbers == number] = position[numbers == number] @ motion[:3, :3].T + motion[:3, 3]
        other = record_of(folder, f"shot_{there:04}")["camera"]
        matrix, k = np.array(other["world_to_camera"]), np.array(other["k"])
        seen_from = np.linalg.inv(matrix)[:3, 3]
        graph = bpy.context.evaluated_depsgraph_get()
        wrong = hidden_pixels = seen = 0
        for row, column in np.argwhere(~np.isnan(position[..., 0])):
            point = moved[row, column]
            x, y, z = k @ (matrix[:3, :3] @ point + matrix[:3, 3])
            hit, place, *_ = scene.ray_cast(graph, seen_from, point - seen_from)
            nearer = hit and np.linalg.norm(np.array(place) - seen_from) < 0.999 * np.linalg.norm(point - seen_from)
            hidden = nearer or not (0 <= x / z < WIDTH and 0 <= y / z < HEIGHT)
            hidden_pixels += hidden
            seen += 1
            wrong += (pixels[row, column] == 255) != hidden
        assert hidden_pixels > 40
        assert wrong / seen < 0.02


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
    turn_on_maps(scene, "depth_npy", "ray_depth_npy")
    export(scene)
    depth = np.load(tmp_path / "frames/maps/depth/shot_0001.npy")
    rows = (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) * 4.0 / WIDTH  # scene units downwards in the image
    # The camera looks down, tilted by 0.4: the plane is 5 / cos away on the axis and recedes by tan for each unit up.
    expected = 5 / math.cos(0.4) - rows * math.tan(0.4)
    assert np.abs(depth - expected[:, None]).max() < 1e-4
    np.testing.assert_array_equal(np.load(tmp_path / "frames/maps/ray_depth/shot_0001.npy"), depth)
    camera_record = record_of(tmp_path / "frames")["camera"]
    assert camera_record["k"] is None
    assert camera_record["holds"].startswith("world_to_camera, parallel_k, depth along the z axis")


def test_panoramic_depth_is_the_distance(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.frame_end = 1
    ball(scene, 3.0, (0, 0, 0))
    camera = scene.camera
    camera.data.type = "PANO"
    owner = camera.data if hasattr(camera.data, "panorama_type") else camera.data.cycles  # where Cycles kept it
    owner.panorama_type = "EQUIRECTANGULAR"
    camera.location = (0, 0, 0)  # in the middle of the ball
    turn_on_maps(scene, "ray_depth_npy")
    export(scene)
    distance = np.load(tmp_path / "frames/maps/ray_depth/shot_0001.npy")
    assert np.abs(distance - 3.0).max() < 1e-3
    turn_on_maps(scene, "depth_npy")
    with pytest.raises(RuntimeError, match=r"panoramic camera.*choose Ray Depth"):
        bpy.ops.labelpass.export_annotations()


def test_motion_blur_gives_no_flow_but_a_reason(scene: bpy.types.Scene) -> None:
    scene.render.use_motion_blur = True
    scene.frame_end = 1
    turn_on_maps(scene, "flow_forward_flo")
    with pytest.raises(RuntimeError, match=r"Vector pass of .* is 0 everywhere: Motion Blur is on"):
        export(scene)


def test_orthographic_points_are_where_the_surface_is(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """With a shift, a crop and a scale, against Blender's own Position pass."""
    scene.frame_end = 1
    data, render = scene.camera.data, scene.render
    data.type, data.ortho_scale, data.shift_x, data.shift_y = "ORTHO", 7.0, 0.07, -0.03
    render.resolution_percentage, render.resolution_x, render.resolution_y = 50, 128, 96
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x, render.border_min_y, render.border_max_y = 0.25, 0.875, 0.125, 0.75
    scene.unit_settings.scale_length = 0.1
    turn_on_maps(scene, "points_ply", "position_npy")
    export(scene)
    vertices = plyfile.PlyData.read(tmp_path / "frames/maps/points/shot_0001.ply")["vertex"]
    position = np.load(tmp_path / "frames/maps/position/shot_0001.npy")
    position = position[~np.isnan(position[..., 0])]
    assert len(vertices) == len(position) > 500
    assert np.abs(np.column_stack([vertices[name] for name in "xyz"]) - position).max() < 1e-5
    assert labelpass("validate", tmp_path / "frames").stdout.splitlines()[-1] == "Everything agrees"


def test_nocs_of_cubes(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Against Blender's Position pass and the object's matrix; one of them turned and stretched."""
    scene.frame_end = 1
    scene.labelpass.poses = True
    scene.objects["Cube.001"].rotation_euler = (0.3, 0.5, 0.7)
    scene.objects["Cube.001"].scale = (1, 0.5, 1.2)
    turn_on_maps(scene, "nocs_npy", "nocs_png", "depth_npy", "ray_depth_png", "position_npy", "instances_png")
    export(scene)
    folder = tmp_path / "frames"
    nocs, position = (np.load(folder / f"maps/{kind}/shot_0001.npy") for kind in ("nocs", "position"))
    png = cv2.imread(str(folder / "maps/nocs/shot_0001.png"), cv2.IMREAD_UNCHANGED)[..., ::-1]
    numbers = cv2.imread(str(folder / "maps/instances/shot_0001.png"), cv2.IMREAD_UNCHANGED)
    assert (np.isnan(nocs[..., 0]) == (numbers == 0)).all()
    assert not png[numbers == 0].any()
    for number, instance in enumerate(record_of(folder)["instances"], start=1):
        if not instance["name"].startswith("Cube"):
            continue
        pixels = numbers == number
        matrix = np.array(scene.objects[instance["name"]].matrix_world)
        local = (position[pixels] - matrix[:3, 3]) @ np.linalg.inv(matrix[:3, :3]).T
        scale = np.linalg.norm(matrix[:3, :3], axis=0)
        expected = local * scale / np.linalg.norm(1.5 * scale) + 0.5
        assert np.abs(nocs[pixels] - expected).max() < 1e-4
        assert np.abs(png[pixels] / 65535 - expected).max() < 2e-4
    done = labelpass("validate", folder)
    assert "depth and NOCS (1)" in done.stdout
    assert done.stdout.splitlines()[-1] == "Everything agrees", done.stdout


def test_uv_of_a_plane(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.frame_end = 1
    floor = scene.objects["Floor"]
    layer = floor.data.uv_layers.new()
    for loop, corner in zip(floor.data.loops, layer.data, strict=True):
        x, y, _ = floor.data.vertices[loop.vertex_index].co
        corner.uv = (x / 8 + 0.5, y / 8 + 0.5)
    turn_on_maps(scene, "uv_npy", "position_npy", "instances_png")
    export(scene)
    uv, position = (np.load(tmp_path / f"frames/maps/{kind}/shot_0001.npy") for kind in ("uv", "position"))
    numbers = cv2.imread(str(tmp_path / "frames/maps/instances/shot_0001.png"), cv2.IMREAD_UNCHANGED)
    ground = (numbers == 0) & ~np.isnan(position[..., 0])
    assert np.count_nonzero(ground) > 300
    assert np.abs(uv[ground] - (position[ground][:, :2] / 8 + 0.5)).max() < 1e-4
    assert np.isnan(uv[~ground]).all()


# --- labelpass validate ---


@pytest.mark.parametrize("samples", [1, 16])
def test_a_render_agrees_with_itself(scene: bpy.types.Scene, tmp_path: Path, samples: int) -> None:
    """Moving objects and camera, poses, a unit scale; with several samples a pixel's first is not in its centre."""
    scene.cycles.samples = samples
    camera = scene.camera
    camera.keyframe_insert("location", frame=1)
    camera.location.x += 0.2
    camera.keyframe_insert("location", frame=2)
    scene.objects["Ball"].rotation_euler = (0, 0, 1)
    scene.objects["Ball"].keyframe_insert("rotation_euler", frame=2)
    scene.unit_settings.scale_length = 0.1
    scene.labelpass.poses = True
    turn_on_maps(
        scene, "depth_npy", "depth_png", "position_npy", "normals_npy", "flow_forward_npy", "flow_backward_npy"
    )
    turn_on_maps(scene, "instances_png", "categories_png", "occlusion_forward_png", "occlusion_backward_png")
    turn_on_maps(scene, "flow_step_npy", "occlusion_step_png")
    scene.labelpass.flow_step = 1
    export(scene)
    done = labelpass("validate", tmp_path / "frames")
    assert done.stdout.splitlines()[-1] == "Everything agrees", done.stdout
    assert done.returncode == 0
    for check in (
        "flow of instances with poses",
        "forward occlusion",
        "backward occlusion",
        "occlusion by step",
        "flow by step of surfaces at rest",
        "flow by step of instances with poses",
        "flow by step and forward flow",
    ):
        assert f"{check} (1)" in done.stdout

    path = tmp_path / "frames/maps/flow_forward/shot_0001.npy"
    np.save(path, np.load(path) * np.float32(1.5))
    done = labelpass("validate", tmp_path / "frames")
    assert done.returncode == 1
    assert "The forward flow of 'Cube' does not match its pose in shot_0002" in done.stdout


@pytest.mark.parametrize("camera", ["PERSP", "ORTHO"])
@pytest.mark.parametrize("samples", [1, 8])
def test_instances_of_a_render_agree_with_themselves(
    scene: bpy.types.Scene, tmp_path: Path, samples: int, camera: str
) -> None:
    """Poses, amodal masks and keypoints: hidden ones, out of the image, through the near plane, and a group."""
    scene.cycles.samples, scene.frame_end = samples, 1
    scene.unit_settings.scale_length = 0.1
    scene.camera.data.type, scene.camera.data.ortho_scale = camera, 7
    add_object(scene, "Through", "cube", (-0.7, -9, 1.9), 4).scale = (0.4, 3, 0.4)
    add_object(scene, "Cut", "cube", (3.5, 1, 0.5), 5).rotation_euler = (0.3, 0.4, 0.5)
    add_object(scene, "Mirrored", "ball", (0.7, 1, -0.2), 6).scale = (-1, 1.5, 0.7)
    for number, name in enumerate(("Ball", "Mirrored")):
        for mark, place in (("front", (0, -0.8, 0)), ("middle", (0, 0, 0)), ("above", (0, 0, 1))):
            empty = bpy.data.objects.new(f"{mark}.{number:03}", None)
            empty.parent, empty.location = scene.objects[name], place
            scene.collection.objects.link(empty)
    scene.objects["Ball"]["category"] = scene.objects["Mirrored"]["category"] = "ball"
    row = scene.labelpass.table.categories.add()
    row.name, row.keypoints = "ball", "front, middle, above, none"
    scene.labelpass.poses = scene.labelpass.amodal = True
    turn_on_maps(scene, "depth_npy", "depth_exr", "ray_depth_npy", "ray_depth_png", "nocs_npy", "points_ply")
    export(scene)
    done = labelpass("validate", tmp_path / "frames")
    assert done.stdout.splitlines()[-1] == "Everything agrees", done.stdout
    head = done.stdout.splitlines()[0]
    for check in (
        "poses and projected boxes",
        "amodal masks and counts",
        "keypoints",
        "keypoints and depth",
        "formats of one map",
        "depth and ray depth",
        "depth and 3D boxes",
        "depth and NOCS",
        "point cloud",
        "COCO file",
    ):
        assert f"{check} (1)" in head
    instances = {one["name"]: one for one in record_of(tmp_path / "frames")["instances"]}
    assert None in instances["Through"]["pose"]["corners"] and instances["Cut"]["amodal"]["truncated"] > 0
    seen = {point[2] for name in ("Ball", "Mirrored") for point in instances[name]["keypoints"]}
    assert seen == {0, 1, 2}


def test_settings_of_maps_travel_with_the_file(scene: bpy.types.Scene, tmp_path: Path) -> None:
    from labelpass.core.settings.map_table import DenseMap

    turn_on_maps(scene, "normals_npy", "depth_png")
    scene.labelpass.depth_scale = 0.002
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.read_factory_settings()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    settings = bpy.context.scene.labelpass.core_settings()
    assert settings.maps == (DenseMap.DEPTH_PNG, DenseMap.NORMALS_NPY)
    assert settings.depth_scale == 0.002
