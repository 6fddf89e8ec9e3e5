"""Render the EEVEE part of the test files, with the scene records that the extension of this checkout writes for them.

    python tools/real_blender.py run sid --window --share . -- -b -P tests/data/render_eevee_fixtures.py
    xvfb-run blender -b -P tests/data/render_eevee_fixtures.py -- [--output DIR] [--scatter WIDTH HEIGHT SAMPLES]

EEVEE draws with OpenGL, so it takes a screen, and is not in the bpy module. Everything goes to DIR/eevee-<major.minor>,
which is emptied first. Beside the images lie scene.json, with facts that go neither through a render pass nor through
Labelpass, and scenes/, with what an export would have written of the scene. With --scatter there is only a scatter in
that size, for benchmarks/scatter_in_eevee.py.
"""

import argparse
import importlib
import importlib.util
import json
import random
import shutil
import sys
from pathlib import Path

import bpy
from mathutils import Euler, Vector

sys.dont_write_bytecode = True  # the checkout is read by other Pythons too
HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
sys.path.insert(0, str(CHECKOUT))  # for what the tests in Blender share


def load(name, path, package=False):
    """A module from a file, or the extension from its folder."""
    folder = [str(path.parent)] if package else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folder)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


common = load("render_fixtures", HERE / "render_fixtures.py")
scatters = importlib.import_module("tests.blender.scatters")
Thing = common.Thing

ENGINE = "BLENDER_EEVEE" if common.VERSION >= (5, 0) else "BLENDER_EEVEE_NEXT"
# Metres in a scene unit: not 1, so that mixing them up is noticed.
UNIT_SCALE = 0.5
# A ball of few faces has a small file for its mesh.
SEGMENTS = 32
THINGS = (
    Thing("Ground", "plane", 0, (0.0, 2.0, 0.0), 9.0, "Grey"),
    Thing("Ball", "sphere", 1, (-1.3, -0.6, 0.8), 0.8, "Red"),
    Thing("Cube", "cube", 2, (0.3, 0.9, 0.9), 0.7, "Blue"),
    Thing("Behind", "sphere", 3, (-0.9, 2.6, 1.0), 1.0, "Green"),
    Thing("Tower", "cube", 4, (2.0, 0.4, 0.5), 0.5, "Ochre"),
    Thing("Tower.Roof", "cone", 5, (2.0, 0.4, 1.5), 0.5, "Red", parent="Tower"),
    Thing("Flag", "plane", 6, (-3.0, 0.5, 1.2), 0.6, "Green"),
)
RENDERED = (1, 2, 4)
FRAMES = (0, 1, 2, 3, 4, 5)
# What moves, by how much in a frame: place, and angles in radians.
MOTION = {
    "Ball": ((0.22, -0.08, 0.05), (0.0, 0.1, 0.15)),
    "Cube": ((-0.06, -0.1, 0.03), (0.05, 0.02, 0.12)),
    "Camera": ((0.06, 0.03, 0.01), (0.0, 0.004, 0.01)),
}
# Keypoints of the cube, in its own coordinates.
KEYPOINTS = {"front": (0.0, -0.7, 0.0), "back": (0.0, 0.7, 0.0), "top": (0.3, -0.3, 0.7)}


def set_up(scene, samples, colour_depth="32"):
    """Let EEVEE render the scene."""
    scene.render.engine = ENGINE
    scene.eevee.taa_render_samples = samples
    scene.unit_settings.scale_length = UNIT_SCALE
    scene.render.image_settings.color_depth = colour_depth


def analytic(output):
    """A ball, a cube and the camera move, a flag bends; one sample, in the middle of each pixel."""
    scene = analytic_scene(1)
    common.request(scene.view_layers[0], "z", *common.CRYPTOMATTE, *common.GEOMETRY)
    return {"samples": 1, **render(scene, output, "analytic", RENDERED)}


def analytic_16(output):
    """The same with 16 samples: depth is that of the one nearest to the middle of the pixel, outlines have coverage."""
    scene = analytic_scene(16, "16")
    common.request(scene.view_layers[0], "z", "cryptomatte_object", "position", "normal", "vector")
    return {"samples": 16, **render(scene, output, "analytic_16", (1,))}


