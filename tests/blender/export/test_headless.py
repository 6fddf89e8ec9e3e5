"""The headless script in a Blender of its own, and the three ways in giving the same bytes."""

import json
from pathlib import Path

import bpy
import pytest

from tests.blender.programs import CHECKOUT, REGISTER, headless, in_own_blender, labelpass
from tests.blender.scenes import render_animation, turn_on_maps


def coco_bytes(folder: Path) -> bytes:
    return (folder / "annotations/instances.json").read_bytes()


def test_render_and_export(blend: Path, tmp_path: Path) -> None:
    done = headless(blend, "--render", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "2 frames annotated; 6 instances" in done.stdout
    assert sorted(path.name for path in (tmp_path / "out/renders").iterdir()) == ["shot_0001.exr", "shot_0002.exr"]
    assert not (tmp_path / "frames").exists(), "nothing is written where the scene's own output goes"
    assert len(json.loads(coco_bytes(tmp_path / "out"))["images"]) == 2


def test_the_three_ways_in_give_the_same_bytes(blend: Path, scene: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    scene.labelpass.source = "FILES"
    scene.labelpass.output = str(tmp_path / "sidebar")
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}

    done = headless(blend, "--output", tmp_path / "headless", "--workers", "2")
    assert done.returncode == 0, done.stderr

    scenes = tmp_path / "sidebar"
    done = labelpass("annotate", tmp_path / "frames", "--output", tmp_path / "alone", "--scene", scenes)
    assert done.returncode == 0, done.stderr
    assert labelpass("merge", tmp_path / "alone").returncode == 0

    assert coco_bytes(tmp_path / "sidebar") == coco_bytes(tmp_path / "headless") == coco_bytes(tmp_path / "alone")


def test_arguments_override_what_the_file_stores(blend: Path, scene: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    scene.labelpass.output = str(tmp_path / "stored")
    scene.labelpass.image_format = "jpeg"
    scene.labelpass.pictures = False
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))

    assert headless(blend).returncode == 0
    assert sorted(path.name for path in (tmp_path / "stored/images").iterdir()) == ["shot_0001.jpg", "shot_0002.jpg"]
    assert not (tmp_path / "stored/pictures").exists()

    options = ["--image-format", "png", "--pictures", "--frames", "2", "--output", tmp_path / "given"]
    assert headless(blend, *options).returncode == 0
    assert [path.name for path in (tmp_path / "given/images").iterdir()] == ["shot_0002.png"]
    assert (tmp_path / "given/pictures/boxes/shot_0002.png").is_file()


def test_no_merge_leaves_the_dataset_to_labelpass_merge(blend: Path, tmp_path: Path) -> None:
    render_animation()
    assert headless(blend, "--frames", "1", "--no-merge").returncode == 0
    assert headless(blend, "--frames", "2", "--no-merge").returncode == 0
    assert not (tmp_path / "frames/annotations").exists()
    assert labelpass("merge", tmp_path / "frames").returncode == 0
    assert len(json.loads(coco_bytes(tmp_path / "frames"))["images"]) == 2


