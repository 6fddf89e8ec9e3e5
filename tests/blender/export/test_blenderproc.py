"""A scene built for BlenderProc gives the annotations that BlenderProc gives: same boxes, areas, masks and categories.

BlenderProc itself runs in no bpy module, but what makes its annotations can be called: `generate_coco_annotations` of
its 2.8.0 takes an image of instances and what its segmentation renderer says of each object. The image is rendered here
as that renderer (`SegMapRendererUtility.render_segmap`) does it: every mesh object of the scene emits a colour of its
own, one sample at the middle of each pixel.
"""

import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest
from pycocotools import mask as mask_tools

from tests.blender import labelled_scenes as scenes
from tests.blender.outcome import exported, lines

CATEGORIES = {"car": 12, "tree": 3, "thing": 40}
NAMES_OF_KINDS = {"cars", "trees", "things", "ycbv"}


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """BlenderProc's own function that makes COCO annotations.

    Its package refuses to be imported outside of its launcher, so only the modules below it are; skimage and cv2 draw
    polygons and images there, which are not needed here.
    """
    spec = importlib.util.find_spec("blenderproc")
    package = ModuleType("blenderproc")
    package.__path__ = list(spec.submodule_search_locations)
    skimage = ModuleType("skimage")
    skimage.measure = None
    monkeypatch.setitem(sys.modules, "blenderproc", package)
    monkeypatch.setitem(sys.modules, "skimage", skimage)
    monkeypatch.setitem(sys.modules, "cv2", ModuleType("cv2"))
    writer = importlib.import_module("blenderproc.python.writer.CocoWriterUtility")
    yield writer._CocoWriterUtility.generate_coco_annotations
    for name in [name for name in sys.modules if name.startswith("blenderproc.")]:
        del sys.modules[name]


@pytest.fixture
def scene(tmp_path: Path) -> bpy.types.Scene:
    """A scene as BlenderProc wants it: every mesh object has a category_id, and most a supercategory."""
    scene = bpy.context.scene
    scenes.prepare(scene)
    scenes.add_car(scene, "Car", (-5, -9, 0))
    scenes.add_car(scene, "Car.001", (1, -9.5, 0))
    scenes.add_park(scene)
    scenes.add_library(scene, tmp_path / "library")
    scenes.add_fence(scene)
    scenes.add_modifiers(scene)
    scenes.add_hidden(scene)
    scenes.add_names(scene)
    behind = scenes.add_object(scene, "Behind", "cube", (-6, 9, 0), 0)  # most of it is hidden by the trees
    behind.scale = 1.6, 0.4, 1.2
    for ob in scene.objects:
        if ob.type == "MESH" and ob.name != "Ground":
            kind = "car" if "Car" in ob.name else "tree" if ob.name.startswith(("Oak", "Fir")) else "thing"
            ob["category_id"], ob["supercategory"] = CATEGORIES[kind], f"{kind}s"
        elif ob.type == "EMPTY":
            del ob["category"]  # BlenderProc knows no groups
    # As BlenderProc's renderer has it. At Blender's own 1.5 the only sample is not exactly in the middle of the pixel,
    # and one pixel at an edge changes hands.
    scene.cycles.filter_width = 0.01
    scene.render.filepath = str(tmp_path / "frames" / "shot_####")
    return scene


