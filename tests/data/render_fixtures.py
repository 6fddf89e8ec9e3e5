"""Render the small EXR files that the tests read, with the Blender version that runs this.

    python tests/data/render_fixtures.py [--output DIR]            (the bpy module)
    blender -b -P tests/data/render_fixtures.py -- [--output DIR]  (Blender itself)

Everything goes to DIR/<major.minor>/, which is emptied first. Next to the images lies scene.json
with the facts that no image holds: the camera, the objects and where they are in each frame.
Every fixture starts from a scene built anew, so that none can depend on the one before it.
"""

import argparse
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy
from mathutils import Euler, Matrix, Vector

WIDTH, HEIGHT = 64, 48
# Frames 0 and 3 are never rendered: optical flow needs to know where things were and will be.
FRAMES = (0, 1, 2, 3)
INTEROCULAR = 0.3


# --- What differs between Blender versions ---------------------------------------------------

VERSION = bpy.app.version[:2]
SINCE_5 = VERSION >= (5, 0)
INDEX_SOCKET = "Object Index" if SINCE_5 else "IndexOB"
MATERIAL_SOCKET = "Material Index" if SINCE_5 else "IndexMA"
ITEM_TYPES = {"RGBA": "RGBA", "VALUE": "FLOAT", "VECTOR": "VECTOR"}


def set_format(settings, file_format):
    """Choose an image format; since 5.0 the kind of medium must be chosen before it."""
    if SINCE_5:
        multilayer = file_format == "OPEN_EXR_MULTILAYER"
        settings.media_type = "MULTI_LAYER_IMAGE" if multilayer else "IMAGE"
    settings.file_format = file_format
    settings.color_depth = "32"


def shader_nodes(owner):
    """The nodes of a new material or world; since 5.0 it always has them."""
    if not SINCE_5:
        owner.use_nodes = True
    return owner.node_tree.nodes


def compositor_tree(scene):
    if SINCE_5:
        scene.compositing_node_group = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        return scene.compositing_node_group
    scene.use_nodes = True
    scene.node_tree.nodes.clear()
    return scene.node_tree


