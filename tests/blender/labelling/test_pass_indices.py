"""Assign Indices and Restore Indices."""

from pathlib import Path

import bpy
import pytest

from core.preflight.pass_indices import LARGEST_INDEX
from tests.blender import labelled_scenes as scenes


def indices(scene: bpy.types.Scene) -> dict[str, int]:
    return {ob.name: ob.pass_index for ob in scene.objects if ob.type == "MESH"}


BEFORE = {"Ball": 3, "Cube": 1, "Cube.001": 2, "Floor": 0}


def test_assign_and_restore(scene: bpy.types.Scene) -> None:
    scene.objects["Cube.001"].pass_index = 1
    scene.objects["Floor"]["category_id"] = 0
    before = indices(scene)
    assert bpy.ops.labelpass.assign_indices() == {"FINISHED"}
    assert indices(scene) == {"Ball": 1, "Cube": 2, "Cube.001": 3, "Floor": 0}
    assert bpy.ops.labelpass.assign_indices() == {"FINISHED"}, "again is the same"
    assert bpy.ops.labelpass.restore_indices() == {"FINISHED"}
    assert indices(scene) == before
    assert not [key for ob in scene.objects for key in ob.keys() if "labelpass" in key]  # noqa: SIM118
    with pytest.raises(RuntimeError, match="has changed no pass index"):
        bpy.ops.labelpass.restore_indices()


def test_what_was_before_survives_the_file(scene: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.labelpass.assign_indices()
    assert indices(scene) != BEFORE
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.read_factory_settings()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.labelpass.restore_indices()
    assert indices(bpy.context.scene) == BEFORE


def test_every_object_is_an_instance_afterwards(scene: bpy.types.Scene) -> None:
    for ob in scene.objects:
        ob.pass_index = 0
    scene.frame_end = 1
    bpy.ops.labelpass.assign_indices()
    bpy.ops.render.render(animation=True)
    scene.labelpass.source = "FILES"
    bpy.ops.labelpass.export_annotations()
    assert bpy.context.window_manager.labelpass.lines[0].name == "1 frame annotated; 4 instances"


def test_linked_objects_keep_theirs(scene: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.data.objects["Ball"].name = "Linked"
    bpy.data.libraries.write(str(tmp_path / "lib.blend"), {bpy.data.objects["Linked"]})
    bpy.data.objects.remove(bpy.data.objects["Linked"])
    with bpy.data.libraries.load(str(tmp_path / "lib.blend"), link=True) as (source, target):
        target.objects = list(source.objects)
    scene.collection.objects.link(bpy.data.objects["Linked"])
    bpy.ops.labelpass.assign_indices()
    assert indices(scene) == {"Linked": 3, "Cube": 1, "Cube.001": 2, "Floor": 4}, "no other instance has its index"


def test_objects_of_one_instance_share_an_index(scene: bpy.types.Scene) -> None:
    car = bpy.data.objects.new("Car", None)
    car["category"] = "car"
    scene.collection.objects.link(car)
    for name in ("Cube", "Cube.001"):
        scene.objects[name].parent = car
    scene.objects["Floor"]["category_id"] = 0
    bpy.ops.labelpass.assign_indices()
    assert indices(scene) == {"Ball": 1, "Cube": 2, "Cube.001": 3, "Floor": 0}, "each object is an instance"
    scene.labelpass.grouping = "parent"
    bpy.ops.labelpass.assign_indices()
    assert indices(scene) == {"Ball": 1, "Cube": 2, "Cube.001": 2, "Floor": 0}
    scene.labelpass.parts = "object"
    bpy.ops.labelpass.assign_indices()
    assert indices(scene) == {"Ball": 1, "Cube": 2, "Cube.001": 3, "Floor": 0}, "parts are separated as well"
    scene.labelpass.parts = "none"
    bpy.ops.labelpass.assign_indices()
    bpy.ops.labelpass.restore_indices()
    assert indices(scene) == BEFORE, "those of the user, not those in between"

    scene.frame_end = 1
    bpy.ops.labelpass.assign_indices()
    bpy.ops.render.render(animation=True)
    scene.labelpass.source, scene.labelpass.labels = "FILES", "object_index"
    bpy.ops.labelpass.export_annotations()
    state = bpy.context.window_manager.labelpass
    assert state.lines[0].name == "1 frame annotated; 2 instances"
    assert not state.remarks, "that parts share an index is as it should be"


def test_ignored_objects_have_an_index_for_their_region(scene: bpy.types.Scene) -> None:
    scene.objects["Ball"]["ignore"] = True
    scene.objects["Floor"]["category_id"] = 0
    bpy.ops.labelpass.assign_indices()
    assert indices(scene) == {"Ball": 1, "Cube": 2, "Cube.001": 3, "Floor": 0}


def test_warnings_of_assign_indices(scene: bpy.types.Scene, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    linked = scenes.add_library(scene, tmp_path)
    bpy.ops.labelpass.assign_indices()
    said = capfd.readouterr().out
    assert "'Bucket [library.blend]' and 'Well [library.blend]' share the pass index 7" in said
    assert [ob.pass_index for ob in linked] == [7, 7]
    assert 7 not in {ob.pass_index for ob in scene.objects if ob.is_editable}

    linked[0].pass_index = 0  # as if it were so in the library
    bpy.ops.labelpass.assign_indices()
    said = capfd.readouterr().out
    assert "1 linked object with the index 0 cannot be changed" in said
    assert "share the pass index" not in said


def test_checklist_on_indices(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of

    def texts() -> list[str]:
        return [finding.text for finding in findings_of(scene, read_labelled_objects(scene).facts)]

    scene.objects["Cube.001"].pass_index = 1
    shared = "'Cube' and 'Cube.001' share the pass index 1, so they will be one instance"
    assert any(text.startswith(shared) for text in texts())
    scene.labelpass.grouping = "parent"
    scene.objects["Cube.001"].parent = scene.objects["Cube"]
    assert not any("share" in text for text in texts()), "they are one instance"
    scene.labelpass.grouping = "object"
    bpy.ops.labelpass.assign_indices()
    assert not any("share" in text for text in texts())

    scene.view_layers[0].use_pass_object_index = False
    for ob in scene.objects:
        ob.pass_index = 0
    assert texts()[0] == "Cryptomatte Object separates objects; it needs no pass indices"


def test_more_instances_than_indices(scene: bpy.types.Scene) -> None:
    """What the checklist warns of is what Assign Indices runs into."""
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of

    mesh = bpy.data.meshes.new("Pebble")
    for number in range(LARGEST_INDEX - 3):  # besides the four that are there
        scene.collection.objects.link(bpy.data.objects.new(f"Pebble.{number:05}", mesh))
    facts = read_labelled_objects(scene).facts

    def wrong() -> list[str]:
        return [one.text for one in findings_of(scene, facts) if one.status.value == "wrong"]

    assert wrong() == [
        "There are 32768 instances, and Blender has 32767 pass indices; set Label Pass to Cryptomatte Object"
    ]
    scene.labelpass.labels = "crypto_object"
    assert wrong() == []

    bpy.ops.labelpass.assign_indices()
    found = sorted(indices(scene).values())
    assert found == list(range(LARGEST_INDEX + 1)), "one is left over, and has the index of background"
