"""The release is whole: zips with what belongs into an extension, their index, the Python package, checksums."""

import hashlib
import json
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import pytest
from PIL import Image

from tests.real.conftest import CHECKOUT

# What the names of a platform's wheels end with.
WHEELS_OF = {
    "linux_x64": "manylinux_2_28_x86_64.whl",
    "windows_x64": "win_amd64.whl",
    "windows_arm64": "win_arm64.whl",
    "macos_x64": "_x86_64.whl",
    "macos_arm64": "_arm64.whl",
}
PACKAGES = {"core", "operators", "panels"}
FOLDERS = PACKAGES | {"docs", "wheels"}
FILES = {"__init__.py", "blender_manifest.toml", "export_annotations.py", "LICENSE", "README.html", "CHANGELOG.html"}


def test_one_zip_for_each_platform(zips: dict[str, Path]) -> None:
    assert zips.keys() == WHEELS_OF.keys()


@pytest.mark.parametrize("platform", WHEELS_OF)
def test_content(platform: str, zips: dict[str, Path]) -> None:
    assert zips[platform].stat().st_size < 40_000_000
    with zipfile.ZipFile(zips[platform]) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())

    assert {name.partition("/")[0] for name in names} == FOLDERS | FILES
    assert {name for name in names if name.partition("/")[0] in PACKAGES} == files_of_packages()
    assert {PurePosixPath(name).suffix for name in names if name.startswith("docs/")} == {".html", ".jpg", ".webp"}
    assert "docs/labels.html" in names, "which operators/help_pages.py opens"

    wheels = sorted(name for name in names if name.startswith("wheels/"))
    assert all(wheel.endswith(WHEELS_OF[platform]) for wheel in wheels)
    of_macos = [wheel for wheel in wheels if "macosx" in wheel]
    assert of_macos == (wheels if platform.startswith("macos") else [])
    parts = [Path(wheel).name.split("-") for wheel in wheels]
    assert {(part[0], part[2]) for part in parts} == {
        *((package, python) for package in ("openexr", "pillow") for python in ("cp311", "cp313", "cp314")),
        ("deflate", "cp311"),  # one for 3.11 and all that come after it
    }

    of_this_zip = manifest["build"]["generated"]
    assert of_this_zip["platforms"] == [platform.replace("_", "-")]
    assert sorted(wheel.removeprefix("./") for wheel in of_this_zip["wheels"]) == wheels


def files_of_packages() -> set[str]:
    """Of this checkout."""
    files = [path.relative_to(CHECKOUT) for package in PACKAGES for path in (CHECKOUT / package).rglob("*.*")]
    return {path.as_posix() for path in files if "__pycache__" not in path.parts}


class _Page(HTMLParser):
    """Collects where a page's links and pictures are, and the places in it that links may name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attributes if name in ("href", "src") and value]
        self.places |= {value for name, value in attributes if name == "id" and value}


def test_links_of_the_help_pages_lead_somewhere(zips: dict[str, Path]) -> None:
    with zipfile.ZipFile(zips["linux_x64"]) as archive:
        files = set(archive.namelist())
        pages = {name: _Page(archive.read(name).decode()) for name in files if name.endswith(".html")}
    assert len(pages) > 20
    inside = 0
    for name, page in pages.items():
        for link in page.links:
            if "://" in link:
                continue
            path, _, place = link.partition("#")
            target = str(_resolved(PurePosixPath(name).parent / path)) if path else name
            assert target in files, (name, link)
            assert not place or place in pages[target].places, (name, link)
            inside += 1
    assert inside > 100


def _resolved(path: PurePosixPath) -> PurePosixPath:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def test_index(release: Path, zips: dict[str, Path]) -> None:
    """One version for each platform: of two, Blender would install either."""
    entries = json.loads((release / "index.json").read_text())["data"]
    assert sorted(platform for entry in entries for platform in entry["platforms"]) == sorted(
        name.replace("_", "-") for name in WHEELS_OF
    )
    for entry in entries:
        (platform,) = entry["platforms"]
        archive = zips[platform.replace("-", "_")]
        assert entry["archive_url"] == f"./{archive.name}"
        assert entry["archive_size"] == archive.stat().st_size
        assert entry["archive_hash"] == f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"
        assert entry["website"] == "https://labelpass.invalid"
        assert entry["copyright"][0].endswith("Labelpass developers")
    text = (release / "index.html").read_text()
    assert all(archive.name in text for archive in zips.values())


def test_checksums(release: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=release, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    checked = {line.rpartition(": ")[0] for line in done.stdout.splitlines()}
    there = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert checked == there - {"SHA256SUMS"}


def test_python_package(release: Path, tmp_path: Path) -> None:
    """The source that is published makes the wheel that is published."""
    (wheel,), (source,) = release.glob("*.whl"), release.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path)  # an archive of our own, and Python 3.11.2 has no filters
    (folder,) = tmp_path.iterdir()
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path / "again"]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    (again,) = (tmp_path / "again").iterdir()
    assert again.name == wheel.name
    assert contents(again) == contents(wheel)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    build = [sys.executable, "-m", "tools.build_release", "--output", tmp_path]
    done = subprocess.run(build, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} holds something else than a release; choose another --output\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_listing(release: Path) -> None:
    """As Blender's extensions platform wants it."""
    with Image.open(release / "listing/featured.png") as featured:
        assert featured.size == (1920, 1080)
    with Image.open(release / "listing/icon.png") as icon:
        assert icon.size == (256, 256)
    assert len(list((release / "listing").glob("screenshot-*.png"))) >= 4
