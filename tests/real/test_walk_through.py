"""From a scene that knows nothing of labels to a checked dataset, as docs/labels.md tells it, with the mouse.

The pictures of that section are those that this leaves in build/screenshots/walk-through/, of the newest Blender:

    python -m pytest tests/real/test_walk_through.py
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from pycocotools.coco import COCO

from tests.real.conftest import CHECKOUT, InstalledBlender
from tests.real.image_editor import open_image_editor, wait_for_status
from tests.real.panel import (
    BESIDE_LISTS,
    EDIT_CATEGORIES,
    RENDER,
    SET_UP,
    SHOW_A_FOLDER,
    SHOW_THE_FOLDER,
    SHOWN,
    STATE,
    TABLE,
    WRONG,
)
from tests.real.window import SCREENSHOTS, Window
from tools.real_blender import SUITES

PICTURES = SCREENSHOTS / "walk-through"
_COLOURS = 96
# In pixels of the screen: from Edit Categories to below its panel, from Open Folder to the end of its panel, and where
# the picture of the overlay ends.
_BELOW_CATEGORIES, _BELOW_FOLDER = 20, 14
_OVERLAY_ROOM = 640
# The demo as it is made for a picture only: no collections, no passes, nothing said of labels.
BARE = """
import bpy
scene = bpy.context.scene
for ob in list(scene.objects):
    for collection in ob.users_collection:
        collection.objects.unlink(ob)
    scene.collection.objects.link(ob)
    ob.pass_index = 0
    if "category_id" in ob:
        del ob["category_id"]
for collection in list(bpy.data.collections):
    bpy.data.collections.remove(collection)
layer, render = scene.view_layers[0], scene.render
layer.use_pass_z = layer.use_pass_object_index = layer.use_pass_cryptomatte_object = False
if hasattr(render.image_settings, "media_type"):
    render.image_settings.media_type = "IMAGE"
render.image_settings.file_format = "PNG"
scene.cycles.samples = 8
render.resolution_x, render.resolution_y, render.resolution_percentage = 480, 360, 100
bpy.ops.wm.save_mainfile()
"""


@pytest.fixture
def bare(labelpass_blender: InstalledBlender, window: Window) -> None:
    """The bare scene in Blender's window, with as much room for the sidebar as there is."""
    if labelpass_blender.blender.name == SUITES[0]:
        pytest.skip("the pictures are of the newest Blender")
    window.ask("setattr(bpy.context.preferences.view, 'render_display_type', 'NONE')")
    window.run(BARE)
    window.press("ctrl+space")
    time.sleep(1)
    window.leave(escape=False)


def picture(window: Window, name: str, left: int = 0, bottom: int = 0, down: int = 0) -> None:
    """Keep the sidebar, to a row of the screen or so far down, and so much at its left, once all has come to rest."""
    window.leave(escape=False)
    if window.editor == "VIEW_3D":
        window.ask(SHOW_A_FOLDER)
    time.sleep(1)
    path = PICTURES / f"{name}.png"
    window.screenshot(path)
    window.ask(SHOW_THE_FOLDER)
    x, y, width, height = window._sidebar()
    with Image.open(path) as shot:
        part = shot.convert("RGB").crop((x - left, y, x + width, bottom or y + (down or height)))
    if left:  # what the scene looks like takes many bytes; few colours are enough to see what is meant
        part = part.quantize(_COLOURS, dither=Image.Dither.NONE)
    part.save(path, optimize=True)
    assert path.stat().st_size < 150_000


def test_from_a_bare_scene_to_labels(window: Window, bare: None, demo: Path) -> None:
    # 1. What is missing?
    window.wait_for(f"len({WRONG}) == 1")
    assert "No pass separates objects: Cryptomatte Object is off" in window.ask(WRONG)[0]
    _, y = window.find_button(EDIT_CATEGORIES)
    picture(window, "1-red-line", bottom=y + _BELOW_CATEGORIES)

    # 2. Set Up Passes
    window.press_button(SET_UP)
    window.wait_for(f"{WRONG} == []")

    # 3. The categories: a table of what there is, without what is not an object to find
    window.press_button(EDIT_CATEGORIES)
    window.wait_for(f"[row.name for row in {TABLE}.categories] == ['Backdrop', 'Table', 'apple', 'bottle', 'crate']")
    for left in (4, 3):
        window.ask(f"setattr({TABLE}, 'category_index', 0)")
        window.click(*window.find_button("labelpass.category_remove", BESIDE_LISTS))
        window.wait_for(f"len({TABLE}.categories) == {left}")
    window.wait_for(f"[row.name for row in {TABLE}.categories] == ['apple', 'bottle', 'crate']")
    window.ask(f"[setattr(row, 'id', number) for number, row in enumerate({TABLE}.categories, start=1)]")
    window.ask(f"setattr({TABLE}, 'unknown', 'background')")
    window.wait_for(f"{SHOWN}.background_objects == 2")
    _, y = window.find_button(RENDER)
    picture(window, "2-categories", bottom=y + _BELOW_CATEGORIES)

    # 4. Render and export
    window.press_button(RENDER)
    window.wait_for(f"not {STATE}.running and len({STATE}.lines) > 0", 120)
    assert window.ask(f"{STATE}.lines[0].name") == "1 frame annotated; 17 instances"
    window.leave()
    _, y = window.find_button("labelpass.open_folder", 0.3)
    picture(window, "3-exported", bottom=y + _BELOW_FOLDER)

    # 5. Look at the labels over the picture
    open_image_editor(window, "bpy.data.images['Render Result']")
    window.press_header("labelpass_overlay.show")
    window.leave()
    wait_for_status(window, "demo_0001.json: 17 instances")
    picture(window, "4-overlay", left=680, down=_OVERLAY_ROOM)

    # 6. Check the dataset against itself
    output = demo.with_name("render")
    coco = COCO(output / "annotations/instances.json")
    assert {one["id"]: one["name"] for one in coco.dataset["categories"]} == {1: "apple", 2: "bottle", 3: "crate"}
    done = subprocess.run(
        [sys.executable, "-m", "core", "validate", str(output)], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Everything agrees\n")
