"""The random frames of the demo in real Blenders, against those of the bpy module."""

import json

from tests.installed.module import CHECKOUT
from tests.random_frame_values import check_frames
from tests.real.conftest import InstalledBlender


def test_the_frames_are_those_of_the_module(labelpass_blender: InstalledBlender) -> None:
    folder = labelpass_blender.folder / "random_frames"
    folder.mkdir()
    for path in ("examples/demo/build_scene.py", "tests/installed/random_frame.py"):
        (folder / path.rpartition("/")[2]).write_text((CHECKOUT / path).read_text())
    scene = folder / "scene.blend"
    labelpass_blender.run_well("-b", "--factory-startup", "-P", folder / "build_scene.py", "--", scene)
    said = labelpass_blender.run_well("-b", scene, "--python-exit-code", "1", "-P", folder / "random_frame.py")
    check_frames(
        json.loads(next(line for line in said.splitlines() if line.startswith("FRAMES ")).removeprefix("FRAMES "))
    )
