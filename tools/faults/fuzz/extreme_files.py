"""Small files that want much: tall images, names without end, JSON in JSON in JSON, images of nothing.

Each is below 1 MB, but for names, which are as long as they are.
"""

import functools
import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from core.annotate.annotate import annotate
from core.base.errors import LabelpassError
from tests.builders import plain_job

from ..oracle import linked_copy
from ..trial import attempt
from .json_kinds import KINDS, Use

_LONG = "n" * 10_000_000
_DEEP = b"[" * 100_000 + b"]" * 100_000
_MOST_CHARACTERS = 2100
# As many pixels as images of a dataset may have.
_SIDE = 23_000


def use_extreme_files(folder: Path, every: int = 1) -> tuple[int, list[str]]:
    """Each of them, or every so many; `folder` is as json_kinds.prepare() has made it."""
    wrong, tried = [], 0
    for name, make, uses in [*_images(), *_texts()][::every]:
        for use in uses:
            copy = linked_copy(folder, folder.with_name("copy"))
            make(copy)
            tried += 1
            if problem := attempt(lambda use=use, copy=copy: use(copy)):  # type: ignore[misc]
                wrong.append(f"{name}: {problem}")
            shutil.rmtree(copy)
            shutil.rmtree(folder.with_name("combined"), ignore_errors=True)
    return tried, wrong


def _images() -> list[tuple[str, Callable[[Path], object], tuple[Use, ...]]]:
    image = "rich/images/walk/walk_0000.png"
    large, false = functools.partial(_png, _SIDE, _SIDE * (_SIDE + 1)), functools.partial(_png, 2**31 - 1, 1 << 20)
    return [
        ("a tall frame", lambda folder: _write_exr(folder, 400_000, 1), (_annotate,)),
        ("a wide frame", lambda folder: _write_exr(folder, 1, 400_000), (_annotate,)),
        (
            "an image of 23000 x 23000 pixels",
            lambda folder: _replace(folder / image, large()),
            _OF_DATASET,
        ),
        (
            "an image that claims 2^31 rows",
            lambda folder: _replace(folder / image, false()),
            _OF_DATASET,
        ),
    ]


def _texts() -> list[tuple[str, Callable[[Path], object], tuple[Use, ...]]]:
    deep = [
        (f"deep {name}", lambda folder, kind=kind: _replace(folder / kind.file, _DEEP), tuple(kind.uses))
        for name, kind in KINDS.items()
    ]
    scene, sidecar = KINDS["scene records"], KINDS["sidecar manifests"]
    table = KINDS["category tables"]
    return [
        *deep,
        ("a scene with a name of 10 MB", lambda folder: _rename(folder / scene.file, "scene"), tuple(scene.uses)),
        ("a manifest of 8 GB of nothing", lambda folder: _sparse(folder / sidecar.file), tuple(sidecar.uses)),
        (
            "a manifest of 40,000 names",
            lambda folder: _replace(folder / sidecar.file, _manifest()),
            tuple(sidecar.uses),
        ),
        ("a category with a name of 10 MB", lambda folder: _rename_category(folder / table.file), tuple(table.uses)),
    ]


_OF_DATASET = tuple(KINDS["frame records"].uses)


def _annotate(folder: Path) -> object:
    try:
        return annotate(plain_job(folder / "frame_0001.exr", folder / "new"))
    except LabelpassError as error:
        assert len(str(error)) <= _MOST_CHARACTERS
        raise


def _replace(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def _sparse(path: Path) -> None:
    """It takes no room on the disk."""
    path.unlink()
    path.touch()
    os.truncate(path, 8 << 30)


def _manifest() -> bytes:
    """Numbers as ids, which no renderer writes."""
    return json.dumps({f"thing_{number:06}": number + 1 for number in range(40_000)}).encode()


def _write_exr(folder: Path, height: int, width: int) -> None:
    """Labels and a depth of one step each."""
    labels, depth = np.ones((height, width), np.float32), np.full((height, width), 5, np.float32)
    labels[: height // 2, : width // 2 + 1] = 2
    _write_channels(folder, {"ViewLayer.IndexOB.X": labels, "ViewLayer.Depth.Z": depth})


def _write_channels(folder: Path, channels: Mapping[str, Any]) -> None:
    path = folder / "frame_0001.exr"
    path.unlink()
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, dict(channels)).write(str(path))


@functools.cache
def _png(side: int, size: int) -> bytes:
    """A grey PNG that claims to be square, with so many bytes of zeros.

    Source: PNG Specification (W3C), 11.2 Critical chunks.
    """
    packer = zlib.compressobj(1)
    data = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)), packer.flush()])
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def _rename(path: Path, key: str) -> None:
    data = json.loads(path.read_bytes())
    del data["checksum"]
    _replace(path, json.dumps({**data, key: _LONG}).encode())


def _rename_category(path: Path) -> None:
    data = json.loads(path.read_bytes())
    data["categories"][0]["name"] = _LONG
    _replace(path, json.dumps(data).encode())