def test_a_frame_that_fails_is_named_and_the_others_are_done(blend: Path, tmp_path: Path) -> None:
    render_animation()
    broken = tmp_path / "frames/shot_0001.exr"
    broken.write_bytes(broken.read_bytes()[:5000])
    done = headless(blend)
    assert done.returncode == 1
    assert "Failed: shot_0001:" in done.stderr
    assert str(broken) in done.stderr
    assert [image["frame"] for image in json.loads(coco_bytes(tmp_path / "frames"))["images"]] == [2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frames", "ten"], "'ten' is not a frame or a range of frames"),
        (["--labels", "colour"], "invalid choice: 'colour'"),
        (["--unknown"], "unrecognized arguments"),
        (["--render", "--from", "."], "--from has no meaning with it"),
        (["--set-up-passes"], "--set-up-passes is about rendering; give --render too"),
        (["--no-overwrite"], "--overwrite is about rendering; give --render too"),
        (["--render", "--resolution", "big"], "'big' is not a resolution; give WIDTHxHEIGHT"),
        (["--render", "--resolution", "0%"], "'0%' is not a resolution"),
        (["--render", "--samples", "0"], "There cannot be 0 samples"),
        (["--render", "--engine", "luxcore"], "invalid choice: 'luxcore'"),
        (["--render", "--camera", "Camera", "--all-scenes"], "--camera is of one scene only"),
        (["--soft-masks", "--labels", "object_index"], "Soft masks come from a Cryptomatte and not from Object Index"),
        (["--frames", "1-9999999"], "Blender has frames from -1048574 to 1048574, but 1-9999999 goes beyond"),
    ],
)
def test_wrong_usage(
    scene: bpy.types.Scene, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    from labelpass.operators.headless import main

    try:
        code = main(arguments)
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert message in capsys.readouterr().err


def test_wrong_usage_is_the_exit_code_of_blender(blend: Path) -> None:
    done = headless(blend, "--workers", "-1")
    assert done.returncode == 2
    assert "There cannot be -1 workers" in done.stderr


def test_nothing_rendered(blend: Path, tmp_path: Path) -> None:
    done = headless(blend)
    assert done.returncode == 1
    assert "There is no EXR file of the frames 1-2" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scene.blend"]


def test_frames_that_are_not_there(blend: Path, tmp_path: Path) -> None:
    """As with the command: those that are there are done, the others are named, and the exit code is the same."""
    render_animation()
    output = tmp_path / "out"
    for numbers, code, said in (
        ("2-4,7", 1, "Failed: the frames 3-4, 7: There is no EXR file of the frames 3-4, 7; render them first, or"),
        ("5-6", 1, "There is no EXR file of the frames 5-6"),
        ("6-5", 2, "The range 6-5 ends before it starts"),
    ):
        done = headless(blend, "--frames", numbers, "--output", output)
        alone = labelpass("annotate", tmp_path / "frames", "--frames", numbers, "--output", tmp_path / "alone")
        assert (done.returncode, alone.returncode) == (code, code)
        assert said in done.stderr and said in alone.stdout + alone.stderr
    assert [image["frame"] for image in json.loads(coco_bytes(output))["images"]] == [2]


def test_the_button_before_the_first_render(blend: Path, tmp_path: Path) -> None:
    script = tmp_path / "press.py"
    script.write_text(
        f"{REGISTER}"
        "try:\n"
        "    bpy.ops.labelpass.export_annotations()\n"
        "except RuntimeError as error:\n"
        "    print('SAID', error)\n"
        "package.unregister()\n"
    )
    done = in_own_blender(blend, script)
    assert "Nothing is rendered yet; press Render and Export, or F12 first" in done.stdout


def test_frames_that_are_not_to_be_overwritten_are_taken_from_disk(
    blend: Path, scene: bpy.types.Scene, tmp_path: Path
) -> None:
    scene.render.use_overwrite = False
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    assert headless(blend, "--render", "--frames", "1").returncode == 0
    first = (tmp_path / "frames/renders/shot_0001.exr").stat().st_mtime_ns
    done = headless(blend, "--render")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "frames/renders/shot_0001.exr").stat().st_mtime_ns == first
    assert len(json.loads(coco_bytes(tmp_path / "frames"))["images"]) == 2

    assert headless(blend, "--render", "--overwrite", "--frames", "1").returncode == 0
    assert (tmp_path / "frames/renders/shot_0001.exr").stat().st_mtime_ns > first


def test_negative_frames_cannot_be_rendered(blend: Path) -> None:
    done = headless(blend, "--render", "--frames=-5")
    assert done.returncode == 1
    assert "Blender renders no animation at the negative frame -5" in done.stderr


def test_an_extension_that_is_not_enabled(blend: Path) -> None:
    """Blender alone would show the error of a script and end with 0."""
    done = in_own_blender(blend, CHECKOUT / "export_annotations.py")
    assert done.returncode == 1
    assert "the extension is not enabled" in done.stderr


