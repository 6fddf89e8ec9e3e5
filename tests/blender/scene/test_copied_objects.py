"""Which object the copies of geometry nodes are copies of, for each type of owner and source."""

from pathlib import Path

import bpy
import pytest

from tests.blender import scatters
from tests.blender.outcome import exported
from tests.blender.scenes import add_object

COUNT = 9


def owner_of(kind: str, name: str = "Chain") -> bpy.types.Object:
    """An object without geometry of its own for geometry nodes to be added to."""
    if kind in ("CURVE", "FONT"):
        data = bpy.data.curves.new(name, kind)
    elif kind == "CURVES":
        data = bpy.data.hair_curves.new(name)
    elif kind == "POINTCLOUD":
        data = bpy.data.pointclouds.new(name)
    else:
        data = bpy.data.meshes.new(name)
    ob = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(ob)
    return ob


def source_of(kind: str, name: str = "Bead") -> bpy.types.Object:
    """An object with a surface, not rendered by itself."""
    if kind == "MESH":
        ob = add_object(bpy.context.scene, name, "cube", (0, 0, 0), 0)
    else:
        ob = owner_of(kind, name)
        if kind == "FONT":
            ob.data.body, ob.data.extrude = "O", 0.1
        else:
            ob.data.splines.new("POLY").points.add(1)
            ob.data.splines[0].points[1].co = 1, 0, 0, 1
            ob.data.bevel_depth = 0.1
    ob.hide_render = True
    return ob


def copy_by_nodes(
    owner: bpy.types.Object, source: bpy.types.Object | None, *, as_instance: bool = False, own: bool = False
) -> bpy.types.NodesModifier:
    """Nine copies in a row of an object, or of a cube of the nodes' own; the object is an input of the modifier."""
    tree = bpy.data.node_groups.new("Row", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    wanted = tree.interface.new_socket("Object", in_out="INPUT", socket_type="NodeSocketObject")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    start, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    points = tree.nodes.new("GeometryNodeMeshLine")
    points.inputs["Count"].default_value = COUNT
    points.inputs["Offset"].default_value = 0.9, 0, 0
    copies, join = tree.nodes.new("GeometryNodeInstanceOnPoints"), tree.nodes.new("GeometryNodeJoinGeometry")
    link = tree.links.new
    link(points.outputs[0], copies.inputs["Points"])
    if source is None:
        link(tree.nodes.new("GeometryNodeMeshCube").outputs[0], copies.inputs["Instance"])
    else:
        info = tree.nodes.new("GeometryNodeObjectInfo")
        info.inputs["As Instance"].default_value = as_instance
        link(start.outputs[1], info.inputs["Object"])
        link(info.outputs["Geometry"], copies.inputs["Instance"])
    copies.inputs["Scale"].default_value = 0.3, 0.3, 0.3
    if own:
        link(start.outputs[0], join.inputs[0])
    link(copies.outputs[0], join.inputs[0])
    link(join.outputs[0], end.inputs[0])
    modifier = owner.modifiers.new("Row", "NODES")
    modifier.node_group = tree
    modifier[wanted.identifier] = source
    owner.update_tag()
    return modifier


def copies() -> list[tuple[str, str, tuple[int, ...]]]:
    """Source, instancer and path of all copies that are read."""
    from labelpass.operators.scene.readers.instances import read_instances

    bpy.context.view_layer.update()
    found = read_instances(bpy.context.evaluated_depsgraph_get())
    surfaces = found.geometry.surfaces if found else ()
    return [(one.source, one.instancer, one.path) for one in surfaces if one.is_instance and one.mesh]


@pytest.mark.parametrize("own", [False, True], ids=["alone", "joined"])
@pytest.mark.parametrize("as_instance", [False, True], ids=["geometry", "instance"])
@pytest.mark.parametrize("source", ["MESH", "CURVE", "FONT"])
@pytest.mark.parametrize("owner", ["MESH", "CURVE", "FONT", "CURVES", "POINTCLOUD"])
def test_each_type_of_owner_and_source(owner: str, source: str, as_instance: bool, own: bool) -> None:
    copy_by_nodes(owner_of(owner), source_of(source), as_instance=as_instance, own=own)
    found = copies()
    assert [(of, by) for of, by, _ in found] == [("Bead", "Chain")] * COUNT
    assert len({path for *_, path in found}) == COUNT


def test_copies_within_copies() -> None:
    """A row of chains, each with its beads: the object of the beads is one that only the chain's nodes refer to."""
    bead = source_of("MESH")
    chain = owner_of("CURVE")
    copy_by_nodes(chain, bead)
    chain.hide_render = True
    copy_by_nodes(owner_of("MESH", "Shop"), chain)
    found = copies()
    assert {(of, by) for of, by, _ in found} == {("Bead", "Shop")}
    assert len({path for *_, path in found}) == len(found) == COUNT * COUNT


@pytest.mark.parametrize("related", [False, True])
def test_what_nodes_make_themselves(related: bool) -> None:
    """Blender calls it "Mesh", and so may the mesh of any object be called, even of one that the nodes refer to."""
    other = add_object(bpy.context.scene, "Apple", "ball", (0, 0, 0), 0)
    other.data.name = "Mesh"
    modifier = copy_by_nodes(owner_of("MESH"), None)
    if related:
        info = modifier.node_group.nodes.new("GeometryNodeObjectInfo")
        info.inputs["Object"].default_value = other
    assert {of for of, *_ in copies()} == {"Chain"}


@pytest.mark.parametrize("name", ["Alpha", "Zulu"])
@pytest.mark.parametrize("as_input", [True, False])
def test_of_two_objects_with_one_mesh_the_one_that_the_nodes_refer_to(name: str, as_input: bool) -> None:
    """And not the first by name."""
    bead = source_of("MESH", "Zulu")
    other = bpy.data.objects.new("Alpha", bead.data)
    bpy.context.scene.collection.objects.link(other)
    source = bpy.data.objects[name]
    if as_input:
        copy_by_nodes(owner_of("CURVE"), source)
    else:
        ground = add_object(bpy.context.scene, "Ground", "plane", (0, 0, 0), 0)
        scatters.scatter_nodes(ground, source, 0.5, as_instance=False)
    assert {of for of, *_ in copies()} == {name}


def test_a_parent_is_not_what_nodes_refer_to() -> None:
    """Its mesh is called as what the nodes make themselves, and has as many vertices."""
    parent = add_object(bpy.context.scene, "Apple", "cube", (0, 0, 0), 0)
    parent.data.name = "Mesh"
    owner = owner_of("MESH")
    owner.parent = parent
    copy_by_nodes(owner, None)
    assert {of for of, *_ in copies()} == {"Chain"}


def test_beads_on_a_chain(tmp_path: Path) -> None:
    """Nine instances of the bead's category, rendered."""
    scene = bpy.context.scene
    scatters.prepare(scene, tmp_path / "frames", 96, 72)
    scatters.add_camera(scene, (3.6, -9, 5), 1.05)
    chain = owner_of("CURVE")
    copy_by_nodes(chain, bead := source_of("MESH"))
    chain["category"], bead["category"] = "chain", "bead"
    scene.labelpass.labels = "crypto_object"
    bpy.ops.render.render(animation=True)
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    coco = exported()
    names = {row["id"]: row["name"] for row in coco.dataset["categories"]}
    assert [names[row["category_id"]] for row in coco.dataset["annotations"]] == ["bead"] * COUNT
