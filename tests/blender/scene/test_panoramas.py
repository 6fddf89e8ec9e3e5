"""Panoramic cameras in scene records: their projection against the Position pass, and their flow against motion."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from tests.blender.scenes import add_object, turn_on_maps

WIDTH, HEIGHT = 96, 64
TYPES = {
    "FISHEYE_EQUIDISTANT": {"fisheye_fov": 2.9},
    "FISHEYE_EQUISOLID": {"fisheye_lens": 9.0, "fisheye_fov": 3.0},
    "FISHEYE_LENS_POLYNOMIAL": {
        "fisheye_fov": 2.8,
        "fisheye_polynomial_k0": -1e-4,
        "fisheye_polynomial_k1": -0.07,
        "fisheye_polynomial_k2": 3e-4,
        "fisheye_polynomial_k3": -2e-5,
        "fisheye_polynomial_k4": 1e-6,
    },
    "EQUIRECTANGULAR": {"longitude_min": -2.0, "longitude_max": 2.5, "latitude_min": -1.2, "latitude_max": 1.0},
    "MIRRORBALL": {},
    "EQUIANGULAR_CUBEMAP_FACE": {},
    "CENTRAL_CYLINDRICAL": {
        "central_cylindrical_range_u_min": -1.5,
        "central_cylindrical_range_u_max": 2.0,
        "central_cylindrical_range_v_min": -1.2,
        "central_cylindrical_range_v_max": 1.6,
        "central_cylindrical_radius": 1.3,
    },
}


def exists(type: str) -> bool:
    """Whether this Blender has such cameras: 4.2 lacks the last."""
    return type in bpy.types.Camera.bl_rna.properties["panorama_type"].enum_items


@pytest.fixture(params=[type for type in TYPES if exists(type)])
def room(request: pytest.FixtureRequest, scene: bpy.types.Scene) -> bpy.types.Scene:
    """A panoramic camera in the middle of a large box, shifted."""
    camera = scene.camera.data
    add_object(scene, "Room", "cube", (0.5, -8, 2), 9).scale = (8, 7, 6)
    camera.type, camera.panorama_type = "PANO", request.param
    camera.shift_x, camera.shift_y = 0.05, -0.08
    for name, value in TYPES[request.param].items():
        setattr(camera, name, value)
    scene.view_layers[0].use_pass_position = scene.view_layers[0].use_pass_vector = True
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.labelpass.source = "FILES"
    return scene


def in_image(panorama: dict, points: np.ndarray) -> np.ndarray:
    """(N, 2) pixels of points in the camera's axes, as docs/formats.md says."""
    x, y, z = points.T
    across = np.hypot(x, y)
    theta = np.arctan2(across, z)
    longitude, kind = np.arctan2(x, z), panorama["type"]
    if kind == "equirectangular":
        plane = longitude, np.arctan2(y, np.hypot(x, z))
    elif kind == "central_cylindrical":
        plane = longitude, y / np.hypot(x, z)
    elif kind == "equiangular_cubemap_face":
        plane = np.arctan(x / z), np.arctan(y / z)
    elif kind == "mirrorball":  # the normal is half-way between the direction and the way to the eye
        normal = points / np.linalg.norm(points, axis=1, keepdims=True) + (0, 0, 1)
        plane = tuple((normal / np.linalg.norm(normal, axis=1, keepdims=True))[:, :2].T)
    else:
        if kind == "fisheye_equidistant":
            radius = theta
        elif kind == "fisheye_equisolid":
            radius = 2 * np.sin(theta / 2)
        else:
            table = np.linspace(0, 40, 400_001)
            angles = -np.polyval(panorama["polynomial"][::-1], table)
            end = int(np.argmax(np.diff(angles) <= 0)) or len(table)
            radius = np.interp(theta, angles[:end], table[:end])
        plane = radius * x / across, radius * y / across
    return np.column_stack((panorama["cx"] + panorama["fx"] * plane[0], panorama["cy"] + panorama["fy"] * plane[1]))


def exported(scene: bpy.types.Scene, tmp_path: Path, *maps: str) -> dict:
    """The record of frame 1."""
    bpy.ops.render.render(animation=True)
    turn_on_maps(scene, *maps)
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    return json.loads((tmp_path / "frames/records/shot_0001.json").read_text())["record"]


