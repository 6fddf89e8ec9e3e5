"""Random Frames, with the mouse: rows from the menu, Bake Frames, Ctrl-Z, Remove."""

from collections.abc import Callable
from pathlib import Path

from tests.real.panel import EDIT_CATEGORIES, HEADER, SCENE
from tests.real.window import Window

BAKE, TRY, REMOVE = "labelpass.random_bake", "labelpass.random_try", "labelpass.random_remove"
STORED = f"{SCENE}.labelpass.random_frames"
CAMERA = f"[round(x, 4) for x in {SCENE}.camera.location]"
# From the middle of that button up to the header of Labels, in pixels of the screen.
_EDIT_CATEGORIES_TO_TOP = 264
_BETWEEN_PANELS = 2
# How far across the sidebar headers have nothing but their name.
_IN_HEADERS = 0.4
APPLE = f"[round(x, 4) for x in {SCENE}.objects['apple.004'].location]"


def test_rows_bake_undo_and_remove(window: Window, shoot: Callable[[str], Path]) -> None:
    window.ask(f"setattr({STORED}, 'count', 6)")
    _open_panel(window)
    before = window.ask(APPLE), window.ask(CAMERA), window.ask(f"{SCENE}.frame_end")

    window.press_button(BAKE)
    window.wait_for(f"{STORED}.baked == 6")
    assert window.ask(f"[row.kind for row in {STORED}.rows]") == ["place_on_surface", "around_target", "lights"]
    assert window.ask(f"{SCENE}.frame_end") == 6
    assert window.ask(APPLE) != before[0] and window.ask(CAMERA) != before[1]
    shoot("random-frames-baked")

    window.leave(escape=False)
    window.press("ctrl+z")
    window.wait_for(f"{STORED}.baked == 0")
    assert (window.ask(APPLE), window.ask(CAMERA), window.ask(f"{SCENE}.frame_end")) == before
    assert window.ask(f"len({STORED}.rows)") == 0
    window.press("ctrl+shift+z")
    window.wait_for(f"{STORED}.baked == 6")

    window.press_button(REMOVE)
    window.wait_for(f"{STORED}.baked == 0")
    assert (window.ask(APPLE), window.ask(CAMERA), window.ask(f"{SCENE}.frame_end")) == before

    window.click(*window.find_button(TRY, 0.25))
    window.wait_for(f"{STORED}.trying")
    assert window.ask(APPLE) != before[0]
    window.press_button(REMOVE)
    window.wait_for(f"not {STORED}.baked")
    assert window.ask(APPLE) == before[0]
    shoot("random-frames-removed")


def test_things_fall_and_are_taken_back(window: Window, shoot: Callable[[str], Path]) -> None:
    """Try One, Remove, Bake Frames and Ctrl-Z of a Physics Drop; the scene keeps its own rigid bodies."""
    window.run("bpy.ops.labelpass.random_row_add(kind='drop')")
    window.run(f"{STORED}.rows[0].things = 'apple'; {STORED}.count = 3; {STORED}.in_view = 0")
    _open_panel(window)
    before = window.ask(APPLE)
    window.click(*window.find_button(TRY, 0.25))
    window.wait_for(f"{STORED}.trying")
    assert window.ask(APPLE) != before
    shoot("random-frames-drop")
    window.press_button(REMOVE)
    window.wait_for(f"not {STORED}.baked")
    assert window.ask(APPLE) == before
    window.press_button(BAKE)
    window.wait_for(f"{STORED}.baked == 3")
    assert window.ask(APPLE) != before
    window.leave(escape=False)
    window.press("ctrl+z")
    window.wait_for(f"{STORED}.baked == 0")
    assert window.ask(APPLE) == before
    assert window.ask(f"[len(bpy.data.scenes), {SCENE}.rigidbody_world is None]") == [1, True]


def test_any_property_by_a_right_click(window: Window, shoot: Callable[[str], Path]) -> None:
    """Vary in Random Frames, the last entry in the menu of a property: here the location of the active object."""
    window.run("bpy.context.view_layer.objects.active = bpy.context.scene.objects['apple.004']")
    window.open_tab("Item")
    window.right_click_property("location")
    shoot("random-frames-menu")
    window.press("Up")
    window.press("Return")
    window.wait_for(f"len({STORED}.rows) == 1", 20)
    row = f"{STORED}.rows[0]"
    assert window.ask(f"[{row}.kind, {row}.block.name, {row}.path]") == ["property", "apple.004", "location"]
    window.open_tab("Labelpass")


def _open_panel(window: Window) -> None:
    """Close Labels, and open Random Frames below it, so that all of it has room."""
    x, y = window.find_button(EDIT_CATEGORIES, _IN_HEADERS)
    window.click(x, y - _EDIT_CATEGORIES_TO_TOP)
    window.click(x, y - _EDIT_CATEGORIES_TO_TOP + HEADER + _BETWEEN_PANELS)
    window.leave(escape=False)
