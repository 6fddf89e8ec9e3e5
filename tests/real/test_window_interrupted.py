"""What can come between an export and its end: Stop, another export or file, the end of the extension or Blender."""

import os
from pathlib import Path

import pytest

from core.records.record_files import read_record_file
from tests.real.conftest import InstalledBlender
from tests.real.panel import EXPORT, LINES, MANY_FRAMES, STATE, STOP
from tests.real.shared_window import SharedWindow
from tests.real.window import Window

MODULE = "bl_ext.user_default.labelpass"


@pytest.fixture
def frames(labelpass_blender: InstalledBlender, demo: Path) -> Path:
    """A folder with many rendered frames of the demo scene."""
    labelpass_blender.run_well("-b", demo, "-f", "1")
    folder = demo.with_name("render")
    for number in range(2, MANY_FRAMES + 1):
        os.link(folder / "demo_0001.exr", folder / f"demo_{number:04}.exr")
    return folder


def prepare(window: Window) -> None:
    window.ask("setattr(bpy.context.scene.labelpass, 'source', 'FILES')")
    window.ask(f"setattr(bpy.context.scene, 'frame_end', {MANY_FRAMES})")


def start(window: Window) -> None:
    """Press the button, and wait until the export is under way and far from its end."""
    window.ask("setattr(bpy.context.scene.labelpass, 'redo', True)")
    window.press_button(EXPORT)
    window.wait_for(f"{STATE}.done > 2 and children() != []")
    assert window.ask(f"{STATE}.running")


def test_what_comes_between(
    frames: Path, window: Window, demo: Path, labelpass_blender: InstalledBlender, shared_window: SharedWindow
) -> None:
    """One after the other over the same frames; nothing is left of any of these exports."""
    prepare(window)
    stop_and_start_another(window)
    disable_and_reload(window)
    load_another_file(window, demo)
    quit_blender(window)
    shared_window.close()
    assert list((labelpass_blender.user / "tmp").glob("labelpass-*")) == []
    records = list((frames / "records").iterdir())
    assert 0 < len(records) < MANY_FRAMES
    for record in records:
        read_record_file(record)


def stop_and_start_another(window: Window) -> None:
    assert "Nothing has been exported yet" in window.ask("refusal('labelpass.open_folder')")
    start(window)
    assert "An export is running" in window.ask(f"refusal('{EXPORT}')")
    assert not window.ask("bpy.ops.labelpass.export_annotations.poll()")
    window.press_button(STOP)
    window.wait_for(f"not {STATE}.running", 5)
    assert window.ask(LINES)[0].startswith("Stopped: ")
    assert window.ask("children()") == []
    assert window.ask("bpy.ops.labelpass.open_folder.poll()")
    assert not window.ask("bpy.ops.labelpass.stop.poll()")
    assert window.ask("bpy.ops.labelpass.export_annotations.poll()")


def disable_and_reload(window: Window) -> None:
    assert "type LABELPASS_OT_stop" in window.ask("traces()")
    start(window)
    window.ask(f"bpy.ops.preferences.addon_disable(module='{MODULE}')")
    assert window.ask("traces()") == []
    assert window.ask("children()") == [], "workers outlive the extension"

    window.ask(f"bpy.ops.preferences.addon_enable(module='{MODULE}')")
    window.open_tab("Labelpass")
    start(window)
    # Blender 5 refuses to reload while an operator is under way; then the export goes on.
    refused = window.ask("refusal('script.reload')")
    assert refused == "" or "running modal operators" in refused
    assert window.ask(f"{STATE}.running") == (refused != "")
    if refused:
        window.press_button(STOP)
        window.wait_for(f"not {STATE}.running", 5)
        assert window.ask("refusal('script.reload')") == ""
    assert window.ask("children()") == [], "workers outlive a reload"
    assert window.ask("bpy.ops.labelpass.export_annotations.poll()")


def load_another_file(window: Window, demo: Path) -> None:
    start(window)
    window.ask("bpy.ops.wm.read_homefile(app_template='')")
    window.wait_for("children() == []", 10)
    assert not window.ask(f"{STATE}.running")
    window.ask(f"bpy.ops.wm.open_mainfile(filepath={str(demo)!r})")
    window.settle()
    prepare(window)
    assert window.ask("bpy.ops.labelpass.export_annotations.poll()")
    window.leave()


def quit_blender(window: Window) -> None:
    start(window)
    # Otherwise Blender asks whether to save a file that was not changed.
    assert not window.ask("bpy.data.is_dirty or any(image.is_dirty for image in bpy.data.images)")
    window.leave(escape=False)
    window.press("ctrl+q")
    assert window.wait_for_end() == 0
