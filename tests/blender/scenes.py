"""Scenes for the tests in Blender, built by script."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import bmesh
import bpy


@contextmanager
def fresh_blender() -> Iterator[None]:
    """A Blender as after its first start, with the extension on."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    import labelpass

    labelpass.register()
    try:
        yield
    finally:
        labelpass.unregister()


def usual_scene(folder: Path) -> bpy.types.Scene:
    """Two cubes and a ball on a floor without a pass index, to be rendered by Cycles into folder/frames.

    Other than by default one worker annotates its frames, which are so small that starting another takes longer than
    all of them, and draws no pictures, which most tests do not look at.
    """
    scene = bpy.context.scene
    build_scene(scene)
    scene.labelpass.workers, scene.labelpass.pictures = 1, False
    scene.render.filepath = str(folder / "frames" / "shot_####")
    return scene


def build_scene(scene: bpy.types.Scene) -> SimpleNamespace:
    """Fill an empty scene; returns its objects by name."""
    render_by_cycles(scene, 64, 48)
    scene.frame_start, scene.frame_end = 1, 2
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = True
    layer.use_pass_cryptomatte_object = layer.use_pass_position = True

    objects = SimpleNamespace(
        floor=add_object(scene, "Floor", "plane", (0, 0, -1), 0),
        left=add_object(scene, "Cube", "cube", (-1.5, 0, 0), 1),
        right=add_object(scene, "Cube.001", "cube", (1.5, 0, 0), 2),
        ball=add_object(scene, "Ball", "ball", (0, -1, 0), 3),
    )
    objects.left.keyframe_insert("location", frame=1)
    objects.left.location.z = 0.5
    objects.left.keyframe_insert("location", frame=2)

    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location, camera.rotation_euler = (0.3, -9, 2.5), (1.3, 0.02, 0.03)
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    for ob in (camera, sun):
        scene.collection.objects.link(ob)
    scene.camera = camera
    scene.frame_set(1)
    return objects


def render_by_cycles(scene: bpy.types.Scene, width: int, height: int, samples: int = 1) -> None:
    """Small frames, fast, into multi-layer EXR files."""
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", samples, False
    scene.render.resolution_x, scene.render.resolution_y = width, height
    set_file_format(scene, "OPEN_EXR_MULTILAYER")


def set_file_format(scene: bpy.types.Scene, name: str) -> None:
    """What the render is written as: "PNG" or "OPEN_EXR_MULTILAYER"."""
    settings = scene.render.image_settings
    if bpy.app.version >= (5, 0, 0):
        settings.media_type = "MULTI_LAYER_IMAGE" if name == "OPEN_EXR_MULTILAYER" else "IMAGE"
    settings.file_format = name


def add_collection(name: str, parent: bpy.types.Collection | None = None) -> bpy.types.Collection:
    """Add a collection to the scene's own one, or to another one."""
    collection = bpy.data.collections.new(name)
    (parent or bpy.context.scene.collection).children.link(collection)
    return collection


def add_object(
    scene: bpy.types.Scene,
    name: str,
    shape: str,
    location: tuple[float, float, float],
    pass_index: int,
    collection: bpy.types.Collection | None = None,
) -> bpy.types.Object:
    """Add a mesh object to the scene's own collection, or to another one."""
    mesh = bpy.data.meshes.new(name)
    shapes = bmesh.new()
    if shape == "cube":
        bmesh.ops.create_cube(shapes, size=1.5)
    elif shape == "ball":
        bmesh.ops.create_uvsphere(shapes, u_segments=32, v_segments=16, radius=0.8)
    else:
        bmesh.ops.create_grid(shapes, size=4)
    shapes.to_mesh(mesh)
    shapes.free()
    ob = bpy.data.objects.new(name, mesh)
    ob.location, ob.pass_index = location, pass_index
    (collection or scene.collection).objects.link(ob)
    return ob


def turn_on_maps(scene: bpy.types.Scene, *maps: str) -> None:
    """Choose dense maps in the panel."""
    for map in maps:
        setattr(scene.labelpass, f"maps_{map}", True)


def render_animation() -> None:
    bpy.ops.render.render(animation=True)


def write_passes_by_node(scene: bpy.types.Scene, folder: Path, colours: bool = True) -> None:
    """Let a File Output node write the frame's passes, each into files of its own, next to a PNG."""
    set_file_format(scene, "PNG")
    if bpy.app.version >= (5, 0, 0):
        tree = bpy.data.node_groups.new("Passes", "CompositorNodeTree")
        scene.compositing_node_group = tree
        node = tree.nodes.new("CompositorNodeOutputFile")
        node.directory, node.file_name = str(folder), ""
        node.format.media_type = "IMAGE"
        node.format.file_format = "OPEN_EXR"
        for kind, name in (("RGBA", "Image"), ("FLOAT", "Depth"), ("FLOAT", "Object Index")):
            node.file_output_items.new(kind, name)
        layers = tree.nodes.new("CompositorNodeRLayers")
        sources = ("Image", "Depth", "Object Index")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        node = tree.nodes.new("CompositorNodeOutputFile")
        node.base_path = str(folder)
        node.format.file_format = "OPEN_EXR"
        node.file_slots.clear()
        for slot in ("Image/Image", "Depth/Image", "Index/Image"):
            node.file_slots.new(slot)
        layers = next(node for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers")
        sources = ("Image", "Depth", "IndexOB")
    node.format.color_depth = "32"
    for socket, source in zip((s for s in node.inputs if s.enabled), sources, strict=False):
        if source != "Image" or colours:
            tree.links.new(layers.outputs[source], socket)
