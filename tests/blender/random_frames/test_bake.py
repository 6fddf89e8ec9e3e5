"""Random frames: bake, Remove, and what a frame depends on."""

import itertools
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests.blender.random_stage import add, add_all, bake, build_stage, error, everything, keys_of, remove
from tests.blender.scenes import add_object


@pytest.fixture
def stage() -> bpy.types.Scene:
    return build_stage(bpy.context.scene)


def test_remove_brings_everything_back(stage: bpy.types.Scene, tmp_path: Path) -> None:
    add_all(stage)
    stage.frame_set(2)
    before = everything()
    report = bake(stage, range(1, 9))
    assert report.frames == 8
    assert everything() != before
    assert stage.frame_current == 2 and (stage.frame_start, stage.frame_end) == (1, 8)
    bake(stage, range(1, 4), seed=2)
    assert stage.labelpass.random_frames.baked == 3, "nothing is baked twice over"
    assert remove(stage) > 0
    after = everything()
    assert {key: (before[key], after[key]) for key in before if after.get(key) != before[key]} == {}
    assert remove(stage) == 0

    bake(stage, range(1, 9))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "baked.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "baked.blend"))
    remove(bpy.context.scene)
    assert everything() == before


def test_what_no_row_varies_moves_on(stage: bpy.types.Scene) -> None:
    """The animation of before is Cube's, which rises; only the camera varies."""
    add(stage, "around_target")
    cube = stage.objects["Cube"]
    bake(stage, range(1, 4))
    stage.frame_set(2)
    assert cube.location.z == 0.5
    add(stage, "present", chance=0.5)
    cube.keyframe_insert("pass_index", frame=1)
    bake(stage, range(1, 4))
    stage.frame_set(2)
    assert cube.location.z == 0.5, "of a thing whose action is taken over, too"
    remove(stage)
    assert cube.animation_data.action.name == "CubeAction"


def test_a_frame_depends_on_seed_and_frame_alone(stage: bpy.types.Scene) -> None:
    add_all(stage)
    bake(stage, range(1, 13))
    run = keys_of(stage)
    tries = stage.labelpass.random_frames.frame_tries
    for frames in ([7], range(1, 13, 3), range(1, 19)):
        stage.frame_set(5)
        bake(stage, frames)
        found = keys_of(stage)
        assert found.keys() == run.keys()
        for curve, values in found.items():
            for frame in set(frames) & set(range(1, 13)):
                assert values[frame] == run[curve][frame], (curve, frame)
    bake(stage, range(1, 13))
    assert keys_of(stage) == run and stage.labelpass.random_frames.frame_tries == tries
    bake(stage, range(1, 13), seed=2)
    assert keys_of(stage) != run


def test_one_of_several_in_a_volume_with_distractors(stage: bpy.types.Scene) -> None:
    variants, others = bpy.data.collections.new("Variants"), bpy.data.collections.new("Others")
    for collection, names in ((variants, ("Cube", "Cube.001")), (others, ("Ball",))):
        stage.collection.children.link(collection)
        for name in names:
            collection.objects.link(stage.objects[name])
            stage.collection.objects.unlink(stage.objects[name])
    box = bpy.data.objects.new("Box", None)
    box.location, box.empty_display_size = (0, 0, 6), 3.0
    stage.collection.objects.link(box)
    stage.objects["Ball"]["category_id"] = 0
    bpy.context.view_layer.update()
    stage.labelpass.random_frames.in_view = 0
    add(stage, "place_in_volume", collection=variants, volume=box, turning="any")
    add(stage, "one_of_several", collection=variants)
    add(stage, "distractors", collection=others, chance=0.5)
    add(stage, "scale", collection=others, scale_min=0.5, scale_max=0.6)
    bake(stage, range(1, 31))
    shown = []
    for frame in range(1, 31):
        stage.frame_set(frame)
        here = [ob for ob in variants.objects if not ob.hide_render]
        assert len(here) == 1
        corners = np.array([here[0].matrix_world @ vertex.co for vertex in here[0].data.vertices])
        assert np.abs(corners - (0, 0, 6)).max() <= 3 + 1e-4
        ball = stage.objects["Ball"]
        assert 0.5 <= ball.scale.x <= 0.6
        shown.append((here[0].name, ball.hide_render))
    assert len(set(shown)) == 4, "either variant, with the distractor and without"


