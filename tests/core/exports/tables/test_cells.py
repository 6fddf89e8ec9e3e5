"""Which frames share a shard: bounds, whole cells, and how little changes where cells come and go."""

import itertools
from collections.abc import Mapping, Sequence
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import core.exports.tables.cells
from core.exports.stable_ids import spread
from core.exports.tables.cells import MOST_BYTES, MOST_FRAMES, shard_ends

Frame = tuple[str, int]


def shards_of(frames: Sequence[Frame], size: int = 1) -> list[tuple[Frame, ...]]:
    """The frames of each shard; a frame is its sequence and its number."""
    cells = np.array([spread(f"{number // 1000}/{name}".encode()) for name, number in frames], np.uint64)
    names = np.array([spread(f"{name}/{number}".encode()) for name, number in frames], np.uint64)
    ends = list(shard_ends(cells, names, np.full(len(frames), size, np.int64)))
    assert ends == sorted(set(ends)) and (not frames or ends[-1] == len(frames))
    return [tuple(frames[start:end]) for start, end in itertools.pairwise([0, *ends])]


def frames_of(sequences: Mapping[str, Sequence[int]]) -> list[Frame]:
    return [(name, number) for name in sorted(sequences) for number in sequences[name]]


def test_long_sequences_have_a_shard_for_each_cell() -> None:
    shards = shards_of(frames_of({"a": range(3000), "b": range(500, 5000)}))

    assert [len(shard) for shard in shards] == [1000, 1000, 1000, 500, 1000, 1000, 1000, 1000]
    assert all(len({(name, number // 1000) for name, number in shard}) == 1 for shard in shards)


def test_frames_that_count_from_one_leave_none_alone() -> None:
    assert [len(shard) for shard in shards_of(frames_of({"a": range(1, 5001)}))] == [999, 1000, 1000, 1000, 1001]


def test_short_sequences_are_gathered() -> None:
    """Between the largest number of files and the smallest there is a factor of about two."""
    shards = shards_of(frames_of({f"clip {number:05}": range(10) for number in range(10_000)}))
    stills = shards_of([("", number) for number in range(0, 10_000_000, 1000)])  # one frame of each cell

    assert 100_000 / MOST_FRAMES < len(shards) < 3 * 100_000 / MOST_FRAMES
    assert 10_000 / MOST_FRAMES < len(stills) < 3 * 10_000 / MOST_FRAMES
    for shard in shards:  # whole clips
        assert len(shard) == 10 * len({name for name, _ in shard})


def test_frames_without_numbers_are_cut_by_name() -> None:
    names = np.array([spread(f"still {number}".encode()) for number in range(20_000)], np.uint64)
    ends = list(shard_ends(np.zeros(20_000, np.uint64), names, np.ones(20_000, np.int64)))

    assert 20_000 / MOST_FRAMES <= len(ends) < 60_000 / MOST_FRAMES
    assert max(np.diff([0, *ends])) <= MOST_FRAMES


def test_large_frames_are_cut_by_size() -> None:
    shards = shards_of(frames_of({"a": range(1000)}), MOST_BYTES // 100)
    assert all(len(shard) <= 100 for shard in shards)
    assert len(shards) < 40
    assert {len(shard) for shard in shards_of(frames_of({"a": range(50)}), MOST_BYTES + 1)} == {1}


def test_nothing() -> None:
    assert shards_of([]) == []


SEQUENCES = st.dictionaries(
    st.text("abcd", min_size=1, max_size=3), st.integers(1, 15).map(range), min_size=1, max_size=60
)


@given(SEQUENCES, st.text("abcd", min_size=1, max_size=4), st.integers(1, 15))
def test_a_sequence_more_changes_its_neighbours_only(
    sequences: dict[str, Sequence[int]], name: str, frames: int
) -> None:
    """Every shard that changes has all of its frames within MOST_FRAMES of the sequence; the others stay as they are.
    One less is the same, looked at from the other side."""
    with mock.patch.object(core.exports.tables.cells, "MOST_FRAMES", 20):
        sequences.pop(name, None)
        with_it = frames_of(sequences | {name: range(frames)})
        before, after = shards_of(frames_of(sequences)), shards_of(with_it)
    first = with_it.index((name, 0))
    place = {frame: number for number, frame in enumerate(with_it)}
    for shard in set(before) ^ set(after):
        assert place[shard[0]] <= first + frames - 1 + 20 and place[shard[-1]] >= first - 20
    changed = [shard for shard in after if shard not in before]
    assert changed
    assert sum(map(len, changed)) <= frames + 2 * 20
    assert all(len(shard) <= 20 for shard in after)


def test_how_many_change_of_many() -> None:
    """A clip more or less among ten thousand: one or two shards of 150 and more."""
    clips = {f"clip {number:05}": range(10) for number in range(10_000)}
    before = set(shards_of(frames_of(clips)))
    counts = []
    for number in range(0, 10_000, 500):
        after = set(shards_of(frames_of({name: one for name, one in clips.items() if name != f"clip {number:05}"})))
        counts.append(len(after - before))

    assert max(counts) <= 3
    assert sum(counts) / len(counts) < 1.5
