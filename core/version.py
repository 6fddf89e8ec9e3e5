"""The version of Labelpass, read from the extension manifest: the only place where it is written."""

import tomllib
from pathlib import Path


def _version_of_manifest() -> str:
    manifest = Path(__file__).resolve().parent.parent / "blender_manifest.toml"
    with manifest.open("rb") as file:
        return str(tomllib.load(file)["version"])


VERSION = _version_of_manifest()
