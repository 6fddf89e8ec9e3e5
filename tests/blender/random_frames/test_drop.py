"""Physics Drop: things lie where Blender's rigid bodies leave them, and nothing else is touched."""

from typing import Any

import bmesh
import bpy
import numpy as np
import pytest

from tests.blender.random_stage import add, bake, build_stage, error, everything, keys_of, remove
from tests.blender.scenes import add_object


@pytest.fixture
def stage() -> bpy.types.Scene:
    return build_stage(bpy.context.scene)


@pytest.fixture
def pile(stage: bpy.types.Scene) -> bpy.types.Scene:
    """Two cubes, a ball and four small things that fall on one place of the floor; no conditions but No Overlap."""
    for number in range(4):
        ob = add_object(stage, f"Brick.{number}", "cube", (number - 2, 3, 0), 10 + number)
        ob.scale, ob.rotation_euler = (0.5, 0.25, 0.2), (0.1, 0.2, number)
    bpy.context.view_layer.update()
    stage.labelpass.random_frames.in_view = 0
    add(stage, "drop", drop_spread=0.05, scale_min=0.8, scale_max=1.2)
    return stage


def shown(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    return [ob for ob in scene.objects if ob.type == "MESH" and ob.name != "Floor" and not ob.hide_render]


def corners_of(ob: bpy.types.Object) -> Any:
    return np.array([ob.matrix_world @ vertex.co for vertex in ob.data.vertices])


def volume_of_both(one: bpy.types.Object, other: bpy.types.Object) -> float:
    """Of the intersection of two things, by Blender's exact boolean."""
    scene = bpy.context.scene
    copy = one.copy()
    scene.collection.objects.link(copy)
    modifier = copy.modifiers.new("Both", "BOOLEAN")
    modifier.operation, modifier.object, modifier.solver = "INTERSECT", other, "EXACT"
    copy.hide_render = False
    depsgraph = bpy.context.evaluated_depsgraph_get()
    depsgraph.update()
    mesh = bmesh.new()
    mesh.from_mesh(copy.evaluated_get(depsgraph).data)
    mesh.transform(copy.matrix_world)
    volume = abs(mesh.calc_volume()) if mesh.faces else 0.0
    mesh.free()
    bpy.data.objects.remove(copy)
    return volume


def test_things_lie_on_the_floor_and_on_each_other(pile: bpy.types.Scene) -> None:
    report = bake(pile, range(1, 9))
    assert not report.unmet
    piled = 0
    for frame in range(1, 9):
        pile.frame_set(frame)
        things = shown(pile)
        assert len(things) == 7
        lowest = {ob: corners_of(ob)[:, 2].min() + 1 for ob in things}
        assert min(lowest.values()) > 0, "nothing runs into the floor"
        assert 0 < min(lowest.values()) < 0.03, "something lies on it"
        for ob in things:
            near = [other for other in things if other != ob and lowest[other] < lowest[ob]]
            if lowest[ob] > 0.03:
                piled += 1
                assert any(_touches(ob, other) for other in near), f"{ob.name} hangs in the air in frame {frame}"
            assert all(volume_of_both(ob, other) < 1e-6 for other in near)
    assert piled >= 3


def _touches(one: bpy.types.Object, other: bpy.types.Object) -> bool:
    """Whether two things are nearer than 0.06 to each other, by support of a hull: the gap along some axis is small."""
    corners, others = corners_of(one), corners_of(other)
    axes = np.random.default_rng(0).normal(size=(4000, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    gap = np.max((corners @ axes.T).min(axis=0) - (others @ axes.T).max(axis=0))
    return bool(gap < 0.06)


def test_a_frame_is_a_simulation_of_its_own(pile: bpy.types.Scene) -> None:
    bake(pile, range(1, 7))
    run = keys_of(pile)
    for frames in ([5], [2, 4, 6], range(1, 9)):
        bake(pile, frames)
        for curve, values in keys_of(pile).items():
            for frame in set(frames) & set(range(1, 7)):
                assert values[frame] == run[curve][frame], (curve, frame)
    bake(pile, range(1, 7), seed=2)
    assert keys_of(pile) != run


def test_a_row_below_falls_on_what_lies_there(stage: bpy.types.Scene) -> None:
    """The ball, on cubes that another row has placed; and these lie where they would without it."""
    stage.labelpass.random_frames.in_view = 0
    cubes = bpy.data.collections.new("Cubes")
    stage.collection.children.link(cubes)
    for name in ("Cube", "Cube.001"):
        cubes.objects.link(stage.objects[name])
    ball = bpy.data.collections.new("Balls")
    stage.collection.children.link(ball)
    ball.objects.link(stage.objects["Ball"])
    stage.labelpass.random_frames.no_overlap = False
    add(stage, "place_on_surface", collection=cubes)
    row = add(stage, "drop", collection=ball)
    places = []
    for row.drop_height in (0.5, 3.0):
        assert not bake(stage, range(1, 5)).unmet
        places.append({curve: values for curve, values in keys_of(stage).items() if "Cube" in curve[0]})
    assert places[0] == places[1]
    for frame in range(1, 5):
        stage.frame_set(frame)
        assert corners_of(stage.objects["Ball"])[:, 2].min() > -1


@pytest.mark.parametrize("shape", ["hull", "mesh", "box"])
def test_every_shape_lies_on_the_floor(stage: bpy.types.Scene, shape: str) -> None:
    stage.labelpass.random_frames.in_view = 0
    add(stage, "drop", things="Cube", drop_shape=shape)
    assert not bake(stage, [1, 2]).unmet
    for frame in (1, 2):
        stage.frame_set(frame)
        for name in ("Cube", "Cube.001"):
            assert 0 < corners_of(stage.objects[name])[:, 2].min() + 1 < 0.03


def test_it_does_not_matter_how_large_a_scene_is(stage: bpy.types.Scene) -> None:
    """A scene in millimetres: rigid bodies are no good at that, so they are never shown it."""
    stage.labelpass.random_frames.in_view = 0
    for ob in stage.objects:
        ob.animation_data_clear()
        ob.parent = None
        ob.location, ob.scale = ob.location / 1000, ob.scale / 1000
    bpy.context.view_layer.update()
    add(stage, "drop")
    assert not bake(stage, [1, 2, 3]).unmet
    for frame in (1, 2, 3):
        stage.frame_set(frame)
        for ob in shown(stage):
            assert 0 < (corners_of(ob)[:, 2].min() + 0.001) * 1000 < 0.03 or len(shown(stage)) > 1


def test_what_falls_off_is_drawn_again_and_said(stage: bpy.types.Scene) -> None:
    settings = stage.labelpass.random_frames
    settings.in_view, settings.tries = 0, 1
    stage.objects["Floor"].scale = (0.4, 0.4, 1)
    bpy.context.view_layer.update()
    add(stage, "drop", drop_height=4.0, drop_spread=1.0)
    first = bake(stage, range(1, 9))
    assert first.unmet["a thing fell off its surface"] >= 2
    for frame in range(1, 9):
        stage.frame_set(frame)
        assert all(corners_of(ob)[:, 2].min() > -1.01 for ob in shown(stage)), "nothing is shown below its surface"
    settings.tries = 30
    report = bake(stage, range(1, 9))
    assert sum(report.unmet.values()) < sum(first.unmet.values())
    assert report.redrawn >= sum(first.unmet.values()) - sum(report.unmet.values())
    assert f"{report.redrawn} frame" in settings.report and "drawn again" in settings.report
    settings.rows[0].drop_seconds, settings.tries = 1.0, 1
    assert bake(stage, range(1, 5)).unmet["things did not come to rest"] > 0


def test_the_scene_and_its_rigid_bodies_stay_as_they_are(pile: bpy.types.Scene) -> None:
    bpy.context.view_layer.objects.active = pile.objects["Brick.0"]
    with bpy.context.temp_override(object=pile.objects["Brick.0"], selected_objects=[pile.objects["Brick.0"]]):
        bpy.ops.rigidbody.object_add(type="ACTIVE")
    world = pile.rigidbody_world
    world.substeps_per_frame, world.time_scale, world.point_cache.frame_end = 3, 0.5, 20
    pile.objects["Brick.0"].rigid_body.mass = 7.5
    before, blocks = everything(), _blocks()
    calls: list[str] = []
    handler = lambda scene, *_: calls.append(scene.name)  # noqa: E731
    bpy.app.handlers.frame_change_post.append(handler)
    try:
        bake(pile, [1, 2, 3])
        assert handler in bpy.app.handlers.frame_change_post
    finally:
        bpy.app.handlers.frame_change_post.remove(handler)
    assert set(calls) <= {pile.name}, "handlers of the user never see our scene"
    assert _blocks() == blocks, "no scene, mesh, object or collection is left"
    from labelpass.operators.scene.random_draws import drawn_at

    for frame in (1, 2, 3):
        pile.frame_set(frame)
        place = pile.objects["Brick.0"].evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.translation
        assert np.allclose(place, drawn_at(pile, frame).values["Brick.0.location"], atol=1e-4), "it is keyed, not moved"
    pile.frame_set(1)
    assert remove(pile) > 0
    assert everything() == before
    assert not pile.objects["Brick.0"].rigid_body.kinematic
    assert pile.rigidbody_world == world
    assert (world.substeps_per_frame, world.time_scale, world.point_cache.frame_end) == (3, 0.5, 20)
    assert pile.objects["Brick.0"].rigid_body.mass == 7.5
    assert [ob.name for ob in world.collection.objects] == ["Brick.0"]


def _blocks() -> dict[str, list[str]]:
    names = ("scenes", "objects", "meshes", "collections", "materials")
    return {name: sorted(block.name for block in getattr(bpy.data, name)) for name in names}


def test_try_bake_and_undo(pile: bpy.types.Scene) -> None:
    place = tuple(pile.objects["Brick.1"].location)
    assert bpy.ops.labelpass.random_try() == {"FINISHED"}
    assert tuple(pile.objects["Brick.1"].location) != place
    bpy.ops.labelpass.random_remove()
    assert tuple(pile.objects["Brick.1"].location) == place
    pile.labelpass.random_frames.count = 2
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.labelpass.random_bake()
    bpy.ops.ed.undo_push(message="Bake Frames")
    assert tuple(pile.objects["Brick.1"].location) != place
    bpy.ops.ed.undo()
    assert tuple(bpy.context.scene.objects["Brick.1"].location) == place
    assert not bpy.context.scene.labelpass.random_frames.baked
    assert len(bpy.data.scenes) == 1


def test_there_is_nothing_to_fall_on(stage: bpy.types.Scene) -> None:
    stage.objects["Floor"].rotation_euler.x = 1.2
    bpy.context.view_layer.update()
    add(stage, "drop", surface=stage.objects["Floor"])
    with pytest.raises(error(), match="Nothing of 'Floor' is level"):
        bake(stage, [1])
