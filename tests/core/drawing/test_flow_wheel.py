"""Flow in colours, against the colours that the Middlebury coding has."""

import numpy as np
import numpy.typing as npt
import pytest

from core.drawing.flow_wheel import draw_flow, flow_rim, wheel_disc

# u right, v down, and the colour, as flow_vis 0.1 gives them (a port of Middlebury's own code by Tom Runia):
#     flow_vis.flow_uv_to_colors(u, v) of lengths 0.5 and 1 in directions of 7, 37, 67, ... degrees.
CODED = [
    (0.4963, 0.0609, (255, 136, 127)),
    (0.9925, 0.1219, (255, 17, 0)),
    (0.3993, 0.3009, (255, 174, 127)),
    (0.7986, 0.6018, (255, 94, 0)),
    (0.1954, 0.4603, (255, 212, 127)),
    (0.3907, 0.9205, (255, 170, 0)),
    (-0.0609, 0.4963, (255, 251, 127)),
    (-0.1219, 0.9925, (255, 247, 0)),
    (-0.3009, 0.3993, (168, 255, 127)),
    (-0.6018, 0.7986, (82, 255, 0)),
    (-0.4603, 0.1954, (127, 255, 208)),
    (-0.9205, 0.3907, (0, 255, 162)),
    (-0.4963, -0.0609, (127, 219, 255)),
    (-0.9925, -0.1219, (0, 184, 255)),
    (-0.3993, -0.3009, (127, 167, 255)),
    (-0.7986, -0.6018, (0, 80, 255)),
    (-0.1954, -0.4603, (137, 127, 255)),
    (-0.3907, -0.9205, (20, 0, 255)),
    (0.0609, -0.4963, (181, 127, 255)),
    (0.1219, -0.9925, (108, 0, 255)),
    (0.3009, -0.3993, (225, 127, 255)),
    (0.6018, -0.7986, (196, 0, 255)),
    (0.4603, -0.1954, (255, 127, 222)),
    (0.9205, -0.3907, (255, 0, 189)),
    (0.0, 0.0, (255, 255, 255)),
    (1.5, 0.3, (191, 21, 0)),
]


def flow_of(*vectors: tuple[float, float]) -> npt.NDArray[np.float32]:
    return np.array([vectors], np.float32)


def everywhere(flow: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    return np.ones(flow.shape[:2], bool)


@pytest.mark.parametrize("rim", [1.0, 12.5])
def test_colours_are_those_of_middlebury(rim: float) -> None:
    flow = flow_of(*((u, v) for u, v, _ in CODED))
    picture = draw_flow(flow * np.float32(rim), everywhere(flow), rim)
    # Directions of four decimals may lie on either side of a level.
    assert np.abs(picture[0].astype(int) - [colour for *_, colour in CODED]).max() <= 1


def test_what_is_unknown_is_black() -> None:
    flow = flow_of((np.nan, 0), (1e10, 1e10), (0, 0))
    picture = draw_flow(flow, np.array([[False, False, True]]), 1.0)
    assert picture.tolist() == [[[0, 0, 0], [0, 0, 0], [255, 255, 255]]]


def test_the_disc_shows_where_flow_leads() -> None:
    disc = wheel_disc(101)
    assert (disc[50, 50] == 255).all()
    right, down, left, up = disc[50, 99], disc[99, 50], disc[50, 1], disc[1, 50]
    expected = draw_flow(flow_of((1, 0), (0, 1), (-1, 0), (0, -1)), np.ones((1, 4), bool), 1.0)[0]
    assert np.abs(np.stack((right, down, left, up)).astype(int) - expected).max() <= 8
    assert (disc[0, 0] == 255).all()


def test_rim() -> None:
    """Most of the flow is shorter, and it is a number that can be read."""
    rng = np.random.default_rng(0)
    flow = rng.normal(0, 3, (50, 40, 2)).astype(np.float32)
    flow[0, 0] = 10_000
    rim = flow_rim(flow, everywhere(flow))
    lengths = np.hypot(flow[..., 0], flow[..., 1])
    assert 0.98 <= (lengths <= rim).mean() < 1
    assert float(f"{rim:.2g}") == rim
    assert rim < lengths.max() / 100


@pytest.mark.parametrize(("length", "rim"), [(0.0, 1.0), (3.0, 3.0), (3.01, 3.1), (250.0, 250.0), (1e-4, 1e-4)])
def test_rim_of_equal_flow(length: float, rim: float) -> None:
    flow = np.full((4, 4, 2), (0, length), np.float64)
    assert flow_rim(flow, everywhere(flow)) == pytest.approx(rim)


def test_rim_of_nothing() -> None:
    assert flow_rim(np.full((2, 2, 2), np.nan), np.zeros((2, 2), bool)) == 1.0
