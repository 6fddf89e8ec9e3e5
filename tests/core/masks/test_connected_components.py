"""Connected pieces against a flood fill."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.masks.connected_components import connected_pieces
from core.masks.runs import find_runs


def flooded(labels: np.ndarray) -> list[set[tuple[int, int]]]:
    """The connected pieces of all labels but 0, by walking from pixel to pixel."""
    pieces, seen = [], set()
    for start in np.argwhere(labels).tolist():
        waiting, piece = [tuple(start)], set()
        while waiting:
            row, column = waiting.pop()
            if (row, column) in seen:
                continue
            seen.add((row, column))
            piece.add((row, column))
            for other in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                inside = 0 <= other[0] < labels.shape[0] and 0 <= other[1] < labels.shape[1]
                if inside and labels[other] == labels[row, column]:
                    waiting.append(other)
        if piece:
            pieces.append(piece)
    return pieces


@pytest.mark.parametrize("values", [[0, 1], [0, 1, 7], [1, 4000000000]])
@given(shape=st.tuples(st.integers(1, 24), st.integers(1, 24)), seed=st.integers(0, 2**32 - 1))
def test_pieces_are_those_of_a_flood(values: list[int], shape: tuple[int, int], seed: int) -> None:
    labels = np.random.default_rng(seed).choice(np.array(values, dtype=np.uint32), shape)
    runs = find_runs(labels)
    found: dict[int, set[tuple[int, int]]] = {}
    rows = zip(
        connected_pieces(runs).tolist(), runs.column.tolist(), runs.row.tolist(), runs.length.tolist(), strict=True
    )
    for piece, column, row, length in rows:
        found.setdefault(piece, set()).update((row + step, column) for step in range(length))

    assert sorted(map(sorted, found.values())) == sorted(map(sorted, flooded(labels)))
    assert list(found) == sorted(found)  # numbered in the order in which they begin


def test_long_way_round() -> None:
    """A comb that is connected at its far end only, and one that is not."""
    labels = np.zeros((9, 201), dtype=np.uint32)
    labels[:, ::2] = 3
    assert connected_pieces(find_runs(labels)).max() == 100
    labels[-1] = 3
    assert connected_pieces(find_runs(labels)).max() == 0


def test_empty() -> None:
    assert connected_pieces(find_runs(np.zeros((3, 4), dtype=np.uint32))).size == 0
