"""Scenes that look otherwise in the viewport than in a render, with copies in the render for the most part."""

import bpy

from tests.blender.scenes import add_collection, add_object

COUNT = 9


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
