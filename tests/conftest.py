"""What the tests of the installed extension share, in the bpy module and in real Blender."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installed.module import PLATFORM, InstalledModule, bare_module

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The extension's zips by platform, built from this checkout."""
    folder = tmp_path_factory.mktemp("zips")
    subprocess.run([sys.executable, CHECKOUT / "tools/build_extension.py", "--output", folder], check=True)
    return {path.stem.split("-")[-1]: path for path in folder.glob("labelpass-*.zip")}


@pytest.fixture(scope="session")
def module(zips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledModule]:
    """The bpy module of this environment with the zip installed."""
    found = bare_module(tmp_path_factory.mktemp("module"))
    found.run_well("-P", CHECKOUT / "tests/installed/install.py", "--", zips[PLATFORM])
    assert (found.extension / "blender_manifest.toml").is_file()
    yield found
    assert list(found.temporary.iterdir()) == [], "temporary files are left over"
