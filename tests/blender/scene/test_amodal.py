"""Amodal masks from Blender's evaluated geometry, against renders in which each object is alone."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from tests.blender.programs import headless
from tests.blender.scenes import add_object, render_animation

WIDTH, HEIGHT = 160, 120


@pytest.fixture
def crowd(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Objects of many shapes, in front of each other, at the border and beyond it."""
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.frame_end = 1
    placed = [
        ("Front", "ball", (0.5, -3, 0.5), 11),
        ("Behind", "cube", (0.4, 2, 0.6), 12),
        ("Border", "ball", (2.8, -2.5, 0.2), 13),
        ("Turned", "cube", (-2.6, 1.5, 0.8), 14),
        ("Mirrored", "cube", (2.2, -1.5, 1.2), 15),
        ("Subdivided", "cube", (-0.6, 1, 1.6), 16),
    ]
    for name, shape, location, index in placed:
        add_object(scene, name, shape, location, index)
    bpy.data.objects["Turned"].rotation_euler = (0.4, 0.9, 0.2)
    bpy.data.objects["Mirrored"].scale = (-0.6, 1.3, 0.8)
    bpy.data.objects["Subdivided"].modifiers.new("Subdivision", "SUBSURF").render_levels = 2
    bpy.data.objects["Subdivided"].modifiers["Subdivision"].levels = 2
    return [ob for ob in scene.objects if ob.type == "MESH" and ob.pass_index]


def exported(scene: bpy.types.Scene, output: Path, **settings: object) -> dict[str, dict]:
    """The annotations of frame 1 by name."""
    scene.labelpass.source, scene.labelpass.output = "FILES", str(output)
    for name, value in settings.items():
        setattr(scene.labelpass, name, value)
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    coco = json.loads((output / "annotations/instances.json").read_text())
    return {annotation["name"]: annotation for annotation in coco["annotations"]}


def decoded(segmentation: dict) -> np.ndarray:
    return coco_mask.decode(segmentation).astype(bool)


def test_as_if_rendered_alone(scene: bpy.types.Scene, crowd: list[bpy.types.Object], tmp_path: Path) -> None:
    render_animation()
    together = exported(scene, tmp_path / "together", amodal=True)
    large = 0
    for ob in crowd:
        if ob.name not in together:
            continue
        for other in crowd:
            other.hide_render = other != ob
        scene.render.filepath = str(tmp_path / ob.name / "shot_####")
        render_animation()
        alone = decoded(exported(scene, tmp_path / f"{ob.name} alone", amodal=False)[ob.name]["segmentation"])
        amodal = together[ob.name]["amodal"]
        whole = decoded(amodal["segmentation"])
        if alone.sum() > 500:
            large += 1
            assert (whole & alone).sum() / (whole | alone).sum() >= 0.99, ob.name
        assert amodal["px_count_in_frame"] == pytest.approx(alone.sum(), rel=0.02)
        assert amodal["px_count_visib"] == together[ob.name]["area"]
        if not (alone[0].any() or alone[-1].any() or alone[:, 0].any() or alone[:, -1].any()):
            assert amodal["visib_fract"] == pytest.approx(together[ob.name]["area"] / alone.sum(), abs=0.01)
            assert amodal["truncated"] == 0
    assert large >= 5


def test_beyond_the_image(scene: bpy.types.Scene, crowd: list[bpy.types.Object], tmp_path: Path) -> None:
    """A wider sensor with more pixels sees what the image cuts off: the same pixels, and those beyond the border."""
    render_animation()
    cut = exported(scene, tmp_path / "cut", amodal=True)["Border"]["amodal"]
    for ob in crowd:
        ob.hide_render = ob.name != "Border"
    camera = scene.camera.data
    camera.lens /= 3
    scene.render.resolution_x, scene.render.resolution_y = 3 * WIDTH, 3 * HEIGHT
    scene.render.filepath = str(tmp_path / "wide" / "shot_####")
    render_animation()
    wide = exported(scene, tmp_path / "wide dataset", amodal=False)["Border"]

    assert 0.05 < cut["truncated"] < 0.95
    assert cut["px_count_all"] == pytest.approx(wide["area"], rel=0.01)
    x, y, width, height = wide["bbox"]
    assert cut["bbox"] == pytest.approx([x - WIDTH, y - HEIGHT, width, height], abs=1)


