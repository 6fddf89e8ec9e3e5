"""Renders in which several objects share a pixel: Automatic takes Cryptomatte, and torn masks are told."""

import json
from pathlib import Path
from typing import Any

import bpy
import pytest

BLURS = ("motion blur", "depth of field")


@pytest.fixture(params=BLURS)
def blurred(request: pytest.FixtureRequest, scene: bpy.types.Scene) -> bpy.types.Scene:
    """A cube that moves by its size while the shutter is open, or a camera that has everything out of focus."""
    render = scene.render
    render.resolution_x, render.resolution_y = 256, 192
    cube, camera = scene.objects["Cube"], scene.camera.data
    if request.param == "motion blur":
        render.use_motion_blur, render.motion_blur_shutter = True, 1.0
        for frame, x in ((0, -3.0), (1, -1.5), (2, 0.0)):
            cube.location.x = x
            cube.keyframe_insert("location", frame=frame)
    else:
        camera.dof.use_dof, camera.dof.focus_distance, camera.dof.aperture_fstop = True, 0.5, 0.2
    scene.frame_set(1)
    return scene


def exported(scene: bpy.types.Scene, folder: Path, labels: str) -> dict[str, Any]:
    scene.labelpass.labels = labels
    bpy.ops.render.render()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    record: dict[str, Any] = json.loads((folder / "frames/records/shot_0001.json").read_text())["record"]
    return record


def lines(scene: bpy.types.Scene) -> list[str]:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of

    bpy.context.view_layer.update()
    return [finding.text for finding in findings_of(scene, read_labelled_objects(scene).facts)]


def test_automatic_takes_cryptomatte(blurred: bpy.types.Scene, tmp_path: Path) -> None:
    record = exported(blurred, tmp_path, "auto")

    assert record["label_source"] == "crypto_object"
    names = {one["name"] for one in record["instances"]}
    assert names == {"Cube", "Cube.001", "Ball"}, "the floor has no pass index, so it is background as without blur"
    assert not any("torn" in note for note in record["notes"])


def test_object_index_is_torn_and_says_so(blurred: bpy.types.Scene, tmp_path: Path) -> None:
    record = exported(blurred, tmp_path, "object_index")

    (note,) = [note for note in record["notes"] if "torn" in note]
    assert note.startswith(
        "The masks of 'Cube' are torn: Object Index " if blurred.render.use_motion_blur else "The masks"
    )
    assert note.endswith("label by Cryptomatte, which knows how much of a pixel each covers")
    assert any("tears the masks of what it blurs" in line for line in lines(blurred))


def test_the_checklist_wants_cryptomatte(blurred: bpy.types.Scene) -> None:
    layer = blurred.view_layers[0]
    layer.use_pass_cryptomatte_object = False
    (line,) = [line for line in lines(blurred) if "would tear masks of Object Index" in line]
    assert "Cryptomatte Object does not, and is off" in line

    assert bpy.ops.labelpass.set_up_passes() == {"FINISHED"}

    assert layer.use_pass_cryptomatte_object
    assert not any("tear" in line for line in lines(blurred))


def test_without_blur_nothing_changes(scene: bpy.types.Scene, tmp_path: Path) -> None:
    record = exported(scene, tmp_path, "auto")

    assert record["label_source"] == "object_index"
    assert not any("torn" in note for note in record["notes"])
