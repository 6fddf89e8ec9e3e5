"""The files of dense maps as arrays again, whole or not at all: what map_files.py, flow_files.py and others wrote."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..base.errors import InputError, LabelpassError
from ..exr.exr_file import ExrFile
from ..settings.map_table import DenseMap, MapKind, WrittenMap
from .flow_files import KITTI_STEPS, KITTI_ZERO
from .map_files import FLO_TAG, PNG_GREY, PNG_RGB, PNG_SIGNATURE
from .surface_map import SurfaceMap

# Middlebury: what is larger is unknown.
_MOST_FLOW = 1e9
_MOST_OF_16_BIT = 0xFFFF
_NO_SURFACE = 128
_CHANNELS = {
    MapKind.NORMALS: 3,
    MapKind.POSITION: 3,
    MapKind.NOCS: 3,
    MapKind.UV: 2,
    MapKind.FLOW_FORWARD: 2,
    MapKind.FLOW_BACKWARD: 2,
    MapKind.FLOW_STEP: 2,
}

Array = npt.NDArray[Any]
# What reading a file of any of these formats raises where it is cut off or is none.
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    LabelpassError,
)


def why(error: Exception) -> str:
    """What one of these says, where that helps anybody."""
    if isinstance(error, LabelpassError | struct.error | zlib.error):
        return "it is cut off or damaged"
    return str(error)


@dataclass(frozen=True)
class MapPixels:
    """What a map says.

    Attributes:
        values: (H, W) or (H, W, C), in the map's unit; without meaning where there is none.
        valid: (H, W) bool, where there is a value.
        rounding: how far a value may be from the one that the file was made of, because it stores steps.
    """

    values: Array
    valid: npt.NDArray[np.bool_]
    rounding: float = 0.0


def read_map(output: Path, written: WrittenMap, height: int, width: int) -> MapPixels:
    """Read a map of pixels; a point cloud has points and is read by read_ply().

    Raises:
        InputError: it is missing, cut off or damaged, or has another size.
    """
    map = written.map
    path = output / written.file
    try:
        stored = _stored(path, map)
        expected = (height, width, *((_CHANNELS[map.kind],) if map.kind in _CHANNELS else ()))
        if map.suffix == ".png" and map.kind in (MapKind.FLOW_FORWARD, MapKind.FLOW_BACKWARD, MapKind.FLOW_STEP):
            expected = (height, width, 3)
        if stored.shape[:2] == (height, width) and stored.shape != expected:
            raise ValueError(f"it has the shape {stored.shape} and should have {expected}")
    except DAMAGED as error:
        raise InputError(f"{written.file} cannot be read ({why(error)}); annotate the frame again") from error
    if stored.shape != expected:
        raise InputError(
            f"{written.file} has {' x '.join(str(size) for size in stored.shape[1::-1])} pixels and the record "
            f"{width} x {height}; annotate the frame again"
        )
    return _decoded(stored, map, written.scale or 1.0)


def _stored(path: Path, map: DenseMap) -> Array:
    if map.suffix == ".npy":
        values: Array = np.load(path, allow_pickle=False)
        if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
            raise ValueError("it holds no floats")
        return values
    if map.suffix == ".npz":
        return SurfaceMap.read(path).number
    if map.suffix == ".flo":
        return read_flo(path)
    if map.suffix == ".exr":
        file = ExrFile(path)
        channels = ["X", "Y", "Z"] if map.kind in _CHANNELS else ["Z"]
        if len(file.parts) != 1 or not all(name in file.parts[0].channels for name in channels):
            raise ValueError(f"it lacks the channels {', '.join(channels)}")
        pixels = file.read(file.parts[0], channels)
        return np.stack(pixels, axis=-1) if len(channels) > 1 else pixels[0]
    if map.kind in (MapKind.OCCLUSION_FORWARD, MapKind.OCCLUSION_BACKWARD, MapKind.OCCLUSION_STEP):
        with Image.open(path) as image:
            if image.mode != "L":
                raise ValueError("it is no 8-bit grey PNG")
            return np.asarray(image)
    return read_png16(path)


def _decoded(stored: Array, map: DenseMap, scale: float) -> MapPixels:
    kind, is_png = map.kind, map.suffix == ".png"
    if kind in (MapKind.FLOW_FORWARD, MapKind.FLOW_BACKWARD, MapKind.FLOW_STEP) and is_png:
        return MapPixels(
            (stored[..., :2].astype(np.float32) - KITTI_ZERO) / KITTI_STEPS, stored[..., 2] > 0, 0.5 / KITTI_STEPS
        )
    if map.suffix == ".flo":
        return MapPixels(stored, (np.abs(stored) < _MOST_FLOW).all(axis=-1))
    if kind is MapKind.SURFACES:
        return MapPixels(stored, stored >= 0)
    if kind in (MapKind.INSTANCES, MapKind.CATEGORIES):
        return MapPixels(stored, stored > 0)
    if kind in (MapKind.OCCLUSION_FORWARD, MapKind.OCCLUSION_BACKWARD, MapKind.OCCLUSION_STEP):
        return MapPixels(stored, stored != _NO_SURFACE)
    if kind is MapKind.NORMALS:
        valid = (stored != 0).any(axis=-1) & ~np.isnan(stored).any(axis=-1)
        step = 2 / _MOST_OF_16_BIT
        return MapPixels(stored * np.float32(step) - 1, valid, step / 2) if is_png else MapPixels(stored, valid)
    if kind is MapKind.NOCS and is_png:
        return MapPixels(stored / np.float32(_MOST_OF_16_BIT), (stored != 0).any(axis=-1), 0.5 / _MOST_OF_16_BIT)
    if is_png:  # depth with a scale, and disparity likewise
        step = 1 / 256 if kind is MapKind.DISPARITY else scale
        return MapPixels(stored * step, stored > 0, step / 2)
    missing = np.isnan(stored)
    return MapPixels(stored, ~(missing if stored.ndim == 2 else missing.any(axis=-1)))


def read_flo(path: Path) -> npt.NDArray[np.float32]:
    """(H, W, 2) float32 u, v of a file in Middlebury's format; ValueError where it is none or is cut off."""
    data = path.read_bytes()
    tag, width, height = struct.unpack_from("<fii", data)
    if tag != np.float32(FLO_TAG) or min(width, height) < 1 or len(data) != 12 + 8 * width * height:
        raise ValueError("it is cut off or no .flo")
    return np.frombuffer(data, "<f4", offset=12).reshape(height, width, 2)


