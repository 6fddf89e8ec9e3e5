"""Frames that annotate refuses, since what is next to their EXR files is damaged, missing, or of another frame."""

import dataclasses
from pathlib import Path

import pytest
from PIL import Image

from core.annotate.annotate import annotate
from core.base.errors import InputError, SceneError
from tests.builders import plain_job, plain_scene
from tests.core.helpful_errors import assert_helps

FILE = "4.5/multilayer_0001.exr"


def test_frame_and_scene_differ_in_size(data: Path, tmp_path: Path) -> None:
    scene = tmp_path / "scene.json"
    plain_scene(width=48, height=64).write(scene)

    with pytest.raises(SceneError) as error:
        annotate(plain_job(data / FILE, tmp_path / "out", scene))
    assert_helps(error, data / FILE)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"scene_version": 99}', b"\xff\xfe"], ids=repr)
def test_damaged_scene(data: Path, tmp_path: Path, content: bytes) -> None:
    scene = tmp_path / "scene.json"
    scene.write_bytes(content)

    with pytest.raises(SceneError) as error:
        annotate(plain_job(data / FILE, tmp_path / "out", scene))
    assert_helps(error, scene)


def test_missing_scene(data: Path, tmp_path: Path) -> None:
    scene = tmp_path / "scene.json"

    with pytest.raises(InputError) as error:
        annotate(plain_job(data / FILE, tmp_path / "out", scene))
    assert_helps(error, scene)


def test_image_that_blender_made_is_damaged(data: Path, tmp_path: Path) -> None:
    """Blender has put the training image into its place, and it is cut off there."""
    job = plain_job(data / FILE, tmp_path / "out")
    job = dataclasses.replace(job, colour={"made_by": "Blender"})
    image = job.output / job.image
    image.parent.mkdir(parents=True)
    Image.effect_noise((64, 48), 50).convert("RGB").save(image)
    image.write_bytes(image.read_bytes()[:-200])

    with pytest.raises(InputError) as error:
        annotate(job)
    assert_helps(error, image)
