"""Take the pictures of real Blender that README.md, docs/categories.md and docs/testing.md show, with the mouse.

    python -m pytest tests/real/take_pictures.py

leaves them in build/screenshots/docs/, of the newest Blender, to be cropped to what they shall show. Those of the whole
window for docs/listing go there as they are. It is not part of the suite: it renders the demo as large as it is, and
the pictures have to be looked at. Those of the walk-through come from test_walk_through.py.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.real.conftest import CHECKOUT, InstalledBlender
from tests.real.image_editor import open_image_editor, wait_for_status
from tests.real.panel import (
    BESIDE_LISTS,
    EDIT_CATEGORIES,
    EXPORT,
    LINES,
    RENDER,
    SCENE,
    SET_UP,
    SHOW_A_FOLDER,
    SHOW_THE_FOLDER,
    SHOWN,
    STATE,
    TABLE,
    WRONG,
)
from tests.real.window import SCREENSHOTS, Window, open_window
from tools.real_blender import SUITES, WINDOW_SIZE

PICTURES = SCREENSHOTS / "docs"
LISTING = CHECKOUT / "docs/listing"
# In pixels of the screen, from these buttons to below the headers of the panels that follow.
_BELOW_EDIT, _BELOW_UNKNOWN = 75, 130
# What makes the checklist red: no pass separates the objects, and the output holds no passes.
_BREAK = (
    f"setattr({SCENE}.view_layers[0], 'use_pass_object_index', False)",
    f"setattr({SCENE}.view_layers[0], 'use_pass_cryptomatte_object', False)",
    f"setattr({SCENE}.view_layers[0], 'use_pass_z', False)",
    f"hasattr({SCENE}.render.image_settings, 'media_type') and "
    f"setattr({SCENE}.render.image_settings, 'media_type', 'IMAGE')",
    f"setattr({SCENE}.render.image_settings, 'file_format', 'PNG')",
    f"setattr({SCENE}.labelpass, 'source', 'FILES')",
)


@pytest.fixture
def window(labelpass_blender: InstalledBlender, tmp_path: Path) -> Iterator[Window]:
    """The demo scene, as large as it is."""
    if labelpass_blender.blender.name == SUITES[0]:
        pytest.skip("the pictures are of the newest Blender")
    folder = labelpass_blender.folder / tmp_path.name
    folder.mkdir()
    script, scene = folder / "build_scene.py", folder / "scene.blend"
    script.write_text((CHECKOUT / "examples/demo/build_scene.py").read_text())
    labelpass_blender.run_well("-b", "--factory-startup", "-P", script, "--", scene)
    with open_window(labelpass_blender.blender, labelpass_blender.user, scene, [labelpass_blender.folder]) as window:
        window.ask("setattr(bpy.context.preferences.view, 'render_display_type', 'NONE')", 300)
        window.leave()
        window.open_tab("Labelpass")
        window.leave()
        yield window


def shot(window: Window) -> Image.Image:
    """The whole window, once all has come to rest."""
    window.leave(escape=False)
    if window.editor == "VIEW_3D":
        window.ask(SHOW_A_FOLDER)
    time.sleep(1)
    path = PICTURES / "whole.png"
    window.screenshot(path)
    window.ask(SHOW_THE_FOLDER)
    with Image.open(path) as image:
        return image.convert("RGB")


def sidebar(window: Window, bottom: int = 0) -> Image.Image:
    """The sidebar, to a row of the screen."""
    x, y, width, height = window._sidebar()
    return shot(window).crop((x, y, x + width, bottom or y + height))


def keep(image: Image.Image, name: str) -> None:
    image.save(PICTURES / f"{name}.png", optimize=True)


def offer(window: Window, name: str, right: int = WINDOW_SIZE[0], bottom: int = WINDOW_SIZE[1]) -> Image.Image:
    """The window, to a column and a row of the screen, as a screenshot of the listing."""
    image = shot(window).crop((0, 0, right, bottom))
    image.save(LISTING / f"screenshot-{name}.png", optimize=True)
    return image


def render(window: Window, key: str) -> None:
    window.press(key)
    time.sleep(2)
    window.wait_for("bpy.data.images['Render Result'].has_data and not bpy.app.is_job_running('RENDER')", 600)
    window.leave()


def test_overlay(window: Window) -> None:
    """testing-overlay.png and screenshot-2-overlay.png"""
    render(window, "F12")
    window.press_button(EXPORT)
    window.wait_for(f"not {STATE}.running and len({LINES}) > 0")
    window.leave()
    open_image_editor(window, "bpy.data.images['Render Result']")
    window.press_header("labelpass_overlay.show")
    window.leave()
    wait_for_status(window, "demo_0001.json: 17 instances")
    window.press("Home")
    keep(offer(window, "2-overlay"), "testing-overlay")


def test_passes_and_categories(window: Window) -> None:
    """testing-panels.png, categories.png and screenshot-4-checklist.png"""
    window.press("ctrl+space")  # as much room for the sidebar as there is
    time.sleep(1)
    window.open_tab("Labelpass")
    window.leave()
    for broken in _BREAK:
        window.ask(broken)
    window.wait_for(f"len({WRONG}) == 2")
    offer(window, "4-checklist", bottom=window.find_button(EDIT_CATEGORIES)[1] + _BELOW_EDIT)
    parts = [sidebar(window, window.find_button(EDIT_CATEGORIES)[1] + _BELOW_EDIT)]
    window.press_button(SET_UP)
    window.wait_for(f"{WRONG} == []")
    parts.append(sidebar(window, window.find_button(EDIT_CATEGORIES)[1] + _BELOW_EDIT))
    window.ask(f"setattr({SCENE}.labelpass, 'source', 'RENDER')")
    parts.append(sidebar(window, window.find_button(RENDER)[1] + _BELOW_EDIT))
    row = Image.new("RGB", (sum(part.width for part in parts), max(part.height for part in parts)), "white")
    for number, part in enumerate(parts):
        row.paste(part, (sum(before.width for before in parts[:number]), 0))
    keep(row, "testing-panels")

    window.press_button(EDIT_CATEGORIES)
    window.wait_for(f"len({TABLE}.categories) == 3")
    window.click(*window.find_button("labelpass.category_remove", BESIDE_LISTS))
    window.wait_for(f"len({TABLE}.categories) == 2")
    window.ask(f"setattr({TABLE}, 'unknown', 'background')")
    window.wait_for(f"{SHOWN}.background_objects > 2")
    keep(
        sidebar(window, window.find_button("labelpass.category_remove", BESIDE_LISTS)[1] + _BELOW_UNKNOWN), "categories"
    )


def test_sidebar(window: Window) -> None:
    """sidebar.png, screenshot-1-export.png and screenshot-3-preview.png"""
    window.ask(f"setattr({SCENE}.cycles, 'samples', 1)")  # nothing that is rendered is in the picture
    window.ask(f"setattr({SCENE}.labelpass, 'source', 'ANIMATION')")
    window.wait_for(f"{SHOWN}.left == 4")
    window.press_button(RENDER)
    window.wait_for(f"not {STATE}.running and len({LINES}) > 0", 1200)
    assert window.ask(LINES)[0] == "4 frames annotated; 68 instances"
    window.leave()
    keep(offer(window, "1-export"), "sidebar")
    window.run(
        "with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):\n"
        "    bpy.ops.labelpass.preview_labels(by='instance')"
    )
    offer(window, "3-preview", right=window._sidebar()[0])
