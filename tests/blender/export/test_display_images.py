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


@pytest.mark.parametrize("source", ["RENDER", "FILES"])
def test_webp_is_without_loss(scene: bpy.types.Scene, tmp_path: Path, source: str) -> None:
    """Of a render in memory and of files."""
    scene.frame_end = 1
    scene.render.dither_intensity = 0
    render_animation()
    scene.labelpass.source = source
    pictures = []
    for format in ("png", "webp"):
        scene.labelpass.image_format, scene.labelpass.output = format, str(tmp_path / format)
        bpy.ops.labelpass.export_annotations()
        image = Image.open(tmp_path / format / f"images/shot_0001.{format}")
        assert (image.format, image.mode) == (format.upper(), "RGB")
        pictures.append(np.asarray(image))
    assert pictures[0].std() > 5, "an even picture would prove nothing"
    assert np.array_equal(*pictures)


def test_an_image_that_webp_cannot_hold(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """It fails with a sentence, and leaves nothing behind."""
    scene.frame_end = 1
    scene.render.resolution_x, scene.render.resolution_y = 16384, 4
    scene.cycles.samples = 1
    render_animation()
    scene.labelpass.source, scene.labelpass.image_format = "FILES", "webp"
    with pytest.raises(RuntimeError, match="a WebP of at most 16383 a side and 178,956,970 in all; choose PNG"):
        bpy.ops.labelpass.export_annotations()
    assert [path for path in (tmp_path / "frames").rglob("*") if path.is_file() and "webp" in path.name] == []


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
