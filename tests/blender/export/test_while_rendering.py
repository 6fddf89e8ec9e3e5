"""Annotate While Rendering: frames come out as the export makes them afterwards, whatever happens on the way."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import pytest

from tests.blender.outcome import lines
from tests.blender.programs import REGISTER, in_own_blender
from tests.blender.scenes import render_animation, set_file_format, write_passes_by_node
from tests.processes import is_running, wait_until


@pytest.fixture
def switched_on(scene: bpy.types.Scene) -> bpy.types.Scene:
    scene.labelpass.while_rendering = scene.labelpass.pictures = True
    return scene


@pytest.fixture
def at_each_frame() -> Iterator[Callable[[Callable[[bpy.types.Scene], None]], None]]:
    """Calls functions when a frame of a render begins."""
    added = []

    def add(function: Callable[[bpy.types.Scene], None]) -> None:
        added.append(lambda scene, *_: function(scene))
        bpy.app.handlers.render_pre.append(added[-1])

    yield add
    for function in added:
        bpy.app.handlers.render_pre.remove(function)


def remarks() -> dict[str, str]:
    return {remark.name: remark.text for remark in bpy.context.window_manager.labelpass.remarks}


def dataset(folder: Path) -> dict[str, bytes]:
    """Every file of a dataset but for the frames themselves."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".exr"
    }


def check_export_agrees(scene: bpy.types.Scene, output: Path, headline: str) -> None:
    """An export afterwards finds nothing to do, and one from scratch makes the same bytes."""
    live = dataset(output)
    assert [name for name in live if name.startswith("records/")]
    scene.labelpass.source = "FILES"
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert lines()[0] == headline
    assert dataset(output) == live

    scene.labelpass.redo = True
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert dataset(output) == live


def plain(scene: bpy.types.Scene) -> None:
    pass


def jpeg_without_pictures(scene: bpy.types.Scene) -> None:
    scene.labelpass.image_format, scene.labelpass.pictures = "jpeg", False


def no_images(scene: bpy.types.Scene) -> None:
    scene.labelpass.image_format = "none"


def motion_blur(scene: bpy.types.Scene) -> None:
    """The engine looks at whole frames before and after this one."""
    scene.render.use_motion_blur = True
    scene.render.motion_blur_shutter = 2.0


def persistent_data(scene: bpy.types.Scene) -> None:
    scene.render.use_persistent_data = True


def two_view_layers(scene: bpy.types.Scene) -> None:
    scene.view_layers.new("Second")
    scene.render.use_persistent_data = True


def first_view_layer_off(scene: bpy.types.Scene) -> None:
    layer = scene.view_layers.new("Second")
    layer.use_pass_object_index = layer.use_pass_z = True
    scene.view_layers[0].use = False


def simplified(scene: bpy.types.Scene) -> None:
    scene.render.use_simplify, scene.render.simplify_subdivision_render = True, 0


def animated_visibility_and_index(scene: bpy.types.Scene) -> None:
    """Objects that the user edits stay behind while a render goes on."""
    ball = bpy.data.objects["Ball"]
    for frame, hidden, index in ((1, True, 3), (2, False, 7)):
        ball.hide_render, ball.pass_index = hidden, index
        ball.keyframe_insert("hide_render", frame=frame)
        ball.keyframe_insert("pass_index", frame=frame)


def animated_colours(scene: bpy.types.Scene) -> None:
    view = scene.view_settings
    view.look = "AgX - High Contrast"
    view.use_curve_mapping = True
    view.curve_mapping.curves[3].points.new(0.4, 0.55)
    view.curve_mapping.update()
    for frame in (1, 2):
        view.exposure = frame - 1.0
        scene.keyframe_insert("view_settings.exposure", frame=frame)


def camera_of_a_marker(scene: bpy.types.Scene) -> None:
    other = scene.camera.copy()
    other.location.x += 0.5
    scene.collection.objects.link(other)
    for frame, camera in ((1, scene.camera), (2, other)):
        scene.timeline_markers.new(f"Shot {frame}", frame=frame).camera = camera


