"""YOLO polygons as their readers see them: text, float32, whole pixels, OpenCV's fillPoly."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

from core.masks.outlines import find_outlines
from core.masks.yolo_polygons import YoloPolygon, yolo_polygons
from tests.core.random_masks import Mask, batches_of_masks, compressed, small_masks


def normalised(polygon: YoloPolygon, height: int, width: int) -> npt.NDArray[np.float32]:
    """The points of a row of a label file, six digits each."""
    row = " ".join(f"{value:.6g}" for value in (polygon.points / (width, height)).ravel())
    return np.array(row.split(), dtype=np.float32).reshape(-1, 2)


def filled(points: npt.NDArray[np.float32], height: int, width: int) -> Mask:
    """As Ultralytics makes a mask of normalised points."""
    pixels = (points * np.array([width, height], dtype=np.float32)).astype(np.int32)
    mask = np.zeros((height, width), dtype=np.uint8)
    cv2.fillPoly(mask, [pixels], 1)
    return mask.astype(bool)


def with_points_between(points: npt.NDArray[np.float32], number: int) -> npt.NDArray[np.float32]:
    """More points along the closed line, as Ultralytics adds them so that all polygons have equally many."""
    closed = np.concatenate((points, points[:1]))
    corners = np.arange(len(closed))
    places = np.sort(np.concatenate((corners, np.linspace(0, len(points), number))))
    return np.stack([np.interp(places, corners, axis) for axis in closed.T], axis=1).astype(np.float32)


def iou(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


def check(mask: Mask, polygon: YoloPolygon) -> float:
    height, width = mask.shape
    pieces, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    gaps, _ = cv2.connectedComponents(np.pad(~mask, 1, constant_values=True).astype(np.uint8), connectivity=8)
    assert (polygon.pieces, polygon.holes) == (pieces - 1, gaps - 2)
    assert len(polygon.points) >= 3
    assert (polygon.points % 1 == 0.5).all()
    points = normalised(polygon, height, width)
    assert points.min() > 0
    assert points.max() < 1
    rows, columns = np.nonzero(mask)
    assert polygon.is_line == bool(np.ptp(rows) == 0 or np.ptp(columns) == 0)
    found = filled(points, height, width)
    assert found[mask].all()
    measured = iou(found, mask)
    assert polygon.iou == pytest.approx(measured, abs=1e-12)
    if polygon.pieces == 1:
        assert measured == 1
        assert np.array_equal(filled(with_points_between(points, 1000), height, width), mask)
    return measured


@given(small_masks())
def test_read_back(masks: list[Mask]) -> None:
    height, width = masks[0].shape
    for mask, polygon in zip(masks, yolo_polygons(compressed(masks), height, width), strict=True):
        assert (polygon is None) == (not mask.any())
        if polygon is not None:
            check(mask, polygon)


def test_many_random_masks() -> None:
    found: dict[str, list[float]] = {"one piece": [], "with holes": [], "several pieces": []}
    for masks in batches_of_masks(750, seed=3):
        height, width = masks.shape[1:]
        texts = compressed(masks)
        # Pieces of these masks as masks of one piece.
        alone = [only for mask in masks for only in pieces_of(mask)[:2]]
        for mask, polygon in zip(masks, yolo_polygons(texts, height, width), strict=True):
            if polygon is not None and polygon.pieces > 1:
                found["several pieces"].append(check(mask, polygon))
        for mask, polygon in zip(alone, yolo_polygons(compressed(alone), height, width), strict=True):
            assert polygon is not None
            found["with holes" if polygon.holes else "one piece"].append(check(mask, polygon))

    assert min(map(len, found.values())) > 300
    assert min(found["one piece"]) >= 0.985
    assert min(found["with holes"]) >= 0.99
    assert np.mean(found["several pieces"]) > 0.95  # the lines between them are filled too


def pieces_of(mask: Mask) -> list[Mask]:
    """Connected pieces, the largest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    order = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable") + 1
    return [labels == number for number in order.tolist()][: count - 1]


def test_one_pixel() -> None:
    mask = np.zeros((4, 5), dtype=bool)
    mask[2, 3] = True

    (polygon,) = yolo_polygons(compressed([mask]), 4, 5)

    assert polygon is not None
    assert polygon.points.tolist() == [[3.5, 2.5]] * 3
    assert polygon.is_line


def test_pieces_that_touch_at_a_corner_lose_nothing() -> None:
    (polygon,) = yolo_polygons(compressed([np.eye(5, dtype=bool)]), 5, 5)

    assert polygon is not None
    assert (polygon.pieces, polygon.iou, polygon.is_line) == (5, 1.0, False)


def test_pieces_far_apart_lose_the_line_between_them() -> None:
    mask = np.zeros((20, 60), dtype=bool)
    mask[5:10, 3:8] = mask[5:10, 50:55] = True

    (polygon,) = yolo_polygons(compressed([mask]), 20, 60)

    assert polygon is not None
    assert polygon.iou == 50 / (50 + 42)
    assert check(mask, polygon) == polygon.iou


def test_each_piece_is_joined_to_the_nearest() -> None:
    """Squares along three sides of the image: from left to right, the lower left one would be joined to the upper."""
    mask = np.zeros((45, 61), dtype=bool)
    for column in range(0, 61, 8):
        mask[0:5, column : column + 5] = mask[40:45, column : column + 5] = True
    for row in range(0, 45, 8):
        mask[row : row + 5, 56:61] = True

    (polygon,) = yolo_polygons(compressed([mask]), 45, 61)

    assert polygon is not None
    assert polygon.pieces == 20
    assert polygon.iou == 20 * 25 / (20 * 25 + 19 * 3)
    check(mask, polygon)


def test_large_pieces_are_joined_at_near_points() -> None:
    """They have so many points that not all distances are looked at."""
    random = np.random.default_rng(0)
    mask = np.zeros((401, 900), dtype=bool)
    for column in (10, 450):
        rows = random.integers(0, 2, (200, 400)).astype(bool)
        mask[1:401:2, column : column + 400] = rows
        mask[::2, column : column + 400] = True
        mask[:, column + 200] = True
    assert sum(len(ring.points) for ring in find_outlines(compressed([mask]), 401, 900)[0]) > 100_000

    (polygon,) = yolo_polygons(compressed([mask]), 401, 900)

    assert polygon is not None
    assert polygon.pieces == 2
    assert polygon.iou > 1 - 60 / mask.sum()
    check(mask, polygon)


def test_thousands_of_pieces() -> None:
    mask = np.random.default_rng(0).random((150, 200)) < 0.3

    (polygon,) = yolo_polygons(compressed([mask]), 150, 200)

    assert polygon is not None
    assert polygon.pieces > 3000
    # No tree can do with less than a pixel for each that is not joined at a corner.
    assert check(mask, polygon) > mask.sum() / (mask.sum() + polygon.pieces)


def test_no_masks_and_masks_without_pixels() -> None:
    assert yolo_polygons([], 3, 4) == []
    assert yolo_polygons(compressed([np.zeros((3, 4), dtype=bool)]), 3, 4) == [None]
