"""Frames are the same in every Blender; tests/real does the same in those with a window."""

import runpy
from pathlib import Path

import bpy
import pytest

from tests.blender.programs import CHECKOUT
from tests.random_frame_values import check_frames


def test_every_blender_bakes_the_same_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CHECKOUT / "examples/demo"))
    import build_scene

    build_scene.main([str(tmp_path / "scene.blend")])
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    script = runpy.run_path(str(CHECKOUT / "tests/installed/random_frame.py"))
    script["bake"]()
    check_frames(script["frames"]())
    assert len(bpy.data.scenes) == 1
