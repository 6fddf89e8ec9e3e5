"""Handlers of the user that move things: each frame is described as it was rendered, whatever handler it is."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.blender.outcome import lines, remarks
from tests.blender.programs import headless, in_own_blender, labelpass
from tests.blender.scenes import render_animation

# Blender's lists that a render, or a script in its handlers, calls.
LISTS = [
    "frame_change_pre",
    "frame_change_post",
    "depsgraph_update_pre",
    "depsgraph_update_post",
    "render_init",
    "render_pre",
    "render_post",
    "render_write",
    "render_complete",
]
FRAMES = 3


@pytest.fixture
def add_handler() -> Iterator[Callable[[str, Callable[..., None]], None]]:
    """Appends functions to lists of handlers, for one test."""
    added: list[tuple[list[Any], Callable[..., None]]] = []

    def add(name: str, function: Callable[..., None]) -> None:
        added.append((getattr(bpy.app.handlers, name), function))
        added[-1][0].append(function)

    yield add
    for handlers, function in added:
        handlers.remove(function)


@pytest.fixture
def ball(scene: bpy.types.Scene) -> bpy.types.Object:
    """A ball that nothing hides, in three frames; what is rendered is annotated with poses and amodal masks."""
    scene.frame_end = FRAMES
    scene.labelpass.while_rendering = scene.labelpass.poses = scene.labelpass.amodal = True
    bpy.data.objects["Cube.001"].location.y = 4
    bpy.data.objects["Cube"].delta_location.y = 4  # it has keyframes
    ball = bpy.data.objects["Ball"]
    ball.modifiers.new("Larger", "CAST").size = 0.6  # moving it must not lose its modifiers
    ball.modifiers[0].use_radius_as_size, ball.modifiers[0].factor = False, 1.0
    return ball


def jump(ball: bpy.types.Object) -> Callable[..., None]:
    """A handler that moves a ball by many pixels at each call, so that no two calls leave it at the same place."""
    calls = [0]

    def move(*_: object) -> None:
        calls[0] += 1
        ball.location.x = (-1.6, -0.8, 0.0, 0.8, 1.6)[calls[0] * 2 % 5]

    return move


def check_descriptions(dataset: Path, frames: int = FRAMES) -> None:
    """The middle of the ball, projected by each frame's camera, is the middle of its pixels."""
    from labelpass.core.scene.scene_record import SceneRecord

    coco = COCO(dataset / "annotations/instances.json")
    (ball,) = [id for id, category in coco.cats.items() if category["name"] == "Ball"]
    assert len(coco.imgs) == frames
    for id, image in coco.imgs.items():
        record = SceneRecord.read(dataset / f"scenes/shot_{image['frame']:04}.json")
        (placement,) = [one for one in record.placements if one.name == "Ball"]
        x, y, _ = record.camera.project(np.array(placement.matrix)[None, :3, 3])[0]
        (annotation,) = coco.loadAnns(coco.getAnnIds(imgIds=[id], catIds=[ball]))
        left, top, width, height = annotation["bbox"]
        assert (x, y) == pytest.approx((left + width / 2, top + height / 2), abs=1.0), image["file_name"]
        amodal = annotation["amodal"]["px_count_in_frame"]
        assert amodal == pytest.approx(annotation["area"], rel=0.05), image["file_name"]
    done = labelpass("validate", dataset)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", LISTS)
def test_annotate_while_rendering(
    ball: bpy.types.Object, tmp_path: Path, add_handler: Callable[..., None], name: str
) -> None:
    add_handler(name, jump(ball))
    render_animation()
    check_descriptions(tmp_path / "frames")


def persistent_data(scene: bpy.types.Scene) -> None:
    scene.render.use_persistent_data = True


def motion_blur(scene: bpy.types.Scene) -> None:
    scene.render.use_motion_blur, scene.render.motion_blur_shutter = True, 0.1


def persistent_data_and_motion_blur(scene: bpy.types.Scene) -> None:
    persistent_data(scene)
    motion_blur(scene)


