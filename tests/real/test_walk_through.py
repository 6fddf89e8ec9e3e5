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
    ASSIGN,
    BESIDE_LISTS,
    BY_CATEGORY,
    EXPORT,
    EXPORT_TO_PASSES,
    HEADER,
    SET_UP,
    STATE,
    TABLE,
    WRONG,
)
from tests.real.window import SCREENSHOTS, Window
from tools.real_blender import SUITES

PICTURES = SCREENSHOTS / "walk-through"
_COLOURS = 96
# In pixels of the screen: from Assign Indices to below the header that follows, from Open Folder to the end of its
# panel, and where pictures of the table and of the overlay end.
_BELOW_ASSIGN, _BELOW_FOLDER = 45, 25
_TABLE_ROOM, _OVERLAY_ROOM = 660, 640
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
    time.sleep(1)
    path = PICTURES / f"{name}.png"
    window.screenshot(path)
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
    x, y = window.find_button(ASSIGN, 0.3)
    picture(window, "1-passes", bottom=y + _BELOW_ASSIGN)

    # 2. Set Up Passes
    window.press_button(SET_UP)
    window.wait_for(f"{WRONG} == []")
    x, y = window.find_button(ASSIGN, 0.3)
    picture(window, "2-set-up", bottom=y + _BELOW_ASSIGN)

    # 3. The categories: a table of what there is, without what is not an object to find
    x, y = window.find_button(EXPORT)
    passes, categories, objects = ((x, y + EXPORT_TO_PASSES + down) for down in (0, HEADER, 2 * HEADER))
    window.click(*passes)
    window.click(*categories)
    window.press_button("labelpass.categories_from_scene")
    window.wait_for(f"[row.name for row in {TABLE}.categories] == ['Backdrop', 'Table', 'apple', 'bottle', 'crate']")
    for left in (4, 3):
        window.ask(f"setattr({TABLE}, 'category_index', 0)")
        window.click(*window.find_button("labelpass.category_remove", BESIDE_LISTS))
        window.wait_for(f"len({TABLE}.categories) == {left}")
    window.wait_for(f"[row.name for row in {TABLE}.categories] == ['apple', 'bottle', 'crate']")
    window.ask(f"[setattr(row, 'id', number) for number, row in enumerate({TABLE}.categories, start=1)]")
    window.ask(f"setattr({TABLE}, 'unknown', 'background')")
    window.wait_for(f"{STATE}.background_objects == 2")
    picture(window, "3-categories")

    # 4. What each object will be, before anything is rendered
    window.click(*categories)
    window.click(*objects)
    window.click(*window.find_button(BY_CATEGORY, 0.3))
    picture(window, "4-objects", left=620, down=_TABLE_ROOM)
    window.press_button("labelpass.restore_colours")
    window.click(*objects)

    # 5. Render and export
    window.leave()
    window.press("F12")
    window.wait_for("bpy.data.images['Render Result'].has_data and not bpy.app.is_job_running('RENDER')", 120)
    window.leave()
    window.press_button(EXPORT)
    window.wait_for(f"not {STATE}.running and len({STATE}.lines) > 0")
    assert window.ask(f"{STATE}.lines[0].name") == "1 frame annotated; 17 instances"
    window.leave()
    x, y = window.find_button("labelpass.open_folder")
    picture(window, "5-exported", bottom=y + _BELOW_FOLDER)

    # 6. Look at the labels over the picture
    open_image_editor(window, "bpy.data.images['Render Result']")
    window.press_header("labelpass_overlay.show")
    window.leave()
    wait_for_status(window, "demo_0001.json: 17 instances")
    picture(window, "6-overlay", left=680, down=_OVERLAY_ROOM)

    # 7. Check the dataset against itself
    output = demo.with_name("render")
    coco = COCO(output / "annotations/instances.json")
    assert {one["id"]: one["name"] for one in coco.dataset["categories"]} == {1: "apple", 2: "bottle", 3: "crate"}
    done = subprocess.run(
        [sys.executable, "-m", "core", "validate", str(output)], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Everything agrees\n")
