"""The ways in which people build scenes, each by a function of its own, and `build_village` with all of them.

A scene needs a camera and settings first, see `prepare`. Everything is deterministic and renders in a moment.

    prepare(scene)                      Cycles, 96 x 72, a camera that looks down on the village, a sun, a ground
    add_car(scene, name, at)            an empty with a body and four wheels, scaled unevenly, one wheel mirrored
    add_park(scene)                     nested collections
    add_library(scene, folder)          objects linked from a second .blend
    add_hut_instances(scene)            one collection, instanced twice, and itself hidden from renders
    add_scatter(scene)                  stones that geometry nodes scatter on a patch of ground
    add_particles(scene)                a particle system that instances an object
    add_fence(scene)                    an array modifier
    add_modifiers(scene)                subdivision, mirror, solidify, and a boolean cutter that is not rendered
    add_hidden(scene)                   what must not be labelled
    add_holdout(scene)                  a holdout and a shadow catcher
    add_names(scene)                    names in several scripts, with quotes, and with a dot that is not a copy
"""

from pathlib import Path

import bpy

from tests.blender.scenes import add_object, render_by_cycles

Place = tuple[float, float, float]

# A name in each script that an object got, and the category that a name gives.
NAMES = {
    "椅子": "椅子",
    "стол.001": "стол",
    "شجرة": "شجرة",
    "Straße №7": "Straße №7",
    'a "quoted" 名.002': 'a "quoted" 名',
    "v1.25": "v1.25",
    "😀": "😀",
}


def prepare(scene: bpy.types.Scene) -> None:
    """Render settings, camera, light and a ground that is background."""
    render_by_cycles(scene, 96, 72)
    scene.frame_start = scene.frame_end = 1
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = layer.use_pass_cryptomatte_object = True
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = (0, -26, 21), (0.83, 0, 0)
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    for ob in (camera, sun):
        scene.collection.objects.link(ob)
    scene.camera = camera
    ground = add_object(scene, "Ground", "plane", (0, 0, -0.5), 0)
    ground.scale = 3, 3, 1
    ground["category_id"] = 0


def add_car(scene: bpy.types.Scene, name: str, at: Place) -> bpy.types.Object:
    """An empty with the category `car`, a body and four wheels below it; returns the empty."""
    car = bpy.data.objects.new(name, None)
    car.location, car.scale = at, (1.2, 0.8, 0.7)
    car["category"] = "car"
    scene.collection.objects.link(car)
    body = add_object(scene, f"Body of {name}", "cube", (0, 0, 0.4), 0)
    body.scale, body.parent = (1.6, 0.8, 0.6), car
    for number, (x, y) in enumerate([(-0.9, -0.7), (0.9, -0.7), (-0.9, 1.2), (0.9, 1.2)]):
        wheel = add_object(scene, f"Wheel {number} of {name}", "ball", (x, y, 0), 0)
        wheel.scale, wheel.parent = (0.5, 0.3, 0.5 if number else -0.5), car
    return car


def add_park(scene: bpy.types.Scene) -> bpy.types.Collection:
    """Park > Trees > Oaks with objects in each; returns Park."""
    park, trees, oaks = (bpy.data.collections.new(name) for name in ("Park", "Trees", "Oaks"))
    scene.collection.children.link(park)
    park.children.link(trees)
    trees.children.link(oaks)
    add_object(scene, "Bench", "cube", (-8, 6, 0), 0, park)
    add_object(scene, "Fir", "ball", (-6, 6, 0), 0, trees)
    add_object(scene, "Oak", "ball", (-4, 6, 0), 0, oaks)
    add_object(scene, "Oak.001", "ball", (-2, 6, 0), 0, oaks)
    return park


def add_library(scene: bpy.types.Scene, folder: Path) -> list[bpy.types.Object]:
    """A well and a bucket from a .blend in `folder`; both have pass index 7 there. Returns the linked objects."""
    made = [add_object(scene, "Well", "cube", (1, 6, 0), 7), add_object(scene, "Bucket", "ball", (3, 6, 0), 7)]
    made[1]["category"] = "container"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "library.blend"
    bpy.data.libraries.write(str(path), set(made))
    names = [ob.name for ob in made]
    for ob in made:
        bpy.data.objects.remove(ob)
    with bpy.data.libraries.load(str(path), link=True) as (_, target):
        target.objects = names
    for ob in target.objects:
        scene.collection.objects.link(ob)
    return list(target.objects)


