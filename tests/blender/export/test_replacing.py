"""Frames of another scene are not replaced without a word: stills, files, headless renders, renders that go on."""

import json
from pathlib import Path

import bpy
import pytest

from tests.blender.outcome import lines
from tests.blender.programs import REGISTER, headless, in_own_blender
from tests.blender.scenes import render_animation


def origins_of(output: Path) -> dict[str, tuple[list[str], str, str]]:
    found = {}
    for path in sorted((output / "records").rglob("*.json")):
        origin = json.loads(path.read_bytes())["record"]["origin"]
        found[path.relative_to(output / "records").as_posix()] = (origin["files"], origin["blend"], origin["scene"])
    return found


@pytest.fixture
def two_blends(blend: Path, scene: bpy.types.Scene, tmp_path: Path) -> tuple[Path, Path]:
    """Two files with the same output and dataset, each of which renders one frame; the second is open."""
    scene.frame_end = 1
    scene.labelpass.output = "//out"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    other = tmp_path / "other.blend"
    bpy.data.objects.remove(bpy.data.objects["Ball"])
    bpy.ops.wm.save_as_mainfile(filepath=str(other))
    return blend, other


def test_a_headless_render_of_another_blend(two_blends: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = two_blends
    assert headless(one, "--render").returncode == 0

    done = headless(other, "--render")
    assert done.returncode == 2
    assert f"has shot_0001 of {one}, which would be replaced" in done.stderr
    assert origins_of(tmp_path / "out") == {"shot_0001.json": (["renders/shot_0001.exr"], "../scene.blend", "Scene")}

    done = headless(other, "--render", "--sequence", "other")
    assert done.returncode == 0, done.stderr
    assert list(origins_of(tmp_path / "out")) == ["other/shot_0001.json", "shot_0001.json"]
    coco = json.loads((tmp_path / "out/annotations/instances.json").read_bytes())
    assert sorted(image["file_name"] for image in coco["images"]) == [
        "images/other/shot_0001.png",
        "images/shot_0001.png",
    ]


def test_a_still_of_another_blend(two_blends: tuple[Path, Path], scene: bpy.types.Scene, tmp_path: Path) -> None:
    one, _ = two_blends
    bpy.ops.wm.open_mainfile(filepath=str(one))
    for name, outcome in (("scene.blend", "FINISHED"), ("renamed_v2.blend", "CANCELLED")):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / name))
        bpy.ops.render.render()
        try:
            assert bpy.ops.labelpass.export_annotations() == {outcome}
        except RuntimeError as error:
            assert outcome == "CANCELLED"
            assert f"has shot_0001 of {one}, which would be replaced" in str(error)

    settings = bpy.context.scene.labelpass
    settings.sequence = "second"
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert origins_of(tmp_path / "out") == {
        "second/shot_0001.json": ([], "../renamed_v2.blend", "Scene"),
        "shot_0001.json": ([], "../scene.blend", "Scene"),
    }

    settings.sequence, settings.redo = "", True
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert origins_of(tmp_path / "out")["shot_0001.json"][1] == "../renamed_v2.blend"


def test_another_scene_of_the_same_blend(blend: Path, scene: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    scene.labelpass.source = "FILES"
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    assert second != scene
    with pytest.raises(RuntimeError, match=r"has 2 frames \(shot_0001-0002\) of the scene 'Scene', which would be"):
        bpy.ops.labelpass.export_annotations()

    # A scene that was only renamed is the same one.
    bpy.data.scenes.remove(second)
    bpy.context.scene.name = "Street"
    bpy.context.scene.labelpass.min_area = 1
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert {origin[2] for origin in origins_of(tmp_path / "frames").values()} == {"Street"}


def test_files_of_another_folder(blend: Path, scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.labelpass.source, scene.labelpass.output = "FILES", "//out"
    for name in ("day", "night"):
        scene.render.filepath = f"//{name}/####"
        render_animation()
    scene.labelpass.frames_folder = "//day"
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    scene.labelpass.frames_folder = "//night/"
    with pytest.raises(RuntimeError, match=r"has 2 frames \(0001-0002\) of .*day.0001\.exr, which would be replaced"):
        bpy.ops.labelpass.export_annotations()
    scene.labelpass.sequence = "night"
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert lines()[1].endswith("4 images, 12 annotations, 3 categories")

    scene.labelpass.sequence = "../night"
    with pytest.raises(RuntimeError, match="would lie outside the output folder"):
        bpy.ops.labelpass.export_annotations()


def test_a_render_that_is_annotated(two_blends: tuple[Path, Path], scene: bpy.types.Scene, tmp_path: Path) -> None:
    one, other = two_blends
    scene = bpy.context.scene
    scene.labelpass.while_rendering = True
    render_animation()
    assert list(origins_of(tmp_path / "out").values()) == [(["../frames/shot_0001.exr"], "../other.blend", "Scene")]
    before = origins_of(tmp_path / "out")
    render_animation()  # the same once more
    assert lines()[0] == "1 frame annotated; 2 instances"

    script = tmp_path / "render.py"
    script.write_text(
        REGISTER
        + "scene = bpy.context.scene\nscene.labelpass.while_rendering = True\n"
        + "scene.labelpass.sequence = sys.argv[-1].strip('=')\nbpy.ops.render.render(animation=True)\n"
    )
    done = in_own_blender(one, script, "=")
    assert f"has shot_0001 of {other}, which would be replaced" in done.stderr
    assert origins_of(tmp_path / "out") == before

    # Nor does a frame that cannot be described remove what it would have replaced.
    bad = tmp_path / "bad.py"
    bad.write_text(script.read_text().replace("scene = ", "bpy.data.objects['Cube']['category_id'] = -1\nscene = ", 1))
    done = in_own_blender(one, bad, "=")
    assert f"has shot_0001 of {other}, which would be replaced" in done.stderr
    assert origins_of(tmp_path / "out") == before

    in_own_blender(one, script, "=one")
    assert origins_of(tmp_path / "out") == {
        **before,
        "one/shot_0001.json": (["../frames/shot_0001.exr"], "../scene.blend", "Scene"),
    }
