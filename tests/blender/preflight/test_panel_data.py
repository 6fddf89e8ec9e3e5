"""When the panels' data is looked at again, and when that waits."""

from types import SimpleNamespace

import bpy
import pytest


class Broken:
    """An operator of Blender 4 whose extension was disabled while it was under way, see test_window_interrupted.py."""

    @property
    def bl_idname(self) -> str:
        raise ValueError('Operator.path_resolve("properties") could not be resolved')


@pytest.mark.parametrize(
    ("operators", "playing", "busy"),
    [
        ([], False, False),
        ([], True, True),
        (["LABELPASS_OT_export_annotations"], False, False),
        (["LABELPASS_OT_export_annotations", "TRANSFORM_OT_translate"], False, True),
        ([None, Broken()], False, False),
        ([None, Broken(), "TRANSFORM_OT_rotate"], False, True),
    ],
)
def test_what_must_not_stutter(operators: list[object], playing: bool, busy: bool) -> None:
    from labelpass.operators.preflight.panel_data import _is_busy

    listed = [SimpleNamespace(bl_idname=one) if isinstance(one, str) else one for one in operators]
    window = SimpleNamespace(screen=SimpleNamespace(is_animation_playing=playing), modal_operators=listed)
    assert _is_busy(window) == busy


def test_a_setting_that_is_none_is_a_line_of_the_checklist(scene: bpy.types.Scene) -> None:
    """It can be typed into the panel, and a timer that raises is not called again."""
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of, missing_maps_of

    facts = read_labelled_objects(scene).facts
    scene.labelpass.flow_step = 0
    (finding,) = findings_of(scene, facts)
    assert (finding.status.value, finding.text.partition(";")[0]) == ("wrong", "The flow step cannot be 0")
    assert missing_maps_of(scene, facts) == {}
    assert bpy.ops.labelpass.set_up_passes.poll()
    with pytest.raises(RuntimeError, match="The flow step cannot be 0"):
        bpy.ops.labelpass.set_up_passes()


def test_each_window_has_its_own_scene(scene: bpy.types.Scene) -> None:
    """What is shown of a scene is gone with the last window that shows it."""
    from labelpass.operators.preflight import panel_data
    from labelpass.operators.shown import shown_of

    (window,) = bpy.context.window_manager.windows
    other = bpy.data.scenes.new("Other")
    scenes = bpy.context.window_manager.labelpass.scenes
    try:
        panel_data.refresh()
        assert list(scenes.keys()) == [scene.name]
        assert shown_of(bpy.context).red == "" and len(shown_of(bpy.context).objects) == 4

        window.scene = other
        assert shown_of(SimpleNamespace(scene=other, window_manager=bpy.context.window_manager)).red == ""
        panel_data.refresh()
        assert list(scenes.keys()) == ["Other"]
        assert "has no camera" in scenes["Other"].red and scenes["Other"].mend == "ADD_CAMERA"

        window.scene = scene
        panel_data.refresh()
        assert scenes[scene.name].red == ""
    finally:
        panel_data.unregister()


def test_random_frames_that_are_not_baked(scene: bpy.types.Scene) -> None:
    """All frames would look alike, so the animation is not rendered; a single frame is."""
    from labelpass.operators.export.export import LABELPASS_OT_render_and_export

    row = scene.labelpass.random_frames.rows.add()
    assert LABELPASS_OT_render_and_export.poll(bpy.context)
    scene.labelpass.source = "ANIMATION"
    assert not LABELPASS_OT_render_and_export.poll(bpy.context)
    row.use = False
    assert LABELPASS_OT_render_and_export.poll(bpy.context)
