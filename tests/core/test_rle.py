"""Compressed counts against pycocotools' own encoder."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from core.rle import encode_counts

# pycocotools reserves six characters a count, so it is no oracle from 2^29 on.
LARGEST = (1 << 29) - 1
COUNTS = st.one_of(
    st.integers(0, 40),
    st.integers(0, LARGEST),
    # Where a count or a difference takes one character more.
    st.sampled_from([value for bits in range(4, 29, 5) for value in ((1 << bits) - 1, 1 << bits, (1 << bits) + 1)]),
)


def encode(masks: list[list[int]]) -> list[bytes]:
    counts = np.array([count for mask in masks for count in mask], dtype=np.int64)
    lengths = np.array([len(mask) for mask in masks], dtype=np.int64)
    return [text.encode("ascii") for text in encode_counts(counts, lengths)]


def pycocotools_encode(counts: list[int]) -> bytes:
    return coco_mask.frPyObjects({"size": [1, sum(counts)], "counts": counts}, 1, sum(counts))["counts"]


@given(st.lists(st.lists(COUNTS, min_size=1, max_size=12), min_size=1, max_size=6))
def test_equals_pycocotools(masks: list[list[int]]) -> None:
    assert encode(masks) == [pycocotools_encode(counts) for counts in masks]


def test_first_three_counts_of_every_mask_are_not_differences() -> None:
    masks = [[7], [1, 2], [100, 200, 300], [100, 200, 300, 400], [5, 6, 7, 8, 9]]

    assert encode(masks) == [pycocotools_encode(counts) for counts in masks]


def test_differences_of_both_signs_at_every_length() -> None:
    steps = [sign * ((1 << bits) + off) for bits in range(4, 25, 5) for off in (-1, 0, 1) for sign in (1, -1)]
    for step in steps:
        counts = [1, 1 << 26, 3, (1 << 26) + step, 5]
        assert encode([counts]) == [pycocotools_encode(counts)], step


def test_no_masks() -> None:
    assert encode([]) == []
