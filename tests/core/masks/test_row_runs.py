"""Run lengths row by row in boxes: decoded by hand they are the masks again."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from core.masks.row_runs import counts_in_boxes
from core.masks.runs import find_masks

LABELS = st_numpy.arrays(
    np.uint32, st_numpy.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 4)
)


@given(LABELS)
def test_they_are_the_masks(labels: npt.NDArray[np.uint32]) -> None:
    masks = find_masks(labels)
    height, width = labels.shape
    found = counts_in_boxes([mask.rle for mask in masks], [mask.box for mask in masks], height, width)

    assert len(found) == len(masks)
    for counts, mask in zip(found, masks, strict=True):
        x0, y0, x1, y1 = mask.box
        values = np.arange(len(counts)) % 2
        pixels = np.repeat(values, counts).reshape(y1 - y0, x1 - x0)
        assert (pixels == (labels[y0:y1, x0:x1] == mask.label)).all()
        assert all(counts[1:]), "no run is empty but for the first"


def test_a_row_that_goes_on() -> None:
    (mask,) = find_masks(np.array([[0, 0, 0], [0, 1, 1], [1, 1, 0]], np.uint32))
    assert counts_in_boxes([mask.rle], [mask.box], 3, 3) == [[1, 4, 1]]
    assert counts_in_boxes([], [], 3, 3) == []


def test_damaged_masks() -> None:
    (mask,) = find_masks(np.ones((2, 2), np.uint32))
    for texts in (["~"], [mask.rle, mask.rle], ["4"]):
        with pytest.raises(ValueError):
            counts_in_boxes(texts, [mask.box] * len(texts), 2, 2)
