"""Several cameras, scenes, view layers and stereo views: each frame with its own camera, each sequence by itself."""

import itertools
import json
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
import pytest
from labelpass.panels.instances import Instances

from tests.blender.drawing import Item, draw
from tests.blender.programs import headless, labelpass
from tests.blender.reprojection import reprojection
from tests.blender.scenes import add_object, build_scene, render_animation


def dataset(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "annotations/instances.json").read_text())


def records(folder: Path) -> dict[str, dict[str, Any]]:
    """Path of the record without suffix -> what it holds."""
    root = folder / "records"
    return {
        path.relative_to(root).with_suffix("").as_posix(): json.loads(path.read_text())["record"]
        for path in sorted(root.rglob("*.json"))
    }


def names_of(record: dict[str, Any]) -> list[str]:
    return [instance["name"] for instance in record["instances"]]


def export(scene: bpy.types.Scene, **settings: Any) -> None:
    scene.labelpass.source = "FILES"
    for name, value in settings.items():
        setattr(scene.labelpass, name, value)
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}


def add_camera(scene: bpy.types.Scene, name: str, x: float) -> bpy.types.Object:
    camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    camera.location, camera.rotation_euler = (x, -9, 2.5), (1.3, 0, x / 10)
    scene.collection.objects.link(camera)
    return camera


# --- Camera markers ---------------------------------------------------------------------------------------------------


@pytest.fixture
def two_cameras(scene: bpy.types.Scene) -> bpy.types.Scene:
    """Frame 1 is seen by Camera, frame 2 by Second; the timeline stands at frame 1."""
    cameras = scene.camera, add_camera(scene, "Second", 3)
    for frame, camera in enumerate(cameras, start=1):
        scene.timeline_markers.new(camera.name, frame=frame).camera = camera
    scene.frame_set(1)
    return scene


def check_two_cameras(folder: Path, frames: Path) -> None:
    found = records(folder)
    assert [record["camera"]["name"] for record in found.values()] == ["Camera", "Second"]
    pairs = [path for name in found for path in (folder / f"records/{name}.json", frames / f"{name}.exr")]
    for pixels, distance in reprojection(*pairs):
        assert pixels > 500
        assert distance < 0.01


