"""Bins of numbers: where each begins, and what stands along their axis."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

USUAL_BINS = 24
# Edges, labels (of numbers there are none) and ticks, as the fields of Filter.
Bins = tuple[Sequence[float], Sequence[str], Sequence[tuple[float, str]]]


def share_bins(count: int, ends: tuple[str, str, str] = ("0%", "50%", "100%")) -> Bins:
    """So many for the shares from 0 to 1."""
    edges = [k / count for k in range(count + 1)]
    return edges, (), [(0, ends[0]), (0.5, ends[1]), (1, ends[2])]


def even_bins(
    values: npt.NDArray[np.generic],
    low: float | None = None,
    high: float | None = None,
    count: int = USUAL_BINS,
    unit: str = "",
) -> Bins:
    """So many of one width, for values that are known; `low` and `high` are those of the values unless given."""
    known = values[np.isfinite(values.astype(np.float64))].astype(np.float64)
    low = (float(known.min()) if known.size else 0.0) if low is None else low
    high = (float(known.max()) if known.size else 1.0) if high is None else high
    if high <= low:
        high = low + 1
    edges = np.linspace(low, high, count + 1).tolist()
    at = [low + place * (high - low) for place in (0.0, 0.5, 1.0)]
    if unit == "share":
        return edges, (), [(0.0, f"{at[0]:.0%}"), (0.5, f"{at[1]:.0%}"), (1.0, f"{at[2]:.0%}")]
    return edges, (), [(0.0, f"{at[0]:.3g}"), (0.5, f"{at[1]:.3g}"), (1.0, f"{at[2]:.3g} {unit}".rstrip())]


def log_bins(values: npt.NDArray[np.float64]) -> Bins:
    """Each twice as large as the third before it."""
    top = max(6, math.ceil(math.log2(max(float(values.max(initial=1)), 1.0)) + 1e-9))
    edges = [2 ** (k / 3) for k in range(3 * top + 1)]
    ticks = [(math.log2(side) / top, str(side)) for side in (2, 8, 32, 96, 256, 1024, 4096) if side <= 2**top]
    return edges, (), ticks


def count_bins(values: npt.NDArray[np.generic]) -> Bins:
    """For whole numbers from 0: one each where there are few, else some together."""
    most = int(values.max(initial=0))
    step = max(1, -(-(most + 1) // USUAL_BINS))
    count = most // step + 1
    ticks = [((place + 0.5) / count, str(place * step)) for place in range(0, count, max(1, count // 4))]
    return [place * step for place in range(count + 1)], (), ticks
