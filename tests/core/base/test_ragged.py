"""Ragged ranges against loops."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.base.ragged import batches, flat_ranges, offsets

RANGES = st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 6)), max_size=20)


def columns(ranges: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(ranges, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@given(RANGES, st.integers(1, 3))
def test_flat_ranges(ranges: list[tuple[int, int]], step: int) -> None:
    starts, counts = columns(ranges)

    flat = flat_ranges(starts, counts, step)

    assert flat.tolist() == [start + step * number for start, count in ranges for number in range(count)]
    for (start, count), place in zip(ranges, offsets(counts).tolist(), strict=True):
        assert flat[place : place + count].tolist() == list(range(start, start + step * count, step))


@given(RANGES, st.integers(1, 12))
def test_batches_are_all_ranges_in_their_order(ranges: list[tuple[int, int]], most: int) -> None:
    _, counts = columns(ranges)

    parts = [counts[part].tolist() for part in batches(counts, most)]

    assert [count for part in parts for count in part] == counts.tolist()
    assert all(len(part) == 1 or sum(part) <= most for part in parts)
    assert all(parts)
