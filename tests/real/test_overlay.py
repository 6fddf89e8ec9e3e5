"""A person at the Image Editor: the tab Labelpass, the overlay's switches, another frame, a closer look."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.categories.palette import category_colours
from core.masks.runs import find_masks
from core.records.instance import Amodal
from core.records.record_files import read_record_file
from core.scene.keypoints import Keypoint, Visibility
from core.settings.category_table import Category
from tests.builders import (
    instances_in,
    pinhole,
    plain_camera,
    plain_instance,
    plain_pose,
    plain_record,
    write_record,
)
from tests.real.image_editor import SPACE, STATUS, SWITCHES, open_image_editor, wait_for_status
from tests.real.panel import EXPORT, STATE
from tests.real.window import Window
from tools.real_blender import WINDOW_SIZE

# Where on the screen the editor shows nothing but the image.
PICTURE = np.zeros((WINDOW_SIZE[1], WINDOW_SIZE[0]), dtype=bool)
PICTURE[80:810, 10:1085] = True


@pytest.fixture(autouse=True)
def no_render_window(window: Window) -> None:
    window.ask("setattr(bpy.context.preferences.view, 'render_display_type', 'NONE')")


@pytest.fixture
def look(shoot: Callable[[str], Path]) -> Callable[[str], np.ndarray]:
    """Take a screenshot once the window has come to rest; (H, W, 3) int."""
    return lambda name: np.asarray(Image.open(shoot(f"overlay-{name}")).convert("RGB")).astype(int)


def export(window: Window) -> None:
    window.press_button(EXPORT)
    window.wait_for(f"not {STATE}.running and len({STATE}.lines) > 0")
    window.leave()


def test_render_result(window: Window, demo: Path, look: Callable[[str], np.ndarray]) -> None:
    window.press("F12")
    window.wait_for("bpy.data.images['Render Result'].has_data and not bpy.app.is_job_running('RENDER')")
    open_image_editor(window, "bpy.data.images['Render Result']")
    plain = look("off")
    window.press_header("labelpass_overlay.show")
    window.leave()
    window.wait_for(f"'No annotations' in ({STATUS})[1]")
    look("no-record")

    window.ask("setattr(editor('IMAGE_EDITOR'), 'type', 'VIEW_3D')")
    window.editor = "VIEW_3D"
    time.sleep(1)
    export(window)
    window.ask("setattr(editor(), 'type', 'IMAGE_EDITOR')")
    window.editor = "IMAGE_EDITOR"
    wait_for_status(window, "demo_0001.json: 17 instances")
    window.leave()
    everything = look("render")
    assert changed(plain, everything) > 5000

    for name in ("masks", "boxes", "names"):
        window.press_property(f"labelpass_overlay.{name}")
        window.leave()
        assert not window.ask(f"{SWITCHES}.{name}")
        everything, before = look(f"without-{name}"), everything
        assert changed(before, everything) > 300


def test_one_of_several_view_layers(window: Window, look: Callable[[str], np.ndarray]) -> None:
    """The second view layer lacks the apples; the panel has a field to choose it."""
    layers = "bpy.context.scene.view_layers"
    window.ask(f"setattr({layers}.new('Front'), 'use_pass_object_index', True)")
    window.ask(f"setattr({layers}['Front'].layer_collection.children['apple'], 'exclude', True)")
    window.ask("setattr(bpy.context.scene.labelpass, 'all_view_layers', True)")
    window.leave()
    window.press("F12")
    window.wait_for("bpy.data.images['Render Result'].has_data and not bpy.app.is_job_running('RENDER')")
    window.leave()
    export(window)
    open_image_editor(window, "bpy.data.images['Render Result']")
    window.press_header("labelpass_overlay.show")
    window.leave()
    wait_for_status(window, "ViewLayer/demo_0001.json: 17 instances")
    window.leave()

    window.press_property("labelpass_overlay.sequence")
    for key in ("f", "r", "o", "n", "t", "Return"):
        window.press(key)
    window.leave(escape=False)
    wait_for_status(window, "Front/demo_0001.json: 8 instances")
    look("view-layer")


def test_sequence_follows_the_frame(window: Window, demo: Path, look: Callable[[str], np.ndarray]) -> None:
    window.press("ctrl+F12")
    window.wait_for("not bpy.app.is_job_running('RENDER')", 120)
    window.leave()
    window.ask("setattr(bpy.context.scene.labelpass, 'source', 'FILES')")
    export(window)

    first = str(demo.with_name("render") / "demo_0001.exr")
    open_image_editor(window, f"bpy.data.images.load({first!r})")
    window.ask(f"setattr({SPACE}.image, 'source', 'SEQUENCE')")
    window.ask(f"setattr({SPACE}.image_user, 'frame_duration', 4)")
    window.ask(f"setattr({SPACE}.image_user, 'use_auto_refresh', True)")
    window.press("shift+Home")
    window.press_header("labelpass_overlay.show")
    window.leave()
    pictures = []
    for frame in (2, 3, 4):
        window.press("Right")
        wait_for_status(window, f"demo_{frame:04}.json: 17 instances")
        pictures.append(look(f"frame-{frame}"))
    assert min(changed(pictures[0], pictures[1]), changed(pictures[1], pictures[2])) > 1000

    # A new export replaces what is drawn.
    path = demo.with_name("render") / "records/demo_0004.json"
    record = read_record_file(path)
    write_record(demo.with_name("render"), replace(record, instances=record.instances[:3]))
    wait_for_status(window, "demo_0004.json: 3 instances")
    look("new-record")


LABELS = np.zeros((30, 40), dtype=np.uint32)
LABELS[3:9, 4:15] = 1
LABELS[3:9, 20:21] = 2  # one column
LABELS[15:16, 3:4] = 3  # one pixel
LABELS[14:27, 10:30] = 4
LABELS[14:20, 18:30] = 0  # an L
LABELS[24:30, 34:40] = 5  # in the corner of the image
LEVELS = np.array([0, 60, 100, 140, 180, 220])  # of grey, one for each label


def test_boxes_and_masks_lie_on_the_pixels(window: Window, demo: Path, look: Callable[[str], np.ndarray]) -> None:
    dataset = demo.with_name("dataset")
    write_blocks(dataset)
    open_image_editor(window, f"bpy.data.images.load({str(dataset / 'images/blocks.png')!r})")
    window.press_header("labelpass_overlay.show")
    window.leave()
    wait_for_status(window, "blocks.json: 5 instances")
    window.press("n")  # away with the sidebar, which covers a part of the image
    time.sleep(1)
    # A whole zoom: at others Blender itself draws the edges of pixels up to a pixel of the screen away.
    window.press("ctrl+KP_8")
    for name in ("show", "names", "masks"):
        window.ask(f"setattr({SWITCHES}, {name!r}, False)")
    plain = look("blocks-off")
    seen = [(plain == level).all(axis=2) & PICTURE for level in LEVELS]
    window.ask(f"setattr({SWITCHES}, 'show', True)")
    colours = category_colours(["a", "b"])

    boxes = look("blocks-boxes")
    for label in range(1, 6):
        x0, y0, x1, y1 = extent(seen[label])
        line = near(boxes, colours["ab"[label % 2]])
        around = np.zeros_like(line)
        around[y0 - 4 : y1 + 4, x0 - 4 : x1 + 4] = True
        found = extent(line & around)
        assert abs(np.array(found) - (x0 - 1, y0 - 1, x1 + 1, y1 + 1)).max() <= 1, (label, found)

    window.ask(f"setattr({SWITCHES}, 'boxes', False)")
    window.ask(f"setattr({SWITCHES}, 'masks', True)")
    window.ask(f"setattr({SWITCHES}, 'opacity', 1.0)")
    masks = look("blocks-masks")
    for label in range(1, 6):
        assert np.array_equal(near(masks, colours["ab"[label % 2]]) & seen[label], seen[label]), label
    assert changed(plain, masks, seen[0]) == 0

    window.ask(f"setattr({SWITCHES}, 'opacity', 0.5)")
    half = look("blocks-half")
    x0, y0, x1, y1 = extent(seen[1])
    middle = half[(y0 + y1) // 2, (x0 + x1) // 2]
    mixed = (linear(np.array(colours["b"])) + linear(LEVELS[1])) / 2
    assert abs(linear(middle) - mixed).max() < 0.03

    extension = window.ask("next(name for name in bpy.context.preferences.addons.keys() if name.endswith('labelpass'))")
    window.ask(f"bpy.ops.preferences.addon_disable(module={extension!r})")
    assert changed(plain, look("disabled")) == 0
    window.ask(f"bpy.ops.preferences.addon_enable(module={extension!r})")
    for name, value in {"boxes": False, "names": False, "opacity": 0.5, "show": True}.items():
        window.ask(f"setattr({SWITCHES}, {name!r}, {value})")
    assert changed(half, look("enabled-again")) == 0, "drawn twice, or not at all"


def test_3d_boxes_and_keypoints(window: Window, demo: Path, look: Callable[[str], np.ndarray]) -> None:
    """A cube with two keypoints over a black image: drawn where geometry has them; grey where there is none."""
    dataset = demo.with_name("dataset")
    write_cube(dataset, "with", True)
    write_cube(dataset, "without", False)
    open_image_editor(window, f"bpy.data.images.load({str(dataset / 'images/with.png')!r})")
    window.press_header("labelpass_overlay.show")
    window.leave()
    wait_for_status(window, "with.json: 1 instance")
    window.leave()
    look("3d-panel")
    window.press("n")
    time.sleep(1)
    window.press("ctrl+KP_8")
    for name in ("boxes", "names", "masks", "boxes_3d", "keypoints", "amodal"):
        window.ask(f"setattr({SWITCHES}, {name!r}, False)")
    nothing = look("3d-nothing")
    frame = extent((nothing.max(axis=2) == 0) & PICTURE)  # the black image
    zoom = (frame[2] - frame[0]) / 40
    colour = category_colours(["a"])["a"]

    def on_screen(x: float, y: float) -> tuple[int, int]:
        return round(frame[1] + y * zoom), round(frame[0] + x * zoom)

    def drawn(picture: np.ndarray, wanted: tuple[int, int, int], x: float, y: float) -> bool:
        row, column = on_screen(x, y)
        return bool(near(picture[row - 2 : row + 3, column - 2 : column + 3], wanted).any())

    window.ask(f"setattr({SWITCHES}, 'boxes_3d', True)")
    boxes = look("3d-boxes")
    for x, y in ((10, 15), (30, 15), (20, 5), (20, 25), (14, 15), (26, 15)):  # the middles of near and far edges
        assert drawn(boxes, colour, x, y), (x, y)
    assert drawn(boxes, (255, 51, 82), 23, 15) and drawn(boxes, (139, 220, 0), 20, 18)  # the x and the y axis
    assert not drawn(boxes, colour, 12, 15)
    assert changed(nothing, boxes, PICTURE) > 500

    window.ask(f"setattr({SWITCHES}, 'boxes_3d', False)")
    assert changed(nothing, look("3d-off")) == 0
    window.ask(f"setattr({SWITCHES}, 'keypoints', True)")
    points = look("keypoints")
    assert drawn(points, colour, 15, 10) and drawn(points, (255, 255, 255), 15, 10)  # seen
    row, column = on_screen(25, 20)
    assert near(points[row - 1 : row + 2, column - 1 : column + 2], (0, 0, 0)).all()  # occluded
    assert drawn(points, (255, 255, 255), 25, 20) and drawn(points, colour, 20, 15)  # and the bone between them
    window.ask(f"setattr({SWITCHES}, 'keypoints', False)")
    window.ask(f"setattr({SWITCHES}, 'amodal', True)")
    outline = look("amodal")
    for x, y in ((20, 8), (20, 22), (13, 15), (27, 15)):  # of all of it, which is smaller than its 3D box
        assert drawn(outline, colour, x, y), (x, y)
    assert not drawn(outline, colour, 20, 15)
    for name in ("boxes_3d", "keypoints"):
        window.ask(f"setattr({SWITCHES}, {name!r}, True)")
    look("3d-all")

    window.press("n")
    window.ask(f"setattr({SPACE}, 'image', bpy.data.images.load({str(dataset / 'images/without.png')!r}))")
    wait_for_status(window, "without.json: 1 instance")
    missing = window.ask(
        f"next(m for n, m in sys.modules.items() if n.endswith('operators.overlay.overlay')).missing_of({SPACE})"
    )
    assert set(missing) == {"boxes_3d", "keypoints", "amodal"}
    time.sleep(1)
    window.press_property("labelpass_overlay.boxes_3d")
    window.leave()
    look("3d-grey")
    assert window.ask(f"{SWITCHES}.boxes_3d"), "a grey switch was pressed"


def write_cube(dataset: Path, name: str, detailed: bool) -> None:
    """A dataset of a black image of 40 x 30 pixels and a cube, whose near face is 20 pixels wide and its far one 12."""
    (dataset / "images").mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30)).save(dataset / f"images/{name}.png")
    labels = np.zeros((30, 40), dtype=np.uint32)
    labels[5:25, 10:30] = 1
    (mask,) = find_masks(labels)
    points = Keypoint(15, 10, Visibility.VISIBLE, 3), Keypoint(25, 20, Visibility.OCCLUDED, 5)
    instance = plain_instance("Cube", "a", mask=mask)
    if detailed:
        whole = np.zeros((30, 40), dtype=np.uint32)
        whole[8:22, 13:27] = 1
        (found,) = find_masks(whole)
        amodal = Amodal(found.rle, found.box, found.area, found.area, found.area)
        instance = replace(instance, pose=plain_pose(4.0), keypoints=points, amodal=amodal)
    write_record(
        dataset,
        plain_record(
            name=name,
            width=40,
            height=30,
            unit_scale=1.0,
            camera=plain_camera(k=pinhole(30.0, 20.0, 15.0)),
            categories=(
                Category("a", keypoints=("p", "q") if detailed else (), skeleton=((1, 2),) if detailed else ()),
            ),
            instances=(instance,),
        ),
    )


def write_blocks(dataset: Path) -> None:
    """A dataset of one small image in which each object has a grey of its own."""
    (dataset / "images").mkdir(parents=True)
    Image.fromarray(LEVELS.astype(np.uint8)[LABELS]).convert("RGB").save(dataset / "images/blocks.png")
    height, width = LABELS.shape
    write_record(
        dataset,
        plain_record(
            name="blocks",
            width=width,
            height=height,
            categories=(Category("a"), Category("b")),
            instances=instances_in(LABELS, "ab", "block {}"),
        ),
    )


def extent(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def near(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return abs(picture - colour).max(axis=2) <= 4


def linear(level: np.ndarray) -> np.ndarray:
    """8-bit sRGB to linear light, IEC 61966-2-1."""
    value = level / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def changed(before: np.ndarray, after: np.ndarray, where: np.ndarray = PICTURE) -> int:
    """How many pixels of the editor differ; Blender lays the overlay on with a hundredth of it in the next pixels."""
    return int(((abs(before - after).max(axis=2) > 10) & where).sum())
