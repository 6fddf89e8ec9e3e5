"""What is in the picture but in no pass: named before the render, and at the frames that show it."""

import json
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.blender.scenes import add_object


def add_volume(scene: bpy.types.Scene) -> bpy.types.Object:
    ob = bpy.data.objects.new("Fog", bpy.data.volumes.new("Fog"))
    scene.collection.objects.link(ob)
    return ob


def add_grease_pencil(scene: bpy.types.Scene) -> bpy.types.Object:
    before = set(scene.objects)
    add = getattr(bpy.ops.object, "grease_pencil_add", None) if bpy.app.version >= (4, 3, 0) else None
    (add or bpy.ops.object.gpencil_add)(type="STROKE")
    (ob,) = set(scene.objects) - before
    ob.name = "Fog"
    return ob


@pytest.fixture(params=[add_volume, add_grease_pencil])
def fog(request: pytest.FixtureRequest, scene: bpy.types.Scene) -> bpy.types.Object:
    ob: bpy.types.Object = request.param(scene)
    ob.location = (0, -1, 0)
    return ob


def notes(scene: bpy.types.Scene, folder: Path) -> list[str]:
    bpy.ops.render.render()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    record: dict[str, Any] = json.loads((folder / "frames/records/shot_0001.json").read_text())["record"]
    assert "Fog" not in {one["name"] for one in record["instances"]}
    return [note for note in record["notes"] if "'Fog'" in note]


def every_line(scene: bpy.types.Scene) -> list[str]:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of

    bpy.context.view_layer.update()
    return [finding.text for finding in findings_of(scene, read_labelled_objects(scene).facts)]


def lines(scene: bpy.types.Scene) -> list[str]:
    return [line for line in every_line(scene) if "'Fog'" in line]


def test_it_is_named_where_it_is_in_view(fog: bpy.types.Object, scene: bpy.types.Scene, tmp_path: Path) -> None:
    assert len(lines(scene)) == 1
    (note,) = notes(scene, tmp_path)
    assert note.startswith("'Fog' (volume)" if fog.type == "VOLUME" else "'Fog' (Grease Pencil)")


def test_no_frame_names_it_where_it_is_not_in_view(
    fog: bpy.types.Object, scene: bpy.types.Scene, tmp_path: Path
) -> None:
    fog.location = (500, -1, 0)
    assert notes(scene, tmp_path) == []


def test_background_and_hidden_things_are_left_alone(
    fog: bpy.types.Object, scene: bpy.types.Scene, tmp_path: Path
) -> None:
    fog["category_id"] = 0
    assert (lines(scene), notes(scene, tmp_path)) == ([], [])
    del fog["category_id"]
    fog.hide_render = True
    assert (lines(scene), notes(scene, tmp_path)) == ([], [])


@pytest.mark.parametrize("shape", ["plane", "cube", "ball"])
def test_what_has_a_label_is_not_named(scene: bpy.types.Scene, tmp_path: Path, shape: str) -> None:
    add_object(scene, "Mist", shape, (0, -3, 0), 9)
    assert lines(scene) == []


def test_metaballs_of_one_family_have_one_category(scene: bpy.types.Scene) -> None:
    """Blender makes one surface of all, which has the label of the first."""
    for name in ("Drop", "Drop.001", "Other"):
        scene.collection.objects.link(bpy.data.objects.new(name, bpy.data.metaballs.new(name)))
    assert not any("metaballs" in line for line in every_line(scene))
    scene.objects["Drop.001"]["category"] = "water"

    (line,) = [line for line in every_line(scene) if "metaballs" in line]

    assert line.startswith("The metaballs 'Drop' and 'Drop.001' render as one surface, all of it labelled as 'Drop'")
