"""Build the demo scene: apples, bottles and crates on a table, labelled and ready to render.

    python examples/demo/build_scene.py SCENE.blend            (the bpy module)
    blender -b -P examples/demo/build_scene.py -- SCENE.blend  (Blender itself)

Each category is a collection and each object has a pass index of its own. Table and backdrop are
background: in no category, pass index 0, custom property `category_id` 0. Frames 1 to 4 render
into render/ next to the .blend file.
"""

import argparse
import math
import random
import sys
from itertools import pairwise
from pathlib import Path

import bpy  # before the modules that it brings along

# isort: split
import bmesh
from mathutils import Matrix, Vector

FRAMES = (1, 4)
SINCE_5 = bpy.app.version >= (5, 0, 0)


# --- Materials -------------------------------------------------------------------------------


def new_material(name, color, roughness=0.5, coat=0.0):
    """A Principled material; returns it with its node tree and the shader node."""
    material = bpy.data.materials.new(name)
    if not SINCE_5:  # since 5.0 every material has nodes
        material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*color, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Coat Weight"].default_value = coat
    return material, material.node_tree, shader


def plain(name, color, roughness=0.5, coat=0.0):
    return new_material(name, color, roughness, coat)[0]


def color_ramp(tree, factor, target, stops):
    """Colour `target` by the value of `factor` through a ramp of (position, colour) stops."""
    ramp = tree.nodes.new("ShaderNodeValToRGB").color_ramp
    node = tree.nodes[-1]
    while len(ramp.elements) < len(stops):
        ramp.elements.new(1.0)
    for element, (position, color) in zip(ramp.elements, stops, strict=True):
        element.position = position
        element.color = (*color, 1.0)
    tree.links.new(factor, node.inputs["Fac"])
    tree.links.new(node.outputs["Color"], target)


def noise(tree, scale, detail=3.0):
    """Noise in the object's own space; `scale` is one number for each axis."""
    coordinates = tree.nodes.new("ShaderNodeTexCoord")
    mapping = tree.nodes.new("ShaderNodeMapping")
    mapping.inputs["Scale"].default_value = scale
    texture = tree.nodes.new("ShaderNodeTexNoise")
    texture.inputs["Scale"].default_value = 1.0
    texture.inputs["Detail"].default_value = detail
    tree.links.new(coordinates.outputs["Object"], mapping.inputs["Vector"])
    tree.links.new(mapping.outputs["Vector"], texture.inputs["Vector"])
    return texture.outputs["Fac"]


def apple_skin(name, light, dark):
    material, tree, shader = new_material(name, dark, roughness=0.28, coat=0.5)
    stops = ((0.38, dark), (0.68, light))
    color_ramp(tree, noise(tree, (2.4, 2.4, 0.9)), shader.inputs["Base Color"], stops)
    return material


def wood(name, light, dark, roughness=0.6):
    """Every plank has its own tone, because every plank is an island of the mesh."""
    material, tree, shader = new_material(name, light, roughness)
    tone = tree.nodes.new("ShaderNodeMath")
    tone.operation = "MULTIPLY_ADD"
    tone.inputs[1].default_value = 0.45
    geometry = tree.nodes.new("ShaderNodeNewGeometry")
    tree.links.new(geometry.outputs["Random Per Island"], tone.inputs[0])
    tree.links.new(noise(tree, (2.0, 14.0, 14.0), 5.0), tone.inputs[2])
    color_ramp(tree, tone.outputs[0], shader.inputs["Base Color"], ((0.35, dark), (0.95, light)))
    return material


# --- Shapes ----------------------------------------------------------------------------------


def lathe(mesh, profile, segments=24, materials=()):
    """Turn a profile of (radius, z) points about the z axis.

    `materials` gives the material index of each stretch of the profile, 0 where it ends.
    """
    rings = []
    for radius, z in profile:
        angles = [2 * math.pi * i / segments for i in range(segments)]
        if radius == 0:
            rings.append([mesh.verts.new((0, 0, z))] * segments)
        else:
            points = [(radius * math.cos(a), radius * math.sin(a), z) for a in angles]
            rings.append([mesh.verts.new(point) for point in points])
    for stretch, (lower, upper) in enumerate(pairwise(rings)):
        for i in range(segments):
            j = (i + 1) % segments
            corners = dict.fromkeys((lower[i], lower[j], upper[j], upper[i]))
            face = mesh.faces.new(corners)
            face.smooth = True
            face.material_index = materials[stretch] if stretch < len(materials) else 0


def box(mesh, center, size):
    matrix = Matrix.Translation(center) @ Matrix.Diagonal((*size, 1.0))
    bmesh.ops.create_cube(mesh, size=1.0, matrix=matrix)


