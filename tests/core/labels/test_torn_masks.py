"""Which masks one sample a pixel has torn: blurred things, and not the edges of sharp ones."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from core.labels.torn_masks import find_torn
from core.masks.runs import LabelArray, find_runs

HEIGHT, WIDTH = 120, 160
Covers = Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]], npt.NDArray[np.bool_]]


def sampled(seed: int, *things: Covers) -> LabelArray:
    """One sample of each pixel, somewhere in it and at some time from 0 to 1; later things are in front."""
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + chance.uniform(0, 1, (2, HEIGHT, WIDTH))
    time = chance.uniform(0, 1, (HEIGHT, WIDTH))
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    for label, covers in enumerate(things, start=1):
        labels[covers(rows, columns, time)] = label
    return labels


def ball(row: float, column: float, radius: float, moves: float = 0.0) -> Covers:
    return lambda y, x, time: np.hypot(y - row, x - column - moves * time) < radius


def ground(y, x, time):
    return y > 70


def hair(y, x, time):
    """A third of a pixel wide, every four pixels."""
    return (x % 4 < 1 / 3) & (y < 90)


def fence(y, x, time):
    """Two pixels wide, which a pixel can tell."""
    return (x % 6 < 2) & (y > 20)


def torn(labels: LabelArray) -> list[int]:
    return find_torn(labels, find_runs(labels))


@pytest.mark.parametrize("seed", range(5))
def test_sharp_things_are_whole(seed: int) -> None:
    assert torn(sampled(seed, ground, ball(60, 50, 30), ball(60, 70, 12), fence)) == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("moves", [20.0, 60.0])
def test_what_moves_is_torn(seed: int, moves: float) -> None:
    """And not what stands still next to it."""
    assert torn(sampled(seed, ball(30, 120, 20), ball(80, 40, 20, moves))) == [2]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_thinner_than_a_pixel_is_torn(seed: int) -> None:
    assert torn(sampled(seed, ground, hair)) == [2]


def test_small_things_are_left_alone() -> None:
    """A thing of a few pixels may look like that."""
    assert torn(sampled(1, ball(60, 50, 4, 20.0))) == []


@pytest.mark.parametrize(
    "labels", [np.zeros((0, 0), np.uint32), np.zeros((3, 4), np.uint32), np.ones((1, 1), np.uint32)]
)
def test_next_to_nothing(labels: LabelArray) -> None:
    assert torn(labels) == []


def test_pixels_at_the_sides_of_the_image_have_no_neighbour_there() -> None:
    labels = np.zeros((40, 40), np.uint32)
    labels[::2, 0] = labels[::2, -1] = 1  # alone, at both sides
    labels[1:, 10:30] = 1
    assert torn(labels) == [1]
