"""Labels before anything is rendered, with the mouse: the viewport in their colours, and the table of objects."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.categories.palette import BACKGROUND, Colour, category_colours, instance_colours
from tests.real.conftest import InstalledBlender
from tests.real.panel import BY_CATEGORY, BY_INSTANCE, CATEGORY, INSTANCE, OWN, SHOWN
from tests.real.window import Window

RESTORE, SELECT = "labelpass.restore_colours", "labelpass.select_labelled_object"
# How far across the sidebar a row's own button is, next to a scroll bar and where there is none.
_ROW_BUTTON, _SHORT_ROW_BUTTON = 0.73, 0.795
# From the lower end of the last row to the arrow that opens the filter, from there to the filter; to it from the left.
_ROW_TO_ARROW, _ARROW_TO_FIELD, _ARROW = 4, 22, 23
_SHADING = "editor().spaces.active.shading"
_LOOK = f"[{_SHADING}.type, {_SHADING}.color_type]"
_SELECTED = "sorted(ob.name for ob in bpy.context.scene.objects if ob.select_get())"
_CATEGORIES = category_colours(["apple", "bottle", "crate"])
# Where the screen shows nothing but the scene.
_VIEWPORT = np.s_[100:770, 60:860]


@pytest.fixture
def look(window: Window, shoot: Callable[[str], Path]) -> Callable[[str], np.ndarray]:
    """Take a screenshot once the window has come to rest; the viewport in it, (H, W, 3) int."""

    def take(name: str) -> np.ndarray:
        window.leave(escape=False)
        return np.asarray(Image.open(shoot(f"preview-{name}")).convert("RGB")).astype(int)[_VIEWPORT]

    return take


def count(picture: np.ndarray, colour: Colour) -> int:
    """How many pixels have a colour; Blender dithers what it shows."""
    return int((abs(picture - colour).max(axis=2) <= 2).sum())


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures show the same, up to a few pixels of edges."""
    return int((abs(one - other).max(axis=2) > 20).sum()) < 50


def test_colours_of_labels_and_back(
    window: Window,
    labelpass_blender: InstalledBlender,
    demo: Path,
    objects_panel: None,
    look: Callable[[str], np.ndarray],
) -> None:
    before = ["SOLID", "SINGLE"]
    window.ask(f"setattr({_SHADING}, 'color_type', 'SINGLE')")
    window.ask(f"setattr({_SHADING}, 'light', 'FLAT')")
    window.ask("setattr(editor().spaces.active.overlay, 'show_overlays', False)")
    window.ask("bpy.ops.ed.undo_push(message='Before')")
    plain = look("off")
    assert [count(plain, colour) for colour in _CATEGORIES.values()] == [0, 0, 0]

    window.click(*window.find_button(BY_CATEGORY, CATEGORY))
    by_category = look("category")
    assert window.ask(_LOOK) == ["SOLID", "OBJECT"]
    for colour in (*_CATEGORIES.values(), BACKGROUND):
        assert count(by_category, colour) > 500
    window.click(*window.find_button(BY_INSTANCE, INSTANCE))
    by_instance = look("instance")
    seen = [count(by_instance, colour) for colour in instance_colours(17)]
    assert min(seen) > 5, "one of the 17 is not seen"
    assert count(by_instance, BACKGROUND) == pytest.approx(count(by_category, BACKGROUND), rel=0.001)

    window.press("ctrl+z")
    assert same(look("undone"), by_category)
    window.press("ctrl+z")
    assert same(look("undone-twice"), plain)
    assert window.ask(_LOOK) == before
    window.press("ctrl+shift+z")
    assert same(look("redone"), by_category)

    # A file that is saved now does not lose what the user had.
    window.press("ctrl+s")
    window.wait_for("not bpy.data.is_dirty")
    show = (
        "import bpy, json; bpy.ops.labelpass.restore_colours(); "
        "print('COLOURS', json.dumps([tuple(ob.color) for ob in bpy.data.objects]))"
    )
    said = labelpass_blender.run_well("-b", demo, "--python-expr", show)
    colours = json.loads(next(line for line in said.splitlines() if line.startswith("COLOURS")).partition(" ")[2])
    assert {tuple(colour) for colour in colours} == {(1, 1, 1, 1)}

    window.click(*window.find_button(RESTORE, OWN))
    assert same(look("restored"), plain)
    assert window.ask(_LOOK) == before


def test_table_of_objects(
    window: Window,
    objects_panel: None,
    look: Callable[[str], np.ndarray],
) -> None:
    rows = window.ask(f"[(item.object, item.category, item.instance) for item in {SHOWN}.objects]")
    assert rows[:2] == [["Backdrop", "", ""], ["Table", "", ""]], "what has no category stands on top"
    assert rows[2] == ["apple.001", "apple", "apple.001"]
    assert len(rows) == 19
    first = window.find_button(row("Backdrop"), _ROW_BUTTON)
    window.click(*window.find_button(row("Table"), _ROW_BUTTON))
    window.wait_for(f"{_SELECTED} == ['Table']")
    look("table")

    # The filter is below the last row, behind an arrow at the left.
    x, y = window.find_button(row("apple.006"), _ROW_BUTTON)
    while row("apple.006") in window.ask("hovered_operator()"):
        y += 2
        window.move(x, y)
    left = window.ask("sidebar().x")
    window.click(left + _ARROW, y + _ROW_TO_ARROW)
    window.click(x - 60, y + _ROW_TO_ARROW + _ARROW_TO_FIELD)
    for key in "bottle":
        window.press(key)
    window.press("Return")
    found = window.find_button(row("bottle.001"), _SHORT_ROW_BUTTON)
    assert found[1] == pytest.approx(first[1], abs=16), "it is not the first row now"
    look("filter")


def row(name: str) -> str:
    """The button of an object's row, as Blender writes it."""
    return f'{SELECT}(object="{name}"'