def analytic_scene(samples, colour_depth="32"):
    scene = common.build_scene(THINGS, SEGMENTS)
    for name, (step, turn) in MOTION.items():
        animate(scene.objects[name], Vector(step), Vector(turn))
    bend(scene.objects["Flag"])
    for name, place in KEYPOINTS.items():
        empty = bpy.data.objects.new(name, None)
        empty.parent, empty.location = scene.objects["Cube"], place
        scene.collection.objects.link(empty)
    set_up(scene, samples, colour_depth)
    return scene


def animate(ob, step, turn):
    """Move and turn by so much a frame; frame 1 is where the object was put."""
    ob.animation_data_clear()
    place, angles = ob.location.copy(), Vector(ob.rotation_euler)
    bpy.context.preferences.edit.keyframe_new_interpolation_type = "LINEAR"
    for frame in FRAMES:
        ob.location, ob.rotation_euler = place + (frame - 1) * step, Euler(angles + (frame - 1) * turn)
        ob.keyframe_insert("location", frame=frame)
        ob.keyframe_insert("rotation_euler", frame=frame)


def bend(ob):
    """Stand a plane upright, divided, and let a shape key push its upper edge back."""
    ob.rotation_euler = Euler((1.4, 0.0, 0.3))
    mesh = bpy.data.meshes.new("Flag")
    steps, half = 4, 0.6
    grid = [(half * (2 * i / steps - 1), half * (2 * j / steps - 1), 0.0) for j in range(5) for i in range(5)]
    faces = [(5 * j + i, 5 * j + i + 1, 5 * j + i + 6, 5 * j + i + 5) for j in range(steps) for i in range(steps)]
    mesh.from_pydata(grid, [], faces)
    mesh.materials.append(ob.data.materials[0])
    ob.data = mesh
    ob.shape_key_add(name="Basis")
    key = ob.shape_key_add(name="Wind")
    for point, (x, y, _) in zip(key.data, grid, strict=True):
        point.co = (x, y, -0.25 * (y / half + 1))
    for frame in FRAMES:
        key.value = 0.1 * frame
        key.keyframe_insert("value", frame=frame)


def scatter(output):
    """Stones that geometry nodes bring in as geometry, with the name of the ground, and instances of a collection."""
    return {"samples": 1, **scatter_and_real(output, "scatter", 1, (176, 132))}


def scatter_16(output):
    """The same with 16 samples, smaller."""
    return {"samples": 16, **scatter_and_real(output, "scatter_16", 16, (128, 96))}


def grass_16(output):
    """Blades thinner than a pixel on a meadow, so that depth may miss what has most of it; their original is hidden."""
    return {"samples": 16, **scatter_and_real(output, "grass_16", 16, (128, 96), grass_scene)}


def scatter_and_real(output, name, samples, size, build=None):
    build = build or scatter_scene
    scene = build(samples, size)
    facts = render(scene, output, name, (1,))
    scene = build(samples, size)
    scatters.make_real(scene)
    scene.view_layers[0].use_pass_z = False
    real = render(scene, output, f"{name}_real", (1,), describe=False)
    return {**facts, "real": real["files"]}


def grass_scene(samples, size):
    scene = empty_scene(samples, size)
    add_polygon(scene, "Meadow", ((-9, -5, 0), (9, -5, 0), (9, 14, 0), (-9, 14, 0)))
    add_polygon(scene, "Wall", ((-9, 4, -1), (9, 4, -1), (9, 4, 7), (-9, 4, 7)))
    half = 0.015
    points = ((-half, 0, 0), (half, 0, 0), (0.6 * half, 0.1, 1.2), (-0.6 * half, 0.1, 1.2))
    blade = add_polygon(scene, "Blade", points)
    blade.location = (0, 6, 0)
    rng = random.Random(5)
    for number in range(120):
        copy = bpy.data.objects.new(f"Tuft.{number:03}", None)
        copy.location = (rng.uniform(-4, 4), rng.uniform(-3, 3.5), 0)
        copy.rotation_euler = (rng.uniform(-0.25, 0.25), rng.uniform(-0.25, 0.25), rng.uniform(-3, 3))
        scene.collection.objects.link(copy)
    blades = bpy.data.collections.new("Blades")
    blades.objects.link(blade)
    blades.instance_offset = blade.location
    for ob in scene.objects:
        if ob.type == "EMPTY":
            ob.instance_type, ob.instance_collection = "COLLECTION", blades
    return scene