def two_view_layers(scene: bpy.types.Scene) -> None:
    second = scene.view_layers.new("Second")
    second.use_pass_object_index = second.use_pass_z = True


@pytest.mark.parametrize("change", [persistent_data, motion_blur, persistent_data_and_motion_blur, two_view_layers])
def test_however_it_is_rendered(
    scene: bpy.types.Scene,
    ball: bpy.types.Object,
    tmp_path: Path,
    add_handler: Callable[..., None],
    change: Callable[[bpy.types.Scene], None],
) -> None:
    change(scene)
    add_handler("frame_change_post", lambda scene, *_: setattr(ball.location, "x", scene.frame_current_final - 2))
    render_animation()
    check_descriptions(tmp_path / "frames")


def test_persistent_data_of_several_view_layers(
    scene: bpy.types.Scene, ball: bpy.types.Object, add_handler: Callable[..., None]
) -> None:
    """Blender keeps one depsgraph for all of them, so the first one's is gone when the frame is rendered."""
    persistent_data(scene)
    two_view_layers(scene)
    add_handler("frame_change_post", jump(ball))
    render_animation()
    assert lines()[0] == f"0 frames annotated, {FRAMES} failed; 0 instances"
    assert all("Other scripts have handlers in frame_change_post" in text for text in remarks())


@pytest.mark.parametrize("keeps_data", [False, True])
def test_the_picture_is_the_same_as_without(
    scene: bpy.types.Scene, ball: bpy.types.Object, tmp_path: Path, add_handler: Callable[..., None], keeps_data: bool
) -> None:
    """Handlers that change everything that an engine looks at, also with data that are kept from frame to frame.

    What is moved and not deformed has a modifier as well: it must not get lost.
    """
    scene.render.use_persistent_data = keeps_data
    pebble = bpy.data.objects["Cube.001"]
    pebble.modifiers.new("Subdivision", "SUBSURF").render_levels = 2
    moved = bpy.data.objects["Cube"]
    moved.modifiers.new("Array", "ARRAY")
    scene.world = bpy.data.worlds.new("World")
    scene.world.use_nodes = True
    twist = ball.modifiers.new("Taper", "SIMPLE_DEFORM")
    twist.deform_method = "TAPER"
    glow = bpy.data.materials.new("Glow")
    glow.use_nodes = True
    bpy.data.objects["Floor"].data.materials.append(glow)
    sun = bpy.data.objects["Sun"]

    def change(scene: bpy.types.Scene, *_: object) -> None:
        frame = scene.frame_current
        ball.location.x, twist.factor = frame - 2, frame / 3
        pebble.location.z = moved.delta_location.z = frame / 4
        sun.data.energy, sun.rotation_euler = frame, (frame / 3, 0, 0)
        glow.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (frame / 3, 0, 1 - frame / 3, 1)
        scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = frame / 2
        scene.camera.data.lens = 40 + 4 * frame

    add_handler("frame_change_post", change)
    frames = [tmp_path / f"frames/shot_000{frame}.exr" for frame in range(1, FRAMES + 1)]
    render_animation()
    watched = [_combined(path) for path in frames]
    scene.labelpass.while_rendering = False
    render_animation()
    for path, pixels in zip(frames, watched, strict=True):
        assert (_combined(path) == pixels).all(), path.name
    assert not (watched[0] == watched[1]).all()


