"""Build the scene of the training: apples, bottles and crates on a table, among things that are none of them.

    python tools/blender.py -P examples/train/scene.py -- SCENE.blend [--variant held_out]

Shapes and materials of what has a category are those of the demo. The scene holds what varies from frame to frame, as
the panel Random Frames does. The variant "held_out" tests what a model has learned of the variant "train": it has the
same things to find, but other distractors, patterns, lights and lenses.
"""

import argparse
import importlib.util
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import bpy  # before the modules that it brings along

# isort: split
import bmesh
from mathutils import Matrix, Vector

CHECKOUT = Path(__file__).resolve().parents[2]
TABLE = 6.4, 5.2  # width and depth


def load(name, path, **options):
    """A module by its file."""
    spec = importlib.util.spec_from_file_location(name, path, **options)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


demo = load("build_scene", CHECKOUT / "examples/demo/build_scene.py")


@dataclass(frozen=True)
class Variant:
    """What one variant of the scene has, and another one does not.

    Attributes:
        distractors: names of functions of this module that make shapes.
        lens: from and to, in millimetres.
        pattern: a texture node, and the scale of it from and to.
        key: where the strongest light is.
    """

    distractors: tuple[str, ...]
    lens: tuple[float, float]
    pattern: tuple[str, float, float]
    key: tuple[float, float, float]


VARIANTS = {
    "train": Variant(("cone", "gem", "post", "cube"), (38, 60), ("ShaderNodeTexNoise", 0.6, 5.0), (-4.0, -2.5, 4.5)),
    "held_out": Variant(
        ("ring", "pebble", "prism", "monkey"), (30, 70), ("ShaderNodeTexVoronoi", 1.0, 6.0), (4.2, 2.0, 3.4)
    ),
}


# --- What is not to be found -----------------------------------------------------------------------


def cone(mesh):
    bmesh.ops.create_cone(mesh, segments=24, radius1=0.35, radius2=0.0, depth=0.8, cap_ends=True)


def gem(mesh):
    bmesh.ops.create_icosphere(mesh, subdivisions=1, radius=0.36)


def post(mesh):
    bmesh.ops.create_cone(mesh, segments=24, radius1=0.17, radius2=0.17, depth=1.0, cap_ends=True)


def cube(mesh):
    bmesh.ops.create_cube(mesh, size=0.55)


def ring(mesh):
    circle = [(0.32 + 0.11 * math.cos(a), 0.11 * math.sin(a)) for a in (i * math.pi / 4 for i in range(9))]
    demo.lathe(mesh, circle)


def pebble(mesh):
    flat = Matrix.Diagonal((1.3, 0.9, 0.55, 1.0))
    bmesh.ops.create_uvsphere(mesh, u_segments=16, v_segments=8, radius=0.36, matrix=flat)


def prism(mesh):
    bmesh.ops.create_cone(mesh, segments=3, radius1=0.4, radius2=0.4, depth=0.7, cap_ends=True)


def monkey(mesh):
    bmesh.ops.create_monkey(mesh, matrix=Matrix.Scale(0.42, 4))


def add_distractors(scene, names):
    """One of each shape, in two sizes; none of them has a category."""
    collection = demo.new_category(scene, "distractors")
    colors = (0.5, 0.06, 0.05), (0.07, 0.3, 0.09), (0.6, 0.42, 0.08), (0.06, 0.12, 0.4)
    for name, color in zip(names, colors, strict=True):
        for number, size in enumerate((1.0, 0.65), start=1):
            mesh = bmesh.new()
            globals()[name](mesh)
            mesh.transform(Matrix.Scale(size, 4))
            lowest = min(vertex.co.z for vertex in mesh.verts)
            mesh.transform(Matrix.Translation((0, 0, -lowest)))
            material = demo.plain(f"{name} {number}", color[:: 1 if number == 1 else -1], roughness=0.4)
            obj = demo.add_object(f"{name}.{number:03}", collection, mesh, (material,))
            obj["category_id"] = 0


# --- The scene -------------------------------------------------------------------------------------


def patterned(name, texture, scale, dark, light):
    """A material of two colours in a pattern. The nodes Scale, Dark and Light are there to be varied."""
    material, tree, shader = demo.new_material(name, dark, roughness=0.7)
    coordinates = tree.nodes.new("ShaderNodeTexCoord")
    pattern = tree.nodes.new(texture)
    pattern.name = "Pattern"
    pattern.inputs["Scale"].default_value = scale
    mix = tree.nodes.new("ShaderNodeMix")
    mix.name, mix.data_type = "Colours", "RGBA"
    mix.inputs[6].default_value, mix.inputs[7].default_value = (*dark, 1.0), (*light, 1.0)
    tree.links.new(coordinates.outputs["Object"], pattern.inputs["Vector"])
    tree.links.new(pattern.outputs[0], mix.inputs[0])
    tree.links.new(mix.outputs[2], shader.inputs["Base Color"])
    return material


def add_table(scene, variant):
    mesh = bmesh.new()
    demo.box(mesh, (0, 0, -0.06), (*TABLE, 0.12))
    texture, low, high = variant.pattern
    board = patterned("Board", texture, math.sqrt(low * high), (0.2, 0.11, 0.06), (0.5, 0.34, 0.2))
    table = demo.add_object("Table", scene.collection, mesh, (board,))
    mesh = bmesh.new()
    demo.box(mesh, (0, 0, -0.9), (40, 40, 0.1))
    ground = patterned("Ground", texture, low, (0.16, 0.2, 0.2), (0.4, 0.45, 0.44))
    floor = demo.add_object("Floor", scene.collection, mesh, (ground,))
    for obj in (table, floor):
        obj["category_id"] = 0


