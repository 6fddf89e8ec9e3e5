"""Training images look as the user sees them: equal to the PNG that Blender itself writes when it renders."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image

from tests.blender.scenes import render_animation, set_file_format


@pytest.mark.parametrize("transform", ["AgX", "Standard", "Filmic"])
def test_files_on_disk_look_as_blender_saves_them(scene: bpy.types.Scene, tmp_path: Path, transform: str) -> None:
    scene.view_settings.view_transform = transform
    scene.view_settings.exposure = 0.7
    scene.render.dither_intensity = 0
    scene.frame_end = 1
    render_animation()
    scene.labelpass.source = "FILES"
    bpy.ops.labelpass.export_annotations()

    # Blender's own way: the same render, straight to PNG.
    set_file_format(scene, "PNG")
    scene.render.image_settings.color_mode = "RGB"
    scene.render.filepath = str(tmp_path / "direct.png")
    bpy.ops.render.render(write_still=True)

    ours = np.asarray(Image.open(tmp_path / "frames/images/shot_0001.png").convert("RGB")).astype(int)
    theirs = np.asarray(Image.open(tmp_path / "direct.png").convert("RGB")).astype(int)
    assert theirs.std() > 5, "an even picture would prove nothing"
    assert np.abs(ours - theirs).max() <= 1


def test_this_render_and_the_file_give_the_same_picture(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.frame_end = 1
    render_animation()
    for source in ("RENDER", "FILES"):
        scene.labelpass.source = source
        scene.labelpass.output = str(tmp_path / source)
        bpy.ops.labelpass.export_annotations()
    pictures = [
        np.asarray(Image.open(tmp_path / source / "images/shot_0001.png")).astype(int) for source in ("RENDER", "FILES")
    ]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def test_transparent_film_comes_out_over_black(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.render.film_transparent = True
    bpy.data.objects["Floor"].hide_render = True
    scene.frame_end = 1
    render_animation()
    scene.labelpass.source = "FILES"
    bpy.ops.labelpass.export_annotations()
    image = Image.open(tmp_path / "frames/images/shot_0001.png")
    assert image.mode == "RGB"
    assert image.getpixel((0, 0)) == (0, 0, 0)
