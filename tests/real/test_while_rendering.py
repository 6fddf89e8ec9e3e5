"""Annotate While Rendering in real Blender: without a window by -a and -f, and with one, where a job thread renders."""

import json
import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.dataset import check_dataset
from tests.real.conftest import InstalledBlender
from tests.real.panel import LINES, MANY_FRAMES, STATE
from tests.real.window import Window

SWITCH_ON = "import bpy; bpy.context.scene.labelpass.while_rendering = True; bpy.ops.wm.save_mainfile()"
# Some work for the renderer, so that there is time to see what goes on.
SAMPLES = "bpy.context.scene.cycles.samples = 32; bpy.ops.wm.save_mainfile()"
APPLE = "apple.006"
FRAMES = [f"demo_{frame:04}" for frame in (1, 2, 3, 4)]


@pytest.fixture
def switched_on(window: Window) -> None:
    """The demo scene in Blender's window, with the switch on and some work for the renderer."""
    window.ask("setattr(bpy.context.preferences.view, 'render_display_type', 'NONE')")
    window.run(SWITCH_ON + "; " + SAMPLES)


def check_up_to_date(labelpass_blender: InstalledBlender, scene: Path, frames: int) -> None:
    """An export afterwards, in another Blender, has nothing to do."""
    dataset = scene.with_name("render")
    before = {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()}
    script = labelpass_blender.extension / "export_annotations.py"
    said = labelpass_blender.run_well("-b", scene, "-P", script)
    assert f"0 frames annotated, {frames} up to date" in said
    assert {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()} == before


def render_without_end(window: Window) -> None:
    """Render more frames than anybody waits for, until one of them is annotated."""
    window.ask(f"setattr(bpy.context.scene, 'frame_end', {MANY_FRAMES})")
    window.press("ctrl+F12")
    window.wait_for(f"{STATE}.follows_render and {STATE}.done > 0")


def test_without_a_window(labelpass_blender: InstalledBlender, demo: Path) -> None:
    labelpass_blender.run_well("-b", demo, "--python-expr", SWITCH_ON)
    said = labelpass_blender.run_well("-b", demo, "-a")
    assert "Labelpass: 4 frames annotated; 68 instances" in said
    check_dataset(demo.with_name("render"), FRAMES)
    check_up_to_date(labelpass_blender, demo, 4)

    said = labelpass_blender.run_well("-b", demo, "-f", "3")
    assert "Labelpass: 1 frame annotated; 17 instances" in said
    check_dataset(demo.with_name("render"), FRAMES)


def test_in_the_window(
    labelpass_blender: InstalledBlender, window: Window, switched_on: None, demo: Path, shoot: Callable[[str], Path]
) -> None:
    window.press("ctrl+F12")
    window.wait_for(f"{STATE}.follows_render and children() != []")
    window.wait_for(f"{STATE}.follows_render and {STATE}.done > 0")
    assert window.ask("bpy.app.is_job_running('RENDER')")
    assert not window.ask("bpy.ops.labelpass.export_annotations.poll()")
    shoot("annotating-while-rendering")
    window.wait_for(f"len({LINES}) > 0", 120)
    assert window.ask(LINES)[0] == "4 frames annotated; 68 instances"
    assert window.ask("children()") == []
    assert not window.ask(f"{STATE}.running")
    shoot("annotated-while-rendering")
    check_dataset(demo.with_name("render"), FRAMES)
    check_up_to_date(labelpass_blender, demo, 4)


def test_a_script_moves_what_the_viewport_hides(window: Window, switched_on: None, demo: Path) -> None:
    """The render's thread and an export from the sidebar describe the same, and edit mode stays edit mode."""
    window.run(
        "scene = bpy.context.scene; scene.labelpass.poses = scene.labelpass.redo = True; "
        f"scene.labelpass.source = 'FILES'; apple = bpy.data.objects[{APPLE!r}]; apple.hide_set(True); "
        f"move = lambda scene, *_: setattr(bpy.data.objects[{APPLE!r}], 'delta_location', "
        "(0, 0, scene.frame_current / 20)); bpy.app.handlers.frame_change_post.append(move)"
    )
    window.press("ctrl+F12")
    window.wait_for(f"len({LINES}) > 0", 120)
    said = window.ask(LINES)[0]
    assert said.startswith("4 frames annotated; ")
    rendered = _scene_records(demo)
    heights = [_height(json.loads(text)) for _, text in sorted(rendered.items())]
    assert [after - before for before, after in pairwise(heights)] == pytest.approx([0.05] * 3, abs=1e-5)

    window.close_render()
    window.run(
        "import bpy\n"
        "bpy.context.view_layer.objects.active = bpy.data.objects['Table']\n"
        "with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):\n"
        "    bpy.ops.object.mode_set(mode='EDIT')\n"
        f"{STATE}.lines.clear()"
    )
    window.press_button("labelpass.export_annotations")
    window.wait_for(f"len({LINES}) > 0 and not {STATE}.running", 120)
    assert window.ask(LINES)[0] == said
    assert _scene_records(demo) == rendered
    assert window.ask("bpy.data.objects['Table'].mode") == "EDIT"
    assert window.ask(f"bpy.data.objects[{APPLE!r}].hide_get()")