def test_a_scene_without_a_camera(blend: Path, scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.camera = None
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    done = headless(blend, "--render", "--frames", "1")
    assert done.returncode == 1
    assert done.stderr == "Labelpass: The scene has no camera; add one and make it the active camera\n"
    assert not (tmp_path / "frames").exists()


def test_a_scene_that_cannot_be_rendered(scene: bpy.types.Scene) -> None:
    from labelpass.core.base.errors import SceneError
    from labelpass.core.settings.settings import Settings
    from labelpass.operators.export.export_plan import sequences_of
    from labelpass.operators.export.export_run import render_frame

    scene.camera = None
    with pytest.raises(SceneError, match="Blender cannot render frame 1"):
        render_frame(scene, sequences_of(scene, Settings()), Settings(), None)


def test_frames_that_were_rendered_into_the_dataset_are_taken_again(blend: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert headless(blend, "--render", "--output", output).returncode == 0
    done = headless(blend, "--output", output)
    assert done.returncode == 0, done.stderr
    assert f"Frames are those in {output / 'renders'}; --from takes others" in done.stdout
    assert "0 frames annotated, 2 up to date" in done.stdout
    again = tmp_path / "again"
    assert labelpass("annotate", output / "renders", "--output", again, "--scene", output).returncode == 0
    assert labelpass("merge", again).returncode == 0
    assert coco_bytes(again) == coco_bytes(output)


def test_rendered_files_appear_when_they_are_complete(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """A run that is killed leaves no half of a file that the next one would take for rendered; {braces} are no
    variables."""
    from labelpass.core.base.temporary_names import is_temporary
    from labelpass.operators.headless import main

    output = tmp_path / "out {blend_name}"
    seen = []

    def look(*_: object) -> None:
        found = [path for path in output.rglob("*.exr") if path.stat().st_size]
        seen.append({path.parent.name: path.name for path in found})

    bpy.app.handlers.render_write.append(look)
    before = scene.render.filepath
    try:
        assert main(["--render", "--output", str(output)]) == 0
    finally:
        bpy.app.handlers.render_write.remove(look)
    first, second = seen
    (folder,) = first
    assert is_temporary(folder)
    assert second.pop("renders") == "shot_0001.exr"
    assert [is_temporary(folder) for folder in second] == [True]
    assert sorted(path.name for path in (output / "renders").iterdir()) == ["shot_0001.exr", "shot_0002.exr"]
    assert scene.render.filepath == before


def test_passes_are_discarded_only_where_all_that_is_made_of_them_is_there(blend: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    done = headless(blend, "--render", "--discard-passes", "--maps", "depth_png", "--output", output)
    assert done.returncode == 0, done.stderr
    assert "Labelpass: Passes discarded: 2 EXR files" in done.stdout
    assert list((output / "renders").rglob("*.exr")) == []
    assert labelpass("validate", output).returncode == 0
    assert len(list((output / "maps/depth").iterdir())) == 2

    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/maps").write_text("not a folder, so that maps cannot be written")
    done = headless(blend, "--render", "--discard-passes", "--maps", "depth_png", "--output", tmp_path / "bad")
    assert done.returncode == 1
    assert len(list((tmp_path / "bad/renders").iterdir())) == 2


def test_category_table_of_a_file(blend: Path, scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Headless, with the command and imported into the .blend it gives the same bytes."""
    table = tmp_path / "table.json"
    table.write_text(
        '{"categories": [{"name": "box", "id": 6, "grouping": "category"}, {"name": "toy", "id": 2}],'
        ' "rules": [{"source": "object_name", "pattern": "Cube*", "category": "box"},'
        ' {"source": "data_name", "pattern": "Ball", "category": "toy"}], "unknown": "background"}'
    )
    render_animation()
    done = headless(blend, "--output", tmp_path / "headless", "--categories", table)
    assert done.returncode == 0, done.stderr
    assert "2 frames annotated; 4 instances" in done.stdout
    coco = json.loads(coco_bytes(tmp_path / "headless"))
    assert [(row["id"], row["name"]) for row in coco["categories"]] == [(2, "toy"), (6, "box")]
    assert {row["name"] for row in coco["annotations"]} == {"Ball", "box"}

    done = headless(blend, "--output", tmp_path / "plain")
    assert done.returncode == 0, done.stderr
    arguments = ("--scene", tmp_path / "plain", "--categories", table)
    assert labelpass("annotate", tmp_path / "frames", "--output", tmp_path / "alone", *arguments).returncode == 0
    assert labelpass("merge", tmp_path / "alone").returncode == 0
    assert json.loads(coco_bytes(tmp_path / "alone"))["annotations"] == coco["annotations"]

    assert bpy.ops.labelpass.categories_import(filepath=str(table)) == {"FINISHED"}
    scene.labelpass.source, scene.labelpass.output = "FILES", str(tmp_path / "sidebar")
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert json.loads(coco_bytes(tmp_path / "sidebar"))["annotations"] == coco["annotations"]


def test_category_table_that_is_none(blend: Path, tmp_path: Path) -> None:
    done = headless(blend, "--output", tmp_path / "out", "--categories", tmp_path / "none.json")
    assert done.returncode == 1
    assert "Cannot read" in done.stderr and "none.json" in done.stderr


def add_keypoints(scene: bpy.types.Scene) -> None:
    row = scene.labelpass.table.categories.add()
    row.name, row.keypoints, row.skeleton = "Ball", "top, bottom", "1-2"
    for name, z in (("top", 0.8), ("bottom", -0.8)):
        empty = bpy.data.objects.new(name, None)
        empty.parent, empty.location = scene.objects["Ball"], (0, 0, z)
        scene.collection.objects.link(empty)


def test_the_three_ways_in_give_the_same_maps(scene: bpy.types.Scene, blend: Path, tmp_path: Path) -> None:
    from labelpass.core.settings.format_table import CAMERA_FORMATS
    from labelpass.core.settings.map_table import DenseMap, MapKind

    add_keypoints(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    maps = [map for map in DenseMap if map.kind is not MapKind.DISPARITY]  # which needs a stereo render
    everything, cameras = ",".join(maps), ",".join(CAMERA_FORMATS)
    turn_on_maps(scene, *maps)
    scene.labelpass.poses = scene.labelpass.amodal = True
    scene.labelpass.flow_step = -1
    for choice in CAMERA_FORMATS:
        setattr(scene.labelpass, f"cameras_{choice.value}", True)
    scene.objects["Cube"].data.uv_layers.new()
    scene.labelpass.output = str(tmp_path / "sidebar")
    scene.labelpass.source = "FILES"
    bpy.ops.labelpass.set_up_passes()
    render_animation()
    bpy.ops.labelpass.export_annotations()
    choices = ["--maps", everything, "--poses", "--amodal", "--flow-step", "-1"]
    done = headless(blend, *choices, "--cameras", cameras, "--output", tmp_path / "headless")
    assert done.returncode == 0, done.stderr
    scenes = ["--scene", tmp_path / "sidebar"]
    done = labelpass("annotate", tmp_path / "frames", "--output", tmp_path / "alone", *scenes, *choices)
    assert done.returncode == 0, done.stderr
    done = labelpass("merge", tmp_path / "alone", "--cameras", cameras)
    assert done.returncode == 0, done.stderr

    files = sorted(
        path.relative_to(tmp_path / "sidebar") for path in (tmp_path / "sidebar/maps").rglob("*") if path.is_file()
    )
    # The last frame has no next one, the first no previous one.
    assert len(files) == 2 * len(maps) - sum(bool(map.made_of) for map in maps)
    files = [file for file in files if file.suffix != ".ply"]  # its colours are those of the images
    files += [Path("dataset.json"), Path("annotations/instances.json")]
    files += [Path("cameras") / name for name in ("cameras.json", "transforms.json", "sparse/images.txt")]
    for file in files:
        expected = (tmp_path / "sidebar" / file).read_bytes()
        assert (tmp_path / "headless" / file).read_bytes() == expected
        assert (tmp_path / "alone" / file).read_bytes() == expected

    described = json.loads((tmp_path / "headless/dataset.json").read_text())
    assert [one["name"] for one in described["maps"]] == list(maps)
    assert list(described["annotations"]) == ["pose", "keypoints", "amodal"]
    for one in (*described["maps"], *described["annotations"].values()):
        assert one["shows"] and one["unit"] and one["invalid"]
    cameras = [name for name in described["files"] if name.startswith("cameras/")]
    assert cameras == ["cameras/**/cameras.json", "cameras/**/transforms.json", "cameras/**/sparse/*.txt"]
    for name in (*cameras, *(one["files"] for one in described["maps"])):
        assert list((tmp_path / "headless").glob(name)), name
    for annotation in json.loads((tmp_path / "headless/annotations/instances.json").read_text())["annotations"]:
        assert {"pose", "amodal"} <= annotation.keys()
        assert ("keypoints" in annotation) == (annotation["name"] == "Ball")
