"""The settings in a .blend, from the oldest Blender to the newest and back: all that there are, whatever they are."""

import json
from pathlib import Path

import pytest

from tests.installed.module import CHECKOUT, InstalledModule
from tests.real.conftest import InstalledBlender

ENABLE, SETTINGS = (CHECKOUT / "tests/installed" / name for name in ("enable.py", "settings.py"))


@pytest.fixture
def script(labelpass_blender: InstalledBlender) -> Path:
    path = labelpass_blender.folder / "settings.py"
    path.write_text(SETTINGS.read_text())
    return path


def settings_in(said: str) -> dict[str, object]:
    return json.loads(next(line for line in said.splitlines() if line.startswith("SETTINGS ")).partition(" ")[2])


def test_from_the_module(module: InstalledModule, labelpass_blender: InstalledBlender, script: Path) -> None:
    """With `nox -s real` the module is that of Blender 4.2, the oldest that Labelpass runs in."""
    scene = labelpass_blender.folder / "from_module.blend"
    saved = settings_in(module.run_well("-P", ENABLE, "-P", SETTINGS, "--", "change", scene))
    assert saved["source"] != "RENDER" and saved["output"] == "//other_output"
    opened = labelpass_blender.run_well("-b", scene, "--python-exit-code", "1", "-P", script, "--", "tell")
    assert settings_in(opened) == saved


def test_back_to_the_module(module: InstalledModule, labelpass_blender: InstalledBlender, script: Path) -> None:
    scene = labelpass_blender.folder / "to_module.blend"
    arguments = ["-b", "--python-exit-code", "1", "-P", script, "--", "change", scene]
    saved = settings_in(labelpass_blender.run_well(*arguments))
    opened = module.run("-b", scene, "-P", ENABLE, "-P", SETTINGS, "--", "tell")
    if "not a blend file" in opened.stderr:  # Blender 4.2 to 4.4 read no file of Blender 5, whatever is in it
        assert not labelpass_blender.blender.version().startswith("4.")
        return
    assert opened.returncode == 0, opened.stderr
    assert settings_in(opened.stdout) == saved
