"""Streams of runs, as zlib and libdeflate read them: they check codes, lengths and the checksum."""

import zlib

import deflate
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.drawing.run_deflate import compress_runs

runs = st.lists(st.tuples(st.integers(0, 255), st.integers(1, 1000) | st.integers(1, 4)), min_size=1, max_size=30)


def unpacked(data: npt.NDArray[np.uint8]) -> list[bytes]:
    starts = np.append(0, np.flatnonzero((data[:, 1:] != data[:, :-1]).any(axis=0)) + 1)
    streams = compress_runs(data[:, starts].astype(np.int64), np.diff(starts, append=data.shape[1]))
    by_zlib = [zlib.decompress(one) for one in streams]
    assert [bytes(deflate.zlib_decompress(one, data.shape[1])) for one in streams] == by_zlib
    return by_zlib


@given(runs)
def test_runs(runs: list[tuple[int, int]]) -> None:
    values, lengths = np.array(runs).T
    data = values.astype(np.uint8).repeat(lengths)
    assert unpacked(data[None]) == [data.tobytes()]


def test_runs_that_could_be_one() -> None:
    values, lengths = np.array([[7, 7, 0, 0]]), np.array([300, 1, 2, 5000])
    (stream,) = compress_runs(values, lengths)
    assert zlib.decompress(stream) == b"\7" * 301 + bytes(5002)


def test_every_length_and_every_byte() -> None:
    for length in range(1, 1100):
        data = np.full(length, length % 256, np.uint8)
        assert unpacked(data[None]) == [data.tobytes()]
    data = np.arange(256, dtype=np.uint8)
    assert unpacked(data[None]) == [data.tobytes()]


@given(runs, runs)
def test_several_at_once(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    """Also where their runs are others."""
    values, lengths = np.array(one).T
    more, more_lengths = np.array(other).T
    first, second = values.repeat(lengths), more.repeat(more_lengths)
    size = min(first.size, second.size)
    data = np.stack((first[:size], second[:size], first[:size])).astype(np.uint8)
    assert unpacked(data) == [row.tobytes() for row in data]


@pytest.mark.parametrize("value", [0, 255])
def test_checksum_of_many_bytes(value: int) -> None:
    """Sums that would not fit into 32 bits."""
    data = np.full(3_000_000, value, np.uint8)
    data[::1000] = 254
    assert unpacked(data[None]) == [data.tobytes()]
