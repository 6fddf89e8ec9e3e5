"""The smallest rectangles around masks, against OpenCV's `minAreaRect` of all corners of their pixels."""

import cv2
import numpy as np
import pytest
from hypothesis import given

from core.masks.smallest_rectangles import smallest_rectangles
from tests.core.random_masks import Mask, batches_of_masks, compressed, small_masks


def pixel_corners(mask: Mask) -> np.ndarray:
    rows, columns = np.nonzero(mask)
    return np.concatenate([np.stack((columns + dx, rows + dy), 1) for dx in (0, 1) for dy in (0, 1)])


def check(mask: Mask, corners: np.ndarray) -> None:
    """It is a rectangle, holds the mask, and is not larger than OpenCV's."""
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(*sides.T)
    assert np.allclose(lengths[:2], lengths[2:])
    assert np.allclose((sides * np.roll(sides, 1, axis=0)).sum(axis=1), 0, atol=1e-6)
    clockwise = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    assert (clockwise > 0).all()
    points = pixel_corners(mask)
    for corner, side, length in zip(corners, sides, lengths, strict=True):
        away = points - corner
        assert (side[0] * away[:, 1] - side[1] * away[:, 0] >= -1e-6 * length).all()
    _, (width, height), _ = cv2.minAreaRect(points.astype(np.float32))
    assert lengths[0] * lengths[1] == pytest.approx(width * height, rel=1e-4)


@given(small_masks())
def test_as_opencv(masks: list[Mask]) -> None:
    masks = [mask for mask in masks if mask.any()]
    height, width = masks[0].shape if masks else (3, 3)
    found = smallest_rectangles(compressed(masks), height, width)

    assert found.is_smallest.all()
    assert found.corners.shape == (len(masks), 4, 2)
    for mask, corners in zip(masks, found.corners, strict=True):
        check(mask, corners)


def test_random_masks() -> None:
    for masks in batches_of_masks(500, seed=5):
        chosen = masks[masks.any(axis=(1, 2))]
        found = smallest_rectangles(compressed(chosen), *masks.shape[1:])
        for mask, corners in zip(chosen, found.corners, strict=True):
            check(mask, corners)


def test_turned_rectangle() -> None:
    """A long one at 30 degrees: its direction and its size, but for the staircase of its pixels."""
    y, x = np.mgrid[:400, :600] + 0.5
    along, across = np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)]), np.array([-np.sin(np.pi / 6), np.cos(np.pi / 6)])
    offset = np.stack((x - 300, y - 200), axis=2)
    mask = (np.abs(offset @ along) < 150) & (np.abs(offset @ across) < 20)
    (corners,) = smallest_rectangles(compressed([mask]), 400, 600).corners
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(*sides.T)
    longest = sides[lengths.argmax()] / lengths.max()

    assert abs(longest @ along) == pytest.approx(1, abs=1e-4)
    assert sorted(lengths) == pytest.approx([40, 40, 300, 300], abs=1.5)
    assert corners.mean(axis=0) == pytest.approx([300, 200], abs=0.5)


def test_rectangles_that_are_upright_stay_so() -> None:
    mask = np.zeros((9, 12), dtype=bool)
    mask[2:5, 3:11] = True

    (corners,) = smallest_rectangles(compressed([mask]), 9, 12).corners

    assert corners.tolist() == [[3, 2], [11, 2], [11, 5], [3, 5]]


def test_too_large_ones_are_not_allowed() -> None:
    """Half of the image below a diagonal: its smallest rectangle goes far beyond the image."""
    y, x = np.mgrid[:100, :130]
    mask = abs(x * 100 - y * 130) < 4000
    free, bound = (smallest_rectangles(compressed([mask]), 100, 130, largest) for largest in (np.inf, 1.0))

    assert free.is_smallest.tolist() == [True]
    assert np.ptp(free.corners[0], axis=0).max() > 130
    assert bound.is_smallest.tolist() == [False]
    assert (np.ptp(bound.corners[0], axis=0) <= (130, 100)).all()


def test_masks_without_pixels() -> None:
    assert smallest_rectangles([], 3, 4).corners.shape == (0, 4, 2)
    with pytest.raises(ValueError, match="without pixels"):
        smallest_rectangles(compressed([np.zeros((3, 4), dtype=bool)]), 3, 4)
