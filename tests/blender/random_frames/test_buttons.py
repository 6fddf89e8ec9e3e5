"""The buttons of Random Frames, as the panel calls them."""

import bpy
import pytest

from tests.blender.scenes import build_scene


@pytest.fixture
def stage() -> bpy.types.Scene:
    objects = build_scene(bpy.context.scene)
    objects.floor["category_id"] = 0
    return bpy.context.scene


def add(kind: str) -> bpy.types.PropertyGroup:
    assert bpy.ops.labelpass.random_row_add(kind=kind) == {"FINISHED"}
    stored = bpy.context.scene.labelpass.random_frames
    return stored.rows[stored.row_index]


def test_twelve_properties_in_five_clicks(stage: bpy.types.Scene) -> None:
    for kind in ("place_on_surface", "around_target", "lights", "exposure"):
        add(kind)
    stage.labelpass.random_frames.count = 5
    assert bpy.ops.labelpass.random_bake() == {"FINISHED"}
    from labelpass.operators import compat

    varied = set()
    for block in (*bpy.data.objects, *bpy.data.cameras, *bpy.data.lights, stage):
        for curve in compat.curves_of(block.animation_data) if block.animation_data else ():
            if len({curve.evaluate(frame) for frame in range(1, 6)}) > 1:
                varied.add((block.name, curve.data_path))
    assert len(varied) >= 12, sorted(varied)


def test_rows_are_named_by_their_kind(stage: bpy.types.Scene) -> None:
    stored = stage.labelpass.random_frames
    assert [add(kind).name for kind in ("lens", "lens", "scale", "lens")] == ["lens", "lens.2", "scale", "lens.3"]
    stored.row_index = 1
    bpy.ops.labelpass.random_row_remove()
    assert [row.name for row in stored.rows] == ["lens", "scale", "lens.3"]
    assert add("lens").name == "lens.2", "which draws what it drew before"
    bpy.ops.labelpass.random_row_move(direction="UP")
    assert [row.name for row in stored.rows] == ["lens", "scale", "lens.2", "lens.3"]


def test_try_one_and_take_it_back(stage: bpy.types.Scene) -> None:
    row = add("place_on_surface")
    row.chance = 0.5
    cube, stored = stage.objects["Cube.001"], stage.labelpass.random_frames
    before = tuple(cube.location), stage.frame_start, stage.frame_end
    seen = set()
    for number in (1, 2, 3):
        assert bpy.ops.labelpass.random_try() == {"FINISHED"}
        assert stored.trying and stored.tried == number
        assert all(ob.hide_viewport == ob.hide_render for ob in stage.objects), "as a render would show it"
        seen.add(tuple(cube.location))
    assert len(seen) == 3
    assert (stage.frame_start, stage.frame_end) == before[1:]
    assert bpy.ops.labelpass.random_remove() == {"FINISHED"}
    assert tuple(cube.location) == before[0]
    assert not any(ob.hide_viewport for ob in stage.objects)
    with pytest.raises(RuntimeError, match="Nothing is baked"):
        bpy.ops.labelpass.random_remove()
    assert stored.tried == 0


def test_a_scene_without_rows_gets_the_usual_ones(stage: bpy.types.Scene) -> None:
    stored = stage.labelpass.random_frames
    stored.count = 4
    assert bpy.ops.labelpass.random_bake() == {"FINISHED"}
    assert [row.kind for row in stored.rows] == ["place_on_surface", "around_target", "lights"]
    assert stored.baked == 4 and (stage.frame_start, stage.frame_end) == (1, 4)
    with pytest.raises(RuntimeError, match="Frames are baked"):
        bpy.ops.labelpass.random_try()
    assert bpy.ops.labelpass.random_bake() == {"FINISHED"}, "again, in the place of the first"
    assert (stage.frame_start, stage.frame_end) == (1, 4)
    bpy.ops.labelpass.random_remove()
    assert not stored.baked and (stage.frame_start, stage.frame_end) == (1, 2)


