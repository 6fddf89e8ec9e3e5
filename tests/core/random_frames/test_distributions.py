"""Every sampler against the closed form of its distribution: Kolmogorov and Smirnov's test on 10,000 draws."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest

from core.base.errors import UsageError
from core.random_frames import rotations
from core.random_frames.black_body import black_body
from core.random_frames.directions import Shell, around, direction, on_shell
from core.random_frames.distributions import Distribution, NumberSpread, chosen, parse_choices
from core.random_frames.ground import Ground
from core.random_frames.placing import InBox, PlacingRules, Turning, turn
from core.random_frames.streams import uniforms
from core.random_frames.viewpoints import chosen_few

COUNT = 10_000
FRAMES = np.arange(COUNT)
FIRST = np.zeros(COUNT, int)


def drawn(count: int, what: str = "row") -> np.ndarray:
    return uniforms(1, FRAMES, FIRST, what, count)


def assert_follows(values: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]) -> None:
    """Raises AssertionError where values are farther from a distribution than one set in a thousand would be."""
    assert values.shape == (COUNT,)
    expected = cdf(np.sort(values))
    steps = np.arange(COUNT + 1) / COUNT
    distance = max(np.abs(expected - steps[1:]).max(), np.abs(expected - steps[:-1]).max())
    assert distance < 1.95 / math.sqrt(COUNT)


def even(low: float, high: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.clip((x - low) / (high - low), 0, 1)


def test_uniform_numbers() -> None:
    for column in drawn(3).T:
        assert_follows(column, even(0, 1))
    pairs = np.histogram2d(*drawn(2).T, bins=10, range=[[0, 1], [0, 1]])[0]
    assert ((pairs - 100) ** 2 / 100).sum() < 149, "chi-squared with 99 degrees of freedom, one in a thousand"


def test_the_test_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert_follows(drawn(1)[:, 0] ** 1.1, even(0, 1))


@pytest.mark.parametrize(
    ("spread", "cdf"),
    [
        (NumberSpread(low=-2, high=5), even(-2, 5)),
        (
            NumberSpread(Distribution.NORMAL, mean=3, deviation=2),
            np.vectorize(NormalDist(3, 2).cdf),
        ),
        (
            NumberSpread(Distribution.LOG_UNIFORM, low=0.1, high=100),
            lambda x: np.log(x / 0.1) / math.log(1000),
        ),
    ],
)
def test_numbers(spread: NumberSpread, cdf: Callable[[np.ndarray], np.ndarray]) -> None:
    assert_follows(spread.draw(drawn(2)), cdf)


def test_whole_numbers_reach_both_ends() -> None:
    values = NumberSpread(low=2, high=5, whole=True).draw(drawn(2))
    found, counts = np.unique(values, return_counts=True)
    assert found.tolist() == [2, 3, 4, 5]
    assert np.abs(counts - COUNT / 4).max() < 4 * math.sqrt(COUNT * 0.25 * 0.75)


def test_choice_by_weights() -> None:
    counts = np.bincount(chosen(drawn(1)[:, 0], [1.0, 3.0, 0.5]))
    expected = COUNT * np.array([1, 3, 0.5]) / 4.5
    assert ((counts - expected) ** 2 / expected).sum() < 13.8, "chi-squared with 2 degrees of freedom"
    spread = NumberSpread(Distribution.CHOICE, choices=(7.0, 9.0), weights=(1.0, 1.0))
    assert set(spread.draw(drawn(2))) == {7.0, 9.0}


def test_what_cannot_be_drawn() -> None:
    for spread, sentence in [
        (NumberSpread(low=2, high=1), "Min 2 is above Max 1"),
        (NumberSpread(Distribution.LOG_UNIFORM, low=0, high=1), "give a Min above 0"),
        (NumberSpread(Distribution.CHOICE), "nothing to choose from"),
    ]:
        with pytest.raises(UsageError, match=sentence):
            spread.check()
    assert parse_choices("1, POINT: 3,") == (("1", "POINT"), (1.0, 3.0))
    with pytest.raises(UsageError, match="'many' is not the weight of a choice"):
        parse_choices("1: many")


def test_rotations_are_uniform() -> None:
    """The angle of a uniform rotation has the density (1 - cos) / pi, and where an axis ends is even on the sphere."""
    found = rotations.uniform_rotations(drawn(3))
    assert np.allclose(found @ found.transpose(0, 2, 1), np.eye(3), atol=1e-12)
    cosine = (np.einsum("fii->f", found) - 1) / 2
    angle = np.arccos(np.clip(cosine, -1, 1))
    assert_follows(angle, lambda x: (x - np.sin(x)) / np.pi)
    for axis in range(3):
        assert_follows(found[:, 2, axis], even(-1, 1))
        assert_follows(np.arctan2(found[:, 1, axis], found[:, 0, axis]), even(-np.pi, np.pi))


def test_any_rotation_of_a_thing_is_uniform() -> None:
    found = turn(PlacingRules(turning=Turning.ANY), drawn(7))
    assert_follows(found[:, 2, 0], even(-1, 1))


def test_a_shell_is_even_by_area() -> None:
    shell = Shell((2, 5), (math.radians(-20), math.radians(80)), (1.0, 2.5))
    distance, elevation, azimuth = on_shell(drawn(3), shell)
    assert_follows(distance, even(2, 5))
    assert_follows(azimuth, even(1.0, 2.5))
    assert_follows(np.sin(elevation), even(math.sin(math.radians(-20)), math.sin(math.radians(80))))
    vectors = direction(elevation, azimuth)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.allclose(vectors[:, 2], np.sin(elevation))


def test_a_cap_is_even_by_area() -> None:
    axis = np.array([0.6, 0.0, 0.8])
    found = around(drawn(2), axis, math.radians(50))
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    assert_follows(found @ axis, even(math.cos(math.radians(50)), 1))


def test_a_surface_is_even_by_area() -> None:
    """A board of parts of different size that has a lower side too, and lacks a corner."""
    x, y = [0, 1, 3, 4], [0, 1, 2]
    points = np.array([[a, b, z] for z in (0, 1) for b in y for a in x], float)
    quads = [(a + 4 * b, a + 1 + 4 * b, a + 5 + 4 * b, a + 4 + 4 * b) for b in (0, 1) for a in (0, 1, 2)][:-1]
    triangles = np.array([part for a, b, c, d in quads for part in ((a, b, c), (a, c, d))])
    ground = Ground.of(points, np.concatenate((triangles, triangles + 12)))
    again = Ground.of(points, np.concatenate((triangles + 12, triangles))[::-1])
    assert ground is not None and again is not None
    u = drawn(3)
    found = ground.points(u)
    assert (again.points(u) == found).all(), "the order of triangles does not matter"
    there = ground.carries(found[:, None], np.full(COUNT, 1e-6))[:, 0]
    assert (there == ~((found[:, 0] > 3) & (found[:, 1] > 1))).mean() > 0.99
    assert np.allclose(found[there, 2], 1)
    assert_follows(found[:, 0], even(0, 4))
    assert_follows(found[:, 1], even(0, 2))


def test_a_volume_is_even() -> None:
    matrix = np.diag([2.0, 3.0, 4.0, 1.0])
    found, fits = InBox(matrix).places(drawn(3)[:, None], np.zeros(COUNT), np.zeros(COUNT))
    assert fits.all()
    for axis, half in enumerate((2, 3, 4)):
        assert_follows(found[:, 0, axis], even(-half, half))


def test_number_of_lights() -> None:
    there = chosen_few(drawn(5), 1, 3)
    counts = np.bincount(there.sum(axis=1), minlength=5)
    assert counts[0] == counts[4] == 0
    assert np.abs(counts[1:4] - COUNT / 3).max() < 4 * math.sqrt(COUNT * 2 / 9)
    assert np.abs(there.mean(axis=0) - 0.5).max() < 0.02, "each light is on as often as the others"


def test_black_bodies() -> None:
    """CIE's own chromaticities of Planck's law at 2856 K (illuminant A) and 6504 K, and red to blue."""
    to_xyz = np.linalg.inv(
        [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
    )
    for kelvin, expected in ((2856, (0.4476, 0.4074)), (6504, (0.3135, 0.3237))):
        xyz = to_xyz @ black_body(np.array([kelvin]))[0]
        assert np.allclose(xyz[:2] / xyz.sum(), expected, atol=0.002)
    colours = black_body(np.linspace(2000, 12000, 50))
    assert (np.diff(colours[:, 0] / colours[:, 2]) < 0).all()
