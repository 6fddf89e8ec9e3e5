"""What a frame is held to before it is rendered: against Cycles, and against closed forms."""

import itertools
import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from PIL import Image

from tests.blender.scenes import add_object, build_scene


@pytest.fixture
def stage() -> bpy.types.Scene:
    objects = build_scene(bpy.context.scene)
    objects.floor["category_id"] = 0
    return bpy.context.scene


def conditions(scene: bpy.types.Scene, placed: Any = (), **settings: Any) -> Any:
    from labelpass.operators.labelling.labelled_objects import label_objects
    from labelpass.operators.random_frames.conditions import Conditions

    for name, value in settings.items():
        setattr(scene.labelpass.random_frames, name, value)
    bpy.context.view_layer.update()
    return Conditions(
        scene, scene.labelpass.random_frames, label_objects(scene)[0], placed, [scene.objects["Floor"]], []
    )


def unmet(found: Any) -> str:
    return found.unmet(bpy.context.evaluated_depsgraph_get())


def test_what_is_seen_is_what_cycles_renders(stage: bpy.types.Scene, tmp_path: Path) -> None:
    """The amodal reference: each thing rendered alone, and once more with all others as holdouts before it."""
    things = [stage.objects[name] for name in ("Cube", "Cube.001", "Ball")]
    things[0].location, things[1].location, things[2].location = (-1, 0, 0), (0.2, 1.5, 0), (-0.3, -1.5, 0.2)
    render = stage.render
    render.resolution_x, render.resolution_y, render.film_transparent = 160, 120, True
    stage.cycles.pixel_filter_type, stage.cycles.filter_width = "BOX", 0.01
    if bpy.app.version >= (5, 0, 0):
        render.image_settings.media_type = "IMAGE"
    render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"

    def pixels() -> int:
        render.filepath = str(tmp_path / "alpha.png")
        bpy.ops.render.render(write_still=True)
        return int(np.count_nonzero(np.array(Image.open(render.filepath))[..., 3] > 127))

    expected = {}
    for thing in things:
        others = [ob for ob in stage.objects if ob.type == "MESH" and ob != thing]
        for ob in others:
            ob.hide_render, ob.is_holdout = True, False
        alone = pixels()
        for ob in others:
            ob.hide_render, ob.is_holdout = False, True
        expected[thing.name] = pixels() / alone
        for ob in (thing, *others):
            ob.is_holdout = False
    assert min(expected.values()) < 0.8, "something is hidden"

    found = conditions(stage)
    shares = found.look(bpy.context.evaluated_depsgraph_get())
    assert shares == pytest.approx(expected, abs=0.02)


def test_boxes_run_into_each_other_where_they_do(stage: bpy.types.Scene) -> None:
    """Two cubes of 1.5 at random places, one of them with many faces; they also may lie in each other."""
    from labelpass.operators.random_frames.conditions import _run_into_each_other
    from labelpass.operators.random_frames.shapes import Shapes

    one, other = stage.objects["Cube"], stage.objects["Cube.001"]
    one.animation_data_clear()
    other.modifiers.new("Fine", "SUBSURF").subdivision_type = "SIMPLE"
    rng = np.random.default_rng(4)
    reader, seen = Shapes(), set()
    for size in itertools.chain([1.0] * 30, [0.2] * 30):
        other.scale = (size,) * 3
        away = rng.uniform(-1.6, 1.6, 3)
        one.location, other.location = (0, 0, 2), np.array([0, 0, 2]) + away
        bpy.context.view_layer.update()
        pair = [s for s in reader.read(bpy.context.evaluated_depsgraph_get()) if s.owner in (one, other)]
        boxes = np.array([shape.world_box() for shape in pair])
        expected = bool((np.abs(away) < 0.75 * (1 + size)).all())
        assert _run_into_each_other(*pair, boxes) == expected
        seen.add((size, expected))
    assert len(seen) == 4


def test_a_placed_thing_that_runs_into_another_is_found(stage: bpy.types.Scene) -> None:
    ball = stage.objects["Ball"]
    ball.location = (0, -2.5, 0)
    assert unmet(conditions(stage, [ball])) == ""
    ball.location = (1.2, 0, 0)
    assert unmet(conditions(stage, [ball])) == "things run into each other"
    assert unmet(conditions(stage, [ball], no_overlap=False)) == ""
    assert unmet(conditions(stage, [], no_overlap=True)) == "", "what no row has placed may be as it is"
    ball.location = (0, -2.5, -0.6)
    assert unmet(conditions(stage, [ball])) == "", "what stands on its ground touches it"