def add_object(name, collection, mesh, materials, location=(0, 0, 0), angle=0.0):
    """Make an object of a bmesh and free that; `angle` in degrees about the z axis."""
    data = bpy.data.meshes.new(name)
    mesh.to_mesh(data)
    mesh.free()
    for material in materials:
        data.materials.append(material)
    obj = bpy.data.objects.new(name, data)
    obj.location = location
    obj.rotation_euler.z = math.radians(angle)
    collection.objects.link(obj)
    return obj


def subdivide(obj):
    modifier = obj.modifiers.new("Subdivision", "SUBSURF")
    modifier.levels = modifier.render_levels = 2


def bevel(obj, width):
    modifier = obj.modifiers.new("Bevel", "BEVEL")
    modifier.width = width
    modifier.segments = 3


# An apple of radius 1 that stands on z = 0, with the dimple of the stem on top.
APPLE = (
    (0.0, 0.12),
    (0.22, 0.03),
    (0.48, 0.04),
    (0.8, 0.35),
    (0.98, 0.85),
    (0.95, 1.25),
    (0.72, 1.58),
    (0.38, 1.68),
    (0.14, 1.55),
    (0.0, 1.4),
)
STEM = ((0.0, 1.36), (0.05, 1.38), (0.045, 1.75), (0.075, 1.98), (0.0, 1.99))


def add_apple(name, collection, skin, stem, location, radius=0.34, tilt=(0.0, 0.0, 0.0)):
    mesh = bmesh.new()
    lathe(mesh, APPLE)
    lathe(mesh, STEM, segments=8, materials=(1,) * 4)
    mesh.transform(Matrix.Scale(radius, 4))
    obj = add_object(name, collection, mesh, (skin, stem), location)
    obj.rotation_euler = [math.radians(angle) for angle in tilt]
    subdivide(obj)


# (radius, z, material from here up): 0 glass, 1 label, 2 cap. Points in pairs keep edges sharp.
BOTTLE = (
    (0.0, 0.06, 0),
    (0.22, 0.0, 0),
    (0.27, 0.0, 0),
    (0.29, 0.04, 0),
    (0.29, 0.3, 0),
    (0.29, 0.32, 1),
    (0.296, 0.325, 1),
    (0.296, 0.765, 1),
    (0.29, 0.77, 0),
    (0.29, 0.8, 0),
    (0.28, 0.92, 0),
    (0.2, 1.06, 0),
    (0.12, 1.16, 0),
    (0.1, 1.25, 0),
    (0.1, 1.4, 0),
    (0.1, 1.42, 2),
    (0.125, 1.425, 2),
    (0.125, 1.56, 2),
    (0.12, 1.575, 2),
    (0.0, 1.58, 2),
)
FLASK = (
    (0.0, 0.06, 0),
    (0.2, 0.0, 0),
    (0.26, 0.0, 0),
    (0.36, 0.12, 0),
    (0.42, 0.32, 0),
    (0.41, 0.5, 0),
    (0.32, 0.7, 0),
    (0.17, 0.84, 0),
    (0.115, 0.95, 0),
    (0.11, 1.08, 0),
    (0.11, 1.1, 2),
    (0.135, 1.105, 2),
    (0.135, 1.23, 2),
    (0.13, 1.245, 2),
    (0.0, 1.25, 2),
)


def add_bottle(name, collection, materials, location, profile=BOTTLE, scale=1.0):
    mesh = bmesh.new()
    lathe(mesh, [point[:2] for point in profile], 32, [point[2] for point in profile])
    mesh.transform(Matrix.Scale(scale, 4))
    obj = add_object(name, collection, mesh, materials, location)
    subdivide(obj)
    return obj


def add_crate(name, collection, material, location, angle, size, slats=3):
    """An open box of planks; `size` is width, depth and height."""
    width, depth, height = size
    thick, gap = 0.06, 0.05
    slat = (height - gap * (slats - 1)) / slats
    mesh = bmesh.new()
    for level in range(slats):
        z = slat / 2 + level * (slat + gap)
        for side in (-1, 1):
            box(mesh, (0, side * depth / 2, z), (width + thick, thick, slat))
            box(mesh, (side * width / 2, 0, z), (thick, depth - thick, slat))
    for x in (-1, 1):
        for y in (-1, 1):
            corner = (x * (width / 2 - 0.1), y * (depth / 2 - 0.1), height / 2)
            box(mesh, corner, (0.12, 0.12, height))
    boards = 5
    for i in range(boards):
        y = (i + 0.5) * (depth - thick) / boards - (depth - thick) / 2
        box(mesh, (0, y, 0.04), (width - thick, depth / boards - 0.04, 0.05))
    obj = add_object(name, collection, mesh, (material,), location, angle)
    bevel(obj, 0.014)


