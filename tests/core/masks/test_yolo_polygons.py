"""YOLO polygons as their readers see them: text, float32, whole pixels, OpenCV's fillPoly."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

from core.masks.outlines import find_outlines
from core.masks.simpler_masks import MOST_HOLES_OF_ALL, MOST_PIECES, MOST_PIECES_OF_ALL
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
    assert np.allclose(polygon.points % 1, 0.49)
    points = normalised(polygon, height, width)
    assert points.min() > 0
    assert points.max() < 1
    rows, columns = np.nonzero(mask)
    assert polygon.is_line == bool(np.ptp(rows) == 0 or np.ptp(columns) == 0)
    found = filled(points, height, width)
    if not polygon.pieces_left_out:
        assert found[mask].all()
    measured = iou(found, mask)
    assert polygon.iou == pytest.approx(measured, abs=1e-12)
    if polygon.pieces - polygon.pieces_left_out == 1 and not polygon.holes_filled:
        assert measured == (1 if polygon.pieces == 1 else polygon.iou)
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
    assert polygon.points.tolist() == [[3.49, 2.49]] * 3
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
    columns = np.arange(120)
    mask = np.zeros((3001, 120), dtype=bool)
    for spine in (30, 90):
        left, right = random.integers(0, 28, (2, 3001, 1))
        mask |= (columns >= spine - left) & (columns <= spine + right)
    assert len(find_outlines(compressed([mask]), 3001, 120)[0][0].points) > 8000

    (polygon,) = yolo_polygons(compressed([mask]), 3001, 120)

    assert polygon is not None
    assert (polygon.pieces, polygon.pieces_left_out) == (2, 0)
    assert polygon.iou > 1 - 10 / mask.sum()
    check(mask, polygon)


@pytest.mark.parametrize("masks", [1, 3, 40])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.6, 0.7, 0.9, 0.99])
def test_noise(share: float, masks: int) -> None:
    """Salt and pepper: the largest pieces and holes are there, the others are counted, and how good it is, is known."""
    random = np.random.default_rng(masks)
    height, width = 180, 320
    labels = random.integers(0, masks, (height, width))
    noise = [(labels == label) & (random.random((height, width)) < share) for label in range(masks)]
    polygons = yolo_polygons(compressed(noise), height, width)

    pieces = holes = 0
    for mask, polygon in zip(noise, polygons, strict=True):
        assert polygon is not None
        measured = check(mask, polygon)
        kept = polygon.pieces - polygon.pieces_left_out
        pieces, holes = pieces + kept, holes + polygon.holes - polygon.holes_filled
        assert 1 <= kept <= MOST_PIECES
        *_, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
        largest = int(np.sort(stats[1:, cv2.CC_STAT_AREA])[::-1][:kept].sum())
        assert measured >= 0.9 * largest / (mask.sum() + 40 * kept)
    assert pieces <= MOST_PIECES_OF_ALL
    assert holes <= MOST_HOLES_OF_ALL or masks == 1


def test_a_hole_of_a_piece_that_is_left_out_is_not_filled() -> None:
    """Rings with a pixel in them: of the many small ones only some stay."""
    mask = np.zeros((200, 300), dtype=bool)
    for row in range(0, 200, 10):
        for column in range(0, 300, 10):
            mask[row : row + 7, column : column + 7] = True
            mask[row + 1 : row + 6, column + 1 : column + 6] = False
            mask[row + 3, column + 3] = True

    (polygon,) = yolo_polygons(compressed([mask]), 200, 300)

    assert polygon is not None
    assert (polygon.pieces, polygon.holes) == (1200, 600)
    assert (polygon.pieces_left_out, polygon.holes_filled) == (1200 - MOST_PIECES, 0)
    check(mask, polygon)


def test_many_masks_of_several_pieces() -> None:
    """Each keeps its largest piece, even where a frame has more masks than pieces are drawn."""
    cells = np.arange(100 * 120, dtype=np.int64).reshape(100, 120) // 2
    masks = [np.zeros((100, 240), dtype=bool) for _ in range(6000)]
    for row, column in np.ndindex(100, 120):
        # Two pieces of each: two pixels one above the other are cut in half by the row between them.
        masks[cells[row, column]][row, 2 * column] = True

    polygons = yolo_polygons(compressed(masks), 100, 240)

    assert all(polygon is not None and (polygon.pieces, polygon.pieces_left_out) == (2, 1) for polygon in polygons)


def test_no_masks_and_masks_without_pixels() -> None:
    assert yolo_polygons([], 3, 4) == []
    assert yolo_polygons(compressed([np.zeros((3, 4), dtype=bool)]), 3, 4) == [None]
