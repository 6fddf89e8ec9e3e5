"""What a farm renders in tests: the demo scene, with Blender as the bpy module."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BLENDER = f"{sys.executable} {CHECKOUT / 'tools/blender.py'}"


@pytest.fixture(scope="session")
def demo_scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's .blend, with frames 1 to 4."""
    path = tmp_path_factory.mktemp("scene") / "demo scene.blend"
    command = [*BLENDER.split(), "-P", CHECKOUT / "examples/demo/build_scene.py", "--", path]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=120)
    return path
