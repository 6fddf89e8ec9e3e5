"""Blender as the bpy module, with the extension registered from this checkout."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

from tests.blender.scenes import fresh_blender, usual_scene

CHECKOUT = Path(__file__).resolve().parents[2]
_EXIT_STATUS = pytest.StashKey[int]()


def _load_extension() -> None:
    spec = importlib.util.spec_from_file_location(
        "labelpass", CHECKOUT / "__init__.py", submodule_search_locations=[str(CHECKOUT)]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["labelpass"] = package
    spec.loader.exec_module(package)


_load_extension()


@pytest.fixture(autouse=True)
def extension() -> Iterator[None]:
    with fresh_blender():
        yield
    assert "OpenEXR" not in sys.modules, "OpenEXR in Blender's process can crash it; run tests/core by themselves"


@pytest.fixture
def scene(tmp_path: Path) -> bpy.types.Scene:
    """The scene of most tests, see `usual_scene`."""
    return usual_scene(tmp_path)


@pytest.fixture
def blend(scene: bpy.types.Scene, tmp_path: Path) -> Path:
    """The test scene in a file, with its output next to it."""
    scene.render.filepath = "//frames/shot_####"
    path = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_EXIT_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave as tools/blender.py does: bpy 4.2 crashes when the interpreter ends after classes were registered."""
    sys.stdout.flush()
    sys.stderr.flush()
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    os._exit(config.stash.get(_EXIT_STATUS, 1))
