"""A person at the window: N, the tab Labelpass, Render and Export, Export Annotations, Escape."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.dataset import check_dataset
from tests.real.panel import EXPORT, LINES, MANY_FRAMES, RENDER, SCENE, SHOWN, STATE, STOP
from tests.real.window import Window


def test_this_render(window: Window, demo: Path, shoot: Callable[[str], Path]) -> None:
    window.wait_for(f"len({SHOWN}.categories) > 0")
    categories = window.ask(f"[(item.name, item.objects) for item in {SHOWN}.categories]")
    assert categories == [["apple", 9], ["bottle", 5], ["crate", 3]]

    assert "Nothing is rendered yet; press Render and Export" in window.ask(f"refusal('{EXPORT}')")
    shoot("nothing-rendered")

    window.press_button(RENDER)
    window.wait_for(f"not {STATE}.running and len({LINES}) > 0")
    assert window.ask(LINES)[0] == "1 frame annotated; 17 instances"
    window.close_render()
    shoot("this-render")
    check_dataset(demo.with_name("render"), ["demo_0001"])
    assert (demo.with_name("render") / "renders/demo_0001.exr").is_file()

    # A render by the user empties what the panel says of the one before.
    window.press("F12")
    window.wait_for(f"len({LINES}) == 0 and not bpy.app.is_job_running('RENDER')")
    window.close_render()
    window.press_button(EXPORT)
    window.wait_for(f"not {STATE}.running and len({LINES}) > 0")
    assert window.ask(LINES)[0] == "1 frame annotated; 17 instances"


def test_animation_that_the_button_renders(window: Window, demo: Path, shoot: Callable[[str], Path]) -> None:
    """Stopped in between and gone on with: Blender stays usable, and nothing of the scene changes."""
    window.ask("setattr(bpy.context.preferences.view, 'render_display_type', 'NONE')")
    window.ask(f"setattr({SCENE}.labelpass, 'source', 'ANIMATION')")
    window.ask(f"setattr({SCENE}, 'frame_end', {MANY_FRAMES})")
    window.wait_for(f"{SHOWN}.left == {MANY_FRAMES}")
    before = window.ask(f"[{SCENE}.render.filepath, {SCENE}.frame_start, {SCENE}.frame_end, {SCENE}.frame_current]")
    window.press_button(RENDER)
    window.wait_for(f"{STATE}.running and {STATE}.done > 0")
    shoot("rendering")
    window.press_button(STOP)
    window.wait_for(f"not {STATE}.running and not bpy.app.is_job_running('RENDER')")
    assert window.ask(LINES)[0].startswith("Stopped: ")
    now = window.ask(f"[{SCENE}.render.filepath, {SCENE}.frame_start, {SCENE}.frame_end, {SCENE}.frame_current]")
    assert now == before
    done = len(list((demo.with_name("render") / "records").iterdir()))
    assert 0 < done < MANY_FRAMES
    window.ask(f"setattr({SCENE}, 'frame_end', {done + 2})")
    window.leave()
    window.wait_for(f"{SHOWN}.left == 2")
    window.press_button(RENDER)
    window.wait_for(f"not {STATE}.running and {STATE}.done == 2")
    check_dataset(demo.with_name("render"), [f"demo_{frame:04}" for frame in range(1, done + 3)])
    assert not list(demo.with_name("render").glob("*.exr"))
    window.leave()
    shoot("rendered")


def test_files_on_disk_and_escape(window: Window, demo: Path, shoot: Callable[[str], Path]) -> None:
    frames = demo.with_name("render")
    window.press("ctrl+F12")
    window.wait_for("not bpy.app.is_job_running('RENDER')", 120)
    assert [path.name for path in sorted(frames.iterdir())] == [f"demo_{frame:04}.exr" for frame in (1, 2, 3, 4)]
    window.close_render()

    window.ask("setattr(bpy.context.scene.labelpass, 'source', 'FILES')")
    window.press_button(EXPORT)
    window.wait_for(f"not {STATE}.running and len({LINES}) > 0")
    assert window.ask(LINES)[0] == "4 frames annotated; 68 instances"
    check_dataset(frames, [f"demo_{frame:04}" for frame in (1, 2, 3, 4)])
    shoot("files-on-disk")

    for frame in range(5, MANY_FRAMES + 1):
        os.link(frames / "demo_0001.exr", frames / f"demo_{frame:04}.exr")
    window.ask(f"setattr(bpy.context.scene, 'frame_end', {MANY_FRAMES})")
    window.press_button(EXPORT)
    window.wait_for(f"{STATE}.done > 5 and children() != []")
    assert window.ask("threads()") == ["MainThread"]
    shoot("running")
    window.leave(escape=False)
    window.press("Escape")
    window.wait_for(f"not {STATE}.running", 5)
    assert window.ask("children()") == [], "workers outlive the export"
    assert window.ask("threads()") == ["MainThread"]
    assert window.ask("bpy.context.scene.frame_current") == 1
    assert window.ask(LINES)[0].startswith("Stopped: ")
    assert {path.suffix for path in (frames / "records").iterdir()} == {".json"}
    shoot("stopped")