# --- The scene -------------------------------------------------------------------------------


def new_category(scene, name):
    collection = bpy.data.collections.new(name)
    scene.collection.children.link(collection)
    return collection


def add_apples(collection):
    stem = plain("Stem", (0.09, 0.045, 0.02), roughness=0.8)
    red = apple_skin("Apple red", (0.85, 0.3, 0.06), (0.55, 0.012, 0.016))
    green = apple_skin("Apple green", (0.62, 0.7, 0.12), (0.22, 0.45, 0.03))
    yellow = apple_skin("Apple yellow", (0.9, 0.62, 0.1), (0.85, 0.28, 0.03))
    places = (
        (red, (-1.72, 1.2, 0.42), (12, 8, 0)),
        (green, (-1.02, 1.38, 0.42), (-10, 14, 70)),
        (yellow, (-1.38, 0.98, 0.52), (24, -16, 30)),
        (red, (-1.72, -0.62, 0.0), (0, 0, 15)),
        (green, (-1.2, -0.12, 0.0), (0, 0, 200)),
        (red, (0.36, -0.86, 0.0), (0, 0, 120)),
        (yellow, (1.5, -0.7, 0.0), (0, 0, 260)),
        (green, (1.98, -0.18, 0.0), (0, 0, 80)),
        (red, (2.0, 1.34, 0.12), (8, 0, 10)),
    )
    sizes = random.Random(4)
    for number, (skin, location, tilt) in enumerate(places, start=1):
        radius = sizes.uniform(0.3, 0.37)
        add_apple(f"apple.{number:03}", collection, skin, stem, location, radius, tilt)


def add_bottles(collection):
    """Five bottles; the last lies on the table and rolls."""
    paper = plain("Paper", (0.82, 0.76, 0.62), roughness=0.75)
    cork = plain("Cork", (0.42, 0.22, 0.1), roughness=0.9)
    brass = plain("Cap", (0.75, 0.5, 0.14), roughness=0.35)
    amber = plain("Amber", (0.42, 0.12, 0.012), 0.08, 0.8)
    bottle_green = plain("Bottle green", (0.015, 0.16, 0.07), 0.08, 0.8)
    cobalt = plain("Cobalt", (0.015, 0.06, 0.42), 0.1, 0.8)
    cream = plain("Cream", (0.78, 0.7, 0.56), 0.25, 0.5)
    teal = plain("Teal", (0.01, 0.3, 0.32), 0.1, 0.8)
    add_bottle("bottle.001", collection, (amber, paper, cork), (0.02, 0.62, 0.0))
    add_bottle("bottle.002", collection, (bottle_green, paper, brass), (0.62, 1.5, 0.0), scale=1.2)
    add_bottle("bottle.003", collection, (cobalt, paper, cork), (0.92, 0.1, 0.0), FLASK)
    add_bottle("bottle.004", collection, (cream, paper, cork), (-2.3, 0.5, 0.0), FLASK, 1.05)
    rolling = add_bottle("bottle.005", collection, (teal, paper, brass), (0, 0, 0))
    roll(rolling, Vector((-0.7, -0.62, 0.3)), axis=math.radians(-62), radius=0.296, distance=0.3)


def roll(obj, start, axis, radius, distance):
    """Lay `obj` down with its z axis in the direction `axis` and roll it to the right of that."""
    direction = Vector((math.sin(axis), -math.cos(axis), 0.0))
    for frame, rolled in zip(FRAMES, (0.0, distance), strict=True):
        obj.location = start + rolled * direction
        obj.rotation_euler = (math.pi / 2, -rolled / radius, axis + math.pi / 2)
        obj.keyframe_insert("location", frame=frame)
        obj.keyframe_insert("rotation_euler", frame=frame)


def add_crates(collection):
    pine = wood("Pine", (0.62, 0.38, 0.18), (0.3, 0.14, 0.05))
    blue = wood("Painted blue", (0.16, 0.34, 0.46), (0.06, 0.15, 0.24), 0.5)
    ochre = wood("Painted ochre", (0.8, 0.5, 0.12), (0.5, 0.24, 0.04), 0.5)
    add_crate("crate.001", collection, pine, (-1.35, 1.15, 0.0), 10, (1.7, 1.15, 0.72))
    add_crate("crate.002", collection, blue, (1.9, 1.4, 0.0), -16, (1.5, 1.0, 0.8))
    add_crate("crate.003", collection, ochre, (-0.05, 2.45, 0.0), 6, (1.3, 0.9, 1.0), slats=4)


