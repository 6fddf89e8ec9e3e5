"""What differs between the Blender versions; every test of the version lives here."""

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

# Folders may start with "//", the folder of the .blend; from 4.5 on a property has to say so.
FOLDER_OPTIONS = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()

# How to save all passes of a render. Blender 5.0 cannot write one part for each pass if pixels are not square.
ALL_PASSES: dict[str, Any] = {"color_mode": "RGBA", "color_depth": "32", "exr_codec": "ZIP"}
if bpy.app.version >= (5, 0, 0):
    ALL_PASSES["use_exr_interleave"] = True

# Whether a File Output node of 16 bit does so to a Cryptomatte too, which destroys it.
NODES_STORE_CRYPTOMATTE_IN_HALF = bpy.app.version < (4, 5, 0)

# The engines that draw triangles and follow no rays: EEVEE under its two names, and Workbench.
RASTERISERS = ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH")

# Whether EEVEE draws lights that the camera may see: not in 5.0.1, but in 5.2.2.
EEVEE_DRAWS_LIGHTS = bpy.app.version >= (5, 1, 0)

EEVEE = "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"

# Setting one of these changes which values the ones after it may have.
_IMAGE_SETTINGS_FIRST = ("media_type", "file_format", "color_mode", "color_depth")


@contextmanager
def image_settings(scene: bpy.types.Scene, file_format: str, **values: Any) -> Iterator[None]:
    """Give the scene other output settings for the length of a block, and then its own again, to the last value.

    `Image.save_render` takes its file format from there only.
    """
    settings = scene.render.image_settings
    names = [prop.identifier for prop in settings.bl_rna.properties if not prop.is_readonly]
    names.sort(key=lambda name: _IMAGE_SETTINGS_FIRST.index(name) if name in _IMAGE_SETTINGS_FIRST else 99)
    before = {name: getattr(settings, name) for name in names}
    try:
        if file_format == "OPEN_EXR_MULTILAYER":
            set_multilayer(settings)
        else:
            if bpy.app.version >= (5, 0, 0):
                settings.media_type = "IMAGE"
            settings.file_format = file_format
        settings.color_management = "FOLLOW_SCENE"
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            if getattr(settings, name) != value:
                setattr(settings, name, value)


@contextmanager
def separate_data() -> Iterator[bpy.types.BlendData]:
    """Data blocks that are not in the open file and are seen only here; they are gone after the block."""
    manager = bpy.data.temp_data()
    data = manager.__enter__()
    # Blender (4.2 to 5.2) gives away the reference that it releases itself in the end, and would free what is in use.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(data))
    try:
        yield data
    finally:
        manager.__exit__(None, None, None)


def output_path(folder: Path) -> str:
    """A folder as an output path says it: from 4.5 on a name in braces is that of a variable."""
    path = folder.as_posix()
    return path.replace("{", "{{").replace("}", "}}") if bpy.app.version >= (4, 5, 0) else path


def writes_multilayer(scene: bpy.types.Scene) -> bool:
    """Whether the scene's own output holds all passes."""
    return bool(scene.render.image_settings.file_format == "OPEN_EXR_MULTILAYER")


def compositor_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    """The nodes of the compositor; None where it has none, or is off."""
    if not scene.render.use_compositing:
        return None
    if bpy.app.version >= (5, 0, 0):
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def shader_tree(thing: bpy.types.Material | bpy.types.World | None) -> bpy.types.NodeTree | None:
    """The nodes of a material or a world; None where it has none, or does not use them."""
    if thing is None or (bpy.app.version < (5, 0, 0) and not thing.use_nodes):
        return None
    return thing.node_tree


def picture_inputs(tree: bpy.types.NodeTree) -> list[bpy.types.NodeSocket]:
    """The inputs of the compositor's nodes at which its picture comes in; none where it makes no picture."""
    if bpy.app.version >= (5, 0, 0):
        ends = [node for node in tree.nodes if node.bl_idname == "NodeGroupOutput" and node.is_active_output]
    else:
        ends = [node for node in tree.nodes if node.bl_idname == "CompositorNodeComposite"]
    return [node.inputs[0] for node in ends if not node.mute]


