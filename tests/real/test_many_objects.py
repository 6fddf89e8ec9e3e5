"""The table of objects with 10,000 rows, in a window: it is there, and a redraw of the panel is measured.

python -m pytest -s tests/real/test_many_objects.py       prints the figures
"""

import time

import pytest

from tests.real.conftest import InstalledBlender
from tests.real.panel import BY_CATEGORY, CATEGORY, SHOWN
from tests.real.window import SCREENSHOTS, Window
from tools.real_blender import SUITES

_COUNT = 10_000
# Objects far below the table, which the camera does not see.
MANY = f"""
import bpy
scene = bpy.context.scene
mesh = bpy.data.meshes.new("Pebble")
for number in range({_COUNT}):
    ob = bpy.data.objects.new(f"Pebble.{{number:05}}", mesh)
    ob.location.z = -50
    scene.collection.objects.link(ob)
"""


@pytest.fixture
def many_objects(labelpass_blender: InstalledBlender, window: Window) -> None:
    """The demo with many more objects in Blender's window."""
    if labelpass_blender.blender.name == SUITES[0]:
        pytest.skip("it is measured in the newest Blender")
    window.run(MANY)


def test_table_of_ten_thousand_objects(
    window: Window,
    labelpass_blender: InstalledBlender,
    many_objects: None,
    objects_panel: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    window.wait_for(f"len({SHOWN}.objects) == {_COUNT + 19}")
    window.find_button(BY_CATEGORY, CATEGORY)  # the panel is open
    time.sleep(1)
    window.screenshot(SCREENSHOTS / f"many-objects-{labelpass_blender.blender.name}.png")
    with_table = window.ask("redraw_seconds()")
    window.ask(f"{SHOWN}.objects.clear()")
    without = window.ask("redraw_seconds()")
    name, rows = labelpass_blender.blender.name, _COUNT + 19
    with capsys.disabled():
        print(f"\n{name}: redraw of the sidebar {with_table * 1000:.1f} ms with a table of {rows:,} objects", end="")
        print(f", {without * 1000:.1f} ms without the table")
    assert with_table > 0
