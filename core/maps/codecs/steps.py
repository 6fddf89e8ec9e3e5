"""Maps of whole numbers in PNG: steps of a length or a component, labels, and flags."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...drawing.read_images import open_image
from .codec import MapPixels, of_size
from .png_files import read_png16, write_png8, write_png16

_MOST = 0xFFFF
_NORMAL_STEP = 2 / _MOST
_SEEN, _HIDDEN, _NO_SURFACE = 0, 255, 128


@dataclass(frozen=True)
class ScaledPng:
    """16-bit grey; what is nearer than half a step or farther than the last one is 0, as if there were no value.

    Attributes:
        scale: units for a step.
    """

    scale: float

    def write(self, path: Path, content: MapPixels) -> int:
        with np.errstate(invalid="ignore", over="ignore"):
            steps = np.rint(content.values / np.float64(self.scale))
            held = content.valid & (steps >= 1) & (steps <= _MOST)
        write_png16(path, np.where(held, steps, 0).astype(np.uint16))
        return int(np.count_nonzero(held))

    def read(self, path: Path, height: int, width: int) -> MapPixels:
        stored = of_size(read_png16(path), height, width)
        return MapPixels(stored * self.scale, stored > 0, self.scale / 2)


@dataclass(frozen=True)
class NormalsPng:
    """16-bit RGB, from -1 to 1; no value is 0 0 0, which is not a direction."""

    scale: None = None

    def write(self, path: Path, content: MapPixels) -> int:
        steps = np.rint((content.values + 1) * (_MOST / 2))
        write_png16(path, np.where(content.valid[..., None], steps, 0).astype(np.uint16))
        return content.count

    def read(self, path: Path, height: int, width: int) -> MapPixels:
        stored = of_size(read_png16(path), height, width, 3)
        return MapPixels(stored * np.float32(_NORMAL_STEP) - 1, (stored != 0).any(axis=-1), _NORMAL_STEP / 2)


@dataclass(frozen=True)
class NocsPng:
    """16-bit RGB, from 0 to 1; what lies outside the box by a rounding error belongs to its side.

    No value is 0 0 0, which a corner of the box may also be.
    """

    scale: None = None

    def write(self, path: Path, content: MapPixels) -> int:
        steps = np.rint(np.clip(content.values, 0, 1) * _MOST)
        write_png16(path, np.where(content.valid[..., None], steps, 0).astype(np.uint16))
        return content.count

    def read(self, path: Path, height: int, width: int) -> MapPixels:
        stored = of_size(read_png16(path), height, width, 3)
        return MapPixels(stored / np.float32(_MOST), (stored != 0).any(axis=-1), 0.5 / _MOST)


@dataclass(frozen=True)
class LabelsPng:
    """16-bit grey, numbers from 1; 0 is none."""

    scale: None = None

    def write(self, path: Path, content: MapPixels) -> int:
        write_png16(path, content.values)
        return content.count

    def read(self, path: Path, height: int, width: int) -> MapPixels:
        stored = of_size(read_png16(path), height, width)
        return MapPixels(stored, stored > 0)


@dataclass(frozen=True)
class OcclusionPng:
    """8-bit grey, whether a surface is hidden; the values are bool."""

    scale: None = None

    def write(self, path: Path, content: MapPixels) -> int:
        pixels = np.where(content.values, _HIDDEN, _SEEN).astype(np.uint8)
        pixels[~content.valid] = _NO_SURFACE
        write_png8(path, pixels)
        return content.count

    def read(self, path: Path, height: int, width: int) -> MapPixels:
        with open_image(path) as image:
            if image.mode != "L":
                raise ValueError("it is not an 8-bit grey PNG")
            stored = of_size(np.asarray(image), height, width)
        return MapPixels(stored == _HIDDEN, stored != _NO_SURFACE)
