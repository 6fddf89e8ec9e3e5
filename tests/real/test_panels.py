"""The panels, with the mouse: a checklist with red lines, Set Up Passes, undo, and the categories."""

from collections.abc import Callable
from pathlib import Path

from tests.real.panel import BESIDE_LISTS, EDIT_CATEGORIES, IN_ROWS, SCENE, SET_UP, SHOWN, STATE, WRONG
from tests.real.window import Window

WINDOWS = "bpy.context.window_manager.windows"
SELECT = "labelpass.select_category"


def test_set_up_passes_and_undo(window: Window, shoot: Callable[[str], Path]) -> None:
    assert window.ask(WRONG) == []

    window.ask("bpy.ops.ed.undo_push(message='Before')")
    for owner, name, value in [
        (f"{SCENE}.view_layers[0]", "use_pass_object_index", False),
        (f"{SCENE}.view_layers[0]", "use_pass_cryptomatte_object", False),
        (f"{SCENE}.view_layers[0]", "use_pass_z", False),
        (f"{SCENE}.render", "resolution_percentage", 50),
        (f"{SCENE}.labelpass", "source", "FILES"),
    ]:
        window.ask(f"setattr({owner}, {name!r}, {value!r})")
    window.ask(
        f"(hasattr({SCENE}.render.image_settings, 'media_type') "
        f"and setattr({SCENE}.render.image_settings, 'media_type', 'IMAGE'), "
        f"setattr({SCENE}.render.image_settings, 'file_format', 'PNG'))"
    )
    window.ask("bpy.ops.ed.undo_push(message='Broken')")
    window.wait_for(f"len({WRONG}) == 2")
    assert "Object Index is off" in window.ask(WRONG)[0]
    assert "The output is PNG" in window.ask(WRONG)[1]
    shoot("passes-wrong")

    window.press_button(SET_UP)
    window.wait_for(f"{WRONG} == []")
    assert window.ask(f"{SCENE}.render.image_settings.file_format") == "OPEN_EXR_MULTILAYER"
    assert window.ask(f"{SCENE}.view_layers[0].use_pass_object_index")
    assert not window.ask(f"{SCENE}.view_layers[0].use_pass_cryptomatte_object")
    shoot("passes-set-up")

    window.leave(escape=False)
    window.press("ctrl+z")
    window.wait_for(f"len({WRONG}) == 2")
    assert window.ask(f"{SCENE}.render.image_settings.file_format") == "PNG"


def test_select_the_objects_of_a_category(window: Window, shoot: Callable[[str], Path]) -> None:
    window.wait_for(f"len({SHOWN}.categories) == 3")
    window.click(*window.find_button(SELECT, IN_ROWS))
    window.wait_for(f"len([ob for ob in {SCENE}.objects if ob.select_get()]) == 9")
    assert window.ask("bpy.context.view_layer.objects.active.name") == "apple.001"
    window.leave(escape=False)
    shoot("categories")


def test_fill_the_category_table_and_undo(window: Window, shoot: Callable[[str], Path]) -> None:
    rows = f"[(row.id, row.name) for row in {SCENE}.labelpass.table.categories]"
    window.wait_for(f"len({SHOWN}.categories) == 3")
    window.ask("bpy.ops.ed.undo_push(message='Before')")
    window.press_button(EDIT_CATEGORIES)
    window.wait_for(f"{rows} == [(1, 'apple'), (2, 'bottle'), (3, 'crate')]")
    window.click(*window.find_button("labelpass.category_remove", BESIDE_LISTS))
    window.wait_for(f"len({rows}) == 2")
    window.wait_for(f"{SHOWN}.unlisted_categories == 'crate'")
    window.leave(escape=False)
    shoot("category-table")

    window.press("ctrl+z")
    window.wait_for(f"len({rows}) == 3")
    window.wait_for(f"{SHOWN}.unlisted_categories == ''")
    window.press("ctrl+z")
    window.wait_for(f"len({rows}) == 0")


def test_two_windows_show_two_scenes(window: Window, shoot: Callable[[str], Path]) -> None:
    """Each its own checklist, while both are open."""
    other = "bpy.data.scenes['Without a camera']"
    red = f"{{scene.name: scene.red for scene in {STATE}.scenes}}"
    window.run("bpy.ops.wm.window_new_main()")
    window.wait_for(f"len({WINDOWS}) == 2")
    try:
        window.run(f"bpy.data.scenes.new('Without a camera'); {WINDOWS}[1].scene = {other}")
        window.wait_for(f"'has no camera' in {red}.get('Without a camera', '')")
        assert [text for name, text in window.ask(red).items() if name != "Without a camera"] == [""]
        shoot("two-windows")
    finally:
        window.run(f"with bpy.context.temp_override(window={WINDOWS}[1]): bpy.ops.wm.window_close()")
    window.wait_for(f"len({WINDOWS}) == 1 and len({STATE}.scenes) == 1")
    window.run(f"bpy.data.scenes.remove({other})")