def add_background(scene):
    """A table board and a sweep that rises behind it; both are category 0."""
    table = bmesh.new()
    for plank in range(9):
        box(table, (0, -2.0 + plank * 0.72, -0.06), (7.4, 0.7, 0.12))
    oak = wood("Oak", (0.5, 0.33, 0.2), (0.24, 0.13, 0.065))
    board = add_object("Table", scene.collection, table, (oak,))
    bevel(board, 0.015)

    sweep = bmesh.new()
    arc = [math.radians(angle) for angle in range(0, 91, 10)]
    path = [(-9.0, 0.0), *((5.0 + 3 * math.sin(a), 3 - 3 * math.cos(a)) for a in arc), (8.0, 12.0)]
    rows = [[sweep.verts.new((x, y, z - 0.7)) for x in (-16, 16)] for y, z in path]
    for near, far in pairwise(rows):
        sweep.faces.new((near[0], near[1], far[1], far[0])).smooth = True
    wall = plain("Backdrop", (0.5, 0.58, 0.58), roughness=0.9)
    backdrop = add_object("Backdrop", scene.collection, sweep, (wall,))
    for obj in (board, backdrop):
        obj.pass_index = 0
        obj["category_id"] = 0


def add_area_light(scene, name, location, size, power, color):
    data = bpy.data.lights.new(name, "AREA")
    data.size = size
    data.energy = power
    data.color = color
    light = bpy.data.objects.new(name, data)
    light.location = location
    light.rotation_euler = (Vector((0, 0.4, 0.4)) - light.location).to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(light)


def add_lights(scene):
    add_area_light(scene, "Key", (-4.6, -1.4, 4.2), 1.4, 350, (1.0, 0.9, 0.78))
    add_area_light(scene, "Fill", (5.5, -3.0, 3.5), 4.0, 60, (0.75, 0.87, 1.0))
    add_area_light(scene, "Rim", (3.0, 5.0, 5.0), 2.0, 330, (1.0, 0.95, 0.88))
    scene.world = bpy.data.worlds.new("World")
    if not SINCE_5:
        scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.045, 0.05, 0.06, 1)


def add_camera(scene):
    """A camera on a small arc around the table."""
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.lens = 48
    scene.collection.objects.link(camera)
    scene.camera = camera
    target = Vector((0.0, 0.45, 0.5))
    for frame in range(FRAMES[0], FRAMES[1] + 1):
        angle = math.radians(-94 + 2.5 * (frame - FRAMES[0]))
        camera.location = target + Vector((6.3 * math.cos(angle), 6.3 * math.sin(angle), 2.9))
        camera.rotation_euler = (target - camera.location).to_track_quat("-Z", "Y").to_euler()
        camera.keyframe_insert("location", frame=frame)
        camera.keyframe_insert("rotation_euler", frame=frame)


def set_render(scene):
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y = 640, 480
    render.filepath = "//render/demo_####"
    scene.frame_start, scene.frame_end = FRAMES
    scene.cycles.device = "CPU"
    scene.cycles.samples = 32
    scene.cycles.use_animated_seed = True  # other noise in each frame, so that no network learns it
    scene.cycles.adaptive_threshold = 0.1
    scene.cycles.adaptive_min_samples = 8
    scene.cycles.max_bounces = 3
    scene.cycles.use_denoising = True
    scene.cycles.denoising_prefilter = "FAST"
    scene.view_settings.look = "AgX - High Contrast"
    settings = render.image_settings
    if SINCE_5:
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"
    settings.color_depth = "16"  # of the colours only, other passes stay 32 bit
    settings.exr_codec = "ZIP"
    layer = scene.view_layers[0]
    layer.use_pass_z = True
    layer.use_pass_object_index = True
    layer.use_pass_cryptomatte_object = True


def build():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.edit.keyframe_new_interpolation_type = "LINEAR"
    scene = bpy.context.scene
    builders = {"apple": add_apples, "bottle": add_bottles, "crate": add_crates}
    categories = {name: new_category(scene, name) for name in builders}
    for name, builder in builders.items():
        builder(categories[name])
    labelled = [obj for collection in categories.values() for obj in collection.objects]
    for index, obj in enumerate(labelled, start=1):
        obj.pass_index = index
    add_background(scene)
    add_lights(scene)
    add_camera(scene)
    set_render(scene)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scene", type=Path, help="the .blend file to write")
    path = parser.parse_args(arguments).scene.resolve()
    build()
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])