def _combined(path: Path) -> np.ndarray:
    """What a frame looks like, read in another process."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from core.exr.passes import Passes\n"
        "from core.settings.render_pass import Pass, PassFile\n"
        "pixels = Passes([PassFile(Path(sys.argv[1]))]).read(Pass.COMBINED)\n"
        "sys.stdout.buffer.write(pixels.astype('float32').tobytes())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, cwd=Path(__file__).parents[3], timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, np.float32)


def test_a_handler_that_adds_itself_last_at_each_frame(
    ball: bpy.types.Object, tmp_path: Path, add_handler: Callable[..., None]
) -> None:
    """Handlers that come after ours are waited for, but not for ever where two want to be the last."""
    handlers = bpy.app.handlers.frame_change_post
    move = jump(ball)

    def last(*_: object) -> None:
        move()
        if handlers[-1] is not last and handlers.count(last) < 3:
            handlers.append(last)

    before = list(handlers)
    add_handler("frame_change_post", last)
    try:
        render_animation()
    finally:
        handlers[:] = [one for one in handlers if one is not last] + [last]
    check_descriptions(tmp_path / "frames")
    assert sorted(map(repr, {*handlers} - {last})) == sorted(map(repr, before))


def test_a_handler_that_is_added_in_front_meanwhile(ball: bpy.types.Object, add_handler: Callable[..., None]) -> None:
    """What comes before ours cannot be told from what the frame has changed, so the frame fails."""
    handlers = bpy.app.handlers.frame_change_post
    move = jump(ball)

    def add(scene: bpy.types.Scene, *_: object) -> None:
        if scene.frame_current == 2 and handlers[0] is not move:
            handlers.insert(0, move)

    add_handler("render_pre", add)
    add_handler("render_pre", lambda scene, *_: scene.frame_current == 3 and move in handlers and handlers.remove(move))
    try:
        render_animation()
    finally:
        handlers[:] = [one for one in handlers if one is not move]
    assert lines()[0].startswith("2 frames annotated, 1 failed; ")
    assert "A script has added a handler to frame_change_post" in remarks()[0]


def test_no_other_handler_is_called_more_often(
    scene: bpy.types.Scene, ball: bpy.types.Object, add_handler: Callable[..., None]
) -> None:
    """A handler that moves things makes Labelpass evaluate once more, which no handler of others may notice."""
    calls: list[str] = []
    add_handler("frame_change_post", jump(ball))
    for name in LISTS:
        add_handler(name, lambda *_, name=name: calls.append(name))
    counts = []
    for scene.labelpass.while_rendering in (False, True):
        bpy.context.view_layer.update()
        calls.clear()
        render_animation()
        counts.append({name: calls.count(name) for name in LISTS})
    assert counts[0] == counts[1]
    assert counts[0]["frame_change_post"] >= FRAMES
    assert counts[0]["depsgraph_update_post"] == 0


@pytest.mark.parametrize("name", ["frame_change_pre", "frame_change_post", "render_pre", "render_post", "render_write"])
def test_headless_render(scene: bpy.types.Scene, ball: bpy.types.Object, tmp_path: Path, name: str) -> None:
    """The handler comes with the .blend, as a text that registers itself, and puts the ball elsewhere at each call."""
    scene.labelpass.while_rendering = False
    scene.render.filepath = "//frames/shot_####"
    text = bpy.data.texts.new("move.py")
    text.write(
        "import bpy\n"
        "calls = [0]\n"
        "def move(*_):\n"
        "    calls[0] += 1\n"
        "    bpy.data.objects['Ball'].location.x = (-1.6, -0.8, 0.0, 0.8, 1.6)[calls[0] * 2 % 5]\n"
        f"bpy.app.handlers.{name}.append(move)\n"
    )
    blend = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    script = tmp_path / "run.py"
    export = Path(__file__).parents[3] / "tools/export_annotations.py"
    script.write_text(
        "import bpy, runpy\n"
        "exec(bpy.data.texts['move.py'].as_string())\n"
        f"runpy.run_path({str(export)!r}, run_name='__main__')\n"
    )
    done = in_own_blender(blend, script, "--render", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    check_descriptions(tmp_path / "out")


def test_headless_without_handlers(ball: bpy.types.Object, tmp_path: Path) -> None:
    ball.id_data.animation_data_clear()
    bpy.context.scene.labelpass.while_rendering = False
    bpy.context.scene.render.filepath = "//frames/shot_####"
    blend = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    done = headless(blend, "--render", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    check_descriptions(tmp_path / "out")
