"""What the tests of the installed extension share, in the bpy module and in real Blender."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installed.module import PLATFORM, InstalledModule, bare_module

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that is published of this checkout as a version."""
    folder = tmp_path_factory.mktemp("release")
    build = [sys.executable, "-m", "tools.build_release", "--output", folder, "--website", "https://labelpass.invalid"]
    subprocess.run(build, cwd=CHECKOUT, check=True)
    return folder


@pytest.fixture(scope="session")
def zips(release: Path) -> dict[str, Path]:
    """The extension's zips by platform."""
    return {path.stem.split("-")[-1]: path for path in release.glob("labelpass-*.zip")}


@pytest.fixture(scope="session")
def module(zips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledModule]:
    """The bpy module of this environment with the zip installed."""
    found = bare_module(tmp_path_factory.mktemp("module"))
    found.run_well("-P", CHECKOUT / "tests/installed/install.py", "--", zips[PLATFORM])
    assert (found.extension / "blender_manifest.toml").is_file()
    yield found
    assert list(found.temporary.iterdir()) == [], "temporary files are left over"