def far_off(record: dict, tmp_path: Path) -> tuple[int, float]:
    """How many pixels show a surface, and by how much the record's camera misses the worst of them, in pixels."""
    position = np.load(tmp_path / "frames/maps/position/shot_0001.npy")
    rows, columns = np.nonzero(~np.isnan(position[..., 0]))
    matrix = np.array(record["camera"]["world_to_camera"])
    points = position[rows, columns] @ matrix[:3, :3].T + matrix[:3, 3]
    pixels = in_image(record["camera"]["panorama"], points)
    return len(rows), float(np.abs(pixels - np.column_stack((columns + 0.5, rows + 0.5))).max())


def test_who_describes_the_scene(scene: bpy.types.Scene) -> None:
    from labelpass.operators.scene.scene_reader import read_scene

    bpy.context.view_layer.update()
    record = read_scene(scene, bpy.context.evaluated_depsgraph_get())
    assert bpy.app.version_string.startswith(record.blender) and record.blender.count(".") == 2
    assert record.engine == "CYCLES"
    assert (record.camera.panorama, record.camera.distortion) == (None, "none")


def test_a_range_without_width(scene: bpy.types.Scene) -> None:
    """Of no use to anybody, and no reason to stop."""
    from labelpass.operators.scene.scene_reader import read_scene

    camera = scene.camera.data
    camera.type, camera.panorama_type = "PANO", "EQUIRECTANGULAR"
    camera.longitude_min = camera.longitude_max = 0.5
    bpy.context.view_layer.update()
    record = read_scene(scene, bpy.context.evaluated_depsgraph_get())
    assert (record.camera.type, record.camera.distortion) == ("panoramic", "unknown")


@pytest.mark.parametrize(
    "render",
    [
        {},
        {"pixel_aspect_x": 1.5},
        {"resolution_x": HEIGHT, "resolution_y": WIDTH, "resolution_percentage": 70},
        {
            "use_border": True,
            "use_crop_to_border": True,
            "border_min_x": 0.25,
            "border_max_x": 0.8,
            "border_min_y": 0.3,
            "border_max_y": 0.9,
        },
    ],
    ids=["plain", "pixel aspect", "portrait", "crop"],
)
def test_the_record_projects_to_the_pixels(room: bpy.types.Scene, tmp_path: Path, render: dict) -> None:
    for name, value in render.items():
        setattr(room.render, name, value)
    if "pixel_aspect_x" in render and bpy.app.version >= (5, 0, 0):
        room.render.image_settings.use_exr_interleave = True
    room.camera.data.sensor_fit = "VERTICAL" if "pixel_aspect_x" in render else "AUTO"
    room.frame_end = 1

    record = exported(room, tmp_path, "position_npy")

    count, worst = far_off(record, tmp_path)
    assert count > 500 and worst < 0.01
    assert record["camera"]["distortion"] == room.camera.data.panorama_type.lower()


def test_flow_leads_to_where_things_are(room: bpy.types.Scene, tmp_path: Path) -> None:
    """Of a camera at rest and a room that slides: in Blender 4.2 that of two fisheyes is mirrored in the file."""
    box = bpy.data.objects["Room"]
    start = box.location.copy()
    box.keyframe_insert("location", frame=1)
    box.location = start + type(start)((0.3, 0.1, 0.2))
    box.keyframe_insert("location", frame=2)

    record = exported(room, tmp_path, "position_npy", "flow_forward_npy", "flow_backward_npy")

    position = np.load(tmp_path / "frames/maps/position/shot_0001.npy")
    forward = np.load(tmp_path / "frames/maps/flow_forward/shot_0001.npy")
    seen = ~np.isnan(position[..., 0]) & (np.abs(position - tuple(box.location)).max(axis=-1) > 4)
    matrix = np.array(record["camera"]["world_to_camera"])
    here, there = (
        in_image(record["camera"]["panorama"], (position[seen] + move) @ matrix[:3, :3].T + matrix[:3, 3])
        for move in ((0.0, 0.0, 0.0), (0.3, 0.1, 0.2))
    )
    assert np.abs(there - here).max() > 0.5
    assert np.median(np.abs(forward[seen] - (there - here)).max(axis=-1)) < 0.01
    backward = np.load(tmp_path / "frames/maps/flow_backward/shot_0002.npy")
    x, y = np.floor(there).astype(int).T
    inside = (x >= 0) & (x < WIDTH) & (y >= 0) & (y < HEIGHT)
    back = backward[y[inside], x[inside]] + (there - here)[inside]
    assert np.nanmedian(np.abs(back).max(axis=-1)) < 0.1  # which is that of a place up to a pixel away
    assert record["notes"] == []