def test_the_camera_keeps_out_of_things_and_sees_past_them(stage: bpy.types.Scene) -> None:
    camera = stage.camera
    assert unmet(conditions(stage)) == ""
    camera.location = stage.objects["Ball"].location
    assert unmet(conditions(stage)) == "the camera is inside of something"
    camera.location = (0.3, -9, 2.5)
    leaf = add_object(stage, "Leaf", "plane", (0.35, -8.8, 2.4), 0)
    leaf.scale, leaf.rotation_euler, leaf["category_id"] = (0.01,) * 3, (1.5, 0, 0), 0
    assert unmet(conditions(stage)) == "something is right before the lens"
    leaf.hide_render = True
    assert unmet(conditions(stage)) == "", "what is not rendered is not there"
    camera.rotation_euler.z += math.pi
    assert unmet(conditions(stage)) == "too few instances are in view"
    assert unmet(conditions(stage, in_view=0)) == ""


def test_light_is_what_cycles_renders(stage: bpy.types.Scene, tmp_path: Path) -> None:
    """A white board before the camera, lit by one kind of light after the other."""
    from labelpass.operators.random_frames.light_estimate import irradiance

    for ob in list(stage.objects):
        if ob != stage.camera:
            bpy.data.objects.remove(ob)
    add_object(stage, "Board", "plane", (0, 0, 0), 1)
    white = bpy.data.materials.new("White")
    if bpy.app.version < (5, 0, 0):
        white.use_nodes = True
    nodes = white.node_tree.nodes
    shader = nodes.new("ShaderNodeBsdfDiffuse")
    shader.inputs["Color"].default_value = (1, 1, 1, 1)
    output = next(node for node in nodes if node.bl_idname == "ShaderNodeOutputMaterial")
    white.node_tree.links.new(shader.outputs[0], output.inputs["Surface"])
    stage.objects["Board"].data.materials.append(white)
    stage.camera.location, stage.camera.rotation_euler, stage.camera.data.lens = (0, 0, 5), (0, 0, 0), 400
    stage.render.resolution_x = stage.render.resolution_y = 8
    stage.cycles.samples = 64
    stage.view_settings.view_transform = "Raw"
    if bpy.app.version >= (5, 0, 0):
        stage.render.image_settings.media_type = "IMAGE"
    stage.render.image_settings.file_format, stage.render.image_settings.color_depth = "PNG", "16"
    stage.render.image_settings.color_mode = "BW"
    world = stage.world = bpy.data.worlds.new("World")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.bl_idname == "ShaderNodeBackground")
    background.inputs["Strength"].default_value = 0.0
    for kind, energy in (("POINT", 120.0), ("SUN", 2.0), ("AREA", 20.0), ("SPOT", 150.0), ("WORLD", 0.4)):
        lamp = None
        if kind == "WORLD":
            background.inputs["Color"].default_value = (1, 1, 1, 1)
            background.inputs["Strength"].default_value = energy
        else:
            lamp = bpy.data.objects.new(kind, bpy.data.lights.new(kind, kind))
            lamp.data.energy, lamp.location = energy, (0, 0, 4)
            stage.collection.objects.link(lamp)
        stage.render.filepath = str(tmp_path / "light.png")
        bpy.ops.render.render(write_still=True)
        seen = float(np.mean(np.array(Image.open(stage.render.filepath)))) / 65535
        estimate = irradiance(stage, bpy.context.evaluated_depsgraph_get(), [np.zeros(3)])
        assert 0.05 < seen < 0.95, kind
        assert estimate == pytest.approx(math.pi * seen, rel=0.06), kind
        if lamp:
            bpy.data.objects.remove(lamp)
    stage.objects["Board"].name = "Floor"
    found = conditions(stage, min_light=10.0, visible=0.0)
    assert unmet(found) == "it is too dark"
    stage.labelpass.random_frames.min_light = 1.0
    assert unmet(found) == ""