def test_a_row_that_cannot_be_drawn_is_said(stage: bpy.types.Scene) -> None:
    add("place_in_volume")
    with pytest.raises(RuntimeError, match="choose the object whose box they are put into"):
        bpy.ops.labelpass.random_bake()


def test_any_property_by_its_menu(stage: bpy.types.Scene) -> None:
    """What Vary in Random Frames does with the property under the mouse."""
    from labelpass.operators.random_frames.vary import add_property_row, place_of

    material = bpy.data.materials.new("Paint")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    socket = material.node_tree.nodes["Principled BSDF"].inputs["Roughness"]
    assert place_of(stage.objects["Ball"], "pass_index") == (stage.objects["Ball"], "pass_index")
    place = place_of(socket, "default_value")
    assert place[0] == material and place[1].startswith("node_tree.nodes[")
    row = add_property_row(stage, *place)
    assert (row.low, row.high) == (0, 1), "a factor goes all the way"
    light = add_property_row(stage, bpy.data.lights["Sun"], "type")
    light.distribution, light.choices = "choice", "SUN: 1, POINT: 1"
    stage.objects["Ball"]["wear"] = 0.5
    worn = add_property_row(stage, stage.objects["Ball"], '["wear"]')
    worn.low, worn.high = 2.0, 3.0
    stage.labelpass.random_frames.count = 12
    bpy.ops.labelpass.random_bake()
    seen = set()
    for frame in range(1, 13):
        stage.frame_set(frame)
        seen.add(bpy.data.lights["Sun"].type)
        assert 2 <= stage.objects["Ball"]["wear"] <= 3
    assert seen == {"SUN", "POINT"}
    bpy.ops.labelpass.random_remove()
    assert stage.objects["Ball"]["wear"] == 0.5
    assert bpy.data.lights["Sun"].type == "SUN"


def test_motion_blur_that_smears_is_in_the_checklist(stage: bpy.types.Scene) -> None:
    add("around_target")
    stage.labelpass.random_frames.count = 3
    bpy.ops.labelpass.random_bake()
    stage.render.use_motion_blur, stage.render.motion_blur_position = True, "CENTER"
    from labelpass.operators.preflight.before_render import check_before_render

    found = check_before_render(stage, [1, 2, 3], stage.labelpass.core_settings())
    assert any("'Camera' jumps from key to key" in finding.text for finding in found)


def test_a_bake_is_one_step_to_undo(stage: bpy.types.Scene) -> None:
    add("around_target")
    stage.labelpass.random_frames.count = 3
    bpy.ops.ed.undo_push(message="Before")
    place = tuple(stage.camera.location)
    bpy.ops.labelpass.random_bake()
    bpy.ops.ed.undo_push(message="Bake Frames")
    assert tuple(stage.camera.location) != place
    bpy.ops.ed.undo()
    stage = bpy.context.scene
    assert tuple(stage.camera.location) == place
    assert stage.camera.animation_data is None and not stage.labelpass.random_frames.baked
    assert (stage.frame_start, stage.frame_end) == (1, 2)
    bpy.ops.ed.redo()
    assert bpy.context.scene.labelpass.random_frames.baked == 3
    bpy.ops.labelpass.random_remove()
    assert tuple(bpy.context.scene.camera.location) == place


@pytest.mark.parametrize(("keys", "in_full"), [(199_999, True), (200_000, False), (200_000, True)])
def test_a_large_bake_asks_for_compress(keys: int, in_full: bool) -> None:
    """Where Blender would save every keyframe as it is: 72 bytes each."""
    from labelpass.operators.random_frames.bake_report import BakeReport

    lines = list(BakeReport(10, keys=keys, saved_in_full=in_full).lines())
    advice = "Turn on Compress when you save: the .blend grows by 14 MB without, a sixth of it with"
    assert lines[1:] == ([advice] if keys == 200_000 and in_full else [])
