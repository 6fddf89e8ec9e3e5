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


def main(blend: Path, *arguments: str | Path) -> int:
    from labelpass.operators.headless import main

    bpy.ops.wm.open_mainfile(filepath=str(blend))
    bpy.context.scene.frame_set(2)  # where it stands does not matter
    return main(list(map(str, arguments)))


def run(blend: Path, *arguments: str | Path) -> int:
    return main(blend, "--render", *([] if "--no-overwrite" in arguments else ["--overwrite"]), *arguments)


def pictures(folder: Path) -> dict[str, bytes]:
    """Name -> pixels: Blender writes the time into the files."""
    return {path.name: Image.open(path).tobytes() for path in (folder / "images").iterdir()}


def test_shares_are_the_whole(blend: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = blend.read_bytes()
    whole, shares = tmp_path / "whole", tmp_path / "shares"
    assert run(blend, "--random-frames", "5", "--seed", "3", "--output", whole) == 0
    said = capfd.readouterr().out
    assert "Random frames vary Things: On Surface, Camera: Around Things and Lights: Energy, Place" in said
    assert "Random frames: 5 frames baked" in said
    assert run(blend, "--random-frames", "5", "--seed", "3", "--shard", "1/2", "--output", shares) == 0
    assert run(blend, "--random-frames", "9", "--seed", "3", "--frames", "3-5", "--output", shares) == 0
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


def test_a_plan_fixes_the_seed(blend: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Machines need nothing but their share; another seed or number is an error before anything is baked."""
    whole, planned = tmp_path / "whole", tmp_path / "planned"
    assert run(blend, "--random-frames", "4", "--seed", "9", "--output", whole) == 0
    assert run(blend, "--random-frames", "4", "--seed", "9", "--plan", "--output", planned) == 0
    assert "random frames with seed 9" in capfd.readouterr().out
    plan = json.loads((planned / "plan.json").read_bytes())
    assert plan["random_frames"] == [{"sequence": "", "seed": 9, "count": 4}]
    for wrong, sentence in (
        (
            ["--random-frames", "4", "--seed", "3"],
            "are planned with seed 9, and these have seed 3",
        ),
        (["--random-frames", "5"], "are planned, and not 5"),
    ):
        assert run(blend, *wrong, "--output", planned) == 2
        said = capfd.readouterr()
        assert sentence in said.err and "baked" not in said.out
    for share in ("1/2", "2/2"):
        assert run(blend, "--shard", share, "--output", planned) == 0
    assert run(blend, "--merge", "--shard", "1/2", "--no-overwrite", "--output", planned) == 0
    assert pictures(whole) == pictures(planned)


def test_frames_baked_in_the_file_are_held_to_the_plan(
    blend: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    stored = bpy.context.scene.labelpass.random_frames
    stored.count, stored.seed = 3, 5
    bpy.ops.labelpass.random_bake()
    baked = blend.with_name("baked.blend")
    bpy.ops.wm.save_as_mainfile(filepath=str(baked))
    output = tmp_path / "planned"
    assert main(baked, "--render", "--plan", "--output", output) == 0
    assert json.loads((output / "plan.json").read_bytes())["random_frames"][0]["seed"] == 5
    bpy.context.scene.labelpass.random_frames.seed = 6
    bpy.ops.labelpass.random_bake()
    other = blend.with_name("other.blend")
    bpy.ops.wm.save_as_mainfile(filepath=str(other))
    assert main(other, "--render", "--output", output) == 2
    assert "are planned with seed 5, and these have seed 6" in capfd.readouterr().err
    assert main(baked, "--render", "--output", output) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--random-frames", "0"], "There cannot be 0 random frames"),
        (["--random-frames", "4", "--frames", "3-8"], "5 is not one of the 4 random frames, 1 to 4"),
        (["--random-frames", "4", "--all-scenes"], "--random-frames is of one scene only"),
        (["--frames", "1", "--seed", "3"], "--seed is about random frames; give --random-frames too"),
    ],
)
def test_wrong_usage(blend: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert run(blend, *arguments) == 2
    assert message in capfd.readouterr().err