def _scene_records(demo: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in demo.with_name("render").glob("scenes/*.json")}


def _height(scene: dict[str, Any]) -> float:
    (matrix,) = [row["matrix"] for row in scene["placements"] if row["name"] == APPLE]
    return float(matrix[2][3])


def test_a_worker_that_dies(labelpass_blender: InstalledBlender, window: Window, switched_on: None, demo: Path) -> None:
    window.press("ctrl+F12")
    window.wait_for(f"{STATE}.done > 0 and children() != []")
    worker = window.ask("children()")[0]
    window.ask(f"os.kill({worker}, {int(signal.SIGKILL)})")
    window.wait_for(f"len({LINES}) > 0", 120)
    assert window.ask(LINES)[0] == "4 frames annotated; 68 instances"
    check_up_to_date(labelpass_blender, demo, 4)


def test_escape_keeps_what_was_written(
    labelpass_blender: InstalledBlender, window: Window, switched_on: None, demo: Path, shoot: Callable[[str], Path]
) -> None:
    frames = demo.with_name("render")
    render_without_end(window)
    window.press("Escape")
    window.wait_for(f"not bpy.app.is_job_running('RENDER') and len({LINES}) > 0")
    written = sorted(path.stem for path in frames.glob("*.exr"))
    assert 0 < len(written) < MANY_FRAMES
    count = f"{len(written)} frame{'' if len(written) == 1 else 's'}"
    assert window.ask(LINES)[0] == f"{count} annotated; {17 * len(written)} instances"
    check_dataset(frames, written)
    assert window.ask("children()") == []


def test_eevee(labelpass_blender: InstalledBlender, window: Window, switched_on: None, demo: Path) -> None:
    """It has no Object Index, so labels come from Cryptomatte; its first render takes a minute or two."""
    scene = "bpy.context.scene"
    window.ask(f"setattr({scene}.render, 'engine', 'BLENDER_EEVEE' + '_NEXT' * (bpy.app.version < (5, 0, 0)))")
    window.ask(f"setattr({scene}.eevee, 'taa_render_samples', 1)")
    window.ask(f"setattr({scene}, 'frame_end', 2)")
    window.ask("list(bpy.ops.wm.save_mainfile())")
    window.press("ctrl+F12")
    window.wait_for(f"len({LINES}) > 0", 500)
    assert window.ask(LINES)[0].startswith("2 frames annotated; ")
    check_up_to_date(labelpass_blender, demo, 2)


def test_another_file_and_quitting(
    labelpass_blender: InstalledBlender, window: Window, switched_on: None, demo: Path
) -> None:
    """Neither leaves a process or a temporary folder behind, and what is finished stays valid."""
    temporary = demo.with_name("temporary")
    temporary.mkdir()
    window.ask(f"setattr(__import__('tempfile'), 'tempdir', {str(temporary)!r})")
    render_without_end(window)
    assert list(temporary.iterdir())
    window.ask(f"bpy.app.timers.register(lambda: bpy.ops.wm.open_mainfile(filepath={str(demo)!r}) and None)")
    window.wait_for("children() == [] and not bpy.app.is_job_running('RENDER')", 120)
    assert not list(temporary.iterdir())

    window.leave()
    render_without_end(window)
    assert window.ask("children()") != []
    window.ask("bpy.app.timers.register(lambda: bpy.ops.wm.quit_blender() and None, first_interval=0.3)")
    assert list(temporary.iterdir())
    assert window.wait_for_end() == 0
    assert not list(temporary.iterdir())
    records = list(demo.with_name("render").glob("records/*"))
    assert records
    assert {path.suffix for path in records} == {".json"}
