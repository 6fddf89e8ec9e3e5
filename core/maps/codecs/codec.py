"""What a codec of dense maps is, and what it writes and reads."""

import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...base.errors import LabelpassError

Array = npt.NDArray[Any]

# What reading a file of any format raises where it is cut off or of another format.
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    Image.DecompressionBombError,
    LabelpassError,
)


def why(error: Exception) -> str:
    """What one of these says, where that helps the user."""
    if isinstance(error, LabelpassError | struct.error | zlib.error | zipfile.BadZipFile):
        return "it is cut off or damaged"
    return str(error)


class WrongSize(ValueError):
    """A map does not have the size of its frame.

    Attributes:
        size: "W x H" of the file.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.size = " x ".join(str(length) for length in shape[1::-1])
        super().__init__(f"it has {self.size} pixels")


@dataclass(frozen=True)
class MapPixels:
    """What a map says.

    Attributes:
        values: (H, W) or (H, W, C), in the map's unit; where there is none, whatever stands in its place.
        valid: (H, W) bool, where there is a value.
        rounding: how far a value may be from the one that the file was made of, because it stores steps.
    """

    values: Array
    valid: npt.NDArray[np.bool_]
    rounding: float = 0.0

    @property
    def count(self) -> int:
        """How many pixels have a value."""
        return int(np.count_nonzero(self.valid))


Content = TypeVar("Content")


class Codec(Protocol[Content]):
    """Writes and reads one kind of file. What it reads is what was written, to the rounding that it gives.

    Attributes:
        scale: units for a step of the stored number, where a reader has to know it; else None.
    """

    @property
    def scale(self) -> float | None: ...

    def write(self, path: Path, content: Content) -> int:
        """Write a file.

        Returns:
            How many pixels it gives a value; fewer than have one where the format cannot hold theirs.

        Raises:
            OutputError: it cannot be written.
        """

    def read(self, path: Path, height: int, width: int) -> Content:
        """Read a file of a frame of this size.

        Raises:
            WrongSize: it is of another size.
            one of DAMAGED: it is missing, cut off, or no such file.
        """


def of_size(stored: Array, height: int, width: int, *channels: int) -> Array:
    """An array that has to be of the size of a frame, with so many channels.

    Raises:
        WrongSize: it is of another size.
        ValueError: it has other channels.
    """
    expected = (height, width, *channels)
    if stored.shape[:2] != (height, width):
        raise WrongSize(stored.shape)
    if stored.shape != expected:
        raise ValueError(f"it has the shape {stored.shape}, but should have {expected}")
    return stored
