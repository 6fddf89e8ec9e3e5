"""Cryptomatte from the render to the dataset: many levels, glass, names whose ids are flipped, soft masks, parts.

The files are read by cryptomatte-api in a process of its own: it brings libraries that Blender has as well.
"""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
import pytest
from pycocotools.coco import COCO

from tests.blender.outcome import exported, lines
from tests.blender.programs import labelpass
from tests.blender.scenes import add_object

Array = npt.NDArray[Any]

# Its hash is a float that is not a number: Blender's manifest holds it as it is, and pixels hold it with a bit flipped.
FLIPPED, ITS_HASH, ITS_ID = "Cube.623", "ff9c6197", 0xFF1C6197
_READ = """
import sys
import cryptomatte_api
import numpy
kind, exr, result, *ids = sys.argv[1:]
(matte,) = [matte for matte in cryptomatte_api.Cryptomatte.load(exr) if matte.metadata().name().endswith(kind)]
masks = matte.masks() | {id: matte.mask(int(id)) for id in ids}
numpy.savez(result, **{f"{name}.": mask for name, mask in masks.items()})
"""


@pytest.fixture
def car(scene: bpy.types.Scene) -> SimpleNamespace:
    """A car of a body and two tyres, a pane of glass before it, a ball without a material; anti-aliased, 8 levels."""
    objects = scene.objects
    materials = {}
    for name in ("Paint", "Rubber", "Glass"):
        materials[name] = bpy.data.materials.new(name)
    glass = materials["Glass"]
    if bpy.app.version < (5, 0, 0):
        glass.use_nodes = True
    nodes = glass.node_tree.nodes
    nodes.clear()
    mix = nodes.new("ShaderNodeMixShader")
    output = nodes.new("ShaderNodeOutputMaterial")
    for socket, shader in ((1, "ShaderNodeBsdfTransparent"), (2, "ShaderNodeBsdfDiffuse")):
        glass.node_tree.links.new(nodes.new(shader).outputs[0], mix.inputs[socket])
    glass.node_tree.links.new(mix.outputs[0], output.inputs["Surface"])

    body = objects["Cube"]
    body.animation_data_clear()
    body.name, body.location = FLIPPED, (0, 0, 0)
    body.data.materials.append(materials["Paint"])
    tyres = []
    for x in (-0.8, 0.8):
        tyre = add_object(scene, "Tyre", "ball", (x, -0.6, -0.6), 0)
        tyre.scale = (0.5, 0.5, 0.5)
        tyre.parent = body
        tyre.data.materials.append(materials["Rubber"])
        tyres.append(tyre)
    objects["Ball"].location = (2.4, 0, 0)
    # One of its faces is rubber as well: an object of two materials.
    body.data.materials.append(materials["Rubber"])
    body.data.polygons[0].material_index = 1
    pane = objects["Cube.001"]
    pane.name, pane.location, pane.scale = "Pane", (0.5, -2, 0.5), (0.6, 0.02, 0.5)
    pane.data.materials.append(glass)
    layer = scene.view_layers[0]
    layer.use_pass_cryptomatte_material = layer.use_pass_cryptomatte_asset = True
    layer.pass_cryptomatte_depth = 8
    scene.cycles.samples = 16
    scene.frame_end = 1
    if bpy.app.version >= (5, 0, 0):
        scene.render.image_settings.use_exr_interleave = True  # the judge reads no other files
    bpy.ops.render.render(animation=True)
    scene.labelpass.source = "FILES"
    (path,) = Path(bpy.path.abspath(scene.render.filepath)).parent.glob("*.exr")
    return SimpleNamespace(scene=scene, exr=path, body=body, tyres=tyres, settings=scene.labelpass)


def judged(exr: Path, kind: str, folder: Path) -> dict[str, Array]:
    """Name -> (H, W) coverage, by cryptomatte-api.

    It takes the hashes of the manifest for the ids in the pixels, so it is asked for the flipped one by its id.
    """
    result = folder / f"{kind}.npz"
    subprocess.run([sys.executable, "-c", _READ, kind, str(exr), str(result), str(ITS_ID)], check=True)
    with np.load(result) as masks:
        found = {name.removesuffix("."): masks[name].astype(np.float64) for name in masks}
    return {FLIPPED: found.pop(str(ITS_ID))} | found


def export(car: SimpleNamespace, **settings: Any) -> COCO:
    for name, value in settings.items():
        setattr(car.settings, name, value)
    bpy.ops.labelpass.export_annotations()
    assert lines()[0].startswith("1 frame annotated"), lines()
    return exported()


def annotations_of(coco: COCO) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in coco.dataset["annotations"]}


def soft_mask_of(annotation: dict[str, Any]) -> Array:
    full = np.zeros((48, 64), np.int64)
    x, y, width, height = annotation["soft_mask"]["bbox"]
    output = Path(bpy.context.window_manager.labelpass.output)
    with np.load(output / annotation["soft_mask"]["file_name"]) as arrays:
        full[y : y + height, x : x + width] = arrays[annotation["soft_mask"]["array"]]
    return full


