"""What is in the picture but in no pass: named before the render, and at the frames that show it."""

import json
from collections.abc import Callable
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


def add_world_volume(scene: bpy.types.Scene) -> None:
    scene.world = bpy.data.worlds.new("World")
    scene.world.use_nodes = True
    nodes, links = scene.world.node_tree.nodes, scene.world.node_tree.links
    nodes.clear()
    volume, output = nodes.new("ShaderNodeVolumePrincipled"), nodes.new("ShaderNodeOutputWorld")
    volume.inputs["Density"].default_value = 0.05
    links.new(volume.outputs[0], output.inputs["Volume"])


def add_haze(scene: bpy.types.Scene) -> None:
    """A mesh around everything, background as people make it."""
    haze = add_object(scene, "Haze", "cube", (0, -2, 0), 0)
    haze.scale, haze["category_id"] = (4, 4, 4), 0
    material = bpy.data.materials.new("Haze")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    volume, output = nodes.new("ShaderNodeVolumePrincipled"), nodes.new("ShaderNodeOutputMaterial")
    volume.inputs["Density"].default_value = 0.05
    links.new(volume.outputs[0], output.inputs["Volume"])
    haze.data.materials.append(material)


@pytest.mark.parametrize("add_fog", [add_world_volume, add_haze])
def test_fog_makes_holes_into_an_index(
    scene: bpy.types.Scene, tmp_path: Path, add_fog: Callable[[bpy.types.Scene], None]
) -> None:
    """Its masks are smaller with fog. Automatic takes a Cryptomatte, which has no holes."""

    def area(labels: str) -> tuple[int, list[str], str]:
        scene.labelpass.labels = labels
        bpy.ops.render.render()
        assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
        record = json.loads((tmp_path / "frames/records/shot_0001.json").read_text())["record"]
        (ball,) = [one for one in record["instances"] if one["name"] == "Ball"]
        return ball["area"], [note for note in record["notes"] if "have holes" in note], record["label_source"]

    clear, nothing, _ = area("object_index")
    assert nothing == []
    assert not any("olume" in line for line in every_line(scene))
    add_fog(scene)
    torn, notes, _ = area("object_index")
    assert torn < 0.9 * clear
    assert len(notes) == 1
    assert any("tears the masks of what it blurs or lies before" in line for line in every_line(scene))
    scene.cycles.samples = 64
    whole, notes, source = area("auto")
    assert (notes, source) == ([], "crypto_object")
    assert whole > 0.95 * clear


def test_eevee_lays_fog_over_the_picture(scene: bpy.types.Scene) -> None:
    add_world_volume(scene)
    scene.render.engine = "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"
    scene.labelpass.labels = "crypto_object"
    assert not any("olume" in line for line in every_line(scene))


def test_shaders_are_found_in_groups(scene: bpy.types.Scene) -> None:
    """Behind reroutes too, and not where a surface is there."""
    tree = bpy.data.node_groups.new("Smoke", "ShaderNodeTree")
    for name in ("Volume", "Surface"):
        tree.interface.new_socket(name, in_out="OUTPUT", socket_type="NodeSocketShader")
    end, reroute = tree.nodes.new("NodeGroupOutput"), tree.nodes.new("NodeReroute")
    tree.links.new(tree.nodes.new("ShaderNodeVolumePrincipled").outputs[0], reroute.inputs[0])
    tree.links.new(reroute.outputs[0], end.inputs["Volume"])
    material = bpy.data.materials.new("Smoke")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    group, output = nodes.new("ShaderNodeGroup"), nodes.new("ShaderNodeOutputMaterial")
    group.node_tree = tree
    for name in ("Volume", "Surface"):
        links.new(group.outputs[name], output.inputs[name])
    scene.objects["Ball"].data.materials.append(material)
    assert any(line.startswith("'Ball' (volume shader) will be") for line in every_line(scene))

    tree.links.new(tree.nodes.new("ShaderNodeBsdfDiffuse").outputs[0], end.inputs["Surface"])
    assert not any(line.startswith("'Ball'") for line in every_line(scene))


def test_a_light_may_be_background(scene: bpy.types.Scene, tmp_path: Path) -> None:
    lamp = bpy.data.objects.new("Fog", bpy.data.lights.new("Fog", "AREA"))
    scene.collection.objects.link(lamp)
    lamp.data.energy, lamp.visible_camera = 10, True
    assert (len(lines(scene)), len(notes(scene, tmp_path))) == (1, 1)
    lamp["category_id"] = 0
    assert (lines(scene), notes(scene, tmp_path)) == ([], [])