def render_instances(scene: bpy.types.Scene, path: Path) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Render as BlenderProc's render_segmap(map_by=["instance", "class", "supercategory"]) does.

    Returns:
        (H, W) int: which object each pixel shows, 0 = the world; and what BlenderProc notes of each that is seen.
    """
    objects = [ob for ob in scene.objects if ob.type == "MESH"]
    scene.world, material = bpy.data.worlds.new("World"), bpy.data.materials.new("segmentation")
    for data in (scene.world, material):
        if bpy.app.version < (5, 0, 0):  # since then they always have nodes
            data.use_nodes = True
    node_of(scene.world, "Background").inputs["Color"].default_value = 0, 0, 0, 1
    for number, ob in enumerate(objects, start=1):
        coloured = material.copy()
        emission = coloured.node_tree.nodes.new("ShaderNodeEmission")
        emission.inputs["Color"].default_value = number, 0, 0, 1
        output = node_of(coloured, "OutputMaterial")
        coloured.node_tree.links.new(emission.outputs[0], output.inputs["Surface"])
        ob.data.materials.clear()
        ob.data.materials.append(coloured)
    cycles, settings = scene.cycles, scene.render.image_settings
    cycles.samples, cycles.filter_width, cycles.max_bounces = 1, 0.0, 0  # clamped to 0.01
    if bpy.app.version >= (5, 0, 0):
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_depth, scene.render.filepath = "OPEN_EXR", "32", str(path)
    bpy.ops.render.render(write_still=True)

    image = bpy.data.images.load(str(path))
    width, height = image.size
    # Blender's first row is at the bottom.
    colours = np.array(image.pixels[:], dtype=np.float32).reshape(height, width, image.channels)[::-1, :, 0]
    instances = np.rint(colours).astype(int)
    assert np.abs(colours - instances).max() < 1e-3, "a pixel shows more than one object"
    notes = [{"idx": 0, "category_id": 0, "supercategory": ""}]
    for number in np.unique(instances[instances > 0]).tolist():
        ob = objects[number - 1]
        notes.append({"idx": number, "category_id": ob["category_id"], "name": ob.name})
        if "supercategory" in ob:
            notes[-1]["supercategory"] = ob["supercategory"]
    return instances, notes


def objects_with(scene: bpy.types.Scene, id: int) -> list[bpy.types.Object]:
    """Those with a category_id that a render shows."""
    return [ob for ob in scene.objects if ob.type == "MESH" and not ob.hide_render and ob.get("category_id") == id]


def plain_name(ob: bpy.types.Object) -> str:
    return re.sub(r"\.\d+$", "", ob.name)


def node_of(data: bpy.types.ID, kind: str) -> bpy.types.Node:
    return next(node for node in data.node_tree.nodes if node.bl_idname == f"ShaderNode{kind}")


def comparable(annotations: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Category, box, area and compressed mask of each annotation, in an order of their own."""
    found = []
    for one in annotations:
        rle = one["segmentation"]
        if isinstance(rle["counts"], list):
            rle = mask_tools.frPyObjects(rle, *rle["size"])
        counts = rle["counts"].decode() if isinstance(rle["counts"], bytes) else rle["counts"]
        found.append((one["category_id"], tuple(one["bbox"]), one["area"], counts))
    return sorted(found)


@pytest.mark.parametrize("labels", ["object_index", "crypto_object"])
def test_same_annotations(scene: bpy.types.Scene, generate: Any, tmp_path: Path, labels: str) -> None:
    scene.labelpass.source, scene.labelpass.labels = "FILES", labels
    for number, ob in enumerate(ob for ob in bpy.data.objects if not ob.is_editable):
        ob.pass_index = 30_000 + number  # those in the library share one
    bpy.ops.labelpass.assign_indices()
    bpy.ops.render.render(animation=True)
    bpy.ops.labelpass.export_annotations()
    assert lines()[0].startswith("1 frame annotated"), lines()
    ours = exported().dataset

    instances, notes = render_instances(scene, tmp_path / "segmap.exr")
    theirs = generate([instances], [notes], ["images/000000.png"], "coco_annotations", "rle")

    assert len(theirs["annotations"]) >= 28
    assert comparable(ours["annotations"]) == comparable(theirs["annotations"])
    supercategories = {one["id"]: one["supercategory"] for one in ours["categories"]}
    assert {one["id"]: one["supercategory"] for one in theirs["categories"]} == supercategories
    # Each has the name of an object with its id, as there, but of the same one in all frames, and without the number of
    # a copy; where an object says what it is, as a container does here, that is the name.
    names = {id: min(map(plain_name, objects_with(scene, id))) for id in CATEGORIES.values()}
    assert {one["id"]: one["name"] for one in ours["categories"]} == names | {CATEGORIES["thing"]: "container"}
    (ours_image,), (theirs_image,) = ours["images"], theirs["images"]
    assert [ours_image[side] for side in ("width", "height")] == [theirs_image[side] for side in ("width", "height")]


def test_names_of_categories(scene: bpy.types.Scene, generate: Any, tmp_path: Path) -> None:
    """Add From Scene calls categories as an export without a table and BlenderProc's writer do."""
    seen = [ob for ob in scene.objects if ob.type == "MESH"]
    for number, ob in enumerate(sorted(seen, key=lambda ob: ob.name)):
        ob["category_id"] = number + 1
    seen = [ob for ob in seen if "category" not in ob]  # which BlenderProc does not know
    scene.objects["Behind"]["bop_dataset_name"] = "ycbv"
    bpy.ops.labelpass.categories_from_scene()
    ours = {row.id: (row.name, row.supercategory) for row in scene.labelpass.table.categories}

    notes = [{"idx": number, "name": ob.name, **dict(ob.items())} for number, ob in enumerate(seen, start=1)]
    instances = np.arange(1, len(seen) + 1)[None].repeat(2, axis=0)
    theirs = generate([instances], [notes], ["images/000000.png"], "coco_annotations", "rle")
    rows = {row["id"]: (row["name"], row["supercategory"]) for row in theirs["categories"]}
    # What is hidden from renders has no row, copies lose their number, and "coco_annotations" stands for nothing there.
    plain = {id: row for id, row in rows.items() if id in ours and "." not in row[0] and row[1] in NAMES_OF_KINDS}
    assert len(plain) > 15
    assert {id: ours[id] for id in plain} == plain
    assert ("Behind", "ycbv") in plain.values()