def test_a_group_is_one_whole(scene: bpy.types.Scene, crowd: list[bpy.types.Object], tmp_path: Path) -> None:
    """The parts of a group count together, those that are not seen at all included."""
    parent = bpy.data.objects.new("Pair", None)
    parent["category"] = "pair"
    scene.collection.objects.link(parent)
    for name in ("Behind", "Subdivided"):
        bpy.data.objects[name].parent = parent
    render_animation()
    apart = exported(scene, tmp_path / "apart", amodal=True)
    grouped = exported(scene, tmp_path / "grouped", amodal=True, grouping="parent")["Pair"]

    parts = [decoded(apart[name]["amodal"]["segmentation"]) for name in ("Behind", "Subdivided")]
    assert (decoded(grouped["amodal"]["segmentation"]) == (parts[0] | parts[1])).all()
    assert grouped["amodal"]["px_count_visib"] == sum(apart[name]["area"] for name in ("Behind", "Subdivided"))


def test_a_plain_export_writes_no_geometry(
    scene: bpy.types.Scene, crowd: list[bpy.types.Object], tmp_path: Path
) -> None:
    render_animation()
    annotations = exported(scene, tmp_path / "plain")

    assert all("amodal" not in annotation for annotation in annotations.values())
    assert sorted(path.suffix for path in (tmp_path / "plain/scenes").iterdir()) == [".json"]


def test_minimum_visibility_alone(scene: bpy.types.Scene, crowd: list[bpy.types.Object], tmp_path: Path) -> None:
    """One field in the panel: geometry comes with it, what is hidden is dropped and counted, nothing else changes."""
    render_animation()
    everything = exported(scene, tmp_path / "all", amodal=True)
    parts = {name: annotation["amodal"]["visib_fract"] for name, annotation in everything.items()}
    least = round(sum(sorted(parts.values())[1:3]) / 2, 3)
    expected = {name for name, part in parts.items() if part >= least}
    assert 1 < len(expected) < len(parts)

    seen = exported(scene, tmp_path / "seen", amodal=False, min_visibility=least)
    assert set(seen) == expected
    for name, annotation in seen.items():
        before = everything[name]
        assert (annotation["bbox"], annotation["segmentation"]) == (before["bbox"], before["segmentation"])
        assert "amodal" not in annotation
    dropped = len(parts) - len(expected)
    lines = [line.name for line in bpy.context.window_manager.labelpass.lines]
    assert lines[0] == f"1 frame annotated; {len(expected)} instances, {dropped} dropped"
    record = json.loads((tmp_path / "seen/records/shot_0001.json").read_text())["record"]
    assert record["dropped"] == {"small": 0, "at_border": 0, "hidden": dropped}

    scene.labelpass.min_visibility = 7.0
    assert scene.labelpass.min_visibility == 1.0


def test_minimum_visibility_headless(blend: Path, tmp_path: Path) -> None:
    """As an option next to the scene's own settings: what is left is what amodal masks say."""
    whole, seen = tmp_path / "whole", tmp_path / "seen"
    again = ["--from", whole / "renders", "--min-visibility", "0.95"]
    for output, options in ((whole, ["--render", "--amodal"]), (seen, again)):
        done = headless(blend, "--frames", "1", "--output", output, *options)
        assert done.returncode == 0, done.stderr
    before, after = (json.loads((output / "records/shot_0001.json").read_text())["record"] for output in (whole, seen))
    parts = {one["name"]: one["amodal"]["visib_fract"] for one in before["instances"]}
    left = [name for name, part in parts.items() if part >= 0.95]
    assert 0 < len(left) < len(parts)
    assert [one["name"] for one in after["instances"]] == left
    assert after["dropped"]["hidden"] == len(parts) - len(left)


def test_minimum_visibility_while_rendering(
    scene: bpy.types.Scene, crowd: list[bpy.types.Object], tmp_path: Path
) -> None:
    scene.labelpass.while_rendering, scene.labelpass.min_visibility = True, 0.5
    render_animation()
    while_rendering = (tmp_path / "frames/annotations/instances.json").read_bytes()
    scene.labelpass.while_rendering = False
    exported(scene, tmp_path / "afterwards")
    assert (tmp_path / "afterwards/annotations/instances.json").read_bytes() == while_rendering
