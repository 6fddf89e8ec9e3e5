"""Blender as the bpy module with the extension's zip installed in it, and nothing else that the extension needs.

The module runs in a Python of its own that has neither OpenEXR nor Pillow nor deflate nor Labelpass: what works there
works with the wheels in the zip.
"""

import importlib.util
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# The zip's name of this platform.
PLATFORM = {"linux": "linux_x64", "win32": "windows_x64", "darwin": "macos_arm64"}[sys.platform]
_MISSING = ("openexr", "pil", "pillow", "deflate", "labelpass", "_labelpass", "__editable__")


@dataclass(frozen=True)
class InstalledModule:
    """
    Attributes:
        python: the interpreter that has the bpy module.
        folder: empty but for that interpreter and Blender's user folder.
    """

    python: Path
    folder: Path

    @property
    def user(self) -> Path:
        return self.folder / "blender"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def extension(self) -> Path:
        return self.user / "extensions/user_default/labelpass"

    def run(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run scripts in the module, with the arguments of tools/blender.py."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        variables |= {"HOME": str(self.folder), "BLENDER_USER_RESOURCES": str(self.user), "TMPDIR": str(self.temporary)}
        command = [self.python, CHECKOUT / "tools/blender.py", *arguments]
        return subprocess.run(list(map(str, command)), env=variables, capture_output=True, text=True, timeout=300)

    def run_well(self, *arguments: str | Path) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        return done.stdout


def bare_module(folder: Path) -> InstalledModule:
    """The bpy module of this environment in an empty folder, with what it needs itself and nothing else."""
    bpy = importlib.util.find_spec("bpy")
    assert bpy is not None and bpy.origin is not None, "There is no bpy module; the noxfile says which one to install"
    (folder / "tmp").mkdir()
    venv.create(folder / "python", with_pip=False, symlinks=True)
    found = InstalledModule(folder / "python/bin/python", folder)
    packages = next((folder / "python").glob("lib/*/site-packages"))
    for entry in Path(bpy.origin).resolve().parents[1].iterdir():
        if not entry.name.lower().startswith(_MISSING) and entry.suffix != ".pth":
            (packages / entry.name).symlink_to(entry)
    return found
