"""Where things start that fall, and what counts as having stayed on the ground."""

import numpy as np
import pytest

from core.random_frames.dropping import DropRules, has_stayed, start
from core.random_frames.ground import Ground
from core.random_frames.layout import Layout
from core.random_frames.placing import UNIFORMS_PER_THING, PlacingRules, Thing, Turning
from core.random_frames.streams import uniforms

FRAMES = np.arange(200)
FIRST = np.zeros(200, int)
CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
SQUARE = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], float), np.array([[0, 1, 2], [0, 2, 3]])


def board(half: float, height: float = 2.0) -> Ground:
    ground = Ground.of(SQUARE[0] * half + (0, 0, height), SQUARE[1])
    assert ground is not None
    return ground


def numbers(thing: str) -> np.ndarray:
    return uniforms(3, FRAMES, FIRST, thing, UNIFORMS_PER_THING)


def boxes_of(thing: Thing, found: object) -> tuple[np.ndarray, np.ndarray]:
    points = np.einsum("fij,nj->fni", found.turned, thing.points) + found.location[:, None]
    return points.min(axis=1), points.max(axis=1)


@pytest.mark.parametrize("turning", [Turning.UPRIGHT, Turning.ANY])
def test_things_start_above_the_ground_and_clear_of_each_other(turning: Turning) -> None:
    """More of them than have room side by side: they start above each other."""
    ground, rules, drop = board(2), PlacingRules(turning=turning, scale=(0.5, 1.0)), DropRules(0.5, 1.0)
    layout = Layout(len(FRAMES), np.zeros((0, 2, 3)))
    things = [Thing(f"box {number}", CUBE * (0.6, 0.4, 0.3) + (number, 0, 0)) for number in range(6)]
    boxes: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for thing in things:
        found = start(thing, rules, drop, ground, numbers(thing.name), layout)
        assert found.present.all() and not found.crowded.any()
        low, high = boxes_of(thing, found)
        assert np.allclose(found.middle, (low + high) / 2)
        boxes.append((low, high, found.radius))
    stacked = 0
    for one, (low, high, radius) in enumerate(boxes):
        assert (low[:, 2] >= 2 + 0.5 * (high - low)[:, 2] - 1e-9).all()
        assert np.abs(np.concatenate((low, high))[:, :2]).max() <= 2.05
        for other_low, other_high, other_radius in boxes[:one]:
            above = low[:, 2] >= other_high[:, 2]
            beside = np.linalg.norm((low + high - other_low - other_high)[:, :2] / 2, axis=1) >= radius + other_radius
            assert (above | beside).all()
            stacked += int((~beside).sum())
    assert stacked > 100


def test_a_smaller_spread_starts_in_the_middle() -> None:
    thing, layout = Thing("box", CUBE * 0.1), Layout(len(FRAMES), np.zeros((0, 2, 3)))
    found = start(thing, PlacingRules(), DropRules(spread=0.25), board(4), numbers("box"), layout)
    reach = np.abs(found.middle[:, :2]).max()
    assert 0.9 < reach <= 1.0
    assert np.std(found.middle[:, 0]) == pytest.approx(2 / 12**0.5, rel=0.1), "even there"


def test_nothing_starts_above_what_stands_still() -> None:
    """A shelf over one half of the board."""
    shelf = np.array([[[0, -4, 5], [4, 4, 5.2]]], float)
    thing, layout = Thing("box", CUBE * 0.2), Layout(len(FRAMES), shelf)
    found = start(thing, PlacingRules(), DropRules(spread=1.0), board(4), numbers("box"), layout)
    assert found.present.all()
    assert found.middle[:, 0].max() < 0
    wide = Thing("wide", CUBE * (5, 5, 0.1))
    crowded = start(wide, PlacingRules(), DropRules(), board(4), numbers("wide"), layout)
    assert crowded.crowded.all() and not crowded.present.any()


def test_what_has_fallen_off_did_not_stay() -> None:
    ground = board(2)
    middle = np.array([[0, 0], [1.9, -1.9], [2.5, 0], [0, 0]])
    assert has_stayed(ground, middle, np.array([2.0, 3.5, 2.0, 1.5])).tolist() == [True, True, False, False]


def test_a_table_is_as_flat_as_its_top() -> None:
    assert board(2).top(0.01).tolist() == [[-2, -2, 2], [-2, 2, 2], [2, -2, 2], [2, 2, 2]]
    points = np.concatenate((SQUARE[0] + (0, 0, 2), SQUARE[0] + (2, 0, 1.5)))
    steps = Ground.of(points, np.concatenate((SQUARE[1], SQUARE[1] + 4)))
    assert steps.top(0.1) is None and steps.lowest == 1.5
    assert steps.top(0.6) is not None
    triangle = Ground.of(SQUARE[0], SQUARE[1][:1])
    assert triangle.top(1.0) is None, "no rectangle"
