"""The zips hold what belongs into an extension, and the wheels of their platform only."""

import tomllib
import zipfile
from pathlib import Path

import pytest

# What the names of a platform's wheels end with.
WHEELS_OF = {
    "linux_x64": "manylinux_2_28_x86_64.whl",
    "windows_x64": "win_amd64.whl",
    "windows_arm64": "win_arm64.whl",
    "macos_x64": "_x86_64.whl",
    "macos_arm64": "_arm64.whl",
}
FOLDERS = {"core", "operators", "panels", "wheels"}
FONTS = {"DejaVuSans.woff2", "Unifont.woff2", "UnifontUpper.woff2", "LICENSE.txt"}
FILES = {"__init__.py", "blender_manifest.toml", "export_annotations.py", "LICENSE", "README.md"}


def test_one_zip_for_each_platform(zips: dict[str, Path]) -> None:
    assert zips.keys() == WHEELS_OF.keys()


@pytest.mark.parametrize("platform", WHEELS_OF)
def test_content(platform: str, zips: dict[str, Path]) -> None:
    assert zips[platform].stat().st_size < 30_000_000
    with zipfile.ZipFile(zips[platform]) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())

    assert {name.partition("/")[0] for name in names} == FOLDERS | FILES
    others = {name for name in names if not name.endswith(".py") and name.partition("/")[0] in FOLDERS - {"wheels"}}
    assert others == {f"core/drawing/fonts/{name}" for name in FONTS}

    wheels = sorted(name for name in names if name.startswith("wheels/"))
    assert all(wheel.endswith(WHEELS_OF[platform]) for wheel in wheels)
    of_macos = [wheel for wheel in wheels if "macosx" in wheel]
    assert of_macos == (wheels if platform.startswith("macos") else [])
    parts = [Path(wheel).name.split("-") for wheel in wheels]
    assert {(part[0], part[2]) for part in parts} == {
        (package, python) for package in ("openexr", "pillow") for python in ("cp311", "cp313", "cp314")
    }

    of_this_zip = manifest["build"]["generated"]
    assert of_this_zip["platforms"] == [platform.replace("_", "-")]
    assert sorted(wheel.removeprefix("./") for wheel in of_this_zip["wheels"]) == wheels
