"""Images of a folder: another file in each frame, and the image of before afterwards."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image

from tests.blender.scenes import render_by_cycles

COLOURS = {"rust": (200, 40, 10), "moss": (20, 160, 30), "sky": (30, 60, 220)}


@pytest.fixture
def stage(tmp_path: Path) -> bpy.types.Scene:
    """A world that is one image, seen by the camera, and a folder with three others."""
    scene = bpy.context.scene
    render_by_cycles(scene, 8, 8)
    world = scene.world = bpy.data.worlds.new("World")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    tree = world.node_tree
    node = tree.nodes.new("ShaderNodeTexEnvironment")
    node.name = "Sky"
    background = next(one for one in tree.nodes if one.bl_idname == "ShaderNodeBackground")
    tree.links.new(node.outputs["Color"], background.inputs["Color"])
    Image.new("RGB", (4, 2), (128, 128, 128)).save(tmp_path / "grey.png")
    node.image = bpy.data.images.load(str(tmp_path / "grey.png"))
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.view_settings.view_transform = "Standard"
    world.cycles.sampling_method = "NONE"  # takes seconds, and nothing is lit here
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "sky.blend"))
    return scene


def colour(scene: bpy.types.Scene, folder: Path) -> tuple[int, ...]:
    if bpy.app.version >= (5, 0, 0):
        scene.render.image_settings.media_type = "IMAGE"
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGB"
    scene.render.filepath = str(folder / "seen.png")
    bpy.ops.render.render(write_still=True)
    return tuple(np.array(Image.open(scene.render.filepath))[4, 4].tolist())


@pytest.mark.parametrize("names", [list(COLOURS), ["hdri_07", "hdri_08", "hdri_09"]])
def test_each_frame_shows_a_file(stage: bpy.types.Scene, tmp_path: Path, names: list[str]) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for name, value in zip(sorted(names), COLOURS.values(), strict=True):
        Image.new("RGB", (4, 2), value).save(folder / f"{name}.png")
    bpy.ops.labelpass.random_row_add(kind="images")
    stored = stage.labelpass.random_frames
    stored.rows[0].folder, stored.count = str(folder), 8
    before = colour(stage, tmp_path)
    stored.in_view = 0
    assert bpy.ops.labelpass.random_bake() == {"FINISHED"}
    from labelpass.operators.scene.random_draws import drawn_at

    seen = set()
    for frame in range(1, 9):
        stage.frame_set(frame)
        which = int(drawn_at(stage, frame).values["World.image"])
        assert colour(stage, tmp_path) == pytest.approx(list(COLOURS.values())[which], abs=2)
        seen.add(which)
    assert seen == {0, 1, 2}
    assert (tmp_path / "random_images").exists() == ("rust" in names), "files with numbers stay where they are"
    bpy.ops.labelpass.random_remove()
    assert stage.world.node_tree.nodes["Sky"].image.name == "grey.png"
    assert colour(stage, tmp_path) == before
    assert [image.name for image in bpy.data.images if image.source == "SEQUENCE"] == []


def test_folders_without_a_sequence(stage: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.labelpass.random_row_add(kind="images")
    row = stage.labelpass.random_frames.rows[0]
    for folder, message in ((tmp_path / "none", "There are no images in"), (tmp_path / "two", "of several formats")):
        folder.mkdir()
        if folder.name == "two":
            Image.new("RGB", (4, 2)).save(folder / "a.png")
            Image.new("RGB", (4, 2)).save(folder / "b.jpg")
        row.folder = str(folder)
        with pytest.raises(RuntimeError, match=message):
            bpy.ops.labelpass.random_bake()
    assert not [image for image in bpy.data.images if image.source == "SEQUENCE"]