def add_lights(scene, variant):
    demo.add_area_light(scene, "Key", variant.key, 1.6, 380, (1.0, 0.92, 0.82))
    x, y, z = variant.key
    demo.add_area_light(scene, "Fill", (-1.2 * x, y - 2.0, z), 4.0, 110, (0.8, 0.88, 1.0))
    scene.world = bpy.data.worlds.new("World")
    if not demo.SINCE_5:
        scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.16, 0.17, 0.19, 1)


def add_camera(scene, variant):
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.lens = sum(variant.lens) / 2
    camera.location = (0.0, -5.6, 3.4)
    camera.rotation_euler = (Vector((0, 0, 0.3)) - camera.location).to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(camera)
    scene.camera = camera


def add_things(scene):
    """What has a category: the demo's objects, upright and without the detail that small images do not show."""
    for name, add in (("apple", demo.add_apples), ("bottle", demo.add_bottles), ("crate", demo.add_crates)):
        collection = demo.new_category(scene, name)
        add(collection)
        for obj in collection.objects:
            obj.animation_data_clear()
            obj.rotation_euler = (0, 0, 0)
            obj.location.z = 0
            obj.modifiers.clear()
            if name == "crate":  # or it fills so much of an image that a guess meets it
                obj.scale = (0.65,) * 3
    for name in ("apple.006", "apple.007", "apple.008", "apple.009"):
        bpy.data.objects.remove(bpy.data.objects[name])
    for number, obj in enumerate(things(), start=1):
        obj.pass_index = number


def things():
    return [obj for name in ("apple", "bottle", "crate") for obj in bpy.data.collections[name].objects]


# --- What varies -----------------------------------------------------------------------------------


def add_row(scene, name, kind, **values):
    """A row of the panel Random Frames. Its name is what its random numbers go by."""
    row = scene.labelpass.random_frames.rows.add()
    row.name, row.kind = name, kind
    for key, value in values.items():
        setattr(row, key, value)


def add_rows(scene, variant):
    table = bpy.data.objects["Table"]
    size = {"scale_min": 0.85, "scale_max": 1.2, "turning": "lying"}
    add_row(scene, "things", "place_on_surface", surface=table, chance=0.6, lying=0.25, **size)
    aside = bpy.data.collections["distractors"]
    add_row(scene, "distractors", "distractors", collection=aside, surface=table, chance=0.35, lying=0.25, **size)
    add_row(
        scene,
        "camera",
        "around_target",
        **ends("distance", 4.5, 7.5),
        **ends("elevation", math.radians(12), math.radians(60)),
        **ends("roll", math.radians(-8), math.radians(8)),
        **ends("lens", *variant.lens),
        aim=0.6,
    )
    add_row(scene, "lights", "lights", **ends("energy", 0.3, 2.5), light_angle=math.radians(50))
    add_row(scene, "world", "world", distribution="log_uniform", low=0.3, high=3.0)
    _, low, high = variant.pattern
    for material in (bpy.data.materials["Board"], bpy.data.materials["Ground"]):
        for number in (6, 7):
            path = f'node_tree.nodes["Colours"].inputs[{number}].default_value'
            add_row(scene, f"{material.name} {number}", "material_input", block=material, path=path, **COLORS)
        number = list(material.node_tree.nodes["Pattern"].inputs.keys()).index("Scale")
        path = f'node_tree.nodes["Pattern"].inputs[{number}].default_value'
        scale = {"distribution": "log_uniform", "low": low, "high": high}
        add_row(scene, f"{material.name} pattern", "material_input", block=material, path=path, **scale)
    for obj in aside.objects:
        material, path = obj.active_material, 'node_tree.nodes["Principled BSDF"].inputs[0].default_value'
        add_row(scene, material.name, "material_input", block=material, path=path, **COLORS)


def ends(name, low, high):
    """The two properties of a row for the least and the greatest of some values."""
    return {f"{name}_min": low, f"{name}_max": high}


COLORS = {**ends("saturation", 0.0, 0.9), **ends("value", 0.05, 0.8)}


# --- All of it -------------------------------------------------------------------------------------


def set_render(scene):
    """Small and quick: noise is nothing that a detector minds."""
    demo.set_render(scene)
    scene.render.filepath = "//render/####"
    scene.render.resolution_x, scene.render.resolution_y = 160, 120
    scene.render.use_persistent_data = True
    scene.cycles.samples = 4
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 1
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_cryptomatte_object = False


def build(variant):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if not hasattr(bpy.types.Scene, "labelpass"):  # the extension is not enabled
        load("labelpass", CHECKOUT / "__init__.py", submodule_search_locations=[str(CHECKOUT)]).register()
    scene = bpy.context.scene
    add_things(scene)
    add_distractors(scene, variant.distractors)
    add_table(scene, variant)
    add_lights(scene, variant)
    add_camera(scene, variant)
    add_rows(scene, variant)
    set_render(scene)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scene", type=Path, help="the .blend file to write")
    parser.add_argument("--variant", choices=list(VARIANTS), default="train")
    options = parser.parse_args(arguments)
    build(VARIANTS[options.variant])
    path = options.scene.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])
