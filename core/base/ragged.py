"""Ragged arrays: many ranges of different lengths as one flat array, so that no loop goes through them."""

import itertools

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


def offsets(counts: Integers) -> Integers:
    """Where each range begins in the flat array; (N,) int64 for (N,) counts."""
    ends = np.cumsum(counts)
    return ends - counts


def steps(ends: Integers) -> Integers:
    """How far each number is from the one before it, and the first from 0; np.diff() with `prepend` takes six times as
    long for the few of a frame."""
    apart = ends.copy()
    apart[1:] -= ends[:-1]
    return apart


def flat_ranges(starts: Integers, counts: Integers, step: int = 1) -> Integers:
    """The numbers of all ranges one after the other: start, start + step, ... of the first, then of the second.

    Args:
        starts, counts: (N,) int64; counts are 0 or more.

    Returns:
        (sum of counts,) int64.
    """
    total = int(counts.sum())
    numbers: Integers = np.arange(total, dtype=np.int64) * step
    numbers += np.repeat(starts - step * offsets(counts), counts)
    return numbers


def batches(counts: Integers, most: int) -> list[slice]:
    """Cut ranges into slices of neighbours whose lengths sum up to about `most`; one that is longer stands alone."""
    if counts.size == 0:
        return []
    ends = np.cumsum(counts)
    cuts = [0]
    while cuts[-1] < counts.size:
        before = int(ends[cuts[-1] - 1]) if cuts[-1] else 0
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(ends, before + most, side="right"))))
    return [slice(start, stop) for start, stop in itertools.pairwise(cuts)]
