"""The extension's zip, installed in the bpy module of this environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installed.module import PLATFORM, InstalledModule, bare_module


@pytest.fixture(scope="session")
def module(zips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledModule]:
    found = bare_module(tmp_path_factory.mktemp("module"))
    found.run_well("-P", Path(__file__).with_name("install.py"), "--", zips[PLATFORM])
    assert (found.extension / "blender_manifest.toml").is_file()
    yield found
    assert list(found.temporary.iterdir()) == [], "temporary files are left over"
