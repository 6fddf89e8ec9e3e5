"""Ranges of boxes against a look at every pixel."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.geometry.depth_bounds import DepthRange

COORDINATE = st.floats(-20, 60, width=32)


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(0, 2**32 - 1),
    st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE), min_size=1, max_size=8),
)
def test_never_narrower_than_the_pixels(
    shape: tuple[int, int], seed: int, boxes: list[tuple[float, float, float, float]]
) -> None:
    low = np.random.default_rng(seed).uniform(-5, 5, shape)
    high = low + 1
    x, y = np.sort(np.array(boxes)[:, :2].T, axis=0), np.sort(np.array(boxes)[:, 2:].T, axis=0)

    lowest, highest = DepthRange(low, high).of_boxes(x, y)

    rows, columns = np.indices(shape) + 0.5
    for number in range(len(boxes)):
        held = (columns >= x[0, number]) & (columns < x[1, number]) & (rows >= y[0, number]) & (rows < y[1, number])
        if held.any():
            assert lowest[number] <= low[held].min() and highest[number] >= high[held].max()
            assert low.min() <= lowest[number] and highest[number] <= high.max()
        else:
            assert lowest[number] == np.inf and highest[number] == -np.inf


def test_small_boxes_are_not_looked_at_from_afar() -> None:
    """Or nothing would ever be left out."""
    image = np.arange(64.0 * 64).reshape(64, 64)
    lowest, highest = DepthRange(image, image).of_boxes(np.array([[33.0], [35.0]]), np.array([[33.0], [35.0]]))
    assert lowest[0] >= image[32, 32] and highest[0] <= image[35, 35]