def add_file_output(tree, directory, sockets, multilayer_name=None):
    """Add a File Output node that writes `sockets` (socket of the render layer -> name).

    It writes a file for each, or one multilayer file if that gets a name. Since 5.0 the node
    has a file name in any case, which is left as Blender sets it.
    """
    layers = next(node for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers")
    node = tree.nodes.new("CompositorNodeOutputFile")
    set_format(node.format, "OPEN_EXR_MULTILAYER" if multilayer_name else "OPEN_EXR")
    if SINCE_5:
        node.directory = str(directory)
        node.file_name = multilayer_name or node.file_name
        for socket, name in sockets.items():
            node.file_output_items.new(ITEM_TYPES[layers.outputs[socket].type], name)
    elif multilayer_name:
        node.base_path = str(directory / multilayer_name)
        add_slots(node.layer_slots, sockets)
    else:
        node.base_path = str(directory)
        add_slots(node.file_slots, sockets)
    # Since 5.0 an empty input follows, for the user to draw a link to.
    for socket, target in zip(sockets, node.inputs, strict=False):
        tree.links.new(layers.outputs[socket], target)
    return node


def add_slots(slots, sockets):
    slots.clear()
    for name in sockets.values():
        slots.new(name)


# --- The scene -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Thing:
    """One object of the scene; `size` is the radius of a sphere or cone, half a cube's edge."""

    name: str
    shape: str
    pass_index: int
    location: tuple[float, float, float]
    size: float
    material: str
    parent: str | None = None


# The names are chosen to hurt: the Cryptomatte manifest holds them unescaped.
QUOTED = 'Würfel "A"/b'
BROKEN = "Kegel\nzwei\\drei"

THINGS = (
    Thing("Ground", "plane", 0, (0.0, 2.0, 0.0), 9.0, "Grey"),
    Thing("Ball.Near", "sphere", 1, (-1.5, -0.2, 0.7), 0.7, "Red"),
    Thing("Ball.Far", "sphere", 2, (-0.7, 1.8, 0.9), 0.9, "Green"),
    Thing("Ball.Free", "sphere", 3, (0.9, -1.6, 0.45), 0.45, "Blue"),
    Thing("Ball.Cut", "sphere", 300, (3.6, 1.2, 1.1), 1.1, "Red"),
    Thing("Ball.Hidden", "sphere", 8, (0.45, 4.6, 0.3), 0.3, "Green"),
    Thing(QUOTED, "cube", 4, (0.45, 2.4, 0.8), 0.8, "Blue"),
    Thing(BROKEN, "cone", 32767, (-2.9, 2.6, 1.1), 1.1, "Green"),
    Thing("Twin.L", "cube", 5, (-2.6, -1.0, 0.3), 0.3, "Ochre"),
    Thing("Twin.R", "cube", 5, (1.9, 3.6, 0.5), 0.5, "Ochre"),
    Thing("Tower", "cube", 6, (1.9, 0.4, 0.5), 0.5, "Ochre"),
    Thing("Tower.Roof", "cone", 7, (1.9, 0.4, 1.5), 0.5, "Red", parent="Tower"),
)
MATERIALS = {  # pass index and colour; two materials share the index 0
    "Grey": (0, (0.5, 0.5, 0.5)),
    "Red": (1, (0.8, 0.1, 0.1)),
    "Green": (2, (0.1, 0.6, 0.2)),
    "Blue": (500, (0.1, 0.2, 0.8)),
    "Ochre": (0, (0.7, 0.5, 0.1)),
}
# Of a sphere: its flat faces fall short of it by at most 0.0004 of its radius.
SEGMENTS = 128
# What moves, and how far in one frame.
VELOCITY = {"Ball.Free": (0.25, -0.1, 0.05), "Camera": (0.05, 0.02, 0.0)}


def build_scene(things=THINGS, segments=SEGMENTS):
    """An empty file with the scene in it, 1 sample a pixel and only the Combined pass."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    add_materials()
    for thing in things:
        add_thing(thing, segments)
    for thing in things:
        if thing.parent:
            child, parent = scene.objects[thing.name], scene.objects[thing.parent]
            child.parent = parent
            child.matrix_parent_inverse = Matrix.Translation(parent.location).inverted()
    add_camera(scene)
    add_light(scene)
    for name, step in VELOCITY.items():
        if name in scene.objects:
            animate(scene.objects[name], step)
    set_render(scene)
    return scene


def add_materials():
    for name, (pass_index, color) in MATERIALS.items():
        material = bpy.data.materials.new(name)
        material.pass_index = pass_index
        shader_nodes(material)["Principled BSDF"].inputs["Base Color"].default_value = (*color, 1.0)


def add_thing(thing, segments):
    if thing.shape == "sphere":
        bpy.ops.mesh.primitive_uv_sphere_add(radius=thing.size, segments=segments, ring_count=segments // 2)
    elif thing.shape == "cube":
        bpy.ops.mesh.primitive_cube_add(size=2 * thing.size)
    elif thing.shape == "cone":
        bpy.ops.mesh.primitive_cone_add(radius1=thing.size, depth=2 * thing.size, vertices=64)
    else:
        bpy.ops.mesh.primitive_plane_add(size=2 * thing.size)
    obj = bpy.context.object
    obj.name = thing.name
    obj.location = thing.location
    obj.pass_index = thing.pass_index
    obj.data.materials.append(bpy.data.materials[thing.material])


def add_camera(scene):
    data = bpy.data.cameras.new("Camera")
    data.lens = 40.0
    data.shift_x, data.shift_y = 0.06, -0.04
    # Such eyes differ from the camera by a translation only: scene.json can state them exactly.
    data.stereo.convergence_mode = "PARALLEL"
    data.stereo.pivot = "CENTER"
    data.stereo.interocular_distance = INTEROCULAR
    camera = bpy.data.objects.new("Camera", data)
    camera.location = (0.5, -7.5, 2.9)
    camera.rotation_euler = Euler(math.radians(angle) for angle in (75.0, 3.0, 4.0))
    scene.collection.objects.link(camera)
    scene.camera = camera


def add_light(scene):
    data = bpy.data.lights.new("Sun", "SUN")
    data.energy = 3.0
    data.angle = 0.0
    sun = bpy.data.objects.new("Sun", data)
    sun.rotation_euler = Euler(math.radians(angle) for angle in (40.0, 15.0, 0.0))
    scene.collection.objects.link(sun)
    scene.world = bpy.data.worlds.new("World")
    shader_nodes(scene.world)["Background"].inputs["Color"].default_value = (0.3, 0.35, 0.4, 1.0)
    # Hard shadows and no light from the sky: without noise the files are much smaller.
    scene.world.cycles_visibility.diffuse = False
    scene.world.cycles_visibility.glossy = False
    scene.cycles.max_bounces = 0


def animate(obj, step):
    """Move by `step` a frame, at constant speed; frame 1 is where the object was put."""
    start, step = obj.location.copy(), Vector(step)
    bpy.context.preferences.edit.keyframe_new_interpolation_type = "LINEAR"
    for frame in (FRAMES[0], FRAMES[-1]):
        obj.location = start + (frame - 1) * step
        obj.keyframe_insert("location", frame=frame)


def set_render(scene):
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y = WIDTH, HEIGHT
    render.threads_mode, render.threads = "FIXED", 2
    # Keeps dates, times and machine names out of the files.
    for setting in render.bl_rna.properties:
        if setting.identifier.startswith("use_stamp_"):
            setattr(render, setting.identifier, False)
    scene.cycles.device = "CPU"
    scene.cycles.samples = 1  # the one sample lies in the pixel's centre
    scene.cycles.seed = 0
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    set_format(render.image_settings, "OPEN_EXR_MULTILAYER")
    scene.view_layers[0].name = "ViewLayer"


def request(layer, *passes):
    for name in passes:
        setattr(layer, f"use_pass_{name}", True)
    layer.pass_cryptomatte_depth = 6


CRYPTOMATTE = ("cryptomatte_object", "cryptomatte_material", "cryptomatte_asset")
INDICES = ("object_index", "material_index")
GEOMETRY = ("position", "normal", "vector")


# --- The fixtures ----------------------------------------------------------------------------


def multilayer(scene, folder):
    """Every pass that Labelpass reads; one object and the camera move."""
    request(scene.view_layers[0], "z", *INDICES, *CRYPTOMATTE, *GEOMETRY)


def interleaved(scene, folder):
    """The same passes in one part, as Blender wrote them before 5.0."""
    multilayer(scene, folder)
    scene.render.image_settings.use_exr_interleave = True


def crypto_only(scene, folder):
    """Cryptomatte without index passes; several samples, so that outlines have coverage."""
    request(scene.view_layers[0], "z", *CRYPTOMATTE)
    scene.cycles.samples = 8


def noindex(scene, folder):
    """Nothing to tell objects apart."""
    request(scene.view_layers[0], "z")


def border(scene, folder):
    """A border render that keeps the size of the image."""
    request(scene.view_layers[0], "z", "object_index", "cryptomatte_object", "position")
    render = scene.render
    render.use_border = True
    render.border_min_x, render.border_max_x = 0.25, 0.75
    render.border_min_y, render.border_max_y = 0.125, 0.5


def border_crop(scene, folder):
    """The same border, cropped to it."""
    border(scene, folder)
    scene.render.use_crop_to_border = True


def halfdepth(scene, folder):
    """Colour depth 16."""
    request(scene.view_layers[0], "z", "object_index", "cryptomatte_object", "vector")
    scene.render.image_settings.color_depth = "16"


def viewlayers(scene, folder):
    """Three view layers: without labels, with an index, and with a dot in the name."""
    scene.view_layers[0].name = "Beauty"
    request(scene.view_layers.new("Labels"), "z", "object_index")
    request(scene.view_layers.new("Labels.v2"), "z", "object_index", "cryptomatte_object")


def stereo(scene, folder):
    """Two eyes in one file."""
    request(scene.view_layers[0], "z", "object_index", "cryptomatte_object", "position")
    set_multiview(scene, "MULTIVIEW")


def stereo_individual(scene, folder):
    """Two eyes, a file each."""
    request(scene.view_layers[0], "z", "object_index")
    set_multiview(scene, "INDIVIDUAL")


def set_multiview(scene, views_format):
    scene.render.use_multiview = True
    scene.render.views_format = "STEREO_3D"
    scene.render.image_settings.views_format = views_format


def transparent(scene, folder):
    """A transparent film; three objects and no ground."""
    request(scene.view_layers[0], "z", "object_index", "cryptomatte_object")
    scene.render.film_transparent = True
    for thing in THINGS:
        if thing.name not in ("Ball.Near", "Ball.Free", QUOTED):
            bpy.data.objects.remove(scene.objects[thing.name])


def fileoutput(scene, folder):
    """File Output nodes: one pass a file, one pass a folder."""
    tree = file_output_tree(scene)
    for socket, name in (("Image", "Image"), ("Depth", "Depth"), (INDEX_SOCKET, "Index")):
        node = add_file_output(tree, folder / name, {socket: name})
        node.format.exr_codec = "ZIP"
        if SINCE_5:
            node.file_name = ""


def fileoutput_flat(scene, folder):
    """One File Output node, names and settings as Blender chooses them."""
    sockets = ("Image", "Depth", INDEX_SOCKET, "Normal", "Vector")
    add_file_output(file_output_tree(scene), folder, {name: name for name in sockets})


def fileoutput_multi(scene, folder):
    """One File Output node that writes a multilayer file."""
    sockets = ["Image", "Depth", INDEX_SOCKET, MATERIAL_SOCKET, "Normal", "Vector"]
    sockets += [f"CryptoObject0{rank}" for rank in range(3)]
    tree = file_output_tree(scene)
    node = add_file_output(tree, folder, {name: name for name in sockets}, "multi_")
    node.format.exr_codec = "ZIP"
    if SINCE_5:
        # Three unless told: the fourth value of the pass would be lost.
        node.file_output_items["Vector"].vector_socket_dimensions = 4


def file_output_tree(scene):
    request(scene.view_layers[0], "z", *INDICES, "cryptomatte_object", "normal", "vector")
    tree = compositor_tree(scene)
    tree.nodes.new("CompositorNodeRLayers").scene = scene
    return tree


@dataclass(frozen=True)
class Fixture:
    """`setup` changes the scene; with `by_nodes` the files come from its compositor."""

    setup: Callable[[bpy.types.Scene, Path], None]
    frames: tuple[int, ...] = (1,)
    by_nodes: bool = False

    @property
    def name(self):
        return self.setup.__name__


FIXTURES = (
    Fixture(multilayer, frames=(1, 2)),
    *([Fixture(interleaved)] if SINCE_5 else []),
    Fixture(crypto_only),
    Fixture(noindex),
    Fixture(border),
    Fixture(border_crop),
    Fixture(halfdepth),
    Fixture(viewlayers),
    Fixture(stereo),
    Fixture(stereo_individual),
    Fixture(transparent),
    Fixture(fileoutput, frames=(1, 2), by_nodes=True),
    Fixture(fileoutput_flat, by_nodes=True),
    Fixture(fileoutput_multi, by_nodes=True),
)


def render_fixture(fixture, output):
    """Render into `output`; return what scene.json says of it."""
    scene = build_scene()
    folder = output / fixture.name
    fixture.setup(scene, folder)
    scene.frame_start, scene.frame_end = fixture.frames[0], fixture.frames[-1]
    with tempfile.TemporaryDirectory() as unwanted:
        target = Path(unwanted) if fixture.by_nodes else output
        scene.render.filepath = str(target / f"{fixture.name}_")
        # As an animation, because File Output since 5.0 leaves the frame number out of a still.
        bpy.ops.render.render(animation=True)
    files = folder.rglob("*.exr") if fixture.by_nodes else output.glob(f"{fixture.name}_0*.exr")
    return {
        "description": fixture.setup.__doc__,
        "frames": fixture.frames,
        "files": sorted(path.relative_to(output).as_posix() for path in files),
        "view_layers": [layer.name for layer in scene.view_layers],
        "samples": scene.cycles.samples,
        "objects": [thing.name for thing in THINGS if thing.name in scene.objects],
    }


# --- scene.json ------------------------------------------------------------------------------


def describe(scene, things=THINGS, segments=SEGMENTS, frames=FRAMES):
    """The facts about the scene that hold for all fixtures (units: metres, pixels)."""
    return {
        "blender": bpy.app.version_string,
        "width": WIDTH,
        "height": HEIGHT,
        "materials": {name: pass_index for name, (pass_index, _) in MATERIALS.items()},
        "objects": [describe_thing(thing, segments) for thing in things],
        "border_pixels_x0_y0_x1_y1": [WIDTH // 4, HEIGHT // 2, WIDTH * 3 // 4, HEIGHT * 7 // 8],
        "frames": {str(frame): describe_frame(scene, frame, things) for frame in frames},
    }


def describe_thing(thing, segments):
    facts = {
        "name": thing.name,
        "shape": thing.shape,
        "pass_index": thing.pass_index,
        "material": thing.material,
        "asset": thing.parent or thing.name,
    }
    if thing.shape == "sphere":
        facts["radius"] = thing.size
        # Where the flat faces are nearest to the centre.
        facts["mesh_radius_min"] = thing.size * math.cos(math.pi / segments) ** 2
    return facts


def describe_frame(scene, frame, things):
    scene.frame_set(frame)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    camera = scene.camera.evaluated_get(depsgraph)
    world_to_camera = Matrix.Diagonal((1, -1, -1, 1)) @ camera.matrix_world.inverted()
    return {
        "camera": {
            "K": rows(intrinsics(camera, depsgraph)),
            "world_to_camera": rows(world_to_camera),
            # As seen from the left eye, the world is further to the right.
            "world_to_camera_left": rows(shift(+INTEROCULAR / 2) @ world_to_camera),
            "world_to_camera_right": rows(shift(-INTEROCULAR / 2) @ world_to_camera),
        },
        "matrix_world": {
            thing.name: rows(scene.objects[thing.name].evaluated_get(depsgraph).matrix_world) for thing in things
        },
    }


def intrinsics(camera, depsgraph):
    """K for image coordinates with y down and the origin at the corner of the top-left pixel.

    The OpenGL projection p gives x / w = (p00 X + p02 Z) / -Z; with z forward = -Z and half the
    image's size a unit, that is the matrix below.
    """
    render = depsgraph.scene_eval.render
    p = camera.calc_matrix_camera(
        depsgraph, x=WIDTH, y=HEIGHT, scale_x=render.pixel_aspect_x, scale_y=render.pixel_aspect_y
    )
    return Matrix(
        (
            (p[0][0] * WIDTH / 2, 0.0, (1 - p[0][2]) * WIDTH / 2),
            (0.0, p[1][1] * HEIGHT / 2, (1 + p[1][2]) * HEIGHT / 2),
            (0.0, 0.0, 1.0),
        )
    )


def shift(x):
    return Matrix.Translation((x, 0.0, 0.0))


def rows(matrix):
    return [list(row) for row in matrix]


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).resolve().parent)
    output = parser.parse_args(arguments).output.resolve() / ".".join(map(str, VERSION))
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    facts = describe(build_scene())
    facts["fixtures"] = {fixture.name: render_fixture(fixture, output) for fixture in FIXTURES}
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    (output / "scene.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])
