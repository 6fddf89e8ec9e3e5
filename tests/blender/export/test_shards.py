"""The headless script on machines that share the work on a dataset, by a plan."""

from pathlib import Path

import bpy
import pytest

from tests.blender.programs import headless, labelpass
from tests.blender.scenes import render_animation

PLANNED = ("annotations", "maps", "categories.json", "dataset.json")


def planned_bytes(output: Path) -> dict[str, bytes]:
    """What machines have to make alike; images that Blender writes say how long they took to render."""
    files = [path for name in PLANNED for path in [output / name, *(output / name).rglob("*")] if path.is_file()]
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in files}


def test_shards_of_a_render_make_the_dataset_of_one_machine(
    blend: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from labelpass.operators.headless import main

    whole, shared = tmp_path / "whole", tmp_path / "shared"
    options = ["--render", "--maps", "categories_png", "--no-pictures"]
    assert main([*options, "--output", str(whole)]) == 0
    assert main([*options, "--output", str(shared), "--plan"]) == 0
    assert f"{shared / 'plan.json'}: 2 frames in 1 sequence; 3 categories" in capsys.readouterr().out
    assert [path.name for path in shared.iterdir()] == ["plan.json"]

    assert headless(blend, "--render", "--output", shared, "--shard", "2/2").returncode == 0
    assert not (shared / "annotations").exists(), "a shard leaves the merge to who knows that all are done"
    done = labelpass("merge", shared)
    assert done.returncode == 1
    assert "1 of 2 planned frames has no record that can be used (shot_0001)" in done.stderr + done.stdout

    assert headless(blend, "--render", "--output", shared, "--shard", "1/2", "--merge").returncode == 0
    assert planned_bytes(shared) == planned_bytes(whole)


def test_what_is_not_as_planned(
    blend: Path, scene: bpy.types.Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever way in is taken, the button's too."""
    from labelpass.operators.headless import main

    out = tmp_path / "out"
    assert main(["--render", "--plan", "--output", str(out), "--frames", "1"]) == 0
    for options, sentence in (
        (["--min-area", "7"], "Minimum Area is planned as 0 for this dataset, and not as 7"),
        (["--frames", "1-2"], "shot_0002 is not in the plan of the dataset"),
        (["--plan", "--shard", "1/2"], "--plan is about the frames of all machines; leave out --shard"),
    ):
        assert main(["--render", "--output", str(out), *options]) == 2
        assert sentence in capsys.readouterr().err

    scene.labelpass.output = str(out)
    scene.labelpass.min_area = 7
    scene.labelpass.source = "FILES"
    render_animation()
    with pytest.raises(RuntimeError, match="Minimum Area is planned as 0"):
        bpy.ops.labelpass.export_annotations()
    assert [path.name for path in out.iterdir()] == ["plan.json"]


def test_random_frames_are_planned(blend: Path, tmp_path: Path) -> None:
    """All of them, although the scene has other frames; nothing is baked for that."""
    from labelpass.core.base.dataset_folder import DatasetFolder
    from labelpass.core.frames.dataset_plan import DatasetPlan
    from labelpass.operators.headless import main

    before = set(bpy.data.actions)
    options = ["--render", "--random-frames", "7", "--seed", "2", "--output", str(tmp_path / "out")]
    assert main([*options, "--plan"]) == 0
    plan = DatasetPlan.read(DatasetFolder(tmp_path / "out"))
    assert plan is not None
    assert list(plan.frames) == [f"shot_{number:04}" for number in range(1, 8)]
    assert set(bpy.data.actions) == before
