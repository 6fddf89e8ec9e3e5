"""A person at the window: N, the tab Labelpass, Export Annotations, Escape."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from tests.dataset import check_dataset
from tests.real.panel import EXPORT, LINES, MANY_FRAMES, STATE
from tests.real.window import Window


def test_this_render(window: Window, demo: Path, shoot: Callable[[str], Path]) -> None:
    window.wait_for(f"len({STATE}.categories) > 0")
    categories = window.ask(f"[(item.name, item.objects) for item in {STATE}.categories]")
    assert categories == [["apple", 9], ["bottle", 5], ["crate", 3]]

    window.press_button(EXPORT)
    window.wait_for(f"len({LINES}) > 0")
    time.sleep(1)
    assert "Nothing has been rendered yet" in window.ask(LINES)[0]
    shoot("nothing-rendered")
    window.leave()

    window.press("F12")
    window.wait_for("bpy.data.images['Render Result'].has_data and not bpy.app.is_job_running('RENDER')")
    window.close_render()
    window.press_button(EXPORT)
    window.wait_for(f"not {STATE}.running")
    assert window.ask(LINES)[0] == "1 frame annotated; 17 instances"
    window.leave()
    shoot("this-render")
    check_dataset(demo.with_name("render"), ["demo_0001"])


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