def test_many_frames_are_drawn_some_at_a_time(stage: bpy.types.Scene) -> None:
    """On both sides of where one share of them ends and the next begins."""
    settings = stage.labelpass.random_frames
    settings.in_view, settings.no_overlap = 0, False
    add(stage, "place_on_surface")
    bake(stage, range(1, 531))
    run = keys_of(stage)
    bake(stage, [512, 513])
    for curve, values in keys_of(stage).items():
        assert values == {frame: run[curve][frame] for frame in values}


def test_a_row_that_is_added_changes_no_other(stage: bpy.types.Scene) -> None:
    stage.labelpass.random_frames.tries = 1
    add(stage, "place_on_surface")
    add(stage, "around_target")
    bake(stage, range(1, 6))
    before = keys_of(stage)
    add(stage, "exposure")
    add(stage, "lights")
    stage.labelpass.random_frames.rows.move(2, 0)
    bake(stage, range(1, 6))
    after = keys_of(stage)
    assert {curve: after[curve] for curve in before} == before
    assert len(after) > len(before)


def test_what_is_drawn_is_what_is_there(stage: bpy.types.Scene) -> None:
    """World places of things with parents and of any mode of rotation, and the camera's distance."""
    add(stage, "place_on_surface", turning="any", scale_min=0.5, scale_max=1.5)
    add(stage, "around_target", around=stage.objects["Ball"], aim=0.0)
    bake(stage, range(1, 7))
    from labelpass.operators.scene.random_draws import drawn_at

    for frame in range(1, 7):
        stage.frame_set(frame)
        drawn = drawn_at(stage, frame)
        assert drawn is not None and drawn.seed == 1
        for name in ("Cube", "Cube.001", "Ball"):
            ob = stage.objects[name]
            assert ob.hide_render == (drawn.values[f"{name}.present"] == 0)
            if not ob.hide_render:
                assert np.allclose(ob.matrix_world.translation, drawn.values[f"{name}.location"], atol=1e-5)
                lowest = min((ob.matrix_world @ vertex.co).z for vertex in ob.data.vertices)
                assert lowest == pytest.approx(-1, abs=0.02), "it stands on the floor"
        camera = stage.camera.matrix_world
        away = camera.translation - stage.objects["Ball"].matrix_world.translation
        assert away.length == pytest.approx(drawn.values["Camera.distance"], abs=0.05)
        assert np.allclose(camera.to_3x3().col[2], away.normalized(), atol=0.02), "it looks at the ball"
    assert drawn_at(stage, 7) is None


def test_frames_that_show_too_little_are_drawn_again(stage: bpy.types.Scene) -> None:
    wall = add_object(stage, "Wall", "cube", (0, -4, 1), 0)
    wall.scale, wall["category_id"] = (6, 0.1, 6), 0
    add(stage, "around_target", around=stage.objects["Ball"])
    settings = stage.labelpass.random_frames
    settings.visible, settings.tries = 0.5, 1
    first = bake(stage, range(1, 17))
    assert 4 < sum(first.unmet.values()) < 14, "half of the cameras stand behind the wall"
    assert "frames still not as wanted: the target is hardly visible" in settings.report
    settings.tries = 50
    report = bake(stage, range(1, 17))
    assert not report.unmet
    assert report.redrawn == sum(first.unmet.values())


