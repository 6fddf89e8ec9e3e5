"""COCO polygons against pycocotools: it has to fill them to the mask that they were made from."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from pycocotools import mask as coco_mask

from core.masks.outlines import find_outlines
from core.masks.polygons import exact_polygons
from tests.core.random_masks import Mask, batches_of_masks, compressed, small_masks

Points = npt.NDArray[np.int64]


def filled(polygons: list[Points], height: int, width: int) -> Mask:
    """As `COCO.annToMask` does it."""
    if not polygons:
        return np.zeros((height, width), dtype=bool)
    texts = coco_mask.frPyObjects([polygon.ravel().tolist() for polygon in polygons], height, width)
    filled: Mask = coco_mask.decode(coco_mask.merge(texts)).astype(bool)
    return filled


def distances(points: Points, polygons: list[Points]) -> npt.NDArray[np.float64]:
    """Of each point to the nearest edge."""
    start = np.concatenate(polygons).astype(float)
    end = np.concatenate([np.roll(polygon, -1, axis=0) for polygon in polygons]).astype(float)
    along, to = end - start, points[:, None] - start
    length = np.maximum((along**2).sum(axis=1), 1e-9)
    share = np.clip((to * along).sum(axis=2) / length, 0, 1)
    return np.hypot(*np.moveaxis(to - share[..., None] * along, 2, 0)).min(axis=1)


@given(small_masks())
def test_filled_by_pycocotools_they_are_the_mask(masks: list[Mask]) -> None:
    height, width = masks[0].shape
    texts = compressed(masks)
    found = exact_polygons(texts, height, width)

    for mask, polygons, rings in zip(masks, found, find_outlines(texts, height, width), strict=True):
        assert np.array_equal(filled(polygons, height, width), mask)
        assert len(polygons) == sum(not ring.is_hole for ring in rings)
        for polygon in polygons:
            assert polygon.dtype == np.int64
            assert len(polygon) >= 3
            assert (polygon != np.roll(polygon, 1, axis=0)).any(axis=1).all()
        if polygons:
            corners = np.concatenate([ring.points for ring in rings])
            assert distances(corners, polygons).max() <= 0.71


def test_ten_thousand_random_masks_with_fewer_points_than_corners() -> None:
    count = points = corners = with_holes = with_pieces = 0
    for masks in batches_of_masks(10_000, seed=7):
        height, width = masks.shape[1:]
        texts = compressed(masks)
        found = exact_polygons(texts, height, width)
        outlines = find_outlines(texts, height, width)
        count += len(found)
        for mask, polygons, rings in zip(masks, found, outlines, strict=True):
            assert np.array_equal(filled(polygons, height, width), mask)
            points += sum(map(len, polygons))
            corners += sum(len(ring.points) for ring in rings)
            with_holes += any(ring.is_hole for ring in rings)
            with_pieces += len(polygons) > 1

    assert count == 10_000
    assert min(with_holes, with_pieces) > 4_000
    assert points <= 0.8 * corners


@pytest.mark.parametrize("seed", range(20))
def test_each_piece_by_itself_is_filled_with_its_holes_open(seed: int) -> None:
    """Polygons are united by readers, so one that fills too much would not be seen where another piece lies."""
    for masks in batches_of_masks(20, seed=seed):
        height, width = masks.shape[1:]
        for mask, polygons in zip(masks, exact_polygons(compressed(masks), height, width), strict=True):
            assert sum(int(filled([polygon], height, width).sum()) for polygon in polygons) == mask.sum()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (7, 5)])
def test_full_image(shape: tuple[int, int]) -> None:
    height, width = shape

    (polygon,) = exact_polygons(compressed([np.ones(shape, dtype=bool)]), height, width)[0]

    assert polygon.tolist() == [[0, 0], [width, 0], [width, height], [0, height]]


def test_bridge_runs_straight_through_the_mask() -> None:
    mask = np.ones((9, 9), dtype=bool)
    mask[4:6, 3:5] = False

    (polygon,) = exact_polygons(compressed([mask]), 9, 9)[0]

    bridge, hole = [[3, 0], [3, 4]], [[3, 6], [5, 6], [5, 4]]
    assert polygon.tolist() == [[0, 0], *bridge, *hole, *bridge[::-1], [9, 0], [9, 9], [0, 9]]


def test_area_hardly_changes() -> None:
    """Readers that do not fill as pycocotools does should find nearly the same."""
    rows, columns = np.mgrid[:200, :200]
    mask = ((columns - 93.4) / 80) ** 2 + ((rows - 99.1) / 60) ** 2 < 1

    ((polygon,),) = exact_polygons(compressed([mask]), 200, 200)

    x, y = polygon.T
    assert float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2) == pytest.approx(mask.sum(), rel=0.005)


def test_long_slope_gets_few_points() -> None:
    rows, columns = np.mgrid[:100, :300]
    texts = compressed([columns < 3 * rows])

    (polygon,) = exact_polygons(texts, 100, 300)[0]

    assert len(polygon) <= 0.55 * len(find_outlines(texts, 100, 300)[0][0].points)


def test_chain_of_holes_one_below_the_other() -> None:
    """Each is joined to the one above it."""
    mask = np.ones((2001, 3), dtype=bool)
    mask[1::2, 1] = False

    (polygon,) = exact_polygons(compressed([mask]), 2001, 3)[0]

    assert np.array_equal(filled([polygon], 2001, 3), mask)


def test_no_masks_and_masks_without_pixels() -> None:
    assert exact_polygons([], 3, 4) == []
    assert exact_polygons(compressed([np.zeros((3, 4), dtype=bool)]), 3, 4) == [[]]
