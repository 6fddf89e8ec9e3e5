"""Scenes that look otherwise in the viewport are described as they are rendered, in whatever way they are exported."""

import json
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest

from tests.blender import scatters
from tests.blender.outcome import exported, lines, remarks
from tests.blender.programs import headless, labelpass
from tests.blender.scenes import add_collection, add_object, render_animation

COUNT = 9


@pytest.fixture
def field(tmp_path: Path) -> bpy.types.Scene:
    """A camera that looks down on an empty field, and an export with all that a description can say."""
    scene = bpy.context.scene
    scatters.prepare(scene, tmp_path, 96, 72)
    scatters.add_camera(scene, (0, -6, 9), 0.6)
    scene.labelpass.poses = scene.labelpass.amodal = True
    scene.labelpass.workers = 1
    return scene


def row_of_stones(collection: bpy.types.Collection | None = None) -> bpy.types.Object:
    """Nine copies of a cube in a row, by geometry nodes; returns the object with the nodes."""
    scene = bpy.context.scene
    stone = add_object(scene, "Stone", "cube", (0, 0, 0), 0)
    stone.hide_render = True
    owner = add_object(scene, "Row", "plane", (-3.6, 0, 0), 0, collection)
    tree = bpy.data.node_groups.new("Row", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    line, info = tree.nodes.new("GeometryNodeMeshLine"), tree.nodes.new("GeometryNodeObjectInfo")
    put, end = tree.nodes.new("GeometryNodeInstanceOnPoints"), tree.nodes.new("NodeGroupOutput")
    line.inputs["Count"].default_value, line.inputs["Offset"].default_value = COUNT, (0.9, 0, 0)
    info.inputs["Object"].default_value, info.inputs["As Instance"].default_value = stone, True
    put.inputs["Scale"].default_value = 0.3, 0.3, 0.3
    tree.links.new(line.outputs[0], put.inputs["Points"])
    tree.links.new(info.outputs["Geometry"], put.inputs["Instance"])
    tree.links.new(put.outputs[0], end.inputs[0])
    owner.modifiers.new("Row", "NODES").node_group = tree
    return owner


# Situations. Each makes something that the viewport shows otherwise than a render, and returns how many instances a
# render has.


def eye_of_a_scatter(scene: bpy.types.Scene) -> int:
    row_of_stones().hide_set(True)
    return COUNT


def monitor_of_a_scatter(scene: bpy.types.Scene) -> int:
    row_of_stones().hide_viewport = True
    return COUNT


def modifier_of_a_scatter(scene: bpy.types.Scene) -> int:
    row_of_stones().modifiers[0].show_viewport = False
    return COUNT


def eye_of_a_collection(scene: bpy.types.Scene) -> int:
    row_of_stones(add_collection("Heavy"))
    scene.view_layers[0].layer_collection.children["Heavy"].hide_viewport = True
    return COUNT


def monitor_of_a_collection(scene: bpy.types.Scene) -> int:
    heavy = add_collection("Heavy")
    row_of_stones(heavy)
    heavy.hide_viewport = True
    return COUNT


def switch_in_the_nodes(scene: bpy.types.Scene) -> int:
    """Geometry nodes that show fewer copies in the viewport, by Is Viewport."""
    tree = row_of_stones().modifiers[0].node_group
    asks, chooses = tree.nodes.new("GeometryNodeIsViewport"), tree.nodes.new("GeometryNodeSwitch")
    chooses.input_type = "INT"
    chooses.inputs["False"].default_value, chooses.inputs["True"].default_value = COUNT, 2
    tree.links.new(asks.outputs[0], chooses.inputs["Switch"])
    tree.links.new(chooses.outputs[0], tree.nodes["Mesh Line"].inputs["Count"])
    return COUNT


def driven_icon(scene: bpy.types.Scene) -> int:
    """A driver that turns a modifier off in the viewport."""
    curve = row_of_stones().modifiers[0].driver_add("show_viewport")
    curve.driver.expression = "0"
    return COUNT


def array_in_the_render(scene: bpy.types.Scene) -> int:
    array = add_object(scene, "Fence", "cube", (-2, 0, 0), 0).modifiers.new("Array", "ARRAY")
    array.count, array.show_viewport = 3, False
    return 1


def array_in_the_viewport(scene: bpy.types.Scene) -> int:
    array = add_object(scene, "Fence", "cube", (-2, 0, 0), 0).modifiers.new("Array", "ARRAY")
    array.count, array.show_render = 3, False
    return 1


def deformed_in_the_render(scene: bpy.types.Scene) -> int:
    taper = add_object(scene, "Tower", "cube", (0, 0, 0), 0).modifiers.new("Taper", "SIMPLE_DEFORM")
    taper.deform_method, taper.factor, taper.show_viewport = "TAPER", 1.5, False
    return 1


def levels_of_subdivision(scene: bpy.types.Scene) -> int:
    subdivision = add_object(scene, "Pebble", "cube", (0, 0, 0), 0).modifiers.new("Subdivision", "SUBSURF")
    subdivision.levels, subdivision.render_levels = 0, 3
    return 1


def simplify_of_the_viewport(scene: bpy.types.Scene) -> int:
    subdivision = add_object(scene, "Pebble", "cube", (0, 0, 0), 0).modifiers.new("Subdivision", "SUBSURF")
    subdivision.levels = subdivision.render_levels = 3
    scene.render.use_simplify, scene.render.simplify_subdivision = True, 0
    return 1


def resolution_of_a_curve(scene: bpy.types.Scene) -> int:
    curve = bpy.data.curves.new("Ring", "CURVE")
    curve.dimensions, curve.resolution_u, curve.render_resolution_u, curve.bevel_depth = "3D", 1, 16, 0.2
    spline = curve.splines.new("BEZIER")
    spline.bezier_points.add(1)
    for point, x in zip(spline.bezier_points, (-1.5, 1.5), strict=True):
        point.co, point.handle_left, point.handle_right = (x, 0, 0), (x, x, 0), (x, -x, 0)
    spline.use_cyclic_u = True
    scene.collection.objects.link(bpy.data.objects.new("Ring", curve))
    return 1


def resolution_of_a_metaball(scene: bpy.types.Scene) -> int:
    ball = bpy.data.metaballs.new("Blob")
    ball.resolution, ball.render_resolution = 1.0, 0.1
    ball.elements.new().radius = 1.5
    scene.collection.objects.link(bpy.data.objects.new("Blob", ball))
    return 1


def share_of_particles(scene: bpy.types.Scene) -> int:
    """A system of which the viewport shows a part, with children of which it shows fewer."""
    mushroom = add_object(scene, "Mushroom", "cube", (0, 0, -50), 0)
    bed = add_object(scene, "Bed", "plane", (0, 0, 0), 0)
    bed.show_instancer_for_render = False
    bed.scale = 0.5, 0.5, 1
    bed.modifiers.new("Mushrooms", "PARTICLE_SYSTEM")
    settings = bed.particle_systems[0].settings
    settings.type, settings.count, settings.hair_length, settings.display_percentage = "HAIR", COUNT, 1.0, 20
    settings.render_type, settings.instance_object, settings.particle_size = "OBJECT", mushroom, 0.15
    bed.particle_systems[0].seed = 3
    return COUNT


def children_of_particles(scene: bpy.types.Scene) -> int:
    share_of_particles(scene)
    settings = bpy.data.objects["Bed"].particle_systems[0].settings
    settings.count, settings.display_percentage = 3, 100
    settings.child_type, settings.child_percent, settings.rendered_child_count = "SIMPLE", 0, 3
    settings.child_radius = 0.6
    return COUNT


def instancer_in_the_render(scene: bpy.types.Scene) -> int:
    """The viewport shows an object with the copies on its vertices, the render its copies alone."""
    leaf = add_object(scene, "Leaf", "cube", (0, 0, 0), 0)
    leaf.scale = 0.2, 0.2, 0.2
    branch = add_object(scene, "Branch", "plane", (0, 0, 0), 0)
    branch.scale, leaf.parent = (0.4, 0.4, 1), branch
    branch.instance_type, branch.show_instancer_for_viewport, branch.show_instancer_for_render = "VERTS", False, False
    branch.hide_set(True)
    return 4


SITUATIONS = [
    eye_of_a_scatter,
    monitor_of_a_scatter,
    modifier_of_a_scatter,
    eye_of_a_collection,
    monitor_of_a_collection,
    switch_in_the_nodes,
    driven_icon,
    array_in_the_render,
    array_in_the_viewport,
    deformed_in_the_render,
    levels_of_subdivision,
    simplify_of_the_viewport,
    resolution_of_a_curve,
    resolution_of_a_metaball,
    share_of_particles,
    children_of_particles,
    instancer_in_the_render,
]


def dataset(folder: Path) -> dict[str, bytes]:
    """Every file of a dataset but for the frames themselves."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".exr"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def description(depsgraph: bpy.types.Depsgraph):
    """What a depsgraph says of the scene."""
    from labelpass.core.settings.settings import Settings
    from labelpass.operators.scene.scene_description import describe

    found = describe(bpy.context.scene, depsgraph, Settings(poses=True, amodal=True))
    return found.record, found.instances and found.instances.geometry.as_bytes()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_described_as_rendered(
    field: bpy.types.Scene, tmp_path: Path, situation: Callable[[bpy.types.Scene], int]
) -> None:
    """Files on disk, annotated afterwards, give the bytes that come of the render's own depsgraph."""
    count = situation(field)
    bpy.context.view_layer.update()
    field.labelpass.while_rendering = True
    render_animation()
    assert lines()[0] == f"1 frame annotated; {count} instance{'s' * (count > 1)}"
    live = dataset(tmp_path)

    field.labelpass.redo = True
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert dataset(tmp_path) == live
    assert len(exported().anns) == count
    done = labelpass("validate", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr

    assert description(bpy.context.evaluated_depsgraph_get()) != _as_rendered(), "the viewport shows the same"


def _as_rendered():
    from labelpass.operators.scene.render_graph import in_render_graph

    return in_render_graph(bpy.context.scene, bpy.context.view_layer, description)


def test_headless_render(field: bpy.types.Scene, tmp_path: Path) -> None:
    eye_of_a_scatter(field)
    array_in_the_render(field)
    bpy.data.objects["Fence"].location.y = 3
    field.render.filepath = "//shot_####"
    blend = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    for output, options in (("rendered", ["--render"]), ("files", ["--from", tmp_path / "rendered/renders"])):
        done = headless(blend, *options, "--output", tmp_path / output)
        assert done.returncode == 0, done.stderr
        assert f"1 frame annotated; {COUNT + 1} instances" in done.stdout
    scenes = [(tmp_path / output / "scenes/shot_0001.json").read_bytes() for output in ("rendered", "files")]
    assert scenes[0] == scenes[1]
    done = labelpass("validate", tmp_path / "rendered")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_render_in_memory(field: bpy.types.Scene, tmp_path: Path) -> None:
    monitor_of_a_scatter(field)
    field.labelpass.source, field.labelpass.output = "RENDER", str(tmp_path / "dataset")
    bpy.ops.render.render()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert lines()[0] == f"1 frame annotated; {COUNT} instances"


def handlers() -> dict[str, list[object]]:
    names = [name for name in dir(bpy.app.handlers) if isinstance(getattr(bpy.app.handlers, name), list)]
    return {name: list(getattr(bpy.app.handlers, name)) for name in names}


def values_of(thing: bpy.types.bpy_struct, seen: set[tuple[str, int]]) -> dict[str, object]:
    """Every property of a thing that Blender knows, those of what belongs to it included."""
    key = thing.bl_rna.identifier, thing.as_pointer()
    if key in seen:
        return {}
    seen.add(key)
    found: dict[str, object] = {}
    for prop in thing.bl_rna.properties:
        if prop.identifier == "tool_settings":  # bpy 4.2 crashes where it reads the brush of UV sculpting
            continue
        value = getattr(thing, prop.identifier, None)
        if prop.identifier == "rna_type" or isinstance(value, bpy.types.Depsgraph):
            continue
        if prop.type == "POINTER":
            other = isinstance(value, bpy.types.ID) and not value.is_embedded_data
            found[prop.identifier] = value and (value.name_full if other else values_of(value, seen))
        elif prop.type == "COLLECTION":
            others = [one for one in value if one is not None]
            found[prop.identifier] = [
                one.name_full if isinstance(one, bpy.types.ID) else values_of(one, seen) for one in others
            ]
        else:
            found[prop.identifier] = repr(list(value) if hasattr(value, "__len__") else value)
    return found


def everything() -> dict[str, object]:
    """What is in the open file, but for the windows."""
    names = ("scenes", "objects", "collections", "meshes", "particles", "node_groups", "cameras", "worlds")
    seen: set[tuple[str, int]] = set()
    return {f"{name}/{thing.name_full}": values_of(thing, seen) for name in names for thing in getattr(bpy.data, name)}


@pytest.mark.parametrize("mode", ["OBJECT", "EDIT"])
@pytest.mark.parametrize("raises", [False, True])
def test_the_scene_stays_as_it_is(field: bpy.types.Scene, tmp_path: Path, mode: str, raises: bool) -> None:
    """No property has another value, no handler of others hears of it, and no file is written."""
    for situation in (eye_of_a_scatter, deformed_in_the_render, share_of_particles, levels_of_subdivision):
        situation(field)
    tower = bpy.data.objects["Tower"]
    field.view_layers[0].objects.active = tower
    tower.select_set(True)
    bpy.ops.object.mode_set(mode=mode)
    heard: list[str] = []

    def listen(*_: object) -> None:
        heard.append("handler")

    for name in ("depsgraph_update_pre", "depsgraph_update_post", "frame_change_pre", "frame_change_post"):
        getattr(bpy.app.handlers, name).append(listen)
    try:
        bpy.context.view_layer.update()
        before, all_handlers = everything(), handlers()
        heard.clear()
        files = set(tmp_path.rglob("*")) | set(Path(bpy.app.tempdir).rglob("*"))
        if raises:
            from labelpass.operators.scene.render_graph import in_render_graph

            with pytest.raises(ZeroDivisionError):
                in_render_graph(field, field.view_layers[0], lambda depsgraph: 1 / 0)
        else:
            _as_rendered()
        assert heard == []
        assert set(tmp_path.rglob("*")) | set(Path(bpy.app.tempdir).rglob("*")) == files
        assert handlers() == all_handlers
        assert (tower.mode, field.view_layers[0].objects.active) == (mode, tower)
        assert everything() == before
        assert "UNDO" not in bpy.ops.wm.obj_export.bl_options
    finally:
        for name in ("depsgraph_update_pre", "depsgraph_update_post", "frame_change_pre", "frame_change_post"):
            getattr(bpy.app.handlers, name).remove(listen)
        bpy.ops.object.mode_set(mode="OBJECT")


def test_another_scene_than_the_one_that_is_looked_at(field: bpy.types.Scene) -> None:
    from labelpass.operators.scene.render_graph import in_render_graph

    other = bpy.data.scenes.new("Other")
    add_object(other, "Hidden", "cube", (0, 0, 0), 0).hide_viewport = True
    names = in_render_graph(
        other, other.view_layers[0], lambda depsgraph: [one.object.name for one in depsgraph.object_instances]
    )
    assert names == ["Hidden"]
    assert bpy.context.scene == field


def test_handlers_of_other_threads_are_called() -> None:
    """While a frame is rendered the user goes on, and handlers hear of what the user does."""
    from concurrent.futures import ThreadPoolExecutor

    from labelpass.operators.scene.render_graph import without_handlers

    heard: list[tuple[object, ...]] = []

    def single(scene: object) -> None:
        heard.append((scene,))

    def both(*arguments: object) -> None:
        heard.append(arguments)

    lists = bpy.app.handlers.depsgraph_update_post
    lists += [single, both]
    before = list(lists)
    try:
        with without_handlers(), ThreadPoolExecutor(1) as pool:
            deaf = lists[-2:]
            for handler in deaf:
                handler("scene", "depsgraph")
            assert heard == []
            for handler in deaf:
                pool.submit(handler, "scene", "depsgraph").result()
            assert heard == [("scene",), ("scene", "depsgraph")]
            lists.remove(single)
        assert list(lists) == [one for one in before if one is not single]
    finally:
        lists[:] = [one for one in lists if one not in (single, both)]


def test_a_blender_without_the_exporter_says_so(
    field: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The viewport's description is better than none, with a note in the record."""
    from labelpass.operators.scene import render_graph

    def missing() -> None:
        raise AttributeError("no such operator")

    monkeypatch.setattr(render_graph, "_evaluate_as_a_render", missing)
    array_in_the_render(field)
    render_animation()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert any("are those of the viewport" in text for text in remarks()), remarks()
    assert json.loads((tmp_path / "scenes/shot_0001.json").read_bytes())["of_viewport"] is True


def test_amodal_mask_of_what_the_render_repeats(field: bpy.types.Scene, tmp_path: Path) -> None:
    """An array that is on in the render only: the amodal mask of an object that nothing hides is its visible one."""
    from pycocotools import mask as masks

    array_in_the_render(field)
    render_animation()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    (annotation,) = exported().anns.values()
    seen, whole = masks.decode(annotation["segmentation"]), masks.decode(annotation["amodal"]["segmentation"])
    assert np.count_nonzero(seen & whole) / np.count_nonzero(seen | whole) > 0.95
