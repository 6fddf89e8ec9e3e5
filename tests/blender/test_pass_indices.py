"""Assign Indices and Restore Indices."""

from pathlib import Path

import bpy
import pytest


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
    assert indices(scene) == {"Linked": 3, "Cube": 1, "Cube.001": 2, "Floor": 4}, "its index is nobody else's"


def test_more_objects_than_indices(scene: bpy.types.Scene) -> None:
    mesh = bpy.data.meshes.new("Stone")
    for number in range(32_770):
        scene.collection.objects.link(bpy.data.objects.new(f"Stone.{number:05}", mesh))
    bpy.ops.labelpass.assign_indices()
    found = [index for index in indices(scene).values() if index]
    assert len(found) == len(set(found)) == max(found) == 32_767
