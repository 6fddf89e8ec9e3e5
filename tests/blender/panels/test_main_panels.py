"""Labels and Render & Export as they are drawn, from a fresh scene to a finished export."""

from pathlib import Path

import bpy
import pytest
from labelpass.panels.export import Export
from labelpass.panels.labels import Labels
from labelpass.panels.result import Result

from tests.blender.drawing import draw, look_again, operators, properties, tall, texts
from tests.blender.scenes import render_animation, set_file_format


@pytest.fixture
def saved(scene: bpy.types.Scene, tmp_path: Path) -> bpy.types.Scene:
    """The usual scene in a file."""
    scene.labelpass.pictures = True
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    return scene


def turn_off_passes(scene: bpy.types.Scene) -> None:
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = layer.use_pass_cryptomatte_object = False


def checks(scene: bpy.types.Scene) -> list[tuple[str, str]]:
    """Subject and value of each line of the checklist."""
    items = draw(Labels, scene)
    return [(item.text, items[place + 1].text) for place, item in enumerate(items) if item.name == "labelpass.explain"]


def test_a_fresh_scene_has_one_red_line_and_its_button(saved: bpy.types.Scene) -> None:
    turn_off_passes(saved)
    set_file_format(saved, "PNG")
    look_again(saved)
    items = draw(Labels, saved)

    red = [item for item in items if item.alert]
    assert " ".join(item.text for item in red).startswith("No pass separates objects: Object Index is off")
    assert [(item.name, item.text, item.enabled) for item in tall(items)] == [
        ("labelpass.set_up_passes", "Set Up Passes", True)
    ]
    assert ("Depth", "Off") in checks(saved)
    assert "Masks" not in dict(checks(saved)), "its sentence stands above"
    assert [item.text for item in draw(Labels, saved, "draw_header_preset")] == ["1"]


def test_nothing_red_hides_both(saved: bpy.types.Scene) -> None:
    look_again(saved)
    items = draw(Labels, saved)
    assert tall(items) == [] and "labelpass.set_up_passes" not in operators(items)
    assert checks(saved) == [
        ("Masks", "Object Index"),
        ("Image", "64 x 48 px"),
        ("Camera", "Camera"),
        ("Categories", "3, from names"),
        ("Depth", "On"),
    ]
    assert draw(Labels, saved, "draw_header_preset") == []
    sentence = next(item for item in items if item.text == "Masks").options["text"]
    assert sentence == "Object Index separates objects"


def test_a_note_that_can_be_fixed_has_a_button_of_usual_height(saved: bpy.types.Scene) -> None:
    saved.view_layers[0].use_pass_z = False
    look_again(saved)
    items = draw(Labels, saved)
    assert tall(items) == [] and "labelpass.set_up_passes" in operators(items)


@pytest.mark.parametrize(
    ("default", "is_saved", "button"),
    [("/tmp/", True, "labelpass.write_beside"), ("/tmp/", False, "wm.save_mainfile")],
)
def test_the_temporary_folder_is_red(
    scene: bpy.types.Scene, tmp_path: Path, default: str, is_saved: bool, button: str
) -> None:
    if is_saved:
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    scene.render.filepath = default
    look_again(scene)
    assert [item.name for item in tall(draw(Labels, scene))] == [button]
    if is_saved:
        assert bpy.ops.labelpass.write_beside() == {"FINISHED"}
        assert scene.render.filepath == "//render/frame_####"
        look_again(scene)
        assert tall(draw(Labels, scene)) == []
        assert str(tmp_path / "render") in "".join(texts(draw(Export, scene)))
    else:
        scene.labelpass.output = str(tmp_path / "dataset")
        look_again(scene)
        assert tall(draw(Labels, scene)) == [], "nothing is written there"


def test_a_camera_is_added_or_chosen(saved: bpy.types.Scene) -> None:
    camera, saved.camera = saved.camera, None
    look_again(saved)
    assert [item.name for item in tall(draw(Labels, saved))] == ["labelpass.add_camera"]
    assert bpy.ops.labelpass.add_camera() == {"FINISHED"}
    assert saved.camera == camera, "the one that is there"

    bpy.data.objects.remove(camera)
    assert bpy.ops.labelpass.add_camera() == {"FINISHED"}
    assert saved.camera.type == "CAMERA" and saved.camera.name in saved.collection.objects
    look_again(saved)
    assert tall(draw(Labels, saved)) == []


@pytest.mark.parametrize(
    ("source", "buttons"),
    [
        ("RENDER", [("labelpass.render_and_export", "Render and Export Frame 1")]),
        ("ANIMATION", [("labelpass.render_and_export", "Render and Export 2 Frames")]),
        ("FILES", [("labelpass.export_annotations", "Export Annotations of 2 Frames")]),
    ],
)
def test_the_main_button_says_what_it_is_about(
    saved: bpy.types.Scene, source: str, buttons: list[tuple[str, str]]
) -> None:
    saved.labelpass.source = source
    look_again(saved)
    items = draw(Export, saved)
    assert [(item.name, item.text) for item in tall(items)] == buttons
    assert ("frames_folder" in properties(items)) is (source == "FILES")
    assert operators(items).count("labelpass.export_annotations") == 1


def test_while_an_export_runs(saved: bpy.types.Scene) -> None:
    look_again(saved)
    state = bpy.context.window_manager.labelpass
    state.running, state.done, state.total, state.failed = True, 57, 200, 2
    state.progress = "57 of 200 frames, 3 min left"
    try:
        items = draw(Export, saved)
        assert [(item.kind, item.text) for item in tall(items)] == [("progress", "57 of 200 frames, 3 min left")]
        assert operators(items) == ["labelpass.stop"]
        assert next(item for item in items if item.name == "labelpass.stop").text == "Stop Export"
        assert not any(item.enabled for item in items if item.kind in ("prop", "menu"))
        assert [item.text for item in items if item.alert] == ["2 failed"]
    finally:
        state.running = False


def test_the_path_of_the_output_is_broken_after_slashes(saved: bpy.types.Scene) -> None:
    folder = "/home/ana/projects/fruit/render/with/a/long/path"
    saved.labelpass.output = folder
    lines = [text for text in texts(draw(Export, saved)) if "/" in text]
    assert "".join(lines) == folder and len(lines) > 1
    assert all(line.endswith("/") for line in lines[:-1])


def test_an_output_without_a_place_says_why(scene: bpy.types.Scene) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.labelpass.output = "//dataset"
    assert "relative to a .blend" in " ".join(texts(draw(Export, scene)))


def test_last_export_stands_until_the_next(saved: bpy.types.Scene) -> None:
    assert not Result.poll(bpy.context)
    render_animation()
    saved.labelpass.source = "FILES"
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert Result.poll(bpy.context)
    assert [(item.text, item.icon) for item in draw(Result, saved, "draw_header_preset")] == [("2 frames", "CHECKMARK")]
    assert "2 frames annotated; 6 instances" in " ".join(texts(draw(Result, saved)))

    saved.frame_end = 3
    with pytest.raises(RuntimeError, match="1 failed"):
        bpy.ops.labelpass.export_annotations()
    items = draw(Result, saved)
    assert items[0].alert and "1 failed" in " ".join(item.text for item in items if item.alert), "failures come first"
    assert [item.kind for item in items if item.kind != "label"] == ["list", "operator", "operator"]
    assert [item.text for item in draw(Result, saved, "draw_header_preset")] == ["1 failed"]