def add_polygon(scene, name, points):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], [tuple(range(len(points)))])
    ob = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(ob)
    return ob


def empty_scene(samples, size):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.view_layers[0].name = "ViewLayer"
    set_up(scene, samples, "16")
    render = scene.render
    render.resolution_x, render.resolution_y = size
    common.set_format(render.image_settings, "OPEN_EXR_MULTILAYER")
    render.image_settings.color_depth = "16"
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_cryptomatte_object = True
    layer.pass_cryptomatte_depth = 2
    for setting in render.bl_rna.properties:
        if setting.identifier.startswith("use_stamp_"):
            setattr(render, setting.identifier, False)
    scatters.add_camera(scene, (0, -9, 5), 1.05)
    return scene


def scatter_scene(samples, size):
    scene = empty_scene(samples, size)
    ground = scatters.add_mesh("Ground", scene.collection, "ground", 6)
    ground["category"] = "ground"
    library = scatters.stones()
    scatters.scatter_nodes(ground, library.objects["Boulder"], 3.0, as_instance=False)
    library.objects.unlink(library.objects["Boulder"])
    for number in range(40):
        empty = bpy.data.objects.new(f"Pair.{number:02}", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", library
        empty.location = (number % 8 - 3.5) * 1.1, (number // 8 - 2) * 1.3, 0.3
        empty.rotation_euler = (0.3 * number, 0.5 * number, number)
        scene.collection.objects.link(empty)
    library.objects["Spike"].location = (0.35, 0.1, 0.2)
    return scene


def render(scene, output, name, frames, describe=True):
    """Render some frames into `output`, with their scene records; return what scene.json says of them."""
    for frame in frames:
        scene.frame_start = scene.frame_end = frame
        scene.render.filepath = str(output / f"{name}_")
        bpy.ops.render.render(animation=True)
        if describe:
            write_record(scene, output / f"scenes/{name}_{frame:04}.json", frame)
    files = sorted(path.name for path in output.glob(f"{name}_????.exr"))
    return {"frames": list(frames), "files": files}


def write_record(scene, path, frame):
    """What an export with amodal masks, poses and keypoints writes of the scene."""
    from labelpass.core.settings.category_table import Category, CategoryTable
    from labelpass.core.settings.settings import Settings
    from labelpass.operators.scene.scene_description import describe

    scene.frame_set(frame)
    has_keypoints = "front" in scene.objects
    categories = (Category("Cube", keypoints=tuple(KEYPOINTS), skeleton=((1, 2),)),) if has_keypoints else ()
    settings = Settings(amodal=True, poses=True)
    describe(scene, bpy.context.evaluated_depsgraph_get(), settings, CategoryTable(categories)).write(path)


FIXTURES = (analytic, analytic_16, scatter, scatter_16, grass_16)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=HERE)
    parser.add_argument("--scatter", type=int, nargs=3, metavar=("WIDTH", "HEIGHT", "SAMPLES"))
    options = parser.parse_args(arguments)
    output = options.output.resolve() / f"eevee-{'.'.join(map(str, common.VERSION))}"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    load("labelpass", CHECKOUT / "__init__.py", package=True).register()
    if options.scatter:
        width, height, samples = options.scatter
        scatter_and_real(output, "scatter", samples, (width, height))
        return
    facts = common.describe(analytic_scene(1), THINGS, SEGMENTS, FRAMES)
    facts["unit_scale"] = UNIT_SCALE
    facts["sizes"] = {thing.name: thing.size for thing in THINGS}
    facts["keypoints"] = {name: list(place) for name, place in KEYPOINTS.items()}
    facts["fixtures"] = {one.__name__: {"description": one.__doc__, **one(output)} for one in FIXTURES}
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    (output / "scene.json").write_text(text + "\n", encoding="utf-8")
    sys.modules["labelpass"].unregister()


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
