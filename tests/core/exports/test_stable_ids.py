"""Ids that follow from names: unique, of limited size, and the same whatever else there is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.exports.stable_ids import own_ids, spread, unique_ids

# Names whose ids are next to each other, or of which several have the same one, and some at both ends.
SPREADS = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 40).map(lambda id: id << 12), st.just(2**64 - 1))


@given(st.lists(st.tuples(SPREADS, st.integers(1, 5)), max_size=30))
def test_no_two_have_one_in_common(things: list[tuple[int, int]]) -> None:
    spreads = np.array([spread for spread, _ in things], np.uint64)
    counts = np.array([count for _, count in things], np.int64)
    first = unique_ids(spreads, counts).tolist()
    own = own_ids(spreads).tolist()
    taken = [id for start, count in zip(first, counts.tolist(), strict=True) for id in range(start, start + count)]

    assert len(set(taken)) == len(taken)
    assert all(0 < id < 2**53 for id in taken)
    # It has its own one unless somebody before it reaches that far.
    for place, (start, wanted) in enumerate(zip(first, own, strict=True)):
        others = [(first[other], int(counts[other])) for other in range(len(first)) if other != place]
        assert start == wanted or any(begin + count == start for begin, count in others)
        assert start >= wanted


def test_a_name_has_an_id_that_never_changes() -> None:
    """Since files that are there already name it."""
    spreads = np.array([spread(b"shots/a/0001"), spread(b"")], np.uint64)
    assert own_ids(spreads).tolist() == [2435020970516827, 4022468892641180]
    assert unique_ids(spreads, np.array([9, 9])).tolist() == own_ids(spreads).tolist()


def test_nothing() -> None:
    assert unique_ids(np.zeros(0, np.uint64), np.zeros(0, np.int64)).tolist() == []
