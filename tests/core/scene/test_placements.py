"""Boxes along axes, and what rotation, scale and mirroring a matrix is made of."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.scene.placements import Bounds, Placement, rigid_frame
from tests.builders import IDENTITY

ANGLES = st.floats(-math.pi, math.pi)
SCALES = st.floats(0.01, 100).flatmap(lambda size: st.sampled_from((size, -size)))
COORDINATES = st.floats(-1000, 1000)


def rotation(x: float, y: float, z: float) -> np.ndarray:
    """Around x, then y, then z, as Blender's XYZ Euler angles."""
    (cx, cy, cz), (sx, sy, sz) = np.cos((x, y, z)), np.sin((x, y, z))
    around_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    around_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    around_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return around_z @ around_y @ around_x


def matrix(turn: np.ndarray, scale: tuple[float, ...], place: tuple[float, ...]) -> np.ndarray:
    made = np.eye(4)
    made[:3, :3], made[:3, 3] = turn * scale, place
    return made


@given(st.tuples(ANGLES, ANGLES, ANGLES), st.tuples(SCALES, SCALES, SCALES), st.tuples(*[COORDINATES] * 3))
def test_any_rotation_and_scale(angles, scale, place) -> None:
    whole = matrix(rotation(*angles), scale, place)
    points = np.random.default_rng(0).normal(size=(20, 3))

    frame = rigid_frame(whole)

    assert frame is not None
    assert np.linalg.det(frame.rotation) == pytest.approx(1)
    assert frame.rotation @ frame.rotation.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.sign(frame.scale).tolist() == [math.copysign(1, math.prod(scale))] * 3
    assert np.abs(frame.scale) == pytest.approx(np.abs(scale))
    in_world = points @ whole[:3, :3].T + whole[:3, 3]
    # What the frame says of a point of the object, and of the same point of the world, is the same up to mirroring.
    distances = np.linalg.norm(frame.from_world(in_world), axis=1)
    assert distances == pytest.approx(np.linalg.norm(points * scale, axis=1), rel=1e-6, abs=1e-6)


def test_a_mirrored_object_keeps_its_shape() -> None:
    """x -> -x alone: no rotation does that, so all three scales are negative and the rotation makes up for it."""
    frame = rigid_frame(matrix(np.eye(3), (-2, 1, 1), (0, 0, 0)))

    assert frame is not None
    assert frame.scale.tolist() == [-2, -1, -1]
    assert frame.rotation @ (frame.scale * (1, 2, 3)) == pytest.approx((-2, 2, 3))


@pytest.mark.parametrize("scale", [(0, 1, 1), (0, 0, 0), (math.nan, 1, 1)])
def test_flat_axes_have_no_frame(scale: tuple[float, ...]) -> None:
    assert rigid_frame(matrix(np.eye(3), scale, (0, 0, 0))) is None


def test_sheared_axes_have_no_frame() -> None:
    """A child that is turned below a parent that is stretched."""
    stretched = np.diag((1.0, 3.0, 1.0))
    sheared = np.eye(4)
    sheared[:3, :3] = stretched @ rotation(0, 0, 0.5)

    assert rigid_frame(sheared) is None


def test_corners_by_their_bits() -> None:
    corners = Bounds((0, 10, 100), (1, 20, 200)).corners()

    assert corners.tolist() == [
        [0, 10, 100], [1, 10, 100], [0, 20, 100], [1, 20, 100], [0, 10, 200], [1, 10, 200], [0, 20, 200], [1, 20, 200]
    ]  # fmt: skip


@given(st.lists(st.tuples(*[COORDINATES] * 3), min_size=2, max_size=9), st.integers(1, 8))
def test_a_box_of_all_is_that_of_the_parts(points: list[tuple[float, float, float]], cut: int) -> None:
    values = np.array(points)
    cut = min(cut, len(points) - 1)

    assert Bounds.around(values[:cut]).united(Bounds.around(values[cut:])) == Bounds.around(values)


def test_json() -> None:
    bounds = {"Wheel": Bounds((0, 0, 0), (1, 2, 3)), "Car": None, "": Bounds((1, 1, 1), (2, 2, 2))}
    place = Placement("Wheel", IDENTITY, bounds, 3)

    assert Placement.from_json(place.as_json()) == place
