"""A plant of geometry nodes, whose stems and fruits have materials of their own or are copies of objects."""

from collections import Counter
from pathlib import Path
from typing import Any

import bpy
import pytest
from pycocotools.coco import COCO

from tests.blender import scatters
from tests.blender.outcome import exported, remarks
from tests.blender.programs import labelpass
from tests.blender.scenes import add_object

STEMS, FRUITS = 4, 12


@pytest.fixture
def scene(tmp_path: Path) -> bpy.types.Scene:
    scene = bpy.context.scene
    scatters.prepare(scene, tmp_path / "frames", 96, 72)
    scatters.add_camera(scene, (0, -9, 5), 1.05)
    scene.view_layers[0].use_pass_cryptomatte_material = True
    scene.labelpass.labels = "crypto_object"
    return scene


def material(name: str) -> bpy.types.Material:
    return bpy.data.materials.get(name) or bpy.data.materials.new(name)


def grow(fruit: bpy.types.Object | None = None, *, as_instance: bool = False, realize: bool = False) -> Any:
    """A plant of stems and fruits in rows, each with a material that the nodes give it.

    Args:
        fruit: an object that the fruits are copies of, without a material of the nodes; None lets the nodes make them.
        as_instance: whether it stays an object.
        realize: whether all of it becomes one mesh.
    """
    plant = bpy.data.objects.new("Plant", bpy.data.meshes.new("Plant"))
    bpy.context.scene.collection.objects.link(plant)
    plant["category"] = "plant"
    tree = bpy.data.node_groups.new("Grow", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    join, end = tree.nodes.new("GeometryNodeJoinGeometry"), tree.nodes.new("NodeGroupOutput")

    def row(source: Any, count: int, z: float, size: tuple[float, float, float]) -> None:
        line, copies = tree.nodes.new("GeometryNodeMeshLine"), tree.nodes.new("GeometryNodeInstanceOnPoints")
        line.inputs["Count"].default_value = count
        line.inputs["Start Location"].default_value = -3, 0, z
        line.inputs["Offset"].default_value = 6 / (count - 1), 0, 0
        copies.inputs["Scale"].default_value = size
        tree.links.new(line.outputs[0], copies.inputs["Points"])
        tree.links.new(source, copies.inputs["Instance"])
        tree.links.new(copies.outputs[0], join.inputs[0])

    def coloured(kind: str, name: str) -> Any:
        shape, paint = tree.nodes.new(kind), tree.nodes.new("GeometryNodeSetMaterial")
        paint.inputs["Material"].default_value = material(name)
        tree.links.new(shape.outputs[0], paint.inputs[0])
        return paint.outputs[0]

    row(coloured("GeometryNodeMeshCube", "Stem"), STEMS, -1, (0.2, 0.2, 1.5))
    if fruit is None:
        row(coloured("GeometryNodeMeshUVSphere", "Fruit.001"), FRUITS, 0.5, (0.2, 0.2, 0.2))
    else:
        info = tree.nodes.new("GeometryNodeObjectInfo")
        info.inputs["Object"].default_value, info.inputs["As Instance"].default_value = fruit, as_instance
        row(info.outputs["Geometry"], FRUITS, 0.5, (0.25, 0.25, 0.25))
    last = join
    if realize:
        last = tree.nodes.new("GeometryNodeRealizeInstances")
        tree.links.new(join.outputs[0], last.inputs[0])
    tree.links.new(last.outputs[0], end.inputs[0])
    plant.modifiers.new("Grow", "NODES").node_group = tree
    return plant


def with_rules(scene: bpy.types.Scene, *rules: tuple[str, str, str]) -> None:
    """Source, pattern and category of rules that come before the custom properties."""
    table = scene.labelpass.table
    for source, pattern, category in (*rules, ("property", "", "")):
        rule = table.rules.add()
        rule.source, rule.pattern, rule.category = source, pattern, category


def export(scene: bpy.types.Scene, **settings: Any) -> COCO:
    """Render and export, with everything that validate can compare, and have it validated."""
    for name, value in ({"amodal": True, "poses": True} | settings).items():
        setattr(scene.labelpass, name, value)
    bpy.ops.render.render(animation=True)
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert remarks() == []
    checked = labelpass("validate", bpy.context.window_manager.labelpass.output)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return exported()


def counted(coco: COCO) -> Counter[str]:
    names = {row["id"]: row["name"] for row in coco.dataset["categories"]}
    return Counter(names[row["category_id"]] for row in coco.dataset["annotations"])


def test_fruits_and_stems_by_their_material(scene: bpy.types.Scene) -> None:
    grow()
    with_rules(scene, ("material", "Fruit*", "fruit"), ("material", "Stem", "stem"))
    coco = export(scene)
    assert counted(coco) == {"fruit": FRUITS, "stem": STEMS}
    assert {row["name"].split(" #")[0] for row in coco.dataset["annotations"]} == {"Plant (Fruit.001)", "Plant (Stem)"}


@pytest.mark.parametrize("labels", ["crypto_object", "object_index"])
def test_without_a_rule_they_are_what_the_plant_is(scene: bpy.types.Scene, labels: str) -> None:
    grow().pass_index = 3
    assert counted(export(scene, labels=labels)) == {"plant": FRUITS + STEMS}


@pytest.mark.parametrize("as_instance", [True, False])
@pytest.mark.parametrize("rule", [("object_name", "Berry", "fruit"), ("data_name", "Round", "fruit"), ()])
def test_fruits_that_are_copies_of_an_object(scene: bpy.types.Scene, as_instance: bool, rule: tuple[str, ...]) -> None:
    """By its name, its data, or its custom property, which is no rule of the plant's."""
    berry = add_object(scene, "Berry", "ball", (0, 0, 0), 0)
    berry.data.name, berry.hide_render = "Round", True
    if not rule:
        berry["category"] = "fruit"
    grow(berry, as_instance=as_instance)
    with_rules(scene, *([rule] if rule else []))
    assert counted(export(scene)) == {"fruit": FRUITS, "plant": STEMS}


def test_nodes_that_change_the_material_of_copies(scene: bpy.types.Scene) -> None:
    """The berries of the object are blue, and those of the plant are red."""
    berry = add_object(scene, "Berry", "ball", (0, 0, 0), 0)
    berry.data.materials.append(material("Blue"))
    berry.hide_render = True
    tree = grow(berry).modifiers[0].node_group
    info = next(node for node in tree.nodes if node.bl_idname == "GeometryNodeObjectInfo")
    paint = tree.nodes.new("GeometryNodeSetMaterial")
    paint.inputs["Material"].default_value = material("Red")
    target = info.outputs["Geometry"].links[0].to_socket
    tree.links.new(info.outputs["Geometry"], paint.inputs[0])
    tree.links.new(paint.outputs[0], target)
    with_rules(scene, ("material", "Red", "red"), ("material", "Blue", "blue"))
    coco = export(scene)
    assert counted(coco) == {"red": FRUITS, "plant": STEMS}
    names = {row["name"].split(" #")[0] for row in coco.dataset["annotations"]}
    assert names == {"Berry (Red)", "Plant (Stem)"}


@pytest.mark.parametrize("realize", [True, False])
def test_parts_by_material(scene: bpy.types.Scene, realize: bool) -> None:
    """The materials that only nodes give are those of the scene, whether all is one mesh or copies."""
    grow(realize=realize)
    coco = export(scene, parts="material")
    names = {row["id"]: row["name"] for row in coco.dataset["part_categories"]}
    parts = Counter(names[part["part_category_id"]] for one in coco.dataset["annotations"] for part in one["parts"])
    assert parts == ({"Fruit": 1, "Stem": 1} if realize else {"Fruit": FRUITS, "Stem": STEMS})
    assert counted(coco) == {"plant": 1 if realize else FRUITS + STEMS}


def test_a_mesh_with_a_material_of_its_modifier(scene: bpy.types.Scene) -> None:
    """The rule by material knows it in the panel as in the export."""
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects

    grow(realize=True)
    with_rules(scene, ("material", "Stem", "stem"))
    assert counted(export(scene)) == {"stem": 1}
    assert {one.name: one.objects for one in read_labelled_objects(scene).categories} == {"stem": 1}
