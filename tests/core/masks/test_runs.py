"""Masks, areas and boxes of one scan against pycocotools, mask by mask."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

from core.base.box import Box
from core.masks.runs import find_masks, find_runs

Labels = npt.NDArray[np.uint32]

LARGEST = (1 << 32) - 1
# Those that float32, a 16-bit sort or a signed integer would confuse.
HARD_LABELS = [1, 2, 3, 0xFFFF, 0x10000, 0x10001, 0x20001, (1 << 24) + 1, 1 << 31, LARGEST - 1, LARGEST]
SIDES = st.integers(1, 17)


@st.composite
def label_images(draw: st.DrawFn) -> Labels:
    """From smooth to noisy, a few labels or as many as there are pixels, contiguous in memory or not."""
    height, width = draw(SIDES), draw(SIDES)
    palette = draw(st.lists(st.one_of(st.sampled_from(HARD_LABELS), st.integers(0, LARGEST)), max_size=5))
    values = st.sampled_from([0, *palette]) if draw(st.booleans()) else st.integers(0, LARGEST)
    block = draw(st.sampled_from([(1, 1), (3, 1), (1, 3), (4, 4), (17, 1)]))
    cells = draw(hnp.arrays(np.uint32, (-(-height // block[0]), -(-width // block[1])), elements=values))
    image = cells.repeat(block[0], axis=0).repeat(block[1], axis=1)[:height, :width]
    return stored(image, draw(st.sampled_from(ORDERS)))


def stored(image: Labels, order: str) -> Labels:
    """The same image with its pixels in another order in memory."""
    if order == "columns":
        return np.asfortranarray(image)
    if order == "upside down":
        return np.ascontiguousarray(image[::-1])[::-1]
    if order == "every second":
        spread = np.full((image.shape[0] * 2, image.shape[1] * 3), 99, dtype=np.uint32)
        spread[::2, ::3] = image
        return spread[::2, ::3]
    if order == "view":
        return np.pad(image, 1, constant_values=77)[1:-1, 1:-1]
    return np.ascontiguousarray(image)


ORDERS = ["rows", "columns", "upside down", "every second", "view"]


def check(labels: Labels) -> None:
    """Every label by itself, as pycocotools sees it."""
    before = labels.copy()
    masks = find_masks(labels)

    assert np.array_equal(labels, before)
    assert [mask.label for mask in masks] == sorted(set(labels.ravel().tolist()) - {0})
    for mask in masks:
        pixels = labels == mask.label
        expected = coco_mask.encode(np.asfortranarray(pixels, dtype=np.uint8))
        assert mask.rle.encode("ascii") == expected["counts"]
        assert mask.area == coco_mask.area(expected) == np.count_nonzero(pixels)
        box = mask.box
        assert [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0] == coco_mask.toBbox(expected).tolist()
        # pycocotools' box of a mask that it wraps round a column's end is a whole column, so look for ourselves too.
        rows, columns = np.nonzero(pixels)
        assert box == Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        decoded = coco_mask.decode({"size": list(labels.shape), "counts": mask.rle})
        assert np.array_equal(decoded.astype(bool), pixels)


@given(label_images())
def test_equals_pycocotools(labels: Labels) -> None:
    check(labels)


@given(hnp.arrays(np.uint32, st.tuples(SIDES, SIDES), elements=st.integers(0, 1)))
def test_noise_of_one_label(labels: Labels) -> None:
    check(labels)


@given(hnp.arrays(np.uint32, st.sampled_from([(1, 40), (40, 1), (1, 1), (2, 1), (1, 2)]), elements=st.integers(0, 3)))
def test_single_rows_and_columns(labels: Labels) -> None:
    check(labels)


@pytest.mark.parametrize("order", ORDERS)
def test_order_in_memory_does_not_matter(order: str) -> None:
    image = np.random.default_rng(0).integers(0, 4, (9, 13)).astype(np.uint32)

    assert find_masks(stored(image, order)) == find_masks(image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (7, 5), (0, 4), (4, 0)])
def test_background_has_no_mask(shape: tuple[int, int]) -> None:
    assert find_masks(np.zeros(shape, dtype=np.uint32)) == []


@pytest.mark.parametrize("label", HARD_LABELS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (7, 5)])
def test_one_label_everywhere(shape: tuple[int, int], label: int) -> None:
    check(np.full(shape, label, dtype=np.uint32))


def test_one_pixel_in_every_place() -> None:
    for row in range(4):
        for column in range(3):
            labels = np.zeros((4, 3), dtype=np.uint32)
            labels[row, column] = LARGEST
            check(labels)
            assert find_masks(labels)[0].box == Box(column, row, column + 1, row + 1)


def test_runs_join_across_columns() -> None:
    labels = np.zeros((4, 6), dtype=np.uint32)
    labels[2:, 1] = labels[:, 2] = labels[:1, 3] = 5  # one run in column-major order: 2 + 4 + 1 pixels
    labels[3, 4] = labels[0, 5] = 6  # likewise, of two pixels

    check(labels)
    assert find_masks(labels)[0].rle == coco_mask.frPyObjects({"size": [4, 6], "counts": [6, 7, 11]}, 4, 6)[
        "counts"
    ].decode("ascii")


def test_neighbouring_full_columns_of_different_labels() -> None:
    check(np.repeat(np.array([[1, 1, 2, 0, 2, 3]], dtype=np.uint32), 5, axis=0))


def test_every_pixel_its_own_label() -> None:
    labels = np.random.default_rng(1).permutation(np.arange(1, 401, dtype=np.uint32) * 0x00A00001).reshape(20, 20)

    check(labels)
    assert len(find_masks(labels)) == 400


def test_wider_than_16_bits() -> None:
    labels = np.zeros((2, 70_001), dtype=np.uint32)
    labels[0, :3] = labels[1, 65_530:65_545] = 1
    labels[:, 65_536] = 2
    labels[0, 65_537:] = 3
    labels[1, -1] = 4

    check(labels)


def test_taller_than_16_bits() -> None:
    labels = np.zeros((70_001, 2), dtype=np.uint32)
    labels[65_530:, 0] = labels[:10, 1] = 1
    labels[10:, 1] = 0x10002

    check(labels)


@pytest.mark.parametrize("seed", range(3))
def test_image_of_usual_size_with_blobs(seed: int) -> None:
    """Larger than hypothesis draws: counts of several characters in one string."""
    random = np.random.default_rng(seed)
    labels = np.zeros((270, 480), dtype=np.uint32)
    for label in range(1, 25):
        row, column = random.integers(0, 270), random.integers(0, 480)
        radius = random.integers(2, 60)
        rows, columns = np.ogrid[:270, :480]
        labels[(rows - row) ** 2 + (columns - column) ** 2 < radius**2] = label * 0x0ABCDEF1 % LARGEST

    check(labels)


@given(label_images(), st.data())
def test_united_labels_are_those_of_the_united_image(labels: Labels, data: st.DataObject) -> None:
    present = sorted(set(labels.ravel().tolist()) - {0})
    numbers = st.integers(0, 3)  # 0 makes a label background
    mapping = {label: data.draw(numbers) for label in present}
    united = np.vectorize(lambda label: mapping.get(label, 0), otypes=[np.uint32])(labels)

    runs = find_runs(labels)

    assert runs.labels() == present
    assert runs.united(mapping).masks() == find_masks(united)
