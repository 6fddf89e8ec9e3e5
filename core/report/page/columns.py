"""Numbers of all frames or all instances as the page gets them: one deflated block of bytes, told apart by a table.

Each number is stored as a whole number of one, two or four bytes: `value = first + stored * step`. The bytes of a
column lie in planes, all lowest bytes first, since they deflate better so. browser/data.js reads it.
"""

import base64
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]

_WIDTHS = (1, 2, 4)
_LEVEL = 9
_SHARES = 1000


@dataclass(frozen=True)
class Column:
    """Numbers of all frames, or of all instances.

    Attributes:
        name: by which the page finds it.
        stored: (N,) whole numbers from 0, below 2^32.
        first, step: value = first + stored * step.
        has_missing: whether the largest stored number stands for one that is not known.
    """

    name: str
    stored: npt.NDArray[np.uint32]
    first: float = 0
    step: float = 1
    has_missing: bool = False

    @classmethod
    def whole(cls, name: str, values: Numbers) -> "Column":
        """Of (N,) integers or truths."""
        first = int(values.min(initial=0))
        return cls(name, (values.astype(np.int64) - first).astype(np.uint32), first)

    @classmethod
    def rounded(cls, name: str, values: Numbers, steps: int = 4000) -> "Column":
        """Of (N,) floats, NaN where one is not known: to the nearest of so many steps of their range."""
        known = values[np.isfinite(values)].astype(np.float64)
        first, last = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        step = (last - first) / steps or 1.0
        stored = np.rint((np.nan_to_num(values.astype(np.float64), nan=first) - first) / step)
        return cls._with_missing(name, stored, ~np.isfinite(values), first, step)

    @classmethod
    def shares(cls, name: str, values: Numbers, upwards: bool = False) -> "Column":
        """Of (N,) floats from 0 to 1, NaN where one is not known: to 1/1000, rounded down or up, so that what is below
        a threshold stays below it."""
        scaled = np.nan_to_num(values.astype(np.float64)) * _SHARES
        stored = np.ceil(scaled - 1e-9) if upwards else np.floor(scaled + 1e-9)
        return cls._with_missing(name, np.clip(stored, 0, _SHARES), ~np.isfinite(values), 0.0, 1 / _SHARES)

    @classmethod
    def _with_missing(
        cls, name: str, stored: Numbers, missing: npt.NDArray[np.bool_], first: float, step: float
    ) -> "Column":
        if not missing.any():
            return cls(name, stored.astype(np.uint32), first, step)
        return cls(name, np.where(missing, stored.max(initial=0) + 1, stored).astype(np.uint32), first, step, True)

    @property
    def width(self) -> int:
        """Bytes of a number."""
        largest = int(self.stored.max(initial=0))
        return next(width for width in _WIDTHS if largest < 256**width)

    def planes(self) -> bytes:
        """The lowest bytes of all numbers, then the next ones."""
        width = self.width
        as_bytes = self.stored.astype(f"<u{width}").view(np.uint8).reshape(-1, width)
        return np.ascontiguousarray(as_bytes.T).tobytes()

    def entry(self) -> list[Any]:
        """What the page has to know of it: name, bytes of a number, how many, first, step, and the stored number that
        means missing or None."""
        missing = int(self.stored.max(initial=0)) if self.has_missing else None
        return [self.name, self.width, len(self.stored), self.first, self.step, missing]


def packed(columns: Iterable[Column]) -> tuple[str, list[list[Any]]]:
    """The block of all columns as text, and its table."""
    columns = list(columns)
    return deflated(b"".join(one.planes() for one in columns)), [one.entry() for one in columns]


def deflated(data: bytes) -> str:
    """Raw deflate in base64, which browsers can undo by themselves."""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    return base64.b64encode(deflate.compress(data) + deflate.flush()).decode("ascii")
