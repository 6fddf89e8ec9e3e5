"""Outlines against the winding number of each pixel and OpenCV's connected components."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from pycocotools import mask as coco_mask

from core.masks.outlines import Ring, find_outlines
from tests.core.random_masks import Mask, compressed, small_masks


def windings(rings: list[Ring], shape: tuple[int, int]) -> np.ndarray:
    """How many times the rings go round each pixel clockwise, from their horizontal edges."""
    crossings = np.zeros((shape[0] + 1, shape[1]), dtype=int)
    for ring in rings:
        for (x0, y), (x1, _) in zip(ring.points, np.roll(ring.points, -1, axis=0), strict=True):
            crossings[y, min(x0, x1) : max(x0, x1)] += np.sign(x1 - x0)
    return crossings.cumsum(axis=0)[:-1]


def area(ring: Ring) -> float:
    """Of the shoelace formula: positive if clockwise on a screen."""
    (x, y), (next_x, next_y) = ring.points.T, np.roll(ring.points, -1, axis=0).T
    return float((x * next_y - next_x * y).sum() / 2)


def check(mask: Mask, rings: list[Ring]) -> None:
    assert np.array_equal(windings(rings, mask.shape), mask)
    pieces, of_piece = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    gaps, _ = cv2.connectedComponents(np.pad(~mask, 1, constant_values=True).astype(np.uint8), connectivity=8)
    assert sum(not ring.is_hole for ring in rings) == pieces - 1
    assert sum(ring.is_hole for ring in rings) == gaps - 2  # but the background of OpenCV, and the outside
    for number, ring in enumerate(rings):
        assert ring.points.dtype == np.int64
        steps = np.roll(ring.points, -1, axis=0) - ring.points
        assert ((steps == 0).sum(axis=1) == 1).all()
        assert ((steps == 0) != np.roll(steps == 0, 1, axis=0)).all()  # horizontal and vertical in turn
        assert (area(ring) < 0) == ring.is_hole
        outer = rings[ring.outer]
        assert not outer.is_hole
        assert ring.outer == number or (ring.is_hole and ring.outer < number)
        # The mask lies below an edge to the right and above one to the left: the same piece all along.
        beside = {of_piece[inside(*corners)] for edges in (ring, outer) for corners in horizontal(edges)}
        assert len(beside) == 1


def horizontal(ring: Ring) -> list[tuple[int, int, int]]:
    """x0, x1 and y of the horizontal edges."""
    following = np.roll(ring.points, -1, axis=0)
    return [(x0, x1, y) for (x0, y), (x1, _) in zip(ring.points, following, strict=True) if x0 != x1]


def inside(x0: int, x1: int, y: int) -> tuple[int, int]:
    """Row and column of the first pixel inside an edge."""
    return (y, x0) if x1 > x0 else (y - 1, x0 - 1)


@given(small_masks())
def test_rings_go_round_the_mask(masks: list[Mask]) -> None:
    height, width = masks[0].shape
    for mask, rings in zip(masks, find_outlines(compressed(masks), height, width), strict=True):
        check(mask, rings)


def test_piece_with_a_hole_beside_another_piece() -> None:
    mask = np.zeros((5, 9), dtype=bool)
    mask[:, 1:5] = True
    mask[1:4, 2:4] = False
    mask[2, 7] = True

    outer, hole, other = find_outlines(compressed([mask]), 5, 9)[0]

    assert outer.points.tolist() == [[1, 0], [5, 0], [5, 5], [1, 5]]
    assert hole.points.tolist() == [[2, 4], [4, 4], [4, 1], [2, 1]]
    assert other.points.tolist() == [[7, 2], [8, 2], [8, 3], [7, 3]]
    assert [(ring.is_hole, ring.outer) for ring in (outer, hole, other)] == [(False, 0), (True, 0), (False, 2)]


def test_pixels_that_touch_at_a_corner_are_apart_and_their_gaps_are_one() -> None:
    assert len(find_outlines(compressed([np.eye(3, dtype=bool)]), 3, 3)[0]) == 3
    gaps = np.ones((4, 4), dtype=bool)
    gaps[1, 1] = gaps[2, 2] = False
    assert [ring.is_hole for ring in find_outlines(compressed([gaps]), 4, 4)[0]] == [False, True]


def test_piece_within_a_hole_has_its_own_hole() -> None:
    mask = np.ones((9, 9), dtype=bool)
    mask[1:8, 1:8] = False
    mask[2:7, 2:7] = True
    mask[4, 4] = False

    rings = find_outlines(compressed([mask]), 9, 9)[0]

    assert [(ring.is_hole, ring.outer) for ring in rings] == [(False, 0), (True, 0), (False, 2), (True, 2)]


def test_no_masks_and_masks_without_pixels() -> None:
    empty, full = np.zeros((3, 4), dtype=bool), np.ones((3, 4), dtype=bool)

    assert find_outlines([], 3, 4) == []
    assert find_outlines(compressed([empty]), 3, 4) == [[]]
    assert [len(rings) for rings in find_outlines(compressed([empty, full, empty]), 3, 4)] == [0, 1, 0]


def test_mask_of_another_size() -> None:
    with pytest.raises(ValueError, match="not of the image's size"):
        find_outlines(compressed([np.ones((3, 4), dtype=bool)]), 3, 5)


def test_what_no_mask_is() -> None:
    text = coco_mask.encode(np.ones((3, 4), np.uint8, order="F"))["counts"].decode("ascii")
    with pytest.raises(ValueError):
        find_outlines([text + "P"], 3, 4)
