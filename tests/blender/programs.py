"""Labelpass in processes of its own, from tests in Blender: the command line, and scripts in another Blender."""

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# The beginning of a script: imports bpy and sys, and registers the extension from this checkout as `package`.
REGISTER = f"""
import importlib.util, sys, bpy
spec = importlib.util.spec_from_file_location(
    "labelpass", r"{CHECKOUT / "__init__.py"}", submodule_search_locations=[r"{CHECKOUT}"]
)
package = sys.modules["labelpass"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
package.register()
"""


def labelpass(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command of the command line."""
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=120)


def in_own_blender(
    blend: Path, script: Path, *arguments: str | Path, seed: int | None = None
) -> subprocess.CompletedProcess[str]:
    """A script in a Blender that has opened a file and not the extension; `seed` is Python's for hashes."""
    command = [sys.executable, CHECKOUT / "tools/blender.py", "-b", blend, "-P", script, "--", *arguments]
    environment = os.environ if seed is None else {**os.environ, "PYTHONHASHSEED": str(seed)}
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, env=environment)


def headless(blend: Path, *arguments: str | Path, seed: int | None = None) -> subprocess.CompletedProcess[str]:
    """The headless script; `seed` as for in_own_blender."""
    return in_own_blender(blend, CHECKOUT / "tools/export_annotations.py", *arguments, seed=seed)