def test_soft_and_hard_masks_of_a_render(car: SimpleNamespace, tmp_path: Path) -> None:
    """As the judge reads the coverages: levels, sum, and the strongest object of each pixel; also behind glass."""
    coco = export(car, labels="crypto_object", soft_masks=True)
    found = annotations_of(coco)
    assert found.keys() == {FLIPPED, "Tyre", "Tyre.001", "Pane", "Ball", "Floor"}
    theirs = judged(car.exr, "CryptoObject", tmp_path)
    coverage = {name: theirs[name] for name in found}

    sums = sum(theirs[name] for name in found)
    assert sums.max() > 1.02, "noise behind glass adds up to more than a pixel"
    total = np.zeros((48, 64), np.int64)
    for name, annotation in found.items():
        soft = soft_mask_of(annotation)
        total += soft
        assert coverage[name].max() > 0.4, name
        assert np.abs(soft - coverage[name] / np.maximum(sums, 1) * 255).max() < 1.6, name
    assert total.max() == 255
    pane = coverage["Pane"]
    assert ((pane > 0.3) & (pane < 0.7)).sum() > 20, "glass lets half through"
    behind = (pane > 0.3) & (pane < 0.7) & (coverage[FLIPPED] > 0.2)
    assert behind.any(), "and the car is seen in the same pixels"

    stack = np.stack([*coverage.values(), 1 - sum(coverage.values())])
    for number, name in enumerate(coverage):
        hard = coco.annToMask(found[name]).astype(bool)
        best = np.delete(stack, number, axis=0).max(axis=0)
        assert np.array_equal(hard[stack[number] != best], (stack[number] > best)[stack[number] != best]), name


def test_name_whose_id_is_flipped(car: SimpleNamespace, tmp_path: Path) -> None:
    """It keeps its name and the category of the scene, with and without the scene record."""
    assert f'"{FLIPPED}":"{ITS_HASH}"'.encode() in car.exr.read_bytes(), "Blender writes the hash, not the id"
    car.body["category"] = "car"
    coco = export(car, labels="crypto_object")
    (annotation,) = [one for one in coco.dataset["annotations"] if one["name"] == FLIPPED]
    names = {category["id"]: category["name"] for category in coco.dataset["categories"]}
    assert names[annotation["category_id"]] == "car"

    alone = tmp_path / "alone"
    settings = ["--labels", "crypto_object", "--no-pictures", "--workers", "1"]
    assert labelpass("annotate", car.exr, "--output", alone, *settings).returncode == 0
    assert labelpass("merge", alone).returncode == 0
    without = annotations_of(COCO(alone / "annotations/instances.json"))
    assert without[FLIPPED]["segmentation"] == annotation["segmentation"]


def test_parts_of_a_car(car: SimpleNamespace) -> None:
    """One instance by its parent; by material the paint and the rubber of all its objects, by object three."""
    by_material = export(car, labels="crypto_object", grouping="parent", parts="material")
    found = annotations_of(by_material)
    parts = {part["name"]: part for part in found[FLIPPED]["parts"]}
    assert parts.keys() == {"Paint", "Rubber"}
    for name, part in parts.items():
        assert 15 < part["area"] < found[FLIPPED]["area"], name
    assert sum(part["area"] for part in parts.values()) <= found[FLIPPED]["area"]
    ids = {row["name"]: row["id"] for row in by_material.dataset["part_categories"]}
    assert parts["Rubber"]["part_category_id"] == ids["Rubber"]
    assert found["Ball"]["parts"] == [], "it has no material"

    found = annotations_of(export(car, parts="object"))
    assert [part["name"] for part in found[FLIPPED]["parts"]] == [FLIPPED, "Tyre", "Tyre.001"]
    assert sum(part["area"] for part in found[FLIPPED]["parts"]) == found[FLIPPED]["area"]
    assert [part["name"] for part in found["Ball"]["parts"]] == ["Ball"]

    found = annotations_of(export(car, labels="crypto_asset", grouping="object"))
    assert [part["name"] for part in found[FLIPPED]["parts"]] == [FLIPPED, "Tyre", "Tyre.001"]


def test_what_has_no_material_is_background(car: SimpleNamespace) -> None:
    """Blender calls it default_surface, in the manifest as well."""
    found = annotations_of(export(car, labels="crypto_material"))

    assert b'"default_surface":"' in car.exr.read_bytes()
    assert found.keys() == {"Paint", "Rubber", "Glass"}
    assert not any("default_surface" in line for line in lines())


def test_soft_masks_and_parts_together(car: SimpleNamespace) -> None:
    """What is asked for together comes out together, and a second run has nothing to do."""
    export(car, labels="auto", soft_masks=True, parts="material", grouping="parent")
    bpy.ops.labelpass.export_annotations()

    assert lines()[0].startswith("0 frames annotated, 1 up to date")
    found = annotations_of(exported())
    whole = soft_mask_of(found[FLIPPED])
    assert (whole == 255).sum() > 50
    assert found[FLIPPED]["parts"]
