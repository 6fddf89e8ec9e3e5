"""Runs in Blender for accuracy.py: renders and exports a small scene, and asks Blender what each pixel should hold.

tools/blender.py -P accuracy_in_blender.py -- FOLDER perspective|orthographic

Nothing of what it asks goes through a render pass or through Labelpass: rays come from `Camera.view_frame`, what they
hit from `Scene.ray_cast`, places in the image from `world_to_camera_view`, motion from the objects' matrices, what an
object covers from pictures of it alone.
"""

import importlib.util
import json
import sys
from pathlib import Path

import bmesh
import bpy
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

CHECKOUT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 320, 240
FRAMES = (1, 2)
KEYPOINTS = tuple((axis, side) for axis in range(3) for side in (-1, 1))
UNIT_SCALE = 0.1
_MAPS = "depth_npy,depth_png,ray_depth_npy,normals_npy,position_npy,nocs_npy,instances_png"
_MAPS += ",flow_step_npy,occlusion_step_png"
_FLOW = ",flow_forward_npy,flow_backward_npy,occlusion_forward_png,occlusion_backward_png"


def load_extension() -> None:
    spec = importlib.util.spec_from_file_location(
        "labelpass", CHECKOUT / "__init__.py", submodule_search_locations=[str(CHECKOUT)]
    )
    package = sys.modules["labelpass"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    package.register()


def add(name: str, shape: str, pass_index: int, location: tuple[float, ...], size: float) -> bpy.types.Object:
    mesh, shapes = bpy.data.meshes.new(name), bmesh.new()
    if shape == "cube":
        bmesh.ops.create_cube(shapes, size=size)
    elif shape == "ball":
        bmesh.ops.create_uvsphere(shapes, u_segments=64, v_segments=32, radius=size / 2)
    else:
        bmesh.ops.create_grid(shapes, size=size / 2)
    shapes.to_mesh(mesh)
    shapes.free()
    ob = bpy.data.objects.new(name, mesh)
    ob.location, ob.pass_index = location, pass_index
    bpy.context.scene.collection.objects.link(ob)
    return ob


def animate(ob: bpy.types.Object, name: str, values: tuple[tuple[float, ...], ...]) -> None:
    for frame, value in zip(FRAMES, values, strict=True):
        setattr(ob, name, value)
        ob.keyframe_insert(name, frame=frame)


def build(folder: Path, kind: str) -> bpy.types.Scene:
    """A floor, a box that slides, a box that turns and is stretched, and a ball; the camera moves and is shifted."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    load_extension()
    scene = bpy.context.scene
    add("Floor", "plane", 0, (0, 0, -1), 30)
    animate(add("Sliding", "cube", 1, (0, 0, 0), 1.5), "location", ((-1.6, -1, 0), (-1.2, -1.1, 0.1)))
    turning = add("Turning", "cube", 2, (1.5, 0.5, 0), 1.5)
    turning.scale = (1, 0.6, 1.3)
    animate(turning, "rotation_euler", ((0.3, 0.2, 0.5), (0.35, 0.2, 0.6)))
    add("Ball", "ball", 3, (0, 1, -0.2), 1.6)
    # Keypoints on the middles of the faces, and on the poles of the ball.
    for index, (name, size) in enumerate((("Sliding", 1.5), ("Turning", 1.5), ("Ball", 1.6)), start=1):
        for number, (axis, side) in enumerate(KEYPOINTS):
            empty = bpy.data.objects.new(f"k{number}.{name}", None)
            empty["keypoint"] = f"k{number}"
            empty.parent = scene.objects[name]
            empty.location = [side * size / 2 * (axis == one) for one in range(3)]
            scene.collection.objects.link(empty)
        row = scene.labelpass.table.categories.add()
        row.id, row.name, row.keypoints = index, name, ", ".join(f"k{number}" for number in range(len(KEYPOINTS)))
    data = bpy.data.cameras.new("Camera")
    camera = bpy.data.objects.new("Camera", data)
    scene.collection.objects.link(camera)
    scene.camera = camera
    data.lens, data.shift_x, data.shift_y = 45.0, 0.06, -0.04
    if kind == "orthographic":
        data.type, data.ortho_scale = "ORTHO", 6.5
    animate(camera, "location", ((0.3, -9, 2.5), (0.55, -8.9, 2.55)))
    animate(camera, "rotation_euler", ((1.3, 0.02, 0.03), (1.3, 0.02, 0.05)))
    render = scene.render
    render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 1, False
    render.resolution_x, render.resolution_y, render.resolution_percentage = 2 * WIDTH, 2 * HEIGHT, 50
    scene.frame_start, scene.frame_end = FRAMES
    scene.unit_settings.scale_length = UNIT_SCALE
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = layer.use_pass_normal = True
    layer.use_pass_position = layer.use_pass_vector = True
    if bpy.app.version >= (5, 0, 0):
        render.image_settings.media_type = "MULTI_LAYER_IMAGE"
    render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
    render.filepath = str(folder / "frames" / "a_####")
    return scene


def rays(scene: bpy.types.Scene) -> tuple[np.ndarray, np.ndarray]:
    """Start and direction of each pixel's ray, row by row, (N, 3) each, by the corners of the camera's frame."""
    camera = scene.camera
    upper_right, _, lower_left, upper_left = (np.array(corner) for corner in camera.data.view_frame(scene=scene))
    right, down = upper_right - upper_left, lower_left - upper_left
    columns, rows = np.meshgrid((np.arange(WIDTH) + 0.5) / WIDTH, (np.arange(HEIGHT) + 0.5) / HEIGHT)
    places = upper_left + columns.reshape(-1, 1) * right + rows.reshape(-1, 1) * down
    matrix = np.array(camera.matrix_world)
    if camera.data.type == "ORTHO":
        starts, directions = places * (1, 1, 0), np.tile((0.0, 0.0, -1.0), (len(places), 1))
    else:
        starts, directions = np.zeros_like(places), places
    return starts @ matrix[:3, :3].T + matrix[:3, 3], directions @ matrix[:3, :3].T


def truth_of(scene: bpy.types.Scene, frame: int) -> dict[str, np.ndarray]:
    """What each pixel of a frame should hold, in scene units and Blender's axes; NaN and "" where nothing is hit."""
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    count = WIDTH * HEIGHT
    places, normals = np.full((count, 3), np.nan), np.full((count, 3), np.nan)
    names = np.full(count, "", dtype="U16")
    starts, directions = rays(scene)
    for number, (start, direction) in enumerate(zip(starts, directions, strict=True)):
        hit, place, normal, _, ob, _ = scene.ray_cast(graph, Vector(start), Vector(direction))
        if hit:
            places[number], normals[number], names[number] = place, normal, ob.name
    camera = np.array(scene.camera.matrix_world)
    # ray_cast gives the normal of the mesh, whichever side is hit.
    away = np.einsum("ij,ij->i", normals, directions) > 0
    normals[away] *= -1
    found = {
        "place": places,
        "normal_in_camera": normals @ camera[:3, :3] * (1, -1, -1),
        "distance": np.linalg.norm(places - starts, axis=1),
        "depth": -((places - camera[:3, 3]) @ camera[:3, 2]),
        "name": names,
        # Between the ray and the surface, and how much of the world a pixel is wide.
        "cosine": np.abs(np.einsum("ij,ij->i", normals, directions)) / np.linalg.norm(directions, axis=1),
    }
    data = scene.camera.data
    if data.type == "ORTHO":
        found["footprint"] = np.full(count, data.ortho_scale / WIDTH)
    else:
        found["footprint"] = found["depth"] * data.sensor_width / data.lens / WIDTH
    matrices = {ob.name: np.array(ob.matrix_world) for ob in scene.objects if ob.type == "MESH"}
    for name, step in (("forward", 1), ("backward", -1)):
        if frame + step in FRAMES:
            found |= {f"{name}_{key}": value for key, value in moved(scene, frame + step, found, matrices).items()}
    nocs = np.full((count, 3), np.nan)
    for name, matrix in matrices.items():
        pixels = names == name
        corners = np.array(scene.objects[name].bound_box)
        scale = np.linalg.norm(matrix[:3, :3], axis=0)
        low, high = corners.min(axis=0) * scale, corners.max(axis=0) * scale
        local = (places[pixels] - matrix[:3, 3]) @ (matrix[:3, :3] / scale)
        nocs[pixels] = (local - (low + high) / 2) / np.linalg.norm(high - low) + 0.5
    return found | {"nocs": nocs}


def moved(scene: bpy.types.Scene, frame: int, found: dict[str, np.ndarray], before: dict[str, np.ndarray]):
    """Where the points of pixels are in the image of another frame, in pixels, and whether they are hidden there."""
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    pixels, hidden = np.full((WIDTH * HEIGHT, 2), np.nan), np.zeros(WIDTH * HEIGHT, bool)
    motion = {name: np.array(scene.objects[name].matrix_world) @ np.linalg.inv(old) for name, old in before.items()}
    matrix = np.array(scene.camera.matrix_world)
    parallel = scene.camera.data.type == "ORTHO"
    for number in np.flatnonzero(found["name"] != ""):
        point = (motion[found["name"][number]] @ (*found["place"][number], 1.0))[:3]
        x, y, _ = world_to_camera_view(scene, scene.camera, Vector(point))
        pixels[number] = x * WIDTH, (1 - y) * HEIGHT
        start = point + matrix[:3, 2] * 100 if parallel else matrix[:3, 3]
        hit, place, *_ = scene.ray_cast(graph, Vector(start), Vector(point - start))
        nearer = hit and np.linalg.norm(np.array(place) - start) < np.linalg.norm(point - start) - 2e-3
        hidden[number] = nearer or not (0 <= x < 1 and 0 <= y < 1)
    return {"pixel": pixels, "hidden": hidden}


def instances_of(scene: bpy.types.Scene, frame: int) -> dict[str, dict]:
    """Of each instance what its annotation should say."""
    scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    camera = np.array(scene.camera.matrix_world)
    to_camera = np.diag((1, -1, -1, 1)) @ np.linalg.inv(camera)
    found = {}
    for name in ("Sliding", "Turning", "Ball"):
        ob = scene.objects[name]
        matrix = np.array(ob.matrix_world)
        vertices = np.array([vertex.co for vertex in ob.data.vertices])
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        # Corner i has the high x where bit 0 of i is set, and so on.
        corners = np.where(np.arange(8)[:, None] >> np.arange(3) & 1, high, low)
        scale = np.linalg.norm(matrix[:3, :3], axis=0)
        pose = to_camera @ matrix
        found[name] = {
            "vertices": (vertices * scale).tolist(),
            "pixels": [in_image(scene, matrix, vertex) for vertex in vertices],
            "corners": [in_image(scene, matrix, corner) for corner in corners],
            "dimensions": ((high - low) * scale).tolist(),
            "rotation": (pose[:3, :3] / scale).tolist(),
            "translation": pose[:3, 3].tolist(),
            "keypoints": [keypoint_of(scene, graph, f"k{number}.{name}") for number in range(len(KEYPOINTS))],
        }
    return found


def in_image(scene: bpy.types.Scene, matrix: np.ndarray, point: np.ndarray) -> list[float]:
    x, y, _ = world_to_camera_view(scene, scene.camera, Vector((matrix @ (*point, 1.0))[:3]))
    return [x * WIDTH, (1 - y) * HEIGHT]


def keypoint_of(scene: bpy.types.Scene, graph: bpy.types.Depsgraph, name: str) -> list[float]:
    """Pixels, and COCO's visibility: 2 if nothing is in front of it, else 1."""
    point = np.array(scene.objects[name].matrix_world.translation)
    camera = np.array(scene.camera.matrix_world)
    start = point + camera[:3, 2] * 100 if scene.camera.data.type == "ORTHO" else camera[:3, 3]
    hit, place, *_ = scene.ray_cast(graph, Vector(start), Vector(point - start))
    nearer = hit and np.linalg.norm(np.array(place) - start) < np.linalg.norm(point - start) - 2e-3
    return [*in_image(scene, np.eye(4), point), 1 if nearer else 2]


def render_alone(scene: bpy.types.Scene, folder: Path) -> None:
    """A picture of each object without the others, its alpha 255 where it is."""
    render = scene.render
    if bpy.app.version >= (5, 0, 0):
        render.image_settings.media_type = "IMAGE"
    render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
    render.film_transparent = True
    for frame in FRAMES:
        scene.frame_set(frame)
        for shown in ("Sliding", "Turning", "Ball"):
            for ob in scene.objects:
                ob.hide_render = ob.type == "MESH" and ob.name != shown
            render.filepath = str(folder / f"alone_{shown}_{frame}.png")
            bpy.ops.render.render(write_still=True)


def main() -> None:
    folder, kind = Path(sys.argv[-2]), sys.argv[-1]
    scene = build(folder, kind)
    from labelpass.operators.headless import main as export

    maps = _MAPS + (_FLOW if kind == "perspective" else "")
    arguments = [
        "--render",
        "--maps",
        maps,
        "--flow-step",
        "1",
        "--poses",
        "--amodal",
        "--no-pictures",
        "--output",
        str(folder / "dataset"),
    ]
    if export(arguments):
        raise SystemExit("The export failed")
    for frame in FRAMES:
        np.savez(folder / f"truth_{frame}.npz", **truth_of(scene, frame))
        (folder / f"instances_{frame}.json").write_text(json.dumps(instances_of(scene, frame)))
    render_alone(scene, folder)
    sys.modules["labelpass"].unregister()


main()
