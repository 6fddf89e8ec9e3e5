"""Set Up Passes makes any scene one that exports, changes nothing else, and can be undone."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tests.blender.outcome import lines
from tests.blender.programs import labelpass
from tests.blender.scatters import scatter_nodes, stones
from tests.blender.scenes import set_file_format

EEVEE = "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"


def switched_on(layer: bpy.types.ViewLayer) -> set[str]:
    names = [prop.identifier for prop in layer.bl_rna.properties if prop.identifier.startswith("use_pass_")]
    return {name.removeprefix("use_pass_") for name in names if getattr(layer, name)} - {"cryptomatte_accurate"}


@pytest.fixture
def bare(scene: bpy.types.Scene) -> bpy.types.Scene:
    """The scene with no pass but Combined, written as PNG, to be exported from files, with pictures as by default."""
    layer = scene.view_layers[0]
    for name in switched_on(layer) - {"combined"}:
        setattr(layer, f"use_pass_{name}", False)
    set_file_format(scene, "PNG")
    scene.labelpass.source, scene.labelpass.pictures = "FILES", True
    return scene


def status_of(scene: bpy.types.Scene) -> list[tuple[str, str]]:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of

    return [(found.status.value, found.text) for found in findings_of(scene, read_labelled_objects(scene).facts)]


def wrong(scene: bpy.types.Scene) -> list[str]:
    return [text for status, text in status_of(scene) if status == "wrong"]


def pixels_of(path: Path) -> np.ndarray:
    image = bpy.data.images.load(str(path))
    pixels = np.array(image.pixels)
    bpy.data.images.remove(image)
    return pixels


def properties_of(owner: bpy.types.bpy_struct) -> dict[str, str]:
    return {prop.identifier: repr(getattr(owner, prop.identifier)) for prop in owner.bl_rna.properties}


@pytest.mark.parametrize("keep_output", [False, True])
@pytest.mark.parametrize("indexed", [False, True])
def test_bare_scene_exports_afterwards(bare: bpy.types.Scene, tmp_path: Path, keep_output: bool, indexed: bool) -> None:
    if not indexed:
        for ob in bare.objects:
            ob.pass_index = 0
    assert len(wrong(bare)) == 2

    assert bpy.ops.labelpass.set_up_passes(keep_output=keep_output) == {"FINISHED"}

    labels = "object_index" if indexed else "cryptomatte_object"
    assert switched_on(bare.view_layers[0]) == {"combined", "z", labels}
    assert (bare.render.image_settings.file_format == "PNG") == keep_output
    assert wrong(bare) == []
    bpy.ops.render.render(animation=True)
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert lines()[0] == f"2 frames annotated; {6 if indexed else 8} instances"
    folder = tmp_path / "frames" / ("passes" if keep_output else "")
    assert (folder / "pictures/depth/shot_0001.png").is_file()
    assert (tmp_path / "frames/shot_0001.png").is_file() == keep_output
    assert (folder / "shot_0001.exr").is_file()


@pytest.mark.parametrize("keep_output", [False, True])
def test_nothing_but_the_fewest_passes_is_written(bare: bpy.types.Scene, tmp_path: Path, keep_output: bool) -> None:
    bare.view_layers[0].use_pass_normal = True  # the user's own wish stays, but no File Output node needs it
    bpy.ops.labelpass.set_up_passes(keep_output=keep_output)
    bpy.ops.render.render(animation=True)

    folder = tmp_path / "frames" / ("passes" if keep_output else "")
    done = labelpass("passes", folder / "shot_0001.exr")
    assert done.returncode == 0, done.stderr
    passes = {"Combined", "Depth", "Object Index"} | (set() if keep_output else {"Normal"})
    for name in ("Combined", "Depth", "Object Index", "Normal", "Cryptomatte", "Position"):
        assert (name in done.stdout) == (name in passes), done.stdout


def test_eevee_gets_cryptomatte(bare: bpy.types.Scene) -> None:
    bare.render.engine = EEVEE
    bpy.ops.labelpass.set_up_passes()
    assert switched_on(bare.view_layers[0]) == {"combined", "z", "cryptomatte_object"}
    assert wrong(bare) == []


def test_this_render_leaves_the_output_alone(bare: bpy.types.Scene) -> None:
    bare.labelpass.source = "RENDER"
    bpy.ops.labelpass.set_up_passes()
    assert bare.render.image_settings.file_format == "PNG"
    assert switched_on(bare.view_layers[0]) == {"combined", "z", "object_index"}


def test_it_changes_nothing_else(bare: bpy.types.Scene) -> None:
    layer, render, settings = bare.view_layers[0], bare.render, bare.render.image_settings
    before = [properties_of(owner) for owner in (bare, layer, render, settings)]
    bpy.ops.labelpass.set_up_passes()
    after = [properties_of(owner) for owner in (bare, layer, render, settings)]
    changed = {name for one, other in zip(before, after, strict=True) for name in one if one[name] != other[name]}
    # The depth of colours and the like follow the format in Blender itself.
    of_format = {"file_format", "color_mode", "color_depth", "media_type", "file_extension", "has_linear_colorspace"}
    assert changed - of_format <= {"use_pass_z", "use_pass_object_index", "exr_codec"}
    assert {"use_pass_z", "use_pass_object_index"} <= changed


def test_what_needs_the_user_is_left_and_the_rest_is_done(bare: bpy.types.Scene) -> None:
    bare.camera = None
    assert bpy.ops.labelpass.set_up_passes() == {"FINISHED"}
    assert wrong(bare) == ["The scene has no camera; add one and make it the active camera"]
    assert bpy.ops.labelpass.set_up_passes() == {"CANCELLED"}


def test_shared_index_is_named(scene: bpy.types.Scene) -> None:
    scene.objects["Ball"].pass_index = 1
    (text,) = wrong(scene)
    assert text.startswith("'Ball' (Ball) and 'Cube' (Cube) share the pass index 1")


def test_codec_of_a_cryptomatte(scene: bpy.types.Scene) -> None:
    scene.labelpass.source, scene.labelpass.labels = "FILES", "crypto_object"
    scene.render.image_settings.exr_codec = "PXR24"
    assert "PXR24" in wrong(scene)[0]
    bpy.ops.labelpass.set_up_passes()
    assert scene.render.image_settings.exr_codec == "ZIP"
    assert wrong(scene) == []


def test_pixel_aspect(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """What the checklist says is what Blender does: before, 5.0 writes no file."""
    scene.labelpass.source, scene.render.pixel_aspect_x, scene.frame_end = "FILES", 2.0, 1
    multi_part = bpy.app.version >= (5, 0, 0)
    assert bool(wrong(scene)) == multi_part
    if multi_part:
        with pytest.raises(RuntimeError):
            bpy.ops.render.render(animation=True)
        assert bpy.ops.labelpass.set_up_passes() == {"FINISHED"}
    assert wrong(scene) == []
    bpy.ops.render.render(animation=True)
    assert (tmp_path / "frames/shot_0001.exr").is_file()


def test_strips_of_the_sequencer(scene: bpy.types.Scene) -> None:
    editor = scene.sequence_editor_create()
    strips = editor.strips if bpy.app.version >= (4, 4, 0) else editor.sequences
    length = {"length": 5} if bpy.app.version >= (5, 0, 0) else {"frame_end": 5}
    strips.new_effect("Red", "COLOR", channel=1, frame_start=1, **length)
    assert "sequencer" in wrong(scene)[0]
    bpy.ops.labelpass.set_up_passes()
    assert not scene.render.use_sequencer
    assert wrong(scene) == []


def test_compositor_that_sleeps_is_not_woken(bare: bpy.types.Scene) -> None:
    if bpy.app.version >= (5, 0, 0):
        bare.compositing_node_group = bpy.data.node_groups.new("Mine", "CompositorNodeTree")
        bare.render.use_compositing = False
    else:
        bare.use_nodes = True
        bare.use_nodes = False
    with pytest.raises(RuntimeError, match="turning it on would change the image"):
        bpy.ops.labelpass.set_up_passes(keep_output=True)
    assert wrong(bare) == [text for text in wrong(bare) if "output is PNG" in text]


def test_compositor_of_the_user_is_kept(bare: bpy.types.Scene, tmp_path: Path) -> None:
    """A node that inverts the picture goes on doing so in the PNG, next to the passes."""
    if bpy.app.version >= (5, 0, 0):
        tree = bare.compositing_node_group = bpy.data.node_groups.new("Mine", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        source, end = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("NodeGroupOutput")
        source.scene = bare
    else:
        bare.use_nodes = True
        tree = bare.node_tree
        source = next(node for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers")
        end = next(node for node in tree.nodes if node.bl_idname == "CompositorNodeComposite")
    invert = tree.nodes.new("CompositorNodeInvert")
    tree.links.new(source.outputs["Image"], invert.inputs["Color"])
    tree.links.new(invert.outputs["Color"], end.inputs["Image"])
    bare.frame_end = 1
    bpy.ops.render.render(animation=True)
    before = pixels_of(tmp_path / "frames/shot_0001.png")

    bpy.ops.labelpass.set_up_passes(keep_output=True)

    assert len([node for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers"]) == 1
    bpy.ops.render.render(animation=True)
    assert np.array_equal(pixels_of(tmp_path / "frames/shot_0001.png"), before)
    assert (tmp_path / "frames/passes/shot_0001.exr").is_file()


def test_undo(bare: bpy.types.Scene) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.labelpass.set_up_passes()
    bpy.ops.ed.undo_push(message="Set Up Passes")
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    assert switched_on(scene.view_layers[0]) == {"combined"}
    assert scene.render.image_settings.file_format == "PNG"


def only_combined(scene: bpy.types.Scene, labels: str) -> None:
    """No pass but Combined and the labels, and no pictures, which need Depth in any case."""
    layer = scene.view_layers[0]
    for name in switched_on(layer) - {"combined"}:
        setattr(layer, f"use_pass_{name}", False)
    setattr(layer, f"use_pass_{labels}", True)
    scene.labelpass.pictures, scene.labelpass.source = False, "FILES"


@pytest.mark.parametrize("kind", ["collections", "nodes", "geometry", "particles", "vertices"])
def test_copies_that_share_a_label_get_depth(scene: bpy.types.Scene, kind: str) -> None:
    only_combined(scene, "cryptomatte_object")
    assert status_of(scene)[0] == ("good", "Cryptomatte Object separates objects; it needs no pass indices")
    assert wrong(scene) == [], "nothing shares a label yet"
    library, floor = stones(), scene.objects["Floor"]
    if kind == "collections":
        for number in range(2):
            empty = bpy.data.objects.new(f"Pile {number}", None)
            empty.instance_type, empty.instance_collection = "COLLECTION", library
            scene.collection.objects.link(empty)
    elif kind == "nodes":
        scatter_nodes(floor, library, 1.0)
    elif kind == "geometry":
        floor["category_id"] = 0
        scatter_nodes(floor, library.objects[0], 1.0, as_instance=False)
    elif kind == "particles":
        floor.modifiers.new("Grass", "PARTICLE_SYSTEM")
        settings = floor.particle_systems[0].settings
        settings.type, settings.count = "HAIR", 30
        settings.render_type, settings.instance_object = "OBJECT", library.objects[0]
        settings.use_advanced_hair = True
    else:
        child = library.objects[0]
        scene.collection.objects.link(child)
        child.parent, floor.instance_type = floor, "VERTS"
    bpy.context.view_layer.update()
    (text,) = wrong(scene)
    carrier = text.split("'")[1]
    assert carrier in ({"Floor"} if kind == "geometry" else {"Boulder", "Brick", "Spike"})
    assert text == (
        f"The copies of '{carrier}' share a label, and those that touch will be one instance: the Depth pass (Z) is "
        f"off in the view layer '{scene.view_layers[0].name}'"
    )

    assert bpy.ops.labelpass.set_up_passes() == {"FINISHED"}
    assert switched_on(scene.view_layers[0]) == {"combined", "z", "cryptomatte_object"}
    assert ("good", f"Depth separates the copies of '{carrier}'") in status_of(scene)
    assert wrong(scene) == []


def test_copies_of_background_need_nothing(scene: bpy.types.Scene) -> None:
    only_combined(scene, "cryptomatte_object")
    blade = scene.objects["Ball"]
    scatter_nodes(scene.objects["Floor"], blade, 1.0)
    assert len(wrong(scene)) == 1
    blade["category_id"] = 0
    assert wrong(scene) == []
    blade["category_id"] = 3
    scene.labelpass.instancing = "off"
    assert wrong(scene) == []


def test_copies_with_a_pass_index_need_depth(scene: bpy.types.Scene) -> None:
    only_combined(scene, "object_index")
    ball = scene.objects["Ball"]
    scatter_nodes(scene.objects["Floor"], ball, 1.0)
    assert "copies of 'Ball'" in wrong(scene)[0]
    ball.pass_index = 0
    assert wrong(scene) == [], "those of the index 0 are background"


def test_keypoints_get_depth(scene: bpy.types.Scene) -> None:
    only_combined(scene, "object_index")
    scene.cycles.use_animated_seed = True  # else it has a note of its own
    row = scene.labelpass.table.categories.add()
    row.name, row.keypoints = "Duck", "beak"
    assert not any("eypoints" in text for _, text in status_of(scene)), "there is no duck"
    row.name = "Ball"
    assert [text.split(":")[0] for status, text in status_of(scene) if status == "note"] == [
        "Keypoints count as visible if their instance is seen there"
    ]
    bpy.ops.labelpass.set_up_passes()
    assert switched_on(scene.view_layers[0]) == {"combined", "z", "object_index"}
    assert ("good", "Depth says which keypoints are hidden") in status_of(scene)


def test_ignore_regions_of_holdouts_get_combined(scene: bpy.types.Scene) -> None:
    only_combined(scene, "object_index")
    scene.labelpass.image_format, scene.labelpass.ignored = "none", "crowd"
    scene.view_layers[0].use_pass_combined = False
    assert wrong(scene) == []
    scene.objects["Ball"].is_holdout = True
    assert ["No ignore regions of holdouts" in text for text in wrong(scene)] == [True]
    bpy.ops.labelpass.set_up_passes()
    assert switched_on(scene.view_layers[0]) == {"combined", "object_index"}
    scene.render.film_transparent = True
    assert [text for status, text in status_of(scene) if status == "note" and "Transparent" in text]


def test_checklist_turns_on_what_parts_and_soft_masks_need(scene: bpy.types.Scene) -> None:
    """Set Up Passes, and nothing that was not asked for."""
    layer = scene.view_layers[0]
    layer.use_pass_cryptomatte_object = layer.use_pass_cryptomatte_material = False
    scene.labelpass.source = "FILES"
    bpy.ops.labelpass.set_up_passes()
    assert not layer.use_pass_cryptomatte_object

    scene.labelpass.soft_masks = True
    scene.labelpass.parts = "material"
    bpy.ops.labelpass.set_up_passes()

    assert layer.use_pass_cryptomatte_object
    assert layer.use_pass_cryptomatte_material
    assert not layer.use_pass_cryptomatte_asset
