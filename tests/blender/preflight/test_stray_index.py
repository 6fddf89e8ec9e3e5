"""A few objects with a pass index among others without: said before the render and after it, and not fixed blindly."""

import json
from pathlib import Path

import bpy
import pytest

from tests.blender.outcome import lines
from tests.blender.scenes import add_object, render_animation


@pytest.fixture
def stray(scene: bpy.types.Scene) -> bpy.types.Scene:
    """Six objects, of which one has an index; no pass is turned on."""
    for ob in scene.objects:
        ob.pass_index = 0
    for number in range(2):
        add_object(scene, f"Box.{number + 1:03}", "cube", (3 * number - 1.5, 0, 2), 0)
    bpy.data.objects["Ball"].pass_index = 4
    layer = scene.view_layers[0]
    layer.use_pass_object_index = layer.use_pass_cryptomatte_object = False
    scene.frame_end = 1
    scene.labelpass.source = "FILES"
    return scene


def said(scene: bpy.types.Scene) -> list[str]:
    """What the checklist and the run say of the index 0."""
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of

    findings = findings_of(scene, read_labelled_objects(scene).facts)
    return [f"{one.status.value}: {one.text}" for one in findings if "the pass index 0" in one.text]


def rows(scene: bpy.types.Scene) -> dict[str, bool]:
    """The objects of the table, and whether Object Index makes them background."""
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import look_at, show

    state, objects = bpy.context.window_manager.labelpass.nothing, read_labelled_objects(scene)
    show(state, look_at(scene, objects))
    return {item.object: item.without_index for item in state.objects}


def exported(scene: bpy.types.Scene, output: Path) -> tuple[list[str], list[str]]:
    """The instances of the frame, and the notes on the index 0."""
    scene.labelpass.output = str(output)
    render_animation()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    record = json.loads((output / "records/shot_0001.json").read_bytes())["record"]
    names = [instance["name"] for instance in record["instances"]]
    return names, [note for note in record["notes"] if "the pass index 0" in note]


def test_set_up_passes_labels_all(stray: bpy.types.Scene, tmp_path: Path) -> None:
    assert bpy.ops.labelpass.set_up_passes() == {"FINISHED"}

    layer = stray.view_layers[0]
    assert (layer.use_pass_object_index, layer.use_pass_cryptomatte_object) == (False, True)
    (line,) = said(stray)
    assert line.startswith("note: 5 of 6 objects have the pass index 0, but Cryptomatte Object labels them anyway")
    assert not any(rows(stray).values())
    names, notes = exported(stray, tmp_path / "out")
    assert names == ["Ball", "Box.001", "Box.002", "Cube", "Cube.001", "Floor"]
    assert notes == []


def test_object_index_that_is_on_is_used(stray: bpy.types.Scene, tmp_path: Path) -> None:
    """As before, so that who indexes only what is to be labelled gets that; but it is said."""
    layer = stray.view_layers[0]
    layer.use_pass_object_index = layer.use_pass_cryptomatte_object = True
    (line,) = said(stray)
    assert line.startswith("wrong: 5 of 6 objects have the pass index 0 and will be background; press Assign Indices")
    assert list(rows(stray)) == ["Box.001", "Box.002", "Cube", "Cube.001", "Floor", "Ball"]
    assert list(rows(stray).values()) == [True] * 5 + [False]

    names, (note,) = exported(stray, tmp_path / "out")
    assert names == ["Ball"]
    assert note.startswith("5 of 6 objects have the pass index 0, so 'Box.001' and 4 more became background; press")
    assert lines()[0] == "1 frame annotated; 1 instance"

    for name in ("Cube", "Cube.001", "Box.001", "Box.002", "Floor"):
        bpy.data.objects[name]["category_id"] = 0
    assert said(stray) == []
    assert exported(stray, tmp_path / "out") == (["Ball"], [])


def test_assign_indices_is_a_way_out(stray: bpy.types.Scene, tmp_path: Path) -> None:
    stray.view_layers[0].use_pass_object_index = True
    assert bpy.ops.labelpass.assign_indices() == {"FINISHED"}
    assert said(stray) == []
    names, notes = exported(stray, tmp_path / "out")
    assert (len(names), notes) == (6, [])


def test_a_new_object_of_a_category(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """All that has a category was indexed, and one more came later; the floor has none and is background."""
    for name in ("Cube", "Cube.001", "Ball"):
        bpy.data.objects[name]["category"] = "toy"
    assert said(scene) == []
    assert rows(scene) == {"Floor": True, "Ball": False, "Cube": False, "Cube.001": False}

    add_object(scene, "New", "cube", (0, 0, 2), 0)["category"] = "toy"
    (line,) = said(scene)
    assert line.startswith("wrong: 1 of 5 objects has the pass index 0 and will be background")
    scene.labelpass.source = "FILES"
    names, (note,) = exported(scene, tmp_path / "out")
    assert names == ["Ball", "Cube", "Cube.001"]
    assert note.startswith("1 of 5 objects has the pass index 0, so 'New' became background; press")


def test_blurred(stray: bpy.types.Scene, tmp_path: Path) -> None:
    """The Cryptomatte that stands in for Object Index has its background, which is said too."""
    layer = stray.view_layers[0]
    layer.use_pass_object_index = layer.use_pass_cryptomatte_object = True
    stray.render.use_motion_blur = True
    (line,) = said(stray)
    assert line.startswith("wrong: 5 of 6 objects have the pass index 0 and will be background")
    assert sum(rows(stray).values()) == 5
    names, notes = exported(stray, tmp_path / "out")
    assert (names, len(notes)) == (["Ball"], 1)
