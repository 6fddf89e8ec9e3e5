"""EXR files of any size, written band by band: a frame of 16384 x 16384 pixels never is in memory as a whole.

It shows some hundred things with soft outlines, as Blender renders them: colours as half floats, depth, Object Index
and a Cryptomatte of six ranks.
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import Imath
import numpy as np
import numpy.typing as npt
import OpenEXR

from benchmarks.scenes import Size, as_hashes, paint_labels
from core.exr.exr_file import ExrFile

Array = npt.NDArray[Any]
# Pass -> its components, in an order in which they can be written one after the other.
PASSES: Mapping[str, str] = {
    "Combined": "ABGR",
    "CryptoObject00": "abgr",
    "CryptoObject01": "abgr",
    "CryptoObject02": "abgr",
    "Depth": "Z",
    "IndexOB": "X",
}
_LAYER = "ViewLayer"
# So many pixels of the file are one of what is painted, in each direction.
_SCALE = 16
_THINGS = 300
_CHUNK_ROWS = 16


def write_one_part(path: Path, side: int) -> None:
    """All passes interleaved in one part, as Blender 4 writes them; `side` is a multiple of 16."""
    _write(path, side, PASSES)


def write_parts(path: Path, side: int) -> None:
    """A part for each pass, as Blender 5 writes them."""
    alone = [path.with_name(f"{name}.exr") for name in PASSES]
    for file, (name, components) in zip(alone, PASSES.items(), strict=True):
        _write(file, side, {name: components})
    _join(alone, path)
    for file in alone:
        file.unlink()


def _write(path: Path, side: int, passes: Mapping[str, str]) -> None:
    names = {f"{_LAYER}.{name}.{component}": (name, component) for name in passes for component in passes[name]}
    header = OpenEXR.Header(side, side)
    header["compression"] = Imath.Compression(Imath.Compression.ZIP_COMPRESSION)
    header["channels"] = {
        full: Imath.Channel(Imath.PixelType(Imath.PixelType.HALF if name == "Combined" else Imath.PixelType.FLOAT))
        for full, (name, _) in names.items()
    }
    file = OpenEXR.OutputFile(str(path), header)
    for planes in _bands(side, passes):
        file.writePixels({full: planes[place].tobytes() for full, place in names.items()}, _SCALE)
    file.close()


def _bands(side: int, passes: Mapping[str, str]) -> Iterator[Mapping[tuple[str, str], Array]]:
    """Some rows after the other: (pass, component) -> (16, side)."""
    things = paint_labels(Size(side // _SCALE, side // _SCALE), _THINGS)
    ids, below = as_hashes(things), np.roll(as_hashes(things), -1, axis=0)
    random = np.random.default_rng(1)
    for row in range(len(things)):
        made: dict[tuple[str, str], Array] = {}
        for name, components in passes.items():
            for component in components:
                plane = _plane(name, component, things[row], ids[row], below[row])
                if name == "Combined" and component != "A":
                    plane = plane + _enlarged(random.random(len(things), np.float32) / 16)
                made[name, component] = plane.astype(np.float16 if name == "Combined" else np.float32)
        yield made


def _plane(name: str, component: str, things: Array, ids: Array, below: Array) -> Array:
    """(16, side) float32 of one row of what is painted; the last row of pixels is shared with what is below it."""
    shown, shares = _enlarged, ids != below
    if name == "IndexOB":
        return shown(things.astype(np.float32))
    if name == "Depth":
        return shown(np.where(things > 0, 5 + things / 100, 1e10).astype(np.float32))
    if name == "Combined":
        return shown(np.where(things > 0, 0.2 + things / 1000, 0.05).astype(np.float32))
    if not name.endswith("00"):
        return shown(np.zeros(len(things), np.float32))
    plane = {
        "r": shown(ids.view(np.float32)),
        "g": shown((ids > 0).astype(np.float32)),
        "b": shown(np.zeros(len(ids), np.float32)),
        "a": shown(np.zeros(len(ids), np.float32)),
    }[component]
    last = {
        "r": ids.view(np.float32),
        "g": np.where(ids > 0, np.where(shares, 0.625, 1), 0),
        "b": np.where(shares, below, 0).astype(np.uint32).view(np.float32),
        "a": np.where(shares & (below > 0), 0.25, 0),
    }[component]
    plane[-1] = np.repeat(last.astype(np.float32), _SCALE)
    return plane


def _enlarged(row: Array) -> Array:
    return np.tile(np.repeat(row, _SCALE), (_SCALE, 1))


def _join(files: list[Path], path: Path) -> None:
    """Files of one part each, with the codec ZIP, become the parts of one.

    Source: "OpenEXR File Layout", https://openexr.com/en/latest/OpenEXRFileLayout.html.
    """
    parts = [ExrFile(file).parts[0] for file in files]
    counts = [-(-part.data_window.height // _CHUNK_ROWS) for part in parts]
    headers = b"".join(
        part._header[:-1]
        + _attribute("name", "string", f"{_LAYER}.{file.stem}".encode())
        + _attribute("type", "string", b"scanlineimage")
        + _attribute("chunkCount", "int", struct.pack("<i", count))
        + b"\0"
        for file, part, count in zip(files, parts, counts, strict=True)
    )
    head = struct.pack("<II", 20000630, 2 | 0x400 | 0x1000) + headers + b"\0"
    places: list[int] = []
    with path.open("wb") as joined:
        joined.write(head + bytes(8 * sum(counts)))
        for number, file in enumerate(files):
            with file.open("rb") as alone:
                alone.seek(parts[number]._offset_table + 8 * counts[number])
                for _ in range(counts[number]):
                    row, size = struct.unpack("<ii", alone.read(8))
                    places.append(joined.tell())
                    joined.write(struct.pack("<iii", number, row, size) + alone.read(size))
        joined.seek(len(head))
        joined.write(struct.pack(f"<{len(places)}Q", *places))


def _attribute(name: str, kind: str, value: bytes) -> bytes:
    return f"{name}\0{kind}\0".encode() + struct.pack("<i", len(value)) + value
