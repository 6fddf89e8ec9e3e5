"""Maps of 32-bit floats: as arrays of NumPy, and as OpenEXR."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...base.files import complete_file
from ...base.input_files import open_file
from ...exr.exr_file import ExrFile, encode_exr
from .codec import Array, MapPixels, of_size

_NAN = float("nan")


@dataclass(frozen=True)
class FloatNpy:
    """(H, W) or (H, W, C) float32.

    Attributes:
        channels: (C,), or () where there is one value without an axis of its own.
        missing: what stands where there is no value: NaN, or 0.
    """

    channels: tuple[int, ...] = ()
    missing: float = _NAN
    scale: None = None

    def write(self, path: Path, content: MapPixels) -> int:
        write_npy(path, _filled(content, self.missing))
        return content.count

    def read(self, path: Path, height: int, width: int) -> MapPixels:
        with open_file(path) as file:
            values: Array = np.load(file, allow_pickle=False)
        if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
            raise ValueError("it does not hold floats")
        return _as_pixels(of_size(values, height, width, *self.channels), self.missing)


@dataclass(frozen=True)
class FloatExr:
    """One part with a channel of 32-bit floats for each component.

    Attributes:
        names: of the channels.
        missing: what stands where there is no value: NaN, or 0.
    """

    names: str
    missing: float = _NAN
    scale: None = None

    def write(self, path: Path, content: MapPixels) -> int:
        filled = np.atleast_3d(_filled(content, self.missing))
        write_exr(path, {name: filled[..., place] for place, name in enumerate(self.names)})
        return content.count

    def read(self, path: Path, height: int, width: int) -> MapPixels:
        file = ExrFile(path)
        if len(file.parts) != 1 or not all(name in file.parts[0].channels for name in self.names):
            raise ValueError(f"it lacks the channels {', '.join(self.names)}")
        pixels = [of_size(channel, height, width) for channel in file.read(file.parts[0], list(self.names))]
        return _as_pixels(np.stack(pixels, axis=-1) if len(pixels) > 1 else pixels[0], self.missing)


def _filled(content: MapPixels, missing: float) -> npt.NDArray[np.float32]:
    values, valid = content.values, content.valid
    if values.dtype == np.float32 and values.ndim == 2 and np.isnan(missing) and (valid | np.isnan(values)).all():
        return values  # nothing is left to fill, as in disparity
    has = valid if values.ndim == 2 else valid[..., None]
    return np.where(has, values, np.float32(missing)).astype(np.float32, copy=False)


def _as_pixels(values: Array, missing: float) -> MapPixels:
    lacks = np.isnan(values)
    if values.ndim == 2:
        return MapPixels(values, ~lacks)
    valid = ~lacks.any(axis=-1)
    return MapPixels(values, valid if np.isnan(missing) else valid & (values != missing).any(axis=-1))


def write_npy(path: Path, values: Array) -> None:
    """Write an array for numpy.load; OutputError where the file cannot be written."""
    with complete_file(path) as file:
        np.save(file, np.ascontiguousarray(values))


def write_exr(path: Path, channels: dict[str, npt.NDArray[np.float32]]) -> None:
    """Write (H, W) float32 channels as one EXR part; OutputError where the file cannot be written."""
    with complete_file(path) as file:
        file.write(encode_exr(channels))
