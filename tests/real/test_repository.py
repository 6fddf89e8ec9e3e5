"""The release as a repository of extensions on a web server: real Blender adds it, installs from it and updates."""

import json
import re
import shutil
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.real.conftest import CHECKOUT, InstalledBlender
from tools.build_release import write_index

NEWER = "99.0.0"
# What the docs say, docs/releases.md.
ONLINE = "--online-mode", "--command", "extension"


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def repository(labelpass_blender: InstalledBlender) -> Iterator[tuple[Path, str]]:
    """An empty folder, and the address at which it is served."""
    folder = labelpass_blender.folder / "repository"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/index.json"
    server.shutdown()
    thread.join()
    server.server_close()


def with_version(source: Path, target: Path, version: str) -> None:
    """Copy a zip of the extension, as one of another version."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "blender_manifest.toml":
                content, count = re.subn(rb'(?m)^version = ".*"$', f'version = "{version}"'.encode(), content)
                assert count == 1
            new.writestr(entry, content, zipfile.ZIP_STORED)


def test_add_install_and_update(
    labelpass_blender: InstalledBlender, repository: tuple[Path, str], zips: dict[str, Path]
) -> None:
    folder, address = repository
    new = InstalledBlender(labelpass_blender.blender, labelpass_blender.folder / "new_user", labelpass_blender.folder)
    extension = new.user / "blender/extensions/labelpass_repo/labelpass"
    script, scene = folder.with_name("settings.py"), folder.with_name("settings.blend")
    shutil.copy(CHECKOUT / "tests/installed/settings.py", script)

    def installed_version() -> str:
        return tomllib.loads((extension / "blender_manifest.toml").read_text())["version"]

    def settings(*arguments: str | Path) -> dict[str, Any]:
        said = new.run_well(*arguments)
        return json.loads(next(line for line in said.splitlines() if line.startswith("SETTINGS "))[9:])

    first = Path(shutil.copy(zips["linux_x64"], folder))
    write_index(folder)
    new.run_well(*ONLINE, "repo-add", "--name", "Labelpass", "--url", address, "labelpass_repo")
    new.run_well(*ONLINE, "install", "--sync", "--enable", "labelpass_repo.labelpass")
    assert f"-{installed_version()}-" in first.name
    saved = settings("-b", "--python-exit-code", "1", "-P", script, "--", "change", scene)

    with_version(first, folder / first.name.replace(installed_version(), NEWER), NEWER)
    first.unlink()
    write_index(folder)
    new.run_well(*ONLINE, "update", "--sync")
    assert installed_version() == NEWER
    # There are settings only while it is enabled.
    assert settings("-b", scene, "--python-exit-code", "1", "-P", script, "--", "tell") == saved