def read_png16(path: Path) -> npt.NDArray[np.uint16]:
    """Read a 16-bit PNG, (H, W) of grey or (H, W, 3) of RGB; Pillow gives 8 bits of those in colour.

    Source: W3C, Portable Network Graphics, third edition.

    Raises:
        ValueError, struct.error, zlib.error: it is none, is interlaced, cut off or damaged.
    """
    chunks = _chunks(path.read_bytes())
    if not chunks or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise ValueError("it is cut off")
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if bits != 16 or colour not in (PNG_GREY, PNG_RGB) or interlaced:
        raise ValueError("it is no 16-bit PNG of grey or RGB")
    row = 2 * width * (1 if colour == PNG_GREY else 3)
    size = height * (1 + row)
    data = zlib.decompressobj().decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"), size + 1)
    if len(data) != size:
        raise ValueError("its pixels are incomplete")
    filtered = np.frombuffer(data, np.uint8).reshape(height, 1 + row)
    whole = _unfiltered(filtered[:, 0], filtered[:, 1:].reshape(height, width, -1))
    pixels = whole.reshape(height, row).view(">u2").astype(np.uint16)
    return pixels if colour == PNG_GREY else pixels.reshape(height, width, 3)


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    if not data.startswith(PNG_SIGNATURE):
        raise ValueError("it is no PNG")
    place, chunks = len(PNG_SIGNATURE), []
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        (crc,) = struct.unpack_from(">I", data, place + 8 + length)
        if zlib.crc32(body, zlib.crc32(kind)) != crc:
            raise ValueError("a checksum in it is wrong")
        chunks.append((kind, body))
        place += 12 + length
    return chunks


_NONE, _SUB, _UP, _AVERAGE, _PAETH = range(5)


def _unfiltered(filters: npt.NDArray[np.uint8], rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(H, W, bytes of a pixel), with the filter of each row undone."""
    height, width, size = rows.shape
    if (filters == _UP).all():  # as Labelpass writes them
        return np.add.accumulate(rows, axis=0, dtype=np.uint8)
    if (filters > _PAETH).any():
        raise ValueError("it has an unknown filter")
    # A byte needs those to the left, above, and left above, so all of a diagonal can be done at once.
    whole = np.zeros((height + 1, width + 1, size), np.int16)
    for diagonal in range(height + width - 1):
        row = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        column = diagonal - row
        left, above, corner = whole[row + 1, column], whole[row, column + 1], whole[row, column]
        off = [np.abs(above - corner), np.abs(left - corner), np.abs(left + above - 2 * corner)]
        nearest = np.where(off[1] <= off[2], above, corner)
        paeth = np.where((off[0] <= off[1]) & (off[0] <= off[2]), left, nearest)
        guess = np.choose(filters[row][:, None], [np.zeros_like(left), left, above, (left + above) // 2, paeth])
        whole[row + 1, column + 1] = (rows[row, column] + guess) & 0xFF
    return np.ascontiguousarray(whole[1:, 1:].astype(np.uint8))
