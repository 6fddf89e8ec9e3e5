"""Lines of the checklist on what is in the scene: jumps, seeds, and files that are missing."""

from pathlib import Path

import bpy
import pytest

from tests.blender.programs import headless
from tests.blender.scenes import add_object


def lines(scene: bpy.types.Scene, about: str) -> list[str]:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of

    found = findings_of(scene, read_labelled_objects(scene).facts)
    return [finding.text for finding in found if about in finding.text]


def key_in_steps(ob: bpy.types.Object, path: str = "location", values: tuple[float, ...] = (0.0, 1.0, 2.0)) -> None:
    """Another value at each frame, without anything between them."""
    from labelpass.operators import compat

    for frame, value in enumerate(values, 1):
        setattr(ob, path, (value, 0.0, 0.0))
        ob.keyframe_insert(path, frame=frame)
    for curve in compat.curves_of(ob.animation_data):
        for key in curve.keyframe_points:
            key.interpolation = "CONSTANT"


@pytest.fixture
def blurred(scene: bpy.types.Scene) -> bpy.types.Scene:
    scene.render.use_motion_blur = True
    return scene


@pytest.mark.parametrize("name", ["Ball", "Camera"])
@pytest.mark.parametrize("path", ["location", "rotation_euler"])
def test_jumps_are_named(blurred: bpy.types.Scene, name: str, path: str) -> None:
    key_in_steps(bpy.data.objects[name], path)
    (text,) = lines(blurred, "jumps")
    assert text.startswith(f"'{name}' jumps from key to key")

    blurred.render.motion_blur_position, blurred.render.motion_blur_shutter = "START", 0.5
    assert lines(blurred, "jumps") == []
    blurred.render.motion_blur_shutter = 1.0
    assert len(lines(blurred, "jumps")) == 1
    blurred.render.use_motion_blur = False
    assert lines(blurred, "jumps") == []


def test_jumps_of_a_parent(blurred: bpy.types.Scene) -> None:
    empty = bpy.data.objects.new("Mover", None)
    blurred.collection.objects.link(empty)
    bpy.data.objects["Ball"].parent = empty
    key_in_steps(empty)
    (text,) = lines(blurred, "jumps")
    assert text.startswith("'Ball' jumps")


def test_keys_that_stay_are_no_jumps(blurred: bpy.types.Scene) -> None:
    """The test scene's cube moves, but evenly; and keys of one value do not jump."""
    key_in_steps(bpy.data.objects["Ball"], values=(1.0, 1.0))
    key_in_steps(bpy.data.objects["Sun"])
    assert lines(blurred, "jumps") == []


def test_fixed_seed(scene: bpy.types.Scene) -> None:
    scene.labelpass.source = "FILES"
    assert len(lines(scene, "Use Animated Seed")) == 1
    scene.cycles.use_animated_seed = True
    assert lines(scene, "Use Animated Seed") == []
    scene.cycles.use_animated_seed = False
    scene.frame_end = scene.frame_start
    assert lines(scene, "Use Animated Seed") == []
    scene.frame_end += 1
    scene.cycles.keyframe_insert("seed", frame=1)
    assert lines(scene, "Use Animated Seed") == []


def show_image(ob: bpy.types.Object, path: Path, source: str = "FILE") -> bpy.types.Image:
    """A material with an image in a node group."""
    image = bpy.data.images.new(path.name, 4, 4)
    image.source, image.filepath = source, str(path)
    group = bpy.data.node_groups.new("Texture", "ShaderNodeTree")
    group.interface.new_socket("Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    texture, end = group.nodes.new("ShaderNodeTexImage"), group.nodes.new("NodeGroupOutput")
    texture.image = image
    group.links.new(texture.outputs["Color"], end.inputs[0])
    material = bpy.data.materials.new(path.name)
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeGroup")
    node.node_tree = group
    shader = next(node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    material.node_tree.links.new(node.outputs[0], shader.inputs["Base Color"])
    ob.data.materials.append(material)
    return image


def test_missing_images(scene: bpy.types.Scene, tmp_path: Path) -> None:
    ball = bpy.data.objects["Ball"]
    image = show_image(ball, tmp_path / "wood.png")
    (text,) = lines(scene, "missing")
    assert text.startswith(f"1 image file is missing ({tmp_path / 'wood.png'}), so materials render magenta;")

    image.filepath = str(tmp_path / "metal.png")
    (tmp_path / "metal.png").touch()
    assert lines(scene, "missing") == []

    tiled = show_image(ball, tmp_path / "skin.<UDIM>.png", "TILED")
    tiled.tiles.new(1002)
    (tmp_path / "skin.1001.png").touch()
    assert len(lines(scene, "missing")) == 1
    ball.hide_render = True
    assert lines(scene, "missing") == [], "nothing that is rendered shows it"


def test_missing_libraries_are_named_before_the_first_frame(scene: bpy.types.Scene, tmp_path: Path) -> None:
    library, blend = tmp_path / "car.blend", tmp_path / "scene.blend"
    wheel = add_object(scene, "Wheel", "cube", (0, 0, 0), 7)
    bpy.data.libraries.write(str(library), {wheel}, fake_user=True)
    bpy.data.objects.remove(wheel)
    with bpy.data.libraries.load(str(library), link=True) as (_, linked):
        linked.objects = ["Wheel"]
    scene.collection.objects.link(linked.objects[0])
    show_image(bpy.data.objects["Ball"], tmp_path / "wood.png")
    scene.frame_end = 1
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    library.unlink()

    run = headless(blend, "--render")

    first, second = [line for line in run.stderr.splitlines() if "missing" in line][:2]
    assert first.startswith(f"Labelpass: 1 linked library is missing ({library}), so renders lack")
    assert second.startswith(f"Labelpass: 1 image file is missing ({tmp_path / 'wood.png'})")
    assert run.returncode == 0