def test_camera_markers_in_an_export(two_cameras: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    export(two_cameras)
    check_two_cameras(tmp_path / "frames", tmp_path / "frames")
    assert two_cameras.camera.name == "Camera"


def test_camera_markers_while_rendering(two_cameras: bpy.types.Scene, tmp_path: Path) -> None:
    two_cameras.labelpass.while_rendering = True
    render_animation()
    check_two_cameras(tmp_path / "frames", tmp_path / "frames")


def test_camera_markers_headless(
    two_cameras: bpy.types.Scene,
    blend: Path,
    tmp_path: Path,
) -> None:
    done = headless(blend, "--render", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    check_two_cameras(tmp_path / "out", tmp_path / "out/renders")


# --- Stereo -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stereo(scene: bpy.types.Scene) -> bpy.types.Scene:
    """One frame of two views far apart, in one file."""
    scene.render.use_multiview = True
    scene.render.image_settings.views_format = "MULTIVIEW"
    scene.frame_end = 1
    scene.camera.scale = (1.3, 0.7, 2.0)
    scene.camera.data.stereo.interocular_distance = 0.6
    scene.camera.data.stereo.convergence_distance = 7.0
    scene.labelpass.pictures = False
    scene.labelpass.image_format = "none"
    return scene


STEREO_MODES = [
    *itertools.product(("OFFAXIS", "PARALLEL", "TOE"), ("LEFT", "RIGHT", "CENTER"), ("AUTO",)),
    ("OFFAXIS", "CENTER", "VERTICAL"),
    ("OFFAXIS", "LEFT", "HORIZONTAL"),
]


@pytest.mark.parametrize(("mode", "pivot", "fit"), STEREO_MODES)
def test_each_eye_has_its_camera(stereo: bpy.types.Scene, tmp_path: Path, mode: str, pivot: str, fit: str) -> None:
    data = stereo.camera.data
    data.stereo.convergence_mode, data.stereo.pivot = mode, pivot
    data.sensor_fit, data.shift_x, data.shift_y = fit, 0.1, -0.05
    render_animation()
    export(stereo, all_views=True)

    found = records(tmp_path / "frames")
    assert list(found) == ["left/shot_0001", "right/shot_0001"]
    assert [record["view"] for record in found.values()] == ["left", "right"]
    left, right = (record["camera"] for record in found.values())
    assert left["world_to_camera"] != right["world_to_camera"]
    frames = tmp_path / "frames"
    pairs = [path for name in found for path in (frames / f"records/{name}.json", frames / "shot_0001.exr")]
    for pixels, distance in reprojection(*pairs):
        assert pixels > 500
        assert distance < 0.01


def check_eyes(frames: Path, least: int) -> None:
    """The points of more than `least` pixels of each view project to where they are, by that view's camera."""
    views = ("left", "right")
    pairs = [path for view in views for path in (frames / f"records/{view}/shot_0001.json", frames / "shot_0001.exr")]
    for pixels, distance in reprojection(*pairs):
        assert pixels > least
        assert distance < 0.01


@pytest.mark.parametrize("mode", ["OFFAXIS", "TOE"])
def test_eyes_of_an_orthographic_camera(stereo: bpy.types.Scene, tmp_path: Path, mode: str) -> None:
    stereo.camera.data.type, stereo.camera.data.ortho_scale = "ORTHO", 6.0
    stereo.camera.data.stereo.convergence_mode = mode
    render_animation()
    export(stereo, all_views=True)
    check_eyes(tmp_path / "frames", least=500)


def test_eyes_of_a_cropped_portrait_with_wide_pixels(stereo: bpy.types.Scene, tmp_path: Path) -> None:
    render = stereo.render
    render.resolution_x, render.resolution_y, render.pixel_aspect_x = 48, 64, 1.5
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x, render.border_min_y, render.border_max_y = 0.25, 1.0, 0.0, 0.75
    if bpy.app.version >= (5, 0, 0):
        render.image_settings.use_exr_interleave = True
    render_animation()
    export(stereo, all_views=True)
    check_eyes(tmp_path / "frames", least=300)


def test_a_camera_for_each_view(stereo: bpy.types.Scene, tmp_path: Path) -> None:
    """Multi-View: the cameras are objects, found by their suffixes."""
    stereo.render.views_format = "MULTIVIEW"
    middle = stereo.render.views.new("middle")
    middle.camera_suffix = middle.file_suffix = "_M"
    stereo.camera = add_camera(stereo, "Rig_L", -1)
    add_camera(stereo, "Rig_R", 1)  # and none for the middle, which the scene's own camera sees then
    render_animation()
    export(stereo, all_views=True)
    found = records(tmp_path / "frames")
    assert {name: record["camera"]["name"] for name, record in found.items()} == {
        "left/shot_0001": "Rig_L",
        "middle/shot_0001": "Rig_L",
        "right/shot_0001": "Rig_R",
    }
    frames = tmp_path / "frames"
    pairs = [path for name in found for path in (frames / f"records/{name}.json", frames / "shot_0001.exr")]
    assert max(distance for _, distance in reprojection(*pairs)) < 0.01


def test_spherical_stereo_has_no_camera_and_says_so(stereo: bpy.types.Scene, tmp_path: Path) -> None:
    stereo.camera.data.stereo.use_spherical_stereo = True
    render_animation()
    export(stereo, all_views=True)
    for record in records(tmp_path / "frames").values():
        assert record["camera"] is None
        assert any(
            note.startswith("Spherical stereo sees each direction from a different place") for note in record["notes"]
        )


@pytest.mark.parametrize("view", ["", "right"])
def test_one_view_of_a_stereo_render(stereo: bpy.types.Scene, tmp_path: Path, view: str) -> None:
    render_animation()
    export(stereo, view=view)
    frames = tmp_path / "frames"
    assert {name: record["view"] for name, record in records(frames).items()} == {"shot_0001": view or "left"}
    ((_, distance),) = reprojection(frames / "records/shot_0001.json", frames / "shot_0001.exr")
    assert distance < 0.01


def test_a_file_for_each_view(stereo: bpy.types.Scene, tmp_path: Path) -> None:
    """The command line finds the same sequences in the files, by their names."""
    stereo.render.image_settings.views_format = "INDIVIDUAL"
    render_animation()
    export(stereo, all_views=True)
    frames = tmp_path / "frames"
    assert list(records(frames)) == ["left/shot_0001_L", "right/shot_0001_R"]
    pairs = [frames / "records/left/shot_0001_L.json", frames / "shot_0001_L.exr"]
    pairs += [frames / "records/right/shot_0001_R.json", frames / "shot_0001_R.exr"]
    assert max(distance for _, distance in reprojection(*pairs)) < 0.01

    out = tmp_path / "alone"
    done = labelpass("annotate", frames, "--output", out, "--scene", frames, "--all-views", "--no-pictures")
    assert done.returncode == 0, done.stderr
    assert {name: record["camera"] for name, record in records(out).items()} == {
        name: record["camera"] for name, record in records(frames).items()
    }

    stereo.labelpass.all_views = False
    export(stereo, output=str(tmp_path / "first"))
    assert list(records(tmp_path / "first")) == ["shot_0001_L"]


def test_the_panel_asks_for_a_view(stereo: bpy.types.Scene, tmp_path: Path) -> None:
    """A name in that field is the view that an export labels; it counts for nothing with All Views."""

    def fields() -> dict[str, Item]:
        return {item.name: item for item in draw(Instances, stereo)}

    field = fields()["view"]
    assert field.options["names"] == ["left", "right"]
    assert field.active
    render_animation()
    export(stereo, view=field.options["names"][1])
    assert {record["view"] for record in records(tmp_path / "frames").values()} == {"right"}

    stereo.labelpass.all_views = True
    assert not fields()["view"].active
    stereo.render.use_multiview = False
    assert "view" not in fields()


DISPARITY = ("disparity_npy", "disparity_png", "position_npy")


def check_disparity(folder: Path, camera: bpy.types.Object, sensor_pixels: float, converges: bool) -> None:
    """Against the closed form, and against the other view: the disparity leads to the column that sees the same point.

    Args:
        folder: the dataset's; a scene unit is 0.1 m.
        camera: whose views are to its left and right, in the same direction and at the same depth.
        sensor_pixels: pixels that the width of the sensor fills.
        converges: whether the disparity is 0 at the plane of convergence, or at infinity.
    """
    stereo, matrix = camera.data.stereo, np.array(camera.matrix_world.normalized())
    focal = camera.data.lens / camera.data.sensor_width * sensor_pixels
    place = {view: np.load(folder / f"maps/position/{view}/shot_0001.npy") for view in ("left", "right")}
    for view, sign in (("left", 1), ("right", -1)):
        disparity = np.load(folder / f"maps/disparity/{view}/shot_0001.npy")
        seen = ~np.isnan(place[view][..., 0])
        assert (np.isnan(disparity) == ~seen).all() and seen.sum() > 1000
        depth = -(place[view][seen] / 0.1 - matrix[:3, 3]) @ matrix[:3, 2]
        inverse = 1 / depth - (1 / stereo.convergence_distance if converges else 0)
        expected = focal * stereo.interocular_distance * inverse
        assert np.abs(disparity[seen] - expected).max() < 1e-3
        if converges:
            assert (expected < 0).any() and (expected > 0).any()

        png = cv2.imread(str(folder / f"maps/disparity/{view}/shot_0001.png"), cv2.IMREAD_UNCHANGED)
        positive = np.nan_to_num(disparity, nan=-1) * 256 >= 0.51
        assert (positive == (png > 0)).all()
        assert np.abs(png[positive] / 256 - disparity[positive]).max() <= 0.5 / 256 + 1e-6

        other = place["right" if view == "left" else "left"]
        rows, columns = np.nonzero(seen)
        there = np.floor(columns + 0.5 - sign * disparity[seen]).astype(int)
        inside = (there >= 0) & (there < other.shape[1])
        away = np.linalg.norm(other[rows, np.clip(there, 0, other.shape[1] - 1)] - place[view][seen], axis=1)[inside]
        footprint = 0.1 * depth[inside] / focal
        # The floor is seen at an angle; the rest is hidden in one view, or lies on an edge.
        assert np.mean(away < 4 * footprint) > 0.85
    described = {one["name"]: one for one in json.loads((folder / "dataset.json").read_text())["maps"]}
    for name in DISPARITY[:2]:
        assert (described[name]["frames"], described[name]["unit"]) == (2, "pixels")
        assert described[name]["files"].startswith("maps/disparity/")
    assert described["disparity_png"]["scale"] == 1 / 256


@pytest.mark.parametrize(
    ("mode", "pivot"), [("PARALLEL", "CENTER"), ("PARALLEL", "LEFT"), ("OFFAXIS", "CENTER"), ("OFFAXIS", "RIGHT")]
)
def test_disparity_of_all_views(stereo: bpy.types.Scene, tmp_path: Path, mode: str, pivot: str) -> None:
    data = stereo.camera.data
    data.stereo.convergence_mode, data.stereo.pivot, data.shift_x = mode, pivot, 0.1
    stereo.unit_settings.scale_length = 0.1
    render_animation()
    export(stereo, all_views=True, **{f"maps_{map}": True for map in DISPARITY})
    check_disparity(tmp_path / "frames", stereo.camera, 64, mode == "OFFAXIS")
    done = labelpass("validate", tmp_path / "frames")
    assert done.stdout.splitlines()[-1] == "Everything agrees", done.stdout
    assert "disparity and depth (2), disparity of both views (1)" in done.stdout


def test_disparity_headless(stereo: bpy.types.Scene, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The same files as from the sidebar."""
    stereo.unit_settings.scale_length = 0.1
    stereo.camera.data.stereo.convergence_mode = "OFFAXIS"
    arguments = ("--render", "--all-views", "--maps", ",".join(DISPARITY), "--output", tmp_path / "out")
    done = headless(request.getfixturevalue("blend"), *arguments)
    assert done.returncode == 0, done.stderr
    check_disparity(tmp_path / "out", stereo.camera, 64, True)

    rendered = str(tmp_path / "out/renders")
    export(stereo, all_views=True, frames_folder=rendered, **{f"maps_{map}": True for map in DISPARITY})
    files = [path for path in (tmp_path / "out/maps").rglob("*") if path.is_file()]
    assert len(files) >= 6
    for file in files:
        assert (tmp_path / "out/renders" / file.relative_to(tmp_path / "out")).read_bytes() == file.read_bytes()


def test_disparity_of_eyes_that_turn_is_refused(stereo: bpy.types.Scene, tmp_path: Path) -> None:
    stereo.camera.data.stereo.convergence_mode = "TOE"
    render_animation()
    with pytest.raises(
        RuntimeError, match=r"its views do not look in the same direction.*set the camera's stereo mode"
    ):
        export(stereo, all_views=True, maps_disparity_npy=True)
    assert not (tmp_path / "frames/maps/disparity").exists()


def test_stereo_out_of_memory(stereo: bpy.types.Scene, tmp_path: Path) -> None:
    """A still that was not saved: both views are there, each with an image of its own."""
    bpy.ops.render.render()
    stereo.labelpass.output = str(tmp_path / "out")
    stereo.labelpass.image_format = "png"
    stereo.labelpass.all_views = True
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    found = records(tmp_path / "out")
    assert list(found) == ["left/shot_0001", "right/shot_0001"]
    boxes = [record["instances"][0]["box"] for record in found.values()]
    assert boxes[0] != boxes[1]
    images = [(tmp_path / "out" / record["image"]).read_bytes() for record in found.values()]
    assert images[0] != images[1]


def test_stereo_while_rendering_is_what_an_export_makes(stereo: bpy.types.Scene, tmp_path: Path) -> None:
    stereo.labelpass.all_views = True
    stereo.labelpass.while_rendering = True
    stereo.labelpass.output = str(tmp_path / "followed")
    render_animation()
    export(stereo, output=str(tmp_path / "exported"))
    assert records(tmp_path / "followed") == records(tmp_path / "exported")
    assert dataset(tmp_path / "followed") == dataset(tmp_path / "exported")


# --- View layers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_layers(scene: bpy.types.Scene) -> bpy.types.Scene:
    """ViewLayer with everything but Extra, Front with the ball and Extra, and Beauty, which separates nothing."""
    first = scene.view_layers[0]
    extra = bpy.data.collections.new("Extra things")
    rest = bpy.data.collections.new("Rest")
    for collection in (extra, rest):
        scene.collection.children.link(collection)
    for name in ("Floor", "Cube", "Cube.001"):
        ob = scene.objects[name]
        scene.collection.objects.unlink(ob)
        rest.objects.link(ob)
    add_object(scene, "Extra", "cube", (0, -2, 1.2), 7, extra)
    front, beauty = scene.view_layers.new("Front"), scene.view_layers.new("Beauty")
    front.use_pass_object_index = front.use_pass_z = True
    first.layer_collection.children["Extra things"].exclude = True
    front.layer_collection.children["Rest"].exclude = True
    for layer in (front, beauty):
        layer.use_pass_cryptomatte_object = layer.use_pass_position = False
    return scene


def check_two_layers(folder: Path) -> None:
    found = records(folder)
    assert list(found) == ["Front/shot_0001", "Front/shot_0002", "ViewLayer/shot_0001", "ViewLayer/shot_0002"]
    for name, record in found.items():
        assert record["view_layer"] == name.split("/")[0]
        expected = ["Ball", "Extra"] if name.startswith("Front") else ["Ball", "Cube", "Cube.001"]
        assert names_of(record) == expected
        scene = json.loads((folder / f"scenes/{name}.json").read_text())
        known = {entry[0] for entry in scene["objects"]["entries"]}
        assert known == ({"Ball", "Extra"} if name.startswith("Front") else {"Ball", "Cube", "Cube.001", "Floor"})
    images = [(folder / record["image"]).read_bytes() for record in found.values()]
    assert images[0] != images[2], "each view layer has a picture of its own"
    coco = dataset(folder)
    assert [video["name"] for video in coco["videos"]] == ["Front", "ViewLayer"]
    assert [(image["sequence"], image["frame_index"]) for image in coco["images"]] == [
        ("Front", 0),
        ("Front", 1),
        ("ViewLayer", 0),
        ("ViewLayer", 1),
    ]
    # The ball is in both, and is another track in each.
    assert [(track["video_id"], track["name"]) for track in coco["tracks"]] == [
        (1, "Ball"),
        (1, "Extra"),
        (2, "Ball"),
        (2, "Cube"),
        (2, "Cube.001"),
    ]


def test_view_layers_in_an_export(two_layers: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    export(two_layers, all_view_layers=True)
    check_two_layers(tmp_path / "frames")
    line = bpy.context.window_manager.labelpass.lines[0].name
    assert line == "4 frames annotated; 10 instances"


def test_view_layers_while_rendering(two_layers: bpy.types.Scene, tmp_path: Path) -> None:
    two_layers.labelpass.all_view_layers = True
    two_layers.labelpass.while_rendering = True
    render_animation()
    check_two_layers(tmp_path / "frames")
    export(two_layers)
    assert bpy.context.window_manager.labelpass.lines[0].name == "0 frames annotated, 4 up to date; 10 instances"


def test_view_layers_by_the_command_line(two_layers: bpy.types.Scene, tmp_path: Path) -> None:
    """The files alone know the same sequences, and with the scene records the dataset is the same."""
    render_animation()
    export(two_layers, all_view_layers=True)
    out = tmp_path / "alone"
    frames = tmp_path / "frames"
    done = labelpass("annotate", frames, "--output", out, "--scene", frames, "--all-view-layers")
    assert done.returncode == 0, done.stderr
    assert labelpass("merge", out).returncode == 0
    instances = "annotations/instances.json"
    assert (out / instances).read_bytes() == (frames / instances).read_bytes()


def test_view_layers_of_a_render_in_memory(two_layers: bpy.types.Scene, tmp_path: Path) -> None:
    two_layers.labelpass.all_view_layers = True
    two_layers.labelpass.output = str(tmp_path / "out")
    bpy.ops.render.render()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    found = records(tmp_path / "out")
    assert list(found) == ["Front/shot_0001", "ViewLayer/shot_0001"]
    images = [(tmp_path / "out" / record["image"]).read_bytes() for record in found.values()]
    assert images[0] != images[1]


def test_one_view_layer_without_a_word(two_layers: bpy.types.Scene, tmp_path: Path) -> None:
    """The first of the scene, although an interleaved file has its channels in the order of names."""
    render_animation()
    export(two_layers)
    found = records(tmp_path / "frames")
    assert list(found) == ["shot_0001", "shot_0002"]
    assert {record["view_layer"] for record in found.values()} == {"ViewLayer"}


def test_a_switch_that_is_turned_off_again(two_layers: bpy.types.Scene, tmp_path: Path) -> None:
    """Records of sequences that are not wanted any more stay, are left out, and are up to date when they are wanted."""
    render_animation()
    frames = tmp_path / "frames"
    export(two_layers, all_view_layers=True)
    with_layers = (frames / "annotations/instances.json").read_bytes()

    export(two_layers, all_view_layers=False)
    lines = [line.name for line in bpy.context.window_manager.labelpass.lines]
    assert [image["sequence"] for image in dataset(frames)["images"]] == ["", ""]
    assert "4 records left out, of sequences that the latest export does not make ('Front', 'ViewLayer')" in lines[1]
    assert len(records(frames)) == 6
    without = (frames / "annotations/instances.json").read_bytes()
    done = labelpass("merge", frames)
    assert (done.returncode, "4 records left out" in done.stdout) == (0, True), "also by whoever merges later"
    assert (frames / "annotations/instances.json").read_bytes() == without

    export(two_layers, all_view_layers=True)
    lines = [line.name for line in bpy.context.window_manager.labelpass.lines]
    assert lines[0] == "0 frames annotated, 4 up to date; 10 instances"
    assert "2 records left out, of a sequence that the latest export does not make (the unnamed one)" in lines[1]
    assert (frames / "annotations/instances.json").read_bytes() == with_layers


# --- Scenes -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_scenes(scene: bpy.types.Scene, tmp_path: Path) -> bpy.types.Scene:
    """The test scene, another one with a cube more and one frame, and one without a camera."""
    other = bpy.data.scenes.new("Other")
    build_scene(other)
    other.frame_end = 1
    add_object(other, "More", "cube", (0, -2, 1.2), 9)
    other.render.filepath = str(tmp_path / "frames" / "other_####")
    bpy.data.scenes.new("Without camera")
    return scene


def check_two_scenes(folder: Path) -> None:
    found = records(folder)
    assert list(found) == ["Other/other_0001", "Scene/shot_0001", "Scene/shot_0002"]
    assert "More" in names_of(found["Other/other_0001"])
    assert "More" not in names_of(found["Scene/shot_0001"])
    coco = dataset(folder)
    assert [(image["sequence"], image["video_id"]) for image in coco["images"]] == [
        ("Other", 1),
        ("Scene", 2),
        ("Scene", 2),
    ]


def test_scenes_headless(two_scenes: bpy.types.Scene, blend: Path, tmp_path: Path) -> None:
    done = headless(blend, "--all-scenes", "--render", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "3 frames annotated" in done.stdout
    check_two_scenes(tmp_path / "out")


def test_scenes_from_the_sidebar(two_scenes: bpy.types.Scene, tmp_path: Path) -> None:
    for scene in (two_scenes, bpy.data.scenes["Other"]):
        bpy.ops.render.render(animation=True, scene=scene.name)
    bpy.data.scenes["Other"].frame_set(7)
    export(two_scenes, all_scenes=True)
    check_two_scenes(tmp_path / "frames")
    assert bpy.data.scenes["Other"].frame_current == 7

    export(two_scenes, all_scenes=False)
    assert [image["sequence"] for image in dataset(tmp_path / "frames")["images"]] == ["", ""]
    lines = [line.name for line in bpy.context.window_manager.labelpass.lines]
    assert "3 records left out, of sequences that the latest export does not make ('Other', 'Scene')" in lines[1]


def test_scenes_while_rendering(two_scenes: bpy.types.Scene, tmp_path: Path) -> None:
    for scene in (two_scenes, bpy.data.scenes["Other"]):
        scene.labelpass.while_rendering = scene.labelpass.all_scenes = True
        bpy.ops.render.render(animation=True, scene=scene.name)
    check_two_scenes(tmp_path / "frames")


def test_a_scene_without_files_is_named_and_the_others_go_on(two_scenes: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    with pytest.raises(RuntimeError, match=r"2 frames annotated, 1 failed.*There is no EXR file of the frames 1"):
        export(two_scenes, all_scenes=True)
    assert [image["sequence"] for image in dataset(tmp_path / "frames")["images"]] == ["Scene", "Scene"]


def test_scenes_that_write_the_same_files(two_scenes: bpy.types.Scene) -> None:
    bpy.data.scenes["Other"].render.filepath = two_scenes.render.filepath
    with pytest.raises(RuntimeError, match=r"The scenes 'Other' and 'Scene' both render into .*shot_0001\.exr; give"):
        export(two_scenes, all_scenes=True)


def test_one_folder_is_not_of_all_scenes(two_scenes: bpy.types.Scene, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="can belong to one scene only"):
        export(two_scenes, all_scenes=True, frames_folder=str(tmp_path))


def test_a_track_is_an_object_of_its_sequence(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """The cube moves and stays the same track; so it does when the other frame is annotated first."""
    render_animation()
    export(scene)
    coco = dataset(tmp_path / "frames")
    track_of = {row["name"]: set() for row in coco["annotations"]}
    for row in coco["annotations"]:
        track_of[row["name"]].add(row["track_id"])
    assert track_of == {"Ball": {1}, "Cube": {2}, "Cube.001": {3}}
    scene.frame_start = 2
    export(scene, output=str(tmp_path / "again"))
    scene.frame_start = 1
    export(scene)
    assert dataset(tmp_path / "again") == coco
