"""The panels, with the mouse: a checklist with red lines, Set Up Passes, undo, and the categories."""

from collections.abc import Callable
from pathlib import Path

from tests.real.test_window import STATE
from tests.real.window import Window

SET_UP, ASSIGN, SELECT = "labelpass.set_up_passes", "labelpass.assign_indices", "labelpass.select_category"
WRONG = f"[item.name for item in {STATE}.findings if item.status == 'wrong']"
# From the middle of the last row of buttons in Passes to that of the header of the next panel.
_NEXT_PANEL = 32
# How far across the sidebar the narrow buttons beside a list are.
_BESIDE_LISTS = 0.82
_SCENE = "bpy.context.scene"


def test_set_up_passes_and_undo(window: Window, shoot: Callable[[str], Path]) -> None:
    window.wait_for(f"len({STATE}.findings) > 0")
    assert window.ask(WRONG) == []

    window.ask("bpy.ops.ed.undo_push(message='Before')")
    for owner, name, value in [
        (f"{_SCENE}.view_layers[0]", "use_pass_object_index", False),
        (f"{_SCENE}.view_layers[0]", "use_pass_cryptomatte_object", False),
        (f"{_SCENE}.view_layers[0]", "use_pass_z", False),
        (f"{_SCENE}.render", "resolution_percentage", 50),
        (f"{_SCENE}.labelpass", "source", "FILES"),
    ]:
        window.ask(f"setattr({owner}, {name!r}, {value!r})")
    window.ask(
        f"(hasattr({_SCENE}.render.image_settings, 'media_type') "
        f"and setattr({_SCENE}.render.image_settings, 'media_type', 'IMAGE'), "
        f"setattr({_SCENE}.render.image_settings, 'file_format', 'PNG'))"
    )
    window.ask("bpy.ops.ed.undo_push(message='Broken')")
    window.wait_for(f"len({WRONG}) == 2")
    assert "Object Index is off" in window.ask(WRONG)[0]
    assert "The output is PNG" in window.ask(WRONG)[1]
    shoot("passes-wrong")

    window.press_button(SET_UP)
    window.wait_for(f"{WRONG} == []")
    assert window.ask(f"{_SCENE}.render.image_settings.file_format") == "OPEN_EXR_MULTILAYER"
    assert window.ask(f"{_SCENE}.view_layers[0].use_pass_object_index")
    assert not window.ask(f"{_SCENE}.view_layers[0].use_pass_cryptomatte_object")
    shoot("passes-set-up")

    window.leave(escape=False)
    window.press("ctrl+z")
    window.wait_for(f"len({WRONG}) == 2")
    assert window.ask(f"{_SCENE}.render.image_settings.file_format") == "PNG"


def test_select_the_objects_of_a_category(window: Window, shoot: Callable[[str], Path]) -> None:
    window.wait_for(f"len({STATE}.categories) == 3")
    x, y = window.find_button(ASSIGN, 0.3)
    window.click(x, y + _NEXT_PANEL)
    window.press_button(SELECT)
    window.wait_for(f"len([ob for ob in {_SCENE}.objects if ob.select_get()]) == 9")
    assert window.ask("bpy.context.view_layer.objects.active.name") == "apple.001"
    window.leave(escape=False)
    shoot("categories")


def test_fill_the_category_table_and_undo(window: Window, shoot: Callable[[str], Path]) -> None:
    rows = f"[(row.id, row.name) for row in {_SCENE}.labelpass.table.categories]"
    window.wait_for(f"len({STATE}.categories) == 3")
    window.ask("bpy.ops.ed.undo_push(message='Before')")
    x, y = window.find_button(ASSIGN, 0.3)
    window.click(x, y + _NEXT_PANEL)

    window.press_button("labelpass.categories_from_scene")
    window.wait_for(f"{rows} == [(1, 'apple'), (2, 'bottle'), (3, 'crate')]")
    window.click(*window.find_button("labelpass.category_remove", _BESIDE_LISTS))
    window.wait_for(f"len({rows}) == 2")
    window.wait_for(f"{STATE}.unlisted_categories == 'crate'")
    window.leave(escape=False)
    shoot("category-table")

    window.press("ctrl+z")
    window.wait_for(f"len({rows}) == 3")
    window.wait_for(f"{STATE}.unlisted_categories == ''")
    window.press("ctrl+z")
    window.wait_for(f"len({rows}) == 0")
