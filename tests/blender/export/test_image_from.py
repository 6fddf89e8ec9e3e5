"""The training image and the labels of a frame show the same, whatever the compositor makes of the render."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from PIL import Image

from core.scene.compositing import Compositing
from tests.blender.programs import labelpass
from tests.blender.scenes import render_animation, write_passes_by_node

Linker = Callable[[bpy.types.NodeTree, bpy.types.NodeSocket], bpy.types.NodeSocket]


def compositor(scene: bpy.types.Scene, between: Linker) -> bpy.types.NodeTree:
    """A compositor that hands on what `between` makes of the render's colours."""
    if bpy.app.version >= (5, 0, 0):
        tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
        end = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        end = tree.nodes.new("CompositorNodeComposite")
    layers = tree.nodes.new("CompositorNodeRLayers")
    tree.links.new(between(tree, layers.outputs["Image"]), end.inputs[0])
    return tree


def through(kind: str, values: dict[str, float], mute: bool = False, **properties: Any) -> Linker:
    """A node of a kind with values at its inputs."""

    def link(tree: bpy.types.NodeTree, colours: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        node = tree.nodes.new(f"CompositorNode{kind}")
        for name, value in values.items():
            for socket in node.inputs:
                if socket.name in name.split("|"):
                    socket.default_value = value
        for name, value in properties.items():
            if hasattr(node, name):
                setattr(node, name, value)
        tree.links.new(colours, node.inputs[0])
        node.mute = mute
        return node.outputs[0]

    return link


def in_group(linker: Linker) -> Linker:
    """What a linker does, in a group in a group."""

    def link(tree: bpy.types.NodeTree, colours: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        return _grouped(tree, colours, lambda inner, source: _grouped(inner, source, linker))

    return link


def _grouped(tree: bpy.types.NodeTree, colours: bpy.types.NodeSocket, linker: Linker) -> bpy.types.NodeSocket:
    group = bpy.data.node_groups.new("Post", "CompositorNodeTree")
    for name in ("Other", "Image"):  # in another order than the links
        group.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketColor")
        group.interface.new_socket(name, in_out="OUTPUT", socket_type="NodeSocketColor")
    start, end = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    group.links.new(linker(group, start.outputs["Image"]), end.inputs["Image"])
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree, node.name = group, "Post"
    tree.links.new(colours, node.inputs["Image"])
    return node.outputs["Image"]


def background(tree: bpy.types.NodeTree, colours: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """The render over a picture that is scaled to its size, with some blur of a mask that is not a render."""
    picture = tree.nodes.new("CompositorNodeImage")
    picture.image = bpy.data.images.new("Plate", 8, 8)
    scale = tree.nodes.new("CompositorNodeTransform")
    scale.inputs["Scale"].default_value = 20.0
    tree.links.new(picture.outputs["Image"], scale.inputs[0])
    over = tree.nodes.new("CompositorNodeAlphaOver")
    pictures = [socket for socket in over.inputs if socket.type == "RGBA"]
    tree.links.new(scale.outputs[0], pictures[0])
    tree.links.new(colours, pictures[1])
    return over.outputs[0]


LENS = through("Lensdist", {"Distortion|Distort": 0.4})
MOVES = {
    "lens distortion": LENS,
    "transform in a group": in_group(through("Transform", {"X": 9.0})),
    "flip": through("Flip", {}, axis="X"),
    "scale": through("Scale", {"X": 1.2, "Y": 1.2}),
    "lens distortion and glare": lambda tree, colours: through("Glare", {})(tree, LENS(tree, colours)),
}
STAYS = {
    "nothing": lambda tree, colours: colours,
    "glare": through("Glare", {}),
    "blur and exposure": lambda tree, colours: through("Exposure", {"Exposure": 1.0})(
        tree, through("Blur", {})(tree, colours)
    ),
    "denoise": through("Denoise", {}),
    "muted lens distortion": through("Lensdist", {"Distortion|Distort": 0.4}, mute=True),
    "lens distortion of 0": through("Lensdist", {}),
    "scale to render size": through("Scale", {"Type": "Render Size"}, space="RENDER_SIZE"),
    "transform by nothing in a group": in_group(through("Transform", {})),
    "over a background": background,
}


def exported(scene: bpy.types.Scene, folder: Path) -> dict[str, Any]:
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    (path,) = (folder / "records").glob("*0001.json")
    record: dict[str, Any] = json.loads(path.read_text())["record"]
    return record


def image_of(folder: Path) -> np.ndarray:
    (path,) = (folder / "images").glob("*_0001.png")
    return np.asarray(Image.open(path)).astype(int)


def lines(scene: bpy.types.Scene) -> dict[str, str]:
    """Text -> status of the checklist's lines."""
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of

    return {found.text: found.status.value for found in findings_of(scene, read_labelled_objects(scene).facts)}


def compositing_of(scene: bpy.types.Scene) -> Compositing:
    from labelpass.operators.scene.compositor import read_compositing

    found = read_compositing(scene)
    return Compositing(found.moves, found.layers, found.scenes, found.moves_in_files)


@pytest.mark.parametrize("linker", MOVES.values(), ids=MOVES)
def test_what_moves_pixels_is_named(scene: bpy.types.Scene, linker: Linker) -> None:
    compositor(scene, linker)

    found = compositing_of(scene)

    assert len(found.moves) == 1
    assert found.layers == ("ViewLayer",)
    assert found.mismatch("ViewLayer").startswith("the compositor moves or crops pixels (node '")
    (text,) = [text for text in lines(scene) if "moves or crops" in text]
    assert lines(scene)[text] == "note"
    scene.labelpass.image_from = "composite"
    (text,) = [text for text in lines(scene) if "moves or crops" in text]
    assert lines(scene)[text] == "wrong"
    assert text.endswith("set Image From to Automatic or Render Layer")
    scene.labelpass.image_from = "render_layer"
    assert not any("moves or crops" in text for text in lines(scene))


def test_a_node_in_a_group_is_named_with_it(scene: bpy.types.Scene) -> None:
    compositor(scene, MOVES["transform in a group"])
    assert compositing_of(scene).moves == ("Post > Post > Transform",)


@pytest.mark.parametrize("linker", STAYS.values(), ids=STAYS)
def test_what_leaves_pixels_in_place_is_allowed(scene: bpy.types.Scene, linker: Linker) -> None:
    compositor(scene, linker)
    assert compositing_of(scene) == Compositing(layers=("ViewLayer",))


def test_a_compositor_that_is_off_does_nothing(scene: bpy.types.Scene) -> None:
    compositor(scene, LENS)
    scene.render.use_compositing = False
    assert compositing_of(scene) == Compositing()


@pytest.mark.parametrize("source", ["RENDER", "FILES"])
def test_image_from(scene: bpy.types.Scene, tmp_path: Path, source: str) -> None:
    """Automatic is Render Layer where pixels are moved, from memory and from files, here and without Blender."""
    scene.frame_end, scene.labelpass.source = 1, source
    compositor(scene, LENS)
    render_animation()
    images, notes = {}, {}
    for choice in ("auto", "composite", "render_layer"):
        scene.labelpass.image_from, scene.labelpass.output = choice, str(tmp_path / choice)
        notes[choice] = exported(scene, tmp_path / choice)["notes"]
        images[choice] = image_of(tmp_path / choice)

    assert np.array_equal(images["auto"], images["render_layer"])
    assert np.abs(images["auto"] - images["composite"]).max() > 30
    assert notes["auto"] == notes["render_layer"]
    (note,) = notes["auto"]
    assert note.startswith("The image is from the view layer and not from the compositor, since the compositor moves")
    (note,) = notes["composite"]
    assert note.startswith("The image does not match the labels: the compositor moves or crops pixels (node 'Lens")


def test_without_blender_automatic_is_the_same(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.frame_end, scene.labelpass.source = 1, "FILES"
    compositor(scene, LENS)
    render_animation()
    exported(scene, tmp_path / "frames")
    frames = tmp_path / "frames"
    images = {}
    for choice in ("auto", "composite", "render_layer"):
        output = tmp_path / choice
        options = ["--scene", frames / "scenes", "--output", output, "--image-from", choice, "--no-pictures"]
        run = labelpass("annotate", frames, *options)
        assert run.returncode == 0, run.stderr
        images[choice] = image_of(output)
    assert np.array_equal(images["auto"], images["render_layer"])
    assert np.abs(images["auto"] - images["composite"]).max() > 30


def test_other_view_layers_and_scenes(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Another view layer with a ball that the labels lack is mixed in: the image has no ball either."""
    layer = scene.view_layers.new("Extra")
    extra = bpy.data.collections.new("Extra")
    scene.collection.children.link(extra)
    ball = bpy.data.objects["Ball"]
    scene.collection.objects.unlink(ball)
    extra.objects.link(ball)
    scene.view_layers[0].layer_collection.children["Extra"].exclude = True
    other = bpy.data.scenes.new("Titles")

    def mixed(tree: bpy.types.NodeTree, colours: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        second = tree.nodes.new("CompositorNodeRLayers")
        second.layer = layer.name
        over = tree.nodes.new("CompositorNodeAlphaOver")
        pictures = [socket for socket in over.inputs if socket.type == "RGBA"]
        tree.links.new(colours, pictures[0])
        tree.links.new(second.outputs["Image"], pictures[1])
        return over.outputs[0]

    tree = compositor(scene, mixed)
    scene.render.film_transparent = True
    assert compositing_of(scene).mismatch("ViewLayer") == "the compositor also shows the view layer 'Extra'"
    scene.frame_end = 1
    render_animation()
    images = {}
    for choice in ("auto", "composite"):
        scene.labelpass.image_from, scene.labelpass.output = choice, str(tmp_path / choice)
        record = exported(scene, tmp_path / choice)
        assert {one["name"] for one in record["instances"]} == {"Cube", "Cube.001"}
        assert "also shows the view layer 'Extra'" in record["notes"][0]
        images[choice] = image_of(tmp_path / choice)
    assert (images["auto"] != images["composite"]).any(axis=-1).sum() > 20

    second = next(node for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers" and node.layer == "Extra")
    second.scene = other
    assert compositing_of(scene).mismatch("ViewLayer") == "the compositor also shows the scene 'Titles'"


def test_files_of_a_file_output_node(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """They are what comes in there, so nothing but other links helps."""
    scene.frame_end, scene.labelpass.source = 1, "FILES"
    write_passes_by_node(scene, tmp_path / "frames")
    assert compositing_of(scene).moves_in_files == ()
    from labelpass.operators import compat

    tree = compat.compositor_tree(scene)
    (node,) = compat.file_outputs(scene)
    source = node.inputs[0].links[0].from_socket
    tree.links.new(LENS(tree, source), node.inputs[0])

    assert compositing_of(scene).moves_in_files == ("Lens Distortion",)
    (text,) = [text for text in lines(scene) if "on the way to a File Output node" in text]
    assert lines(scene)[text] == "wrong"
    render_animation()
    notes = exported(scene, tmp_path / "frames")["notes"]
    assert any(note.startswith("The image may not match the labels: pixels are moved") for note in notes)
