"""The operator of the sidebar's button, run to its end: this render, files on disk, and what can be wrong with them."""

import json
import sys
from pathlib import Path

import bpy
import pytest

from tests.blender.outcome import exported, instances_of, lines, settings_of
from tests.blender.scenes import render_animation, write_passes_by_node


def test_this_render_needs_no_saved_file(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.labelpass.pictures = True
    bpy.ops.render.render()
    before = settings_of(scene)

    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    output = tmp_path / "frames"
    coco = instances_of(output)
    assert [image["file_name"] for image in coco["images"]] == ["images/shot_0001.png"]
    assert sorted(row["name"] for row in coco["annotations"]) == ["Ball", "Cube", "Cube.001"]
    assert [category["name"] for category in coco["categories"]] == ["Ball", "Cube", "Floor"]
    written = sorted(path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file())
    assert written == [
        "annotations/instances.json",
        "categories.json",
        "dataset.json",
        "images/shot_0001.png",
        "pictures/boxes/shot_0001.png",
        "pictures/depth/shot_0001.png",
        "records/shot_0001.json",
        "scenes/shot_0001.json",
    ]
    assert settings_of(scene) == before


def test_nothing_rendered_is_said(scene: bpy.types.Scene, tmp_path: Path) -> None:
    # A factory reset keeps the render of the test before, so this needs a Blender of its own: see test_headless.py.
    scene.labelpass.source = "FILES"
    with pytest.raises(RuntimeError, match="There is no EXR file of the frames 1-2"):
        bpy.ops.labelpass.export_annotations()
    assert not (tmp_path / "frames").exists()


def test_after_an_animation(scene: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    scene.labelpass.source = "FILES"
    scene.frame_set(2)
    before = settings_of(scene)

    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    coco = instances_of(tmp_path / "frames")
    assert [image["frame"] for image in coco["images"]] == [1, 2]
    assert settings_of(scene) == before
    state = bpy.context.window_manager.labelpass
    assert state.lines[0].name == "2 frames annotated; 6 instances"
    boxes = {row["image_id"]: row["bbox"] for row in coco["annotations"] if row["name"] == "Cube"}
    assert boxes[1][1] > boxes[2][1], "the cube moves up, so its scene record and its box must be those of the frame"

    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert state.lines[0].name == "0 frames annotated, 2 up to date; 6 instances"


def test_frames_of_yesterday_from_another_folder(scene: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    (tmp_path / "frames").rename(tmp_path / "yesterday")
    scene.labelpass.source = "FILES"
    scene.labelpass.frames_folder = str(tmp_path / "yesterday")
    scene.labelpass.output = str(tmp_path / "dataset")

    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    assert len(instances_of(tmp_path / "dataset")["images"]) == 2
    assert sorted(path.name for path in (tmp_path / "yesterday").iterdir()) == ["shot_0001.exr", "shot_0002.exr"]


def test_a_missing_frame_is_named_and_the_others_go_on(scene: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    scene.frame_end = 3
    scene.labelpass.source = "FILES"

    with pytest.raises(RuntimeError, match=r"2 frames annotated, 1 failed.*no EXR file of frame 3"):
        bpy.ops.labelpass.export_annotations()

    assert len(instances_of(tmp_path / "frames")["images"]) == 2


def test_frames_that_fail_alike(scene: bpy.types.Scene, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The console and the report say it once, the panel lists each frame."""
    render_animation()
    scene.labelpass.source = "FILES"
    scene.labelpass.maps_uv_npy = True
    said = r"0 frames annotated, 2 failed; 0 instances\. .*/shot_####\.exr, view layer 'ViewLayer' has no pass UV"

    with pytest.raises(RuntimeError, match=said):
        bpy.ops.labelpass.export_annotations()

    remarks = bpy.context.window_manager.labelpass.remarks
    assert [(remark.name, remark.failed) for remark in remarks] == [("shot_0001", True), ("shot_0002", True)]
    assert all(f"{remark.name}.exr, view layer 'ViewLayer' has no pass UV" in remark.text for remark in remarks)
    told = [line for line in capfd.readouterr().err.splitlines() if "Labelpass: Failed: " in line]
    assert len(told) == 1 and told[0].startswith("Labelpass: Failed: 2 frames (shot_0001-0002): ")


def test_settings_that_cannot_work_together(scene: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    scene.labelpass.source = "FILES"
    scene.labelpass.soft_masks, scene.labelpass.labels = True, "object_index"
    with pytest.raises(RuntimeError, match="Soft masks come from a Cryptomatte and not from Object Index; set Label"):
        bpy.ops.labelpass.export_annotations()
    (line,) = bpy.context.window_manager.labelpass.lines
    assert line.name.startswith("Failed: Soft masks come from a Cryptomatte")
    assert not (tmp_path / "frames/records").exists(), "no frame was begun"


def test_a_changed_resolution_is_said(scene: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    scene.labelpass.source = "FILES"
    scene.render.resolution_x = 80
    with pytest.raises(RuntimeError, match="has 64 x 48 pixels, but the scene renders 80 x 48"):
        bpy.ops.labelpass.export_annotations()
    assert not (tmp_path / "frames/annotations").exists()


def test_all_pass_indices_zero_is_said(scene: bpy.types.Scene) -> None:
    for ob in scene.objects:
        ob.pass_index = 0
    scene.view_layers[0].use_pass_cryptomatte_object = False
    bpy.ops.render.render()
    with pytest.raises(RuntimeError, match="have the pass index 0, which is background; give them pass indices"):
        bpy.ops.labelpass.export_annotations()


def test_cryptomatte_serves_where_no_index_is_set(scene: bpy.types.Scene, tmp_path: Path) -> None:
    for ob in scene.objects:
        ob.pass_index = 0
    bpy.ops.render.render()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    coco = instances_of(tmp_path / "frames")
    assert {row["name"] for row in coco["annotations"]} == {"Ball", "Cube", "Cube.001", "Floor"}
    record = json.loads((tmp_path / "frames/records/shot_0001.json").read_bytes())["record"]
    assert record["label_source"] == "crypto_object"


def test_an_output_folder_that_cannot_be_made(scene: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.render.render()
    (tmp_path / "file").write_text("")
    scene.labelpass.output = str(tmp_path / "file" / "dataset")
    with pytest.raises(RuntimeError, match=r"Cannot write .*choose another output folder"):
        bpy.ops.labelpass.export_annotations()


def test_this_render_is_of_the_frame_that_was_rendered(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """After an animation Blender goes back to the frame before, and users move the timeline."""
    render_animation()
    assert scene.frame_current == 1
    scene.labelpass.output = str(tmp_path / "dataset")

    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    coco = instances_of(tmp_path / "dataset")
    assert [image["file_name"] for image in coco["images"]] == ["images/shot_0002.png"]
    assert scene.frame_current == 1


def test_this_render_of_another_scene_is_said(scene: bpy.types.Scene) -> None:
    bpy.ops.render.render()
    other = bpy.data.scenes.new("Other")
    bpy.context.window.scene = other
    with pytest.raises(RuntimeError, match="The last render is of the scene 'Scene'; render this one"):
        bpy.ops.labelpass.export_annotations()


def test_pixels_that_are_not_square(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.render.pixel_aspect_x = 1.5
    bpy.ops.render.render()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert len(instances_of(tmp_path / "frames")["annotations"]) == 3


def test_two_shots_with_the_same_numbers_in_one_folder(scene: bpy.types.Scene, tmp_path: Path) -> None:
    for shot in ("a", "b"):
        scene.render.filepath = str(tmp_path / "frames" / shot / "shot_####")
        render_animation()
    scene.labelpass.source = "FILES"
    scene.labelpass.frames_folder = str(tmp_path / "frames")

    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    names = [image["file_name"] for image in instances_of(tmp_path / "frames")["images"]]
    assert names == [f"images/{shot}/shot_000{frame}.png" for shot in ("a", "b") for frame in (1, 2)]


def test_a_frame_without_any_indexed_object_has_no_instances(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """It is a negative example, also where Cryptomatte would know the floor."""
    for ob in scene.objects:
        if ob.pass_index:
            ob.location.z = -50
            ob.animation_data_clear()
    scene.frame_end = 1
    render_animation()
    scene.labelpass.source = "FILES"
    bpy.ops.labelpass.export_annotations()
    coco = instances_of(tmp_path / "frames")
    assert (len(coco["images"]), coco["annotations"]) == (1, [])


def test_a_worker_that_cannot_start_ends_the_export(
    scene: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bpy.ops.render.render()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    with pytest.raises(RuntimeError, match="The worker process cannot start"):
        bpy.ops.labelpass.export_annotations()
    assert not bpy.context.window_manager.labelpass.running


def test_a_scene_without_combined_is_kept_the_second_time(scene: bpy.types.Scene, tmp_path: Path) -> None:
    write_passes_by_node(scene, tmp_path / "passes", colours=False)
    render_animation()
    scene.labelpass.source = "FILES"
    state = bpy.context.window_manager.labelpass
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert state.lines[0].name == "2 frames annotated; 6 instances"
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert state.lines[0].name == "0 frames annotated, 2 up to date; 6 instances"


def test_file_output_nodes(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """One file a pass: the output settings name no EXR, and the compositor's File Output node does."""
    write_passes_by_node(scene, tmp_path / "passes")
    render_animation()
    scene.labelpass.source = "FILES"
    scene.labelpass.output = str(tmp_path / "dataset")

    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    coco = instances_of(tmp_path / "dataset")
    assert [image["frame"] for image in coco["images"]] == [1, 2]
    assert {row["name"] for row in coco["annotations"]} == {"Ball", "Cube", "Cube.001"}


def test_car_of_several_meshes_is_one_instance(scene: bpy.types.Scene) -> None:
    """Grouped by parent: one annotation whose area is that of its parts, and the same without Blender afterwards."""
    car = bpy.data.objects.new("Car.001", None)
    car["category"], car["category_id"] = "car", 5
    scene.collection.objects.link(car)
    for name in ("Cube", "Cube.001"):
        scene.objects[name].parent = car
    scene.frame_end = 1
    bpy.ops.render.render(animation=True)
    settings = scene.labelpass
    settings.source = "FILES"

    bpy.ops.labelpass.export_annotations()
    apart = exported().dataset
    settings.grouping = "parent"
    bpy.ops.labelpass.export_annotations()
    together = exported().dataset

    names = {category["id"]: category["name"] for category in apart["categories"]}
    areas = [one["area"] for one in apart["annotations"] if names[one["category_id"]] == "Cube"]
    assert len(areas) == 2
    (annotation,) = [one for one in together["annotations"] if one["category_id"] == 5]
    assert annotation["area"] == sum(areas)
    assert {category["name"]: category["id"] for category in together["categories"]} == {
        "Ball": 1,
        "Floor": 3,
        "car": 5,
    }, "a dataset keeps the ids that it has; Cube was 2"


def test_filters_from_the_panel_to_the_dataset(scene: bpy.types.Scene) -> None:
    scene.frame_end = 1
    bpy.ops.render.render(animation=True)
    settings = scene.labelpass
    settings.source, settings.labels, settings.at_border = "FILES", "crypto_object", "mark"
    bpy.ops.labelpass.export_annotations()
    coco = exported()
    names = {one["name"]: one["at_border"] for one in coco.dataset["annotations"]}
    assert names == {"Ball": False, "Cube": False, "Cube.001": False, "Floor": True}
    areas = {one["name"]: one["area"] for one in coco.dataset["annotations"]}

    settings.at_border, settings.min_area = "drop", min(areas.values()) + 1
    bpy.ops.labelpass.export_annotations()

    assert lines()[0] == "1 frame annotated; 2 instances, 2 dropped"
    coco = exported()
    left = {one["area"] for one in coco.dataset["annotations"]}
    assert left == set(areas.values()) - {min(areas.values()), areas["Floor"]}
    assert not any("at_border" in one for one in coco.dataset["annotations"])