def curves_of(animation: bpy.types.AnimData) -> list[bpy.types.FCurve]:
    """The curves by which the action of a data block animates it."""
    action = animation.action
    if action is None:
        return []
    if bpy.app.version < (4, 4, 0):
        return list(action.fcurves)
    slot = animation.action_slot
    strips = [strip for layer in action.layers for strip in layer.strips] if slot else []
    bags = [bag for strip in strips if (bag := strip.channelbag(slot))]
    return [curve for bag in bags for curve in bag.fcurves]


def new_curve(block: bpy.types.ID, path: str, index: int) -> bpy.types.FCurve:
    """A curve without keys for a property in the action of a data block, in the place of the one that is there."""
    animation = block.animation_data
    action = animation.action
    if bpy.app.version < (4, 4, 0):
        if old := action.fcurves.find(path, index=index):
            action.fcurves.remove(old)
        return action.fcurves.new(path, index=index)
    curve = action.fcurve_ensure_for_datablock(block, path, index=index)
    if not curve.keyframe_points and not curve.modifiers and not curve.mute:
        return curve
    bags = [strip.channelbag(animation.action_slot) for layer in action.layers for strip in layer.strips]
    for bag in filter(None, bags):
        if old := bag.fcurves.find(path, index=index):
            bag.fcurves.remove(old)
    return action.fcurve_ensure_for_datablock(block, path, index=index)


def slot_of(animation: bpy.types.AnimData) -> str | None:
    """What identifies the part of an action that animates a data block; None where actions have no parts."""
    if bpy.app.version < (4, 4, 0) or animation.action_slot is None:
        return None
    return str(animation.action_slot.identifier)


def set_action(animation: bpy.types.AnimData, action: bpy.types.Action | None, slot: str | None) -> None:
    """Animate a data block by a part of an action, see slot_of()."""
    animation.action = action
    if action is not None and slot is not None and bpy.app.version >= (4, 4, 0):
        animation.action_slot = action.slots.get(slot)


def file_outputs(scene: bpy.types.Scene) -> list[bpy.types.Node]:
    """The File Output nodes of the compositor that write EXR files."""
    tree = compositor_tree(scene)
    return [
        node
        for node in (tree.nodes if tree else ())
        if node.bl_idname == "CompositorNodeOutputFile" and not node.mute and "EXR" in node.format.file_format
    ]


def writing_nodes(scene: bpy.types.Scene) -> list[bpy.types.Node]:
    """The File Output nodes of the compositor that write files of any format, those in groups included."""
    tree = compositor_tree(scene)
    trees, known, found = [tree] if tree else [], set(), []
    while trees:
        tree = trees.pop()
        if tree in known:
            continue
        known.add(tree)
        found += [node for node in tree.nodes if node.bl_idname == "CompositorNodeOutputFile" and not node.mute]
        trees += [group for node in tree.nodes if (group := getattr(node, "node_tree", None))]
    return found


def file_output_folder(node: bpy.types.Node) -> Path:
    """The folder into which a File Output node writes."""
    if bpy.app.version >= (5, 0, 0):
        folder = node.directory
    elif node.format.file_format == "OPEN_EXR_MULTILAYER":
        folder = os.path.dirname(node.base_path)  # noqa: PTH120, a slash at the end counts: the rest is the file's name
    else:
        folder = node.base_path
    return Path(bpy.path.abspath(folder))


def file_output_names(node: bpy.types.Node) -> list[str]:
    """What a File Output node calls the layers or files that something is connected to."""
    if bpy.app.version >= (5, 0, 0):
        names = [item.name for item in node.file_output_items]
    elif node.format.file_format == "OPEN_EXR_MULTILAYER":
        names = [slot.name for slot in node.layer_slots]
    else:
        names = [slot.path for slot in node.file_slots]
    return [name for name, socket in zip(names, node.inputs, strict=False) if socket.is_linked]


