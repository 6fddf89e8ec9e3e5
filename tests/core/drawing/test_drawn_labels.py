"""Masks, keypoints and legends as they are drawn: on their pixels, in their colours."""

import numpy as np
import pytest

from core.categories.palette import BACKGROUND
from core.drawing.legends import flow_legend, normal_colours, normal_legend, swatches
from core.drawing.previews.keypoints import draw_keypoints
from core.drawing.previews.masks import draw_masks, draw_numbers
from core.scene.keypoints import ABSENT, Keypoint, Visibility
from core.settings.category_table import Category
from tests.builders import plain_instance

RED, BLUE = (255, 0, 0), (0, 0, 255)


def test_masks_are_tinted_and_outlined() -> None:
    numbers = np.zeros((12, 16), np.int64)
    numbers[2:9, 3:9] = 1
    numbers[2:9, 9:14] = 2
    image = np.full((12, 16, 3), 100, np.uint8)

    picture = draw_masks(image, numbers, [RED, BLUE])

    assert (picture[numbers == 0] == 100).all()
    assert (picture[4:7, 5:7] == (177, 50, 50)).all()
    assert (picture[4:7, 10:13] == (50, 50, 177)).all()
    for side in (picture[2, 3:9], picture[8, 3:9], picture[2:9, 3], picture[2:9, 8]):
        assert (side == RED).all()  # also towards its neighbour
    assert (image == 100).all()


def test_a_mask_of_the_whole_image_has_no_outline() -> None:
    picture = draw_masks(np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), np.int64), [RED])
    assert (picture == (127, 0, 0)).all()


def test_numbers_have_colours_of_their_own() -> None:
    numbers = np.arange(60).reshape(6, 10)
    picture = draw_numbers(numbers, {3: RED, 99: BLUE})
    assert tuple(picture[0, 0]) == BACKGROUND
    assert tuple(picture[0, 3]) == RED
    assert len({tuple(colour) for colour in picture.reshape(-1, 3).tolist()}) == 60
    assert draw_numbers(np.zeros((2, 3), np.int64)).shape == (2, 3, 3)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_keypoints(scale: float) -> None:
    """What is visible is filled, what is occluded is a ring, what is absent is not drawn, nor are lines to it."""
    seen, hidden = Keypoint(20.5, 30.5, Visibility.VISIBLE, 1.0), Keypoint(60.5, 30.5, Visibility.OCCLUDED, 1.0)
    one = plain_instance("a", "person", keypoints=(seen, hidden, ABSENT))
    category = Category("person", keypoints=("x", "y", "z"), skeleton=((1, 2), (2, 3)))
    canvas = np.zeros((round(60 * scale), round(90 * scale), 3), np.uint8)

    picture = draw_keypoints(canvas, [one], [category], {"person": RED}, scale)

    def at(x: float, y: float) -> tuple[int, ...]:
        return tuple(picture[int(y * scale), int(x * scale)].tolist())

    assert at(20.5, 30.5) == RED
    assert at(40.5, 30.5) == RED  # the line
    assert np.count_nonzero(picture[: round(20 * scale)]) == 0
    assert np.count_nonzero(picture[:, round(70 * scale) :]) == 0
    drawn = (picture == RED).all(axis=-1)
    around = slice(int(30.5 * scale) - 5, int(30.5 * scale) + 6)
    right_half = drawn[around, int(60.5 * scale) + 1 : int(60.5 * scale) + 6]
    assert right_half.any() and not right_half[5, 0]


def test_normals_have_the_usual_colours() -> None:
    normals = np.array([[[0, 0, -1], [1, 0, 0], [0, -1, 0], [0, 0, 0], [np.nan] * 3]])
    assert normal_colours(normals)[0].tolist() == [
        [128, 128, 255],
        [255, 128, 128],
        [128, 255, 128],
        [128, 128, 128],
        [128, 128, 128],
    ]


@pytest.mark.parametrize("height", [160, 300, 2000])
def test_legends_are_as_high_as_they_should_be(height: int) -> None:
    entries = [((number, 100, 200), f"category {number}") for number in range(40)]
    for legend in (flow_legend(12.0, height), normal_legend(height), swatches(entries, height)):
        assert legend.shape[0] == height and legend.shape[2] == 3
        assert (legend[:, -1] == 255).all()


def test_swatches_that_do_not_fit_are_counted() -> None:
    entries = [((number, 100, 200), "x") for number in range(40)]
    shown = swatches(entries, 160)
    there = [number for number in range(40) if (shown == (number, 100, 200)).all(axis=-1).any()]
    assert there == list(range(len(there)))
    assert 5 <= len(there) < 40
    few = swatches(entries[:4], 160)
    assert all((few == (number, 100, 200)).all(axis=-1).any() for number in range(4))