def add_hut_instances(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Two empties that instance a collection of a wall and a roof, one of them mirrored; returns the empties."""
    hut = bpy.data.collections.new("Hut")
    add_object(scene, "Wall", "cube", (0, 0, 0.5), 0, hut)
    roof = add_object(scene, "Roof", "ball", (0, 0, 1.6), 0, hut)
    roof.scale = 1.3, 1.3, 0.5
    empties = []
    for number, x in enumerate((5.5, 8.5)):
        empty = bpy.data.objects.new(f"Hut {number}", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", hut
        empty.location, empty.scale = (x, 6, 0), (-1 if number else 1, 1, 1)
        scene.collection.objects.link(empty)
        empties.append(empty)
    return empties


def add_scatter(scene: bpy.types.Scene) -> bpy.types.Object:
    """A patch of ground on which geometry nodes put a stone on each of four points; returns the patch.

    The stone itself is hidden from renders.
    """
    stone = add_object(scene, "Stone", "ball", (0, 0, -5), 0)
    stone.scale, stone.hide_render = (0.6, 0.5, 0.4), True
    patch = add_object(scene, "Patch", "plane", (-6, -1, -0.4), 0)
    patch.scale = 0.5, 0.5, 1
    tree = bpy.data.node_groups.new("Scatter", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    start, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    info = tree.nodes.new("GeometryNodeObjectInfo")
    info.inputs["Object"].default_value = stone
    put, join = tree.nodes.new("GeometryNodeInstanceOnPoints"), tree.nodes.new("GeometryNodeJoinGeometry")
    tree.links.new(start.outputs[0], put.inputs["Points"])
    tree.links.new(info.outputs["Geometry"], put.inputs["Instance"])
    tree.links.new(start.outputs[0], join.inputs[0])
    tree.links.new(put.outputs[0], join.inputs[0])
    tree.links.new(join.outputs[0], end.inputs[0])
    patch.modifiers.new("Scatter", "NODES").node_group = tree
    return patch


def add_particles(scene: bpy.types.Scene) -> bpy.types.Object:
    """A bed whose hair particles are mushrooms; returns the bed. The mushroom itself is out of sight."""
    mushroom = add_object(scene, "Mushroom", "ball", (0, 0, -5), 0)
    bed = add_object(scene, "Bed", "plane", (0, -1, -0.4), 0)
    bed.scale = 0.4, 0.4, 1
    bed.modifiers.new("Mushrooms", "PARTICLE_SYSTEM")
    settings = bed.particle_systems[0].settings
    settings.type, settings.count, settings.hair_length = "HAIR", 6, 1.0
    settings.render_type, settings.instance_object, settings.particle_size = "OBJECT", mushroom, 0.4
    bed.particle_systems[0].seed = 3
    return bed


def add_fence(scene: bpy.types.Scene) -> bpy.types.Object:
    """A post that an array modifier repeats; returns it."""
    post = add_object(scene, "Fence", "cube", (4, -1, 0), 0)
    post.scale = 0.2, 0.2, 0.8
    array = post.modifiers.new("Array", "ARRAY")
    array.count, array.relative_offset_displace = 5, (2.5, 0, 0)
    return post


def add_modifiers(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Objects whose shape is made by modifiers; returns those that are seen."""
    smooth = add_object(scene, "Smooth", "cube", (-7, -5, 0), 0)
    smooth.modifiers.new("Subdivision", "SUBSURF").render_levels = 2
    twin = add_object(scene, "Twin", "ball", (-4.5, -5, 0), 0)
    twin.modifiers.new("Mirror", "MIRROR")
    twin.scale = -1, 0.6, 1
    shell = add_object(scene, "Shell", "ball", (-2, -5, 0), 0)
    shell.modifiers.new("Solidify", "SOLIDIFY").thickness = 0.1
    cut = add_object(scene, "Cut", "cube", (0.5, -5, 0), 0)
    cutter = add_object(scene, "Cutter", "ball", (1, -5.5, 0.5), 0)
    cutter.hide_render, cutter.display_type = True, "WIRE"
    boolean = cut.modifiers.new("Boolean", "BOOLEAN")
    boolean.operation, boolean.object = "DIFFERENCE", cutter
    return [smooth, twin, shell, cut]


def add_hidden(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Objects that leave no pixels: hidden from renders, in a collection that is, and in an excluded one."""
    hidden = add_object(scene, "Hidden", "cube", (3, -5, 0), 0)
    hidden.hide_render = True
    stored, excluded = bpy.data.collections.new("Stored"), bpy.data.collections.new("Excluded")
    for collection in (stored, excluded):
        scene.collection.children.link(collection)
    stored.hide_render = True
    scene.view_layers[0].layer_collection.children["Excluded"].exclude = True
    return [
        hidden,
        add_object(scene, "Stored cube", "cube", (3, -5, 0), 0, stored),
        add_object(scene, "Excluded cube", "cube", (3, -5, 0), 0, excluded),
    ]


def add_holdout(scene: bpy.types.Scene) -> tuple[bpy.types.Object, bpy.types.Object]:
    """A holdout, which cuts a hole into the image, and a shadow catcher."""
    holdout = add_object(scene, "Holdout", "cube", (5.5, -5, 0), 0)
    holdout.is_holdout = True
    catcher = add_object(scene, "Catcher", "plane", (8.5, -5, -0.3), 0)
    catcher.scale, catcher.is_shadow_catcher = (0.3, 0.3, 1), True
    return holdout, catcher


def add_names(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """A row of balls with the NAMES."""
    return [add_object(scene, name, "ball", (-7.5 + 2.5 * x, 2.5, 0), 0) for x, name in enumerate(NAMES)]


def build_village(scene: bpy.types.Scene, folder: Path) -> None:
    """All of it in one scene; the library goes into `folder`."""
    prepare(scene)
    add_car(scene, "Car", (-5, -9, 0))
    add_car(scene, "Car.001", (1, -9, 0))
    add_park(scene)
    add_library(scene, folder)
    add_hut_instances(scene)
    add_scatter(scene)
    add_particles(scene)
    add_fence(scene)
    add_modifiers(scene)
    add_hidden(scene)
    add_holdout(scene)
    add_names(scene)
