"""--random-frames: shares are the whole, and the .blend stays as it is."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image

from tests.blender.scenes import usual_scene


@pytest.fixture
def blend(tmp_path: Path) -> Path:
    """The usual scene without any row, its floor background."""
    scene = usual_scene(tmp_path)
    scene.objects["Floor"]["category_id"] = 0
    scene.render.filepath = "//frames/shot_####"
    path = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def run(blend: Path, *arguments: str | Path) -> int:
    from labelpass.operators.headless import main

    bpy.ops.wm.open_mainfile(filepath=str(blend))
    bpy.context.scene.frame_set(2)  # where it stands does not matter
    return main(["--render", "--overwrite", "--seed", "3", *map(str, arguments)])


def pictures(folder: Path) -> dict[str, bytes]:
    """Name -> pixels: Blender writes the time into the files."""
    return {path.name: Image.open(path).tobytes() for path in (folder / "images").iterdir()}


def test_shares_are_the_whole(blend: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = blend.read_bytes()
    whole, shares = tmp_path / "whole", tmp_path / "shares"
    assert run(blend, "--random-frames", "5", "--output", whole) == 0
    said = capfd.readouterr().out
    assert "Random frames vary Things: On Surface, Camera: Around Things and Lights: Energy, Place" in said
    assert "Random frames: 5 frames baked" in said
    assert run(blend, "--random-frames", "5", "--shard", "1/2", "--output", shares) == 0
    assert run(blend, "--random-frames", "9", "--frames", "3-5", "--output", shares) == 0
    assert len(set(pictures(whole).values())) == 5, "no frame is as another"
    assert pictures(whole) == pictures(shares)
    documents = [json.loads((folder / "annotations/instances.json").read_bytes()) for folder in (whole, shares)]
    assert documents[0] == documents[1]
    attributes = [image["attributes"] for image in documents[0]["images"]]
    assert {one["seed"] for one in attributes} == {3}
    assert len({one["Camera.distance"] for one in attributes}) == 5, "what was drawn can be looked up"
    scene = json.loads((whole / "scenes/shot_0002.json").read_bytes())
    eye = (
        -np.linalg.inv(np.array(scene["camera"]["world_to_camera"])[:3, :3])
        @ np.array(scene["camera"]["world_to_camera"])[:3, 3]
    )
    assert np.allclose(eye, attributes[1]["Camera.location"], atol=1e-4)
    assert blend.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--random-frames", "0"], "There cannot be 0 random frames"),
        (["--random-frames", "4", "--frames", "3-8"], "5 is not one of the 4 random frames, 1 to 4"),
        (["--random-frames", "4", "--all-scenes"], "--random-frames is of one scene only"),
        (["--frames", "1"], "--seed is about random frames; give --random-frames too"),
    ],
)
def test_wrong_usage(blend: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert run(blend, *arguments) == 2
    assert message in capfd.readouterr().err
