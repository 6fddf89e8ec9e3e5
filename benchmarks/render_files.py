"""EXR files as Blender writes them, from synthetic passes."""

import json
import os
from pathlib import Path

import OpenEXR

from core.exr.cryptomatte import hash_name

from .scenes import RenderedFrame

_LAYER = "ViewLayer"
_HEADER = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}


def write_multi_part(frame: RenderedFrame, path: Path) -> None:
    """One part a pass, as Blender 5 writes it by default."""
    parts = [
        OpenEXR.Part(
            dict(_HEADER),
            {f"{_LAYER}.{name}.{component}": pixels for component, pixels in components.items()},
            f"{_LAYER}.{name}",
        )
        for name, components in frame.passes.items()
    ]
    parts[0].header.update(_cryptomatte_attributes(frame))
    _write(OpenEXR.File(parts), path)


def write_single_part(frame: RenderedFrame, path: Path) -> None:
    """All channels interleaved in one part, as Blender 4 writes it."""
    channels = {
        f"{_LAYER}.{name}.{component}": pixels
        for name, components in frame.passes.items()
        for component, pixels in components.items()
    }
    _write(OpenEXR.File({**_HEADER, **_cryptomatte_attributes(frame)}, channels), path)


def _write(file: "OpenEXR.File", path: Path) -> None:
    OpenEXR.set_global_thread_count(os.cpu_count() or 1)
    file.write(str(path))
    OpenEXR.set_global_thread_count(0)


def _cryptomatte_attributes(frame: RenderedFrame) -> dict[str, str]:
    attributes = {}
    for name, manifest in frame.manifests.items():
        full_name = f"{_LAYER}.{name}"
        prefix = f"cryptomatte/{hash_name(full_name):08x}"[:-1]  # seven digits
        attributes |= {
            f"{prefix}/name": full_name,
            f"{prefix}/hash": "MurmurHash3_32",
            f"{prefix}/conversion": "uint32_to_float32",
            f"{prefix}/manifest": json.dumps({key: f"{id:08x}" for key, id in manifest.items()}),
        }
    return attributes