def add_file_output(
    scene: bpy.types.Scene, view_layer: str, sockets: Callable[[str], bool], folder: str, file_name: str
) -> bpy.types.Node:
    """Let the compositor write passes of a view layer into one multilayer EXR file a frame; its image stays the same.

    Args:
        scene: a tree is made where it has none.
        view_layer: its name.
        sockets: which of the outputs of a Render Layers node to write.
        folder: may start with "//".
        file_name: with "####" where the frame number goes.
    """
    scene.render.use_compositing = True
    tree = compositor_tree(scene) or _new_compositor_tree(scene)
    source = next(
        (
            node
            for node in tree.nodes
            if node.bl_idname == "CompositorNodeRLayers" and node.scene == scene and node.layer == view_layer
        ),
        None,
    )
    if source is None:
        source = tree.nodes.new("CompositorNodeRLayers")
        source.scene, source.layer = scene, view_layer
    node = tree.nodes.new("CompositorNodeOutputFile")
    node.location = source.location.x + 400, source.location.y - 300
    set_multilayer(node.format)
    node.format.color_depth, node.format.exr_codec = "32", "ZIP"
    outputs = [output for output in source.outputs if output.enabled and sockets(output.name)]
    if bpy.app.version >= (5, 0, 0):
        node.directory, node.file_name = folder, file_name
        for output in outputs:
            node.file_output_items.new({"VALUE": "FLOAT"}.get(output.type, output.type), output.name)
            tree.links.new(output, node.inputs[output.name])
    else:
        node.base_path = f"{folder}/{file_name}"
        node.layer_slots.clear()
        for output in outputs:
            node.layer_slots.new(output.name)
            tree.links.new(output, node.inputs[-1])
    return node


def _new_compositor_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """A tree that hands on the render as it is."""
    if bpy.app.version < (5, 0, 0):
        scene.use_nodes = True  # makes the two nodes that are needed, where there are none
        return scene.node_tree
    tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    source, end = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("NodeGroupOutput")
    source.scene = scene
    end.location = source.location.x + 400, source.location.y
    tree.links.new(source.outputs["Image"], end.inputs["Image"])
    scene.compositing_node_group = tree
    return tree


def has_sleeping_compositor(scene: bpy.types.Scene) -> bool:
    """Whether the compositor has nodes that turning it on would put to work."""
    if bpy.app.version >= (5, 0, 0):
        return bool(scene.compositing_node_group) and not scene.render.use_compositing
    nodes = scene.node_tree.nodes if scene.node_tree else ()
    return len(nodes) > 0 and not (scene.use_nodes and scene.render.use_compositing)


def set_multilayer(settings: bpy.types.ImageFormatSettings) -> None:
    """Make the format OpenEXR MultiLayer."""
    if bpy.app.version >= (5, 0, 0):
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format = "OPEN_EXR_MULTILAYER"


def can_store_passes(scene: bpy.types.Scene) -> bool:
    """Whether Blender can write the scene's own output: 5.0 fails on multi-part files where pixels are not square.

    4.5 has no such files, 5.2 writes them; 5.1 was not tried, and interleaved files do no harm there.
    """
    render = scene.render
    return (
        not (5, 0, 0) <= bpy.app.version < (5, 2, 0)
        or not writes_multilayer(scene)
        or render.image_settings.use_exr_interleave
        or render.pixel_aspect_x == render.pixel_aspect_y
    )


def set_interleave(scene: bpy.types.Scene) -> None:
    """Write all passes into one part, as every Blender before 5.0 does."""
    scene.render.image_settings.use_exr_interleave = True


def sequencer_replaces_render(scene: bpy.types.Scene) -> bool:
    """Whether the output shows the strips of the video sequencer instead of the scene."""
    editor = scene.sequence_editor
    if editor is None or not scene.render.use_sequencer:
        return False
    return len(editor.strips if bpy.app.version >= (4, 4, 0) else editor.sequences) > 0
