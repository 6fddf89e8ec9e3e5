"""The version of Labelpass, read from the extension manifest: the only place where it is written."""

import re
from pathlib import Path


def _version_of_manifest() -> str:
    manifest = Path(__file__).resolve().parents[2] / "blender_manifest.toml"
    # As pyproject.toml finds it. A reader of TOML would take longer to import than all else that a program needs to
    # say its version.
    found = re.search(r'(?m)^version = "([^"]+)"', manifest.read_text(encoding="utf-8"))
    assert found is not None, f"{manifest} has no version"
    return found.group(1)


VERSION = _version_of_manifest()