def instances(scene: bpy.types.Scene) -> None:
    collection = bpy.data.collections.new("Props")
    collection.objects.link(bpy.data.objects["Ball"])
    scene.collection.objects.unlink(bpy.data.objects["Ball"])
    empty = bpy.data.objects.new("Props", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", collection
    scene.collection.objects.link(empty)


@pytest.mark.parametrize(
    "change",
    [
        plain,
        jpeg_without_pictures,
        no_images,
        motion_blur,
        persistent_data,
        two_view_layers,
        first_view_layer_off,
        simplified,
        animated_visibility_and_index,
        animated_colours,
        camera_of_a_marker,
        instances,
    ],
)
def test_the_same_bytes_as_an_export_afterwards(
    switched_on: bpy.types.Scene, tmp_path: Path, change: Callable[[bpy.types.Scene], None]
) -> None:
    change(switched_on)
    switched_on.frame_set(1)
    render_animation()
    assert lines()[0].startswith("2 frames annotated; ")
    instances = lines()[0].partition("; ")[2]
    assert not remarks()
    check_export_agrees(switched_on, tmp_path / "frames", f"0 frames annotated, 2 up to date; {instances}")


def test_each_frame_is_described_as_it_was_rendered(switched_on: bpy.types.Scene, tmp_path: Path) -> None:
    animated_visibility_and_index(switched_on)
    switched_on.frame_set(1)
    render_animation()
    entries = [
        json.loads((tmp_path / f"frames/scenes/shot_000{frame}.json").read_bytes())["objects"]["entries"]
        for frame in (1, 2)
    ]
    assert ["Ball", 7, "Ball"] in [entry[:3] for entry in entries[1]]
    assert "Ball" not in [entry[0] for entry in entries[0]]
    rows = json.loads((tmp_path / "frames/annotations/instances.json").read_bytes())["annotations"]
    assert sorted(row["name"] for row in rows) == ["Ball", "Cube", "Cube", "Cube.001", "Cube.001"]


def test_the_compositor_renders_what_it_likes(switched_on: bpy.types.Scene, tmp_path: Path) -> None:
    """One file a pass, for more frames than the first; the output settings name no EXR."""
    write_passes_by_node(switched_on, tmp_path / "passes")
    switched_on.frame_end = 3
    switched_on.labelpass.output = str(tmp_path / "dataset")
    render_animation()
    assert lines()[0] == "3 frames annotated; 9 instances"
    check_export_agrees(switched_on, tmp_path / "dataset", "0 frames annotated, 3 up to date; 9 instances")


def test_workbench(switched_on: bpy.types.Scene, tmp_path: Path) -> None:
    switched_on.render.engine = "BLENDER_WORKBENCH"
    switched_on.view_layers[0].use_pass_object_index = False
    render_animation()
    assert (tmp_path / "frames/shot_0002.exr").is_file()
    assert set(remarks()) == {"shot_0001", "shot_0002"}


def test_switched_off_nothing_is_written(scene: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    assert sorted(path.name for path in (tmp_path / "frames").iterdir()) == ["shot_0001.exr", "shot_0002.exr"]


def test_a_still_is_not_annotated(switched_on: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.render.render()
    assert lines() == []
    assert not (tmp_path / "frames").exists()


def test_a_still_that_a_script_writes_is_not_taken_for_a_frame(switched_on: bpy.types.Scene, tmp_path: Path) -> None:
    """Its file has no number; that of the frame is an older one."""
    render_animation()
    record = tmp_path / "frames/records/shot_0001.json"
    before = record.read_bytes()
    bpy.data.objects["Ball"].pass_index = 9
    bpy.ops.render.render(write_still=True)
    assert lines()[0].startswith("Failed: Blender has not written")
    assert record.read_bytes() == before


def test_frames_that_exist_are_skipped_and_stay_in_the_dataset(switched_on: bpy.types.Scene, tmp_path: Path) -> None:
    render_animation()
    before = (tmp_path / "frames/shot_0001.exr").stat()
    (tmp_path / "frames/shot_0002.exr").unlink()
    switched_on.render.use_overwrite, switched_on.render.use_placeholder = False, True
    render_animation()
    assert lines()[0] == "1 frame annotated; 3 instances"
    assert (tmp_path / "frames/shot_0001.exr").stat().st_mtime_ns == before.st_mtime_ns
    check_export_agrees(switched_on, tmp_path / "frames", "0 frames annotated, 2 up to date; 6 instances")


def test_a_worker_that_dies_is_replaced_and_its_frame_done_again(
    switched_on: bpy.types.Scene, tmp_path: Path, at_each_frame: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    switched_on.frame_end = 5
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    killed: list[int] = []

    def kill(scene: bpy.types.Scene) -> None:
        if scene.frame_current == 2:  # the worker has answered once
            wait_until(lambda: any(temporary.rglob("*.npy")), "the worker writes pixels")
        if scene.frame_current == 4:  # it has just been given another frame
            killed.extend(children())
            os.kill(killed[0], signal.SIGKILL)

    at_each_frame(kill)
    render_animation()

    assert len(killed) == 1
    assert lines()[0] == "5 frames annotated; 15 instances"
    assert not list(temporary.iterdir())
    assert children() == []
    check_export_agrees(switched_on, tmp_path / "frames", "0 frames annotated, 5 up to date; 15 instances")


def test_a_cancelled_render_keeps_what_was_written(
    switched_on: bpy.types.Scene, tmp_path: Path, at_each_frame: Callable[..., None]
) -> None:
    """As an Escape does in the window: Blender ends the render after a frame."""
    switched_on.frame_end = 4
    blend, script = tmp_path / "scene.blend", tmp_path / "cancel.py"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    script.write_text(
        f"{REGISTER}"
        "def stop(scene, *_):\n"
        "    if scene.frame_current == 3:\n"
        "        raise_stop(scene)\n"
        "def raise_stop(scene):\n"
        "    scene.render.filepath = '/proc/no/such/folder/shot_####'\n"
        "bpy.app.handlers.render_pre.append(stop)\n"
        "try:\n"
        "    bpy.ops.render.render(animation=True)\n"
        "except RuntimeError as error:\n"
        "    print('SAID', error)\n"
        "package.unregister()\n"
    )
    done = in_own_blender(blend, script)
    assert "SAID" in done.stdout, done.stdout[-2000:] + done.stderr
    assert "Labelpass: 2 frames annotated; 6 instances" in done.stdout
    assert len(json.loads((tmp_path / "frames/annotations/instances.json").read_bytes())["images"]) == 2


def test_a_frame_that_fails_is_named_and_the_others_go_on(
    switched_on: bpy.types.Scene, tmp_path: Path, at_each_frame: Callable[..., None], capfd: pytest.CaptureFixture[str]
) -> None:
    switched_on.frame_end = 3

    def contradict(scene: bpy.types.Scene) -> None:
        bpy.data.objects["Ball"]["category_id"] = -1 if scene.frame_current == 2 else 1

    at_each_frame(contradict)
    render_animation()

    assert lines()[0] == "2 frames annotated, 1 failed; 6 instances"
    assert "category_id of 'Ball' is -1" in remarks()["shot_0002"]
    assert "Labelpass: Failed: shot_0002: The custom property category_id" in capfd.readouterr().err
    images = json.loads((tmp_path / "frames/annotations/instances.json").read_bytes())["images"]
    assert [image["frame"] for image in images] == [1, 3]


def output_that_is_no_exr(scene: bpy.types.Scene, folder: Path) -> None:
    set_file_format(scene, "PNG")


def folder_that_is_a_file(scene: bpy.types.Scene, folder: Path) -> None:
    (folder / "file").write_text("")
    scene.labelpass.output = str(folder / "file/dataset")


def folder_beside_a_file_that_is_not_saved(scene: bpy.types.Scene, folder: Path) -> None:
    scene.labelpass.output = "//dataset"


def soft_masks_of_indices(scene: bpy.types.Scene, folder: Path) -> None:
    scene.labelpass.soft_masks, scene.labelpass.labels = True, "object_index"


def flow_to_the_same_frame(scene: bpy.types.Scene, folder: Path) -> None:
    scene.labelpass.flow_step = 0


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (output_that_is_no_exr, "The render writes no EXR file with passes; set the file format OpenEXR MultiLayer"),
        (folder_that_is_a_file, "Cannot write "),
        (folder_beside_a_file_that_is_not_saved, "The output folder is relative to a .blend file that is not saved"),
        (soft_masks_of_indices, "Soft masks come from a Cryptomatte and not from Object Index; set Label Pass to "),
        (
            flow_to_the_same_frame,
            "The flow step cannot be 0; use for example 2 for two frames ahead, or -1 for one back",
        ),
    ],
)
def test_a_problem_is_told_once_and_the_render_goes_on(
    switched_on: bpy.types.Scene,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    problem: Callable[[bpy.types.Scene, Path], None],
    sentence: str,
) -> None:
    problem(switched_on, tmp_path)
    render_animation()
    assert len(list((tmp_path / "frames").glob("shot_000[12].*"))) == 2
    assert capfd.readouterr().err.count(f"Labelpass: {sentence}") == 1
    assert [line.startswith(f"Failed: {sentence}") for line in lines()] == [True]
    assert not bpy.context.window_manager.labelpass.running

    good(switched_on, tmp_path)
    render_animation()
    assert lines()[0] == "2 frames annotated; 6 instances", "a problem lasts no longer than its render"


def good(scene: bpy.types.Scene, folder: Path) -> None:
    scene.labelpass.soft_masks, scene.labelpass.flow_step = False, 2
    scene.labelpass.output = str(folder / "dataset")
    set_file_format(scene, "OPEN_EXR_MULTILAYER")


def test_a_worker_that_cannot_start_is_said(
    switched_on: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    render_animation()
    assert [line.startswith("Failed: The worker process cannot start") for line in lines()] == [True]
    assert not bpy.context.window_manager.labelpass.running


def test_an_export_waits_and_a_render_says_that_it_is_not_annotated(
    switched_on: bpy.types.Scene,
    tmp_path: Path,
    at_each_frame: Callable[..., None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    state, refused = bpy.context.window_manager.labelpass, []

    def look(scene: bpy.types.Scene) -> None:
        if scene.frame_current == 2:
            assert state.running
            with pytest.raises(RuntimeError, match="The frames of a render are being annotated; wait for them"):
                bpy.ops.labelpass.export_annotations()
            refused.append(True)

    at_each_frame(look)
    render_animation()
    assert refused == [True]
    capfd.readouterr()

    annotated = dataset(tmp_path / "frames")
    state.running = True  # as while an export runs
    render_animation()
    state.running = False
    assert capfd.readouterr().err.count("An export is running, so frames that are rendered meanwhile are not") == 1
    assert dataset(tmp_path / "frames") == annotated


def test_the_user_stops_it_and_the_render_goes_on(
    switched_on: bpy.types.Scene, tmp_path: Path, at_each_frame: Callable[..., None]
) -> None:
    switched_on.frame_end = 3
    state = bpy.context.window_manager.labelpass

    def stop(scene: bpy.types.Scene) -> None:
        if scene.frame_current == 2:
            assert bpy.ops.labelpass.stop() == {"FINISHED"}

    at_each_frame(stop)
    render_animation()
    assert len(list((tmp_path / "frames").glob("*.exr"))) == 3
    assert lines()[0].startswith("Stopped: ")
    assert not state.running
    assert children() == []


def test_unregistering_leaves_nothing_behind(
    switched_on: bpy.types.Scene, tmp_path: Path, at_each_frame: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    import labelpass

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    seen = []

    def leave(scene: bpy.types.Scene) -> None:
        if scene.frame_current == 2:
            seen.extend(temporary.iterdir())
            labelpass.unregister()

    at_each_frame(leave)
    try:
        render_animation()
        assert seen
        assert list(temporary.iterdir()) == []
        assert children() == []
    finally:
        labelpass.register()


def test_a_headless_export_that_renders_does_its_own_work(switched_on: bpy.types.Scene, tmp_path: Path) -> None:
    from labelpass.operators.headless import main

    before = switched_on.render.filepath
    assert main(["--render", "--output", str(tmp_path / "dataset")]) == 0
    assert sorted(path.name for path in (tmp_path / "dataset/renders").iterdir()) == ["shot_0001.exr", "shot_0002.exr"]
    assert switched_on.render.filepath == before
    assert not (tmp_path / "frames").exists()
    assert len(json.loads((tmp_path / "dataset/annotations/instances.json").read_bytes())["images"]) == 2


def test_nothing_of_the_scene_changes(switched_on: bpy.types.Scene) -> None:
    def names() -> list[list[str]]:
        return [sorted(item.name for item in data) for data in (bpy.data.images, bpy.data.scenes, bpy.data.objects)]

    image, view = switched_on.render.image_settings, switched_on.view_settings
    before = names(), image.file_format, image.color_mode, image.color_depth, view.look, switched_on.frame_current
    bpy.ops.render.render()  # makes Blender's own Render Result
    before = names(), *before[1:]
    render_animation()
    after = names(), image.file_format, image.color_mode, image.color_depth, view.look, switched_on.frame_current
    assert after == before


def children() -> list[int]:
    """The worker processes that this one has started and that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            status = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(status[1]) == os.getpid() and is_running(int(path.parent.name)):
            found.append(int(path.parent.name))
    return found
