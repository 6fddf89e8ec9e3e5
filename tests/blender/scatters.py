"""Scenes full of instances for the tests in Blender, and the same scenes with real objects in their place."""

import math
from pathlib import Path

import bmesh
import bpy
import numpy as np

from tests.blender.scenes import render_by_cycles

SEED = 7
_REAL_INDICES = 100  # beyond those of the objects that they stand for


def prepare(scene: bpy.types.Scene, folder: Path, width: int, height: int, samples: int = 1) -> None:
    """An empty scene to be rendered by Cycles into a folder, with all passes that matter."""
    render_by_cycles(scene, width, height, samples)
    scene.cycles.max_bounces = 0
    scene.frame_start = scene.frame_end = 1
    scene.render.filepath = str(folder / "shot_####")
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = layer.use_pass_cryptomatte_object = True
    scene.labelpass.image_format, scene.labelpass.pictures, scene.labelpass.source = "none", False, "FILES"


def add_camera(
    scene: bpy.types.Scene, location: tuple[float, float, float], pitch: float, orthographic: float = 0.0
) -> bpy.types.Object:
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = location, (pitch, 0.03, 0.02)
    if orthographic:
        camera.data.type, camera.data.ortho_scale = "ORTHO", orthographic
    scene.collection.objects.link(camera)
    scene.camera = camera
    return camera


def add_mesh(
    name: str, collection: bpy.types.Collection, shape: str, size: float, pass_index: int = 0, detail: int = 2
) -> bpy.types.Object:
    """A "stone" (a dented ball), a "box", a "cone" or a "ground" with hills."""
    rng = np.random.default_rng(SEED)
    mesh = bpy.data.meshes.new(f"{name} mesh")
    shapes = bmesh.new()
    if shape == "box":
        bmesh.ops.create_cube(shapes, size=size * 1.4)
    elif shape == "cone":
        bmesh.ops.create_cone(shapes, cap_ends=True, segments=12, radius1=size, radius2=0.2 * size, depth=2 * size)
    elif shape == "ground":
        bmesh.ops.create_grid(shapes, x_segments=24, y_segments=24, size=size)
        for vertex in shapes.verts:
            vertex.co.z = 0.25 * math.sin(vertex.co.x) * math.cos(0.7 * vertex.co.y)
    else:
        bmesh.ops.create_icosphere(shapes, subdivisions=detail, radius=size)
        for vertex in shapes.verts:
            vertex.co *= 1 + 0.25 * rng.uniform(-1, 1)
    shapes.to_mesh(mesh)
    shapes.free()
    ob = bpy.data.objects.new(name, mesh)
    ob.pass_index = pass_index
    collection.objects.link(ob)
    return ob


def stones(pass_index: int = 5) -> bpy.types.Collection:
    """Three objects in a collection that is not in the scene."""
    library = bpy.data.collections.new("Stones")
    for name, shape in (("Boulder", "stone"), ("Brick", "box"), ("Spike", "cone")):
        add_mesh(name, library, shape, 0.3, pass_index)["category"] = name.lower()
    return library


def scatter_nodes(
    ground: bpy.types.Object,
    instance: bpy.types.Collection | bpy.types.Object,
    density: float,
    *,
    as_instance: bool = True,
    keep_ground: bool = True,
) -> bpy.types.NodesModifier:
    """Scatter an object, or the objects of a collection, over a mesh, turned and scaled at random."""
    tree = bpy.data.node_groups.new(f"{ground.name} nodes", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    start, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    points = tree.nodes.new("GeometryNodeDistributePointsOnFaces")
    points.inputs["Density"].default_value = density
    points.inputs["Seed"].default_value = SEED
    on_points = tree.nodes.new("GeometryNodeInstanceOnPoints")
    if isinstance(instance, bpy.types.Collection):
        info = tree.nodes.new("GeometryNodeCollectionInfo")
        info.inputs["Collection"].default_value = instance
        info.inputs["Separate Children"].default_value = True
        info.inputs["Reset Children"].default_value = True
        on_points.inputs["Pick Instance"].default_value = True
        source = info.outputs["Instances"] if "Instances" in info.outputs else info.outputs[0]
    else:
        info = tree.nodes.new("GeometryNodeObjectInfo")
        info.inputs["Object"].default_value = instance
        info.inputs["As Instance"].default_value = as_instance
        source = info.outputs["Geometry"]
    scale, turn = tree.nodes.new("FunctionNodeRandomValue"), tree.nodes.new("FunctionNodeRandomValue")
    for node, low, high in ((scale, (0.5,) * 3, (1.3,) * 3), (turn, (-3,) * 3, (3,) * 3)):
        node.data_type = "FLOAT_VECTOR"
        node.inputs[0].default_value, node.inputs[1].default_value = low, high
    join = tree.nodes.new("GeometryNodeJoinGeometry")
    link = tree.links.new
    link(start.outputs[0], points.inputs["Mesh"])
    link(points.outputs["Points"], on_points.inputs["Points"])
    link(source, on_points.inputs["Instance"])
    link(scale.outputs[0], on_points.inputs["Scale"])
    link(turn.outputs[0], on_points.inputs["Rotation"])
    link(on_points.outputs[0], join.inputs[0])
    if keep_ground:
        link(start.outputs[0], join.inputs[0])
    link(join.outputs[0], end.inputs[0])
    modifier = ground.modifiers.new("Scatter", "NODES")
    modifier.node_group = tree
    return modifier


def make_real(scene: bpy.types.Scene) -> int:
    """Turn everything that is rendered into an object with a mesh, a pass index and a name of its own.

    What has the pass index 0 keeps it.

    Returns:
        How many objects there are.
    """
    bpy.context.view_layer.update()
    found = []
    for one in bpy.context.evaluated_depsgraph_get().object_instances:
        ob = one.object
        hidden = ob.hide_render or (ob.is_instancer and not ob.show_instancer_for_render)
        hidden = hidden or (ob.parent is not None and ob.parent.instance_type in {"VERTS", "FACES"})
        if ob.type != "MESH" or (hidden and not one.is_instance):
            continue
        data = one.object.data
        mesh = bpy.data.meshes.new("Real")
        mesh.from_pydata([tuple(v.co) for v in data.vertices], [], [tuple(face.vertices) for face in data.polygons])
        found.append((one.object.original.name, one.object.pass_index, mesh, one.matrix_world.copy()))
    for ob in list(scene.collection.all_objects):
        if ob.type not in {"CAMERA", "LIGHT"}:
            ob.hide_render = True
    for number, (name, pass_index, mesh, matrix) in enumerate(found):
        ob = bpy.data.objects.new(f"Real {number} {name}", mesh)
        ob.matrix_world = matrix
        ob.pass_index = _REAL_INDICES + number if pass_index else 0
        scene.collection.objects.link(ob)
    return len(found)
