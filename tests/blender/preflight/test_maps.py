"""What a render would not give of the dense maps that are chosen: reasons in the panel, and what Set Up Passes does."""

import bpy

from tests.blender.scenes import turn_on_maps


def test_set_up_passes_turns_on_what_the_maps_need(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of, missing_maps_of

    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_position = layer.use_pass_cryptomatte_object = False
    scene.labelpass.pictures = False
    facts = read_labelled_objects(scene).facts
    assert {kind.title for kind in missing_maps_of(scene, facts)} >= {"Depth", "Ray Depth", "Normals", "Forward Flow"}
    assert not any("maps" in found.text for found in findings_of(scene, facts))

    turn_on_maps(scene, "normals_npy", "flow_forward_flo")
    wrong = [found.text for found in findings_of(scene, facts) if found.status.value == "wrong"]
    assert len(wrong) == 2
    assert wrong[0] == "No maps of Normals: Normal is off in the view layer 'ViewLayer'"
    assert wrong[1] == "No maps of Forward Flow: Vector and Depth are off in the view layer 'ViewLayer'"
    assert bpy.ops.labelpass.set_up_passes() == {"FINISHED"}
    assert layer.use_pass_normal and layer.use_pass_vector and layer.use_pass_z
    assert not layer.use_pass_position
    assert not [found for found in findings_of(scene, facts) if found.status.value == "wrong"]
    assert "Depth" not in {kind.title for kind in missing_maps_of(scene, facts)}


def test_motion_blur_is_the_reason_in_the_panel(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of, missing_maps_of

    scene.view_layers[0].use_pass_vector = scene.render.use_motion_blur = True
    facts = read_labelled_objects(scene).facts
    reasons = {kind.value: reason for kind, reason in missing_maps_of(scene, facts).items()}
    assert "Motion Blur is on" in reasons["flow_forward"]
    turn_on_maps(scene, "flow_forward_flo")
    wrong = [found for found in findings_of(scene, facts) if found.status.value == "wrong"]
    assert [found.fix for found in wrong] == [None]
    assert "No maps of Forward Flow: Motion Blur is on" in wrong[0].text


def test_an_orthographic_camera_is_the_reason_in_the_panel(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import missing_maps_of

    scene.view_layers[0].use_pass_vector = True
    scene.camera.data.type = "ORTHO"
    missing = missing_maps_of(scene, read_labelled_objects(scene).facts)
    reasons = {kind.value: reason for kind, reason in missing.items()}
    assert "The camera is orthographic" in reasons["flow_backward"]
    assert "depth" not in reasons


def test_what_is_in_its_way_is_said_in_the_panel(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import missing_maps_of

    def reasons() -> dict[str, str]:
        found = missing_maps_of(scene, read_labelled_objects(scene).facts)
        return {
            kind.value: reason for kind, reason in found.items() if "step" in kind.value or kind.value == "surfaces"
        }

    assert reasons() == {}
    scene.camera.data.type = "ORTHO"
    assert reasons() == {}
    scene.camera.data.type = "PANO"
    assert set(reasons()) == {"flow_step", "occlusion_step", "surfaces"}
    assert all("panoramic" in reason for reason in reasons().values())
    scene.camera.data.type = "PERSP"
    scene.render.use_motion_blur = True
    assert all("Motion Blur" in reason for reason in reasons().values()) and len(reasons()) == 3
