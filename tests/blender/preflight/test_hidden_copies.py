"""Copies that a render shows and the viewport does not: the checklist names them, and does not evaluate a render."""

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from tests.blender import scatters
from tests.blender import unlike_the_viewport as scenes
from tests.blender.scenes import add_object

# Situations, and the object whose copies share a label.
OFF = [
    (scenes.eye_of_a_scatter, "Stone"),
    (scenes.monitor_of_a_scatter, "Stone"),
    (scenes.modifier_of_a_scatter, "Stone"),
    (scenes.eye_of_a_collection, "Stone"),
    (scenes.monitor_of_a_collection, "Stone"),
    (scenes.driven_icon, "Stone"),
    (scenes.share_of_particles, "Mushroom"),
    (scenes.instancer_in_the_render, "Leaf"),
]


@pytest.fixture
def field(tmp_path: Path) -> bpy.types.Scene:
    scene = bpy.context.scene
    scatters.prepare(scene, tmp_path, 32, 24)
    scatters.add_camera(scene, (0, -6, 9), 0.6)
    scene.view_layers[0].use_pass_z = False
    return scene


def facts(as_rendered: bool = False):
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects

    bpy.context.view_layer.update()
    return read_labelled_objects(bpy.context.scene, as_rendered).facts


def names(**options: bool) -> tuple[str, str]:
    found = facts(**options)
    return found.copies, found.indexed_copies


@pytest.mark.parametrize(("situation", "name"), OFF)
def test_copies_that_are_off_in_the_viewport(
    field: bpy.types.Scene, situation: Callable[[bpy.types.Scene], int], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    situation(field)
    assert names(as_rendered=True) == (name, "")
    from labelpass.operators.labelling import evaluated_facts
    from labelpass.operators.preflight.panel_data import findings_of

    monkeypatch.setattr(evaluated_facts, "in_render_graph", None)  # the panel must not evaluate a render
    assert names() == (name, "")
    assert [one.text for one in findings_of(field, facts()) if f"copies of {name!r} share a label" in one.text]
    bpy.data.objects[name].pass_index, bpy.data.objects[name].hide_render = 5, False
    assert names() == (name, name)


def test_copies_of_a_collection(field: bpy.types.Scene) -> None:
    """Two empties bring it in, and the viewport shows one of them; what a single one brings in has no copies."""
    heavy = bpy.data.collections.new("Heavy")
    scatters.add_mesh("Crate", heavy, "box", 0.3)
    for x in (0, 2):
        empty = bpy.data.objects.new("Place", None)
        empty.instance_type, empty.instance_collection, empty.location.x = "COLLECTION", heavy, x
        field.collection.objects.link(empty)
    empty.hide_set(True)
    assert names() == names(as_rendered=True) == ("Crate", "")
    bpy.data.objects.remove(empty)
    bpy.data.objects["Place"].hide_set(True)
    assert names() == names(as_rendered=True) == ("", "")


def test_inputs_and_groups_of_nodes(field: bpy.types.Scene) -> None:
    """The object comes from an input of the modifier, into nodes that are in a group."""
    owner = scenes.row_of_stones()
    inner, stone = owner.modifiers[0].node_group, bpy.data.objects["Stone"]
    outer = bpy.data.node_groups.new("Outer", "GeometryNodeTree")
    for tree in (inner, outer):
        given = tree.interface.new_socket("Source", in_out="INPUT", socket_type="NodeSocketObject")
    outer.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    info, start = inner.nodes["Object Info"], inner.nodes.new("NodeGroupInput")
    info.inputs["Object"].default_value = None
    inner.links.new(start.outputs["Source"], info.inputs["Object"])
    kinds = "GeometryNodeGroup", "NodeGroupInput", "NodeGroupOutput"
    group, first, end = map(outer.nodes.new, kinds)
    group.node_tree = inner
    outer.links.new(first.outputs["Source"], group.inputs["Source"])
    outer.links.new(group.outputs[0], end.inputs[0])
    owner.modifiers[0].node_group = outer
    owner.modifiers[0][given.identifier] = stone
    owner.hide_viewport = True
    assert names() == names(as_rendered=True) == ("Stone", "")


def test_what_has_no_copies_is_not_named(field: bpy.types.Scene) -> None:
    """Off in the render as well, background, or nodes that make no copies."""
    owner = scenes.row_of_stones()
    owner.modifiers[0].show_viewport = owner.modifiers[0].show_render = False
    scenes.array_in_the_render(field)
    assert names() == names(as_rendered=True) == ("", "")
    owner.modifiers[0].show_render = True
    bpy.data.objects["Stone"].hide_render, bpy.data.objects["Stone"]["category_id"] = False, 0
    assert names() == names(as_rendered=True) == ("", "")
    owner.modifiers[0].node_group.nodes["Object Info"].inputs["As Instance"].default_value = False
    assert names(as_rendered=True) == ("Row", ""), "these carry the label of the object with the nodes"


def test_what_only_a_render_knows(field: bpy.types.Scene) -> None:
    """Nodes that make one copy in the viewport are seen by the check before a headless render."""
    from labelpass.core.settings.settings import Settings
    from labelpass.operators.preflight.before_render import check_before_render

    scenes.switch_in_the_nodes(field)
    switch = bpy.data.objects["Row"].modifiers[0].node_group.nodes["Switch"]
    switch.inputs["True"].default_value = 1
    add_object(field, "Floor", "plane", (0, 0, -1), 0)
    assert names() == ("", "")
    findings = check_before_render(field, [1], Settings())
    assert any("copies of 'Stone' share a label" in one.text for one in findings)
