"""What the tests of the installed extension share, in the bpy module and in real Blender."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The extension's zips by platform, built from this checkout."""
    folder = tmp_path_factory.mktemp("zips")
    subprocess.run([sys.executable, CHECKOUT / "tools/build_extension.py", "--output", folder], check=True)
    return {path.stem.split("-")[-1]: path for path in folder.glob("labelpass-*.zip")}
