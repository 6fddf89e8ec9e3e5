"""Scenes as people find them in public repositories, built by script: made long ago, for other machines and purposes.

Each keeps what makes it hard: no passes, outputs that lead to places of somebody else's machine, many collections,
EEVEE, a library that is gone, a compositor that writes files of its own, no active camera.
"""

from pathlib import Path

import bpy

from tests.blender.scenes import add_collection, add_object, build_scene, set_file_format

EEVEE = "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"


def kitchen(folder: Path) -> Path:
    """Several collections, Cycles with many samples, Full HD, PNG files to a folder that cannot be made."""
    scene = _old_scene()
    for name, x in (("Plates", -1.0), ("Cups", 1.0)):
        collection = add_collection(name)
        for number in range(2):
            add_object(scene, f"{name[:-1]}.{number:03}", "ball", (x, number - 1.5, 1.5), 0, collection)
    (folder / "somebody").write_text("not a folder, so that nothing can be made below it")
    scene.render.filepath = str(folder / "somebody" / "renders" / "kitchen_")
    return _saved(folder / "kitchen.blend")


def street(folder: Path) -> Path:
    """EEVEE, a linked library that is gone, a path of Windows, and a compositor that writes files of its own."""
    scene = _old_scene()
    scene.render.engine = EEVEE
    car = add_object(scene, "Car", "cube", (0, 0, 0), 0)
    library = folder / "car.blend"
    bpy.data.libraries.write(str(library), {car}, fake_user=True)
    bpy.data.objects.remove(car)
    with bpy.data.libraries.load(str(library), link=True) as (_, linked):
        linked.objects = ["Car"]
    scene.collection.objects.link(linked.objects[0])
    scene.render.filepath = "C:\\Users\\ann\\renders\\street_"
    scene.render.use_overwrite, scene.render.use_placeholder = False, True
    _write_pictures(scene, folder / "comp")
    blend = _saved(folder / "street.blend")
    library.unlink()
    return blend


def museum(folder: Path) -> Path:
    """Two cameras of which none is active, and a picture of last year where Overwrite is off."""
    scene = _old_scene()
    other = bpy.data.objects.new("Closeup", bpy.data.cameras.new("Closeup"))
    other.location, other.rotation_euler = (0, -6, 1), (1.4, 0, 0)
    scene.collection.objects.link(other)
    scene.camera = None
    scene.render.filepath = str(folder / "pictures" / "museum_")
    scene.render.use_overwrite = False
    (folder / "pictures").mkdir()
    (folder / "pictures/museum_0001.png").write_text("a picture of last year")
    return _saved(folder / "museum.blend")


def _old_scene() -> bpy.types.Scene:
    """What build_scene() makes, as Blender would render it by default: no pass but Combined, large and slow, PNG."""
    scene = bpy.context.scene
    build_scene(scene)
    for ob in scene.objects:
        ob.pass_index = 0
    layer = scene.view_layers[0]
    for name in ("z", "object_index", "cryptomatte_object", "position"):
        setattr(layer, f"use_pass_{name}", False)
    scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples = 1920, 1080, 4096
    set_file_format(scene, "PNG")
    return scene


def _write_pictures(scene: bpy.types.Scene, folder: Path) -> None:
    """Let nodes of the compositor write PNG and EXR files, one of them in a group."""
    if bpy.app.version >= (5, 0, 0):
        tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
        end = tree.nodes.new("NodeGroupOutput")
        layers = tree.nodes.new("CompositorNodeRLayers")
        tree.links.new(layers.outputs["Image"], end.inputs["Image"])
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        layers = next(node for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers")
    for name, file_format in (("Pictures", "PNG"), ("Passes", "OPEN_EXR")):
        node = _file_output(tree, name, file_format, folder)
        tree.links.new(layers.outputs["Image"], node.inputs[0])
    inside = bpy.data.node_groups.new("Group", "CompositorNodeTree")
    inside.interface.new_socket("Image", in_out="INPUT", socket_type="NodeSocketColor")
    start, node = inside.nodes.new("NodeGroupInput"), _file_output(inside, "In a Group", "PNG", folder)
    inside.links.new(start.outputs["Image"], node.inputs[0])
    group = tree.nodes.new("CompositorNodeGroup")
    group.node_tree = inside
    tree.links.new(layers.outputs["Image"], group.inputs[0])


def _file_output(tree: bpy.types.NodeTree, name: str, file_format: str, folder: Path) -> bpy.types.Node:
    node = tree.nodes.new("CompositorNodeOutputFile")
    node.name = name
    if bpy.app.version >= (5, 0, 0):
        node.directory, node.file_name = str(folder / name), name
        node.format.media_type = "IMAGE"
        node.file_output_items.new("RGBA", "Image")
    else:
        node.base_path = str(folder / name)
    node.format.file_format = file_format
    return node


def _saved(path: Path) -> Path:
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path
