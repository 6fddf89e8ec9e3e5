"""Render and Export: frames that the button renders itself, whatever the scene's output is, and what is left to do."""

from pathlib import Path

import bpy
import pytest
from labelpass.core.base.dataset_folder import DatasetFolder
from labelpass.core.records.record_store import open_records

from tests.blender.drawing import look_again
from tests.blender.outcome import instances_of, lines, settings_of
from tests.blender.scenes import set_file_format


@pytest.fixture
def png(scene: bpy.types.Scene) -> bpy.types.Scene:
    """The usual scene as its user renders it: to PNG."""
    set_file_format(scene, "PNG")
    return scene


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.is_file())


def left(scene: bpy.types.Scene) -> int:
    look_again(scene)
    return bpy.context.window_manager.labelpass.scenes[scene.name_full].left


def test_this_frame(png: bpy.types.Scene, tmp_path: Path) -> None:
    png.frame_set(2)
    before = settings_of(png)
    assert bpy.ops.labelpass.render_and_export() == {"FINISHED"}

    output = tmp_path / "frames"
    assert lines()[0] == "1 frame annotated; 3 instances"
    assert [image["file_name"] for image in instances_of(output)["images"]] == ["images/shot_0002.png"]
    assert files_in(output / "renders") == ["shot_0002.exr"]
    assert [name for name in files_in(output) if name.startswith("shot")] == [], "the scene's own output is not written"
    assert settings_of(png) == before


def test_animation_in_parts(png: bpy.types.Scene, tmp_path: Path) -> None:
    """What is done stays, and what is left is rendered; files alone are enough afterwards."""
    png.labelpass.source = "ANIMATION"
    png.frame_end = 1
    assert left(png) == 1
    before = settings_of(png)
    assert bpy.ops.labelpass.render_and_export() == {"FINISHED"}
    png.frame_end = 3
    assert left(png) == 2
    first = (tmp_path / "frames/renders/shot_0001.exr").stat().st_mtime_ns
    assert bpy.ops.labelpass.render_and_export() == {"FINISHED"}
    assert lines()[0] == "2 frames annotated; 6 instances"
    assert settings_of(png) == before

    output = tmp_path / "frames"
    coco = instances_of(output)
    assert [image["frame"] for image in coco["images"]] == [1, 2, 3]
    boxes = {row["image_id"]: row["bbox"] for row in coco["annotations"] if row["name"] == "Cube"}
    assert boxes[1][1] > boxes[2][1], "the cube moves up"
    assert files_in(output / "renders") == [f"shot_{frame:04}.exr" for frame in (1, 2, 3)]
    assert (output / "renders/shot_0001.exr").stat().st_mtime_ns == first
    assert left(png) == 3, "all, where nothing is left"

    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert lines()[0] == "0 frames annotated, 3 up to date; 9 instances"

    open_records(DatasetFolder(output)).remove("shot_0002")
    assert left(png) == 1
    png.labelpass.skip_finished = False
    assert left(png) == 3


def test_passes_that_are_not_kept(png: bpy.types.Scene, tmp_path: Path) -> None:
    png.labelpass.source, png.labelpass.keep_passes = "ANIMATION", False
    png.labelpass.output = str(tmp_path / "dataset")
    assert bpy.ops.labelpass.render_and_export() == {"FINISHED"}
    assert lines()[0] == "2 frames annotated; 6 instances"
    assert not (tmp_path / "dataset/renders").exists() and not (tmp_path / "frames").exists()
    assert len(instances_of(tmp_path / "dataset")["images"]) == 2


def test_all_scenes(png: bpy.types.Scene, tmp_path: Path) -> None:
    other = png.copy()
    other.name = "Other"
    other.render.filepath = str(tmp_path / "other/shot_####")
    png.labelpass.source, png.labelpass.all_scenes, png.frame_end = "ANIMATION", True, 1
    assert left(png) == 3
    assert bpy.ops.labelpass.render_and_export() == {"FINISHED"}
    assert files_in(tmp_path / "frames/renders") == [
        "Other/shot_0001.exr", "Other/shot_0002.exr", "Scene/shot_0001.exr",
    ]  # fmt: skip
    assert left(png) == 3


def test_files_are_not_rendered(png: bpy.types.Scene) -> None:
    png.labelpass.source = "FILES"
    with pytest.raises(RuntimeError, match="choose This Frame or Animation"):
        bpy.ops.labelpass.render_and_export()


def test_what_is_exported_is_the_slot_that_is_shown(scene: bpy.types.Scene, tmp_path: Path) -> None:
    from labelpass.operators.overlay.overlay_source import record_of, shown_image
    from labelpass.operators.rendering.last_render import problem_of_slot

    bpy.ops.render.render()
    result = bpy.data.images["Render Result"]
    slots = result.render_slots
    assert len(slots) > 2
    slots.active_index = 1
    user = bpy.context.scene.labelpass  # only its lack of a file matters for a render
    assert "is empty; render into it, or choose another one" in problem_of_slot(scene)
    with pytest.raises(RuntimeError, match="is empty; render into it"):
        bpy.ops.labelpass.export_annotations()

    scene.frame_set(2)
    bpy.ops.render.render()
    assert problem_of_slot(scene) == ""
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    slots.active_index = 0
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    coco = instances_of(tmp_path / "frames")
    assert [image["frame"] for image in coco["images"]] == [1, 2]
    boxes = {row["image_id"]: row["bbox"] for row in coco["annotations"] if row["name"] == "Cube"}
    assert boxes[1][1] > boxes[2][1], "each slot has the pixels of its own frame"

    found = record_of(shown_image(result, user), scene)
    assert found.record is not None and found.record.frame == "shot_0001"
    slots.active_index = 2
    found = record_of(shown_image(result, user), scene)
    assert found.record is None and "is empty" in found.note
    slots.active_index = 0