def test_lights_without_a_row_of_their_own_and_a_driver(stage: bpy.types.Scene) -> None:
    with pytest.raises(error(), match="add a row to Random Frames"):
        bake(stage, [1])
    lamp = bpy.data.lights["Lamp"]
    lamp.driver_add("energy")
    add(stage, "lights")
    before = everything()
    with pytest.raises(error(), match="'energy' of 'Lamp' has a driver"):
        bake(stage, range(1, 4))
    assert everything() == before, "what was keyed before the error is given back"


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        ("place_on_surface", {"things": "Cube, Sphere"}, "The scene has nothing of 'Sphere'"),
        ("place_in_volume", {}, "has none; choose the object"),
        ("material_input", {}, "has no property yet"),
        ("world", {"distribution": "log_uniform", "low": 0.0}, "give a Min above 0"),
        ("exposure", {"distribution": "choice", "choices": "bright"}, "'bright' is not a number"),
    ],
)
def test_rows_that_cannot_be_drawn(stage: bpy.types.Scene, kind: str, values: dict[str, Any], sentence: str) -> None:
    add(stage, kind, **values)
    with pytest.raises(error(), match=sentence):
        bake(stage, [1])


def test_a_key_is_written_where_a_value_changes(stage: bpy.types.Scene) -> None:
    """Keys hold their value until the next one, so that each frame has what was drawn for it."""
    from labelpass.operators import compat
    from labelpass.operators.scene.random_draws import drawn_at

    stage.labelpass.random_frames.in_view = 0
    add(stage, "place_on_surface", things="Ball", chance=0.5)
    report = bake(stage, range(1, 41))
    ball = stage.objects["Ball"]
    curves = {(one.data_path, one.array_index): one for one in compat.curves_of(ball.animation_data)}
    shown = [drawn_at(stage, frame).values["Ball.present"] for frame in range(1, 41)]
    changes = 1 + sum(one != other for one, other in itertools.pairwise(shown))
    assert len(curves["hide_render", 0].keyframe_points) == changes < 40
    assert len(curves["rotation_euler", 0].keyframe_points) == 1, "upright things turn about the vertical alone"
    assert len(curves["rotation_euler", 2].keyframe_points) == 40
    assert report.keys == sum(len(curve.keyframe_points) for curve in curves.values())
    for frame in (17, 3, 40, 1, 22):
        stage.frame_set(frame)
        assert ball.hide_render == (shown[frame - 1] == 0)


def test_renders_are_the_same_after_remove(stage: bpy.types.Scene, tmp_path: Path) -> None:
    def pixels() -> list[bytes]:
        stage.frame_start, stage.frame_end = 1, 20
        stage.render.filepath = str(tmp_path / "####")
        bpy.ops.render.render(animation=True)
        return [path.read_bytes() for path in sorted(tmp_path.glob("*.bmp"))]

    if bpy.app.version >= (5, 0, 0):
        stage.render.image_settings.media_type = "IMAGE"
    stage.render.image_settings.file_format = "BMP"  # of nothing but pixels
    stage.render.resolution_x, stage.render.resolution_y = 32, 24
    add_all(stage)
    before = pixels()
    bake(stage, range(1, 21))
    assert len(set(pixels())) == 20
    remove(stage)
    assert pixels() == before


def test_every_blender_draws_these(stage: bpy.types.Scene) -> None:
    """Written down with Blender 4.5; the same in 4.2 and 5.0, see `make matrix`."""
    from labelpass.operators.scene.random_draws import drawn_at

    add_all(stage)
    bake(stage, [7])
    expected = {
        "Ball.location": [-1.5174066, -4.936057, -0.20837347],
        "Camera.distance": 8.280504,
        "Camera.elevation": 34.103962,
        "Lamp.kelvin": 8508.592,
        "Paint.Roughness": 0.43043318,
    }
    drawn = drawn_at(stage, 7)
    assert drawn.attempt == 0
    for name, value in expected.items():
        assert drawn.values[name] == pytest.approx(value, rel=1e-5), name
