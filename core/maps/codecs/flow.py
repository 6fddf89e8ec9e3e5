"""Optical flow, (H, W, 2) pixels, u right and v down: Middlebury's files and KITTI's."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...base.files import complete_file
from ...base.input_files import read_file
from .codec import MapPixels, of_size
from .png_files import read_png16, write_png16

_FLO_TAG = 202021.25
_FLO_HEAD = struct.Struct("<fii")
# Middlebury: what is larger than 1e9 is unknown.
_UNKNOWN, _MOST_FLOW = np.float32(1e10), 1e9
_KITTI_ZERO, _KITTI_STEPS = 32768, 64


@dataclass(frozen=True)
class FlowFlo:
    """Middlebury: 32-bit floats.

    Source: https://vision.middlebury.edu/flow/code/flow-code/README.txt.
    """

    scale: None = None

    def write(self, path: Path, content: MapPixels) -> int:
        write_flo(path, np.where(content.valid[..., None], content.values, _UNKNOWN).astype(np.float32, copy=False))
        return content.count

    def read(self, path: Path, height: int, width: int) -> MapPixels:
        stored = of_size(read_flo(path), height, width, 2)
        return MapPixels(stored, (np.abs(stored) < _MOST_FLOW).all(axis=-1))


@dataclass(frozen=True)
class FlowPng:
    """KITTI: steps of 1/64 pixel, up to 512 pixels either way; the third channel says where there is a value.

    Source: KITTI 2012 flow development kit, readme.txt.
    """

    scale: None = None

    def write(self, path: Path, content: MapPixels) -> int:
        with np.errstate(invalid="ignore", over="ignore"):
            steps = np.rint(content.values * _KITTI_STEPS) + _KITTI_ZERO
            held = content.valid & ((steps >= 0) & (steps <= 0xFFFF)).all(axis=-1)
        pixels = np.zeros((*held.shape, 3), np.uint16)
        pixels[held, :2] = steps[held]
        pixels[..., 2] = held
        write_png16(path, pixels)
        return int(np.count_nonzero(held))

    def read(self, path: Path, height: int, width: int) -> MapPixels:
        stored = of_size(read_png16(path), height, width, 3)
        values = (stored[..., :2].astype(np.float32) - _KITTI_ZERO) / _KITTI_STEPS
        return MapPixels(values, stored[..., 2] > 0, 0.5 / _KITTI_STEPS)


def write_flo(path: Path, flow: npt.NDArray[np.float32]) -> None:
    """Write (H, W, 2) float32 u, v in Middlebury's format; OutputError where the file cannot be written."""
    height, width = flow.shape[:2]
    with complete_file(path) as file:
        file.write(_FLO_HEAD.pack(_FLO_TAG, width, height) + flow.astype("<f4").tobytes())


def read_flo(path: Path) -> npt.NDArray[np.float32]:
    """(H, W, 2) float32 u, v of a file in Middlebury's format; ValueError where it is not one or is cut off."""
    data = read_file(path)
    tag, width, height = _FLO_HEAD.unpack_from(data)
    if tag != np.float32(_FLO_TAG) or min(width, height) < 1 or len(data) != _FLO_HEAD.size + 8 * width * height:
        raise ValueError("it is cut off or not a .flo file")
    return np.frombuffer(data, "<f4", offset=_FLO_HEAD.size).reshape(height, width, 2)
