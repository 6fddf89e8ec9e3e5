"""The camera: projection in the words of the conventions, and its JSON."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.scene.camera import Camera
from core.scene.panorama import Panorama
from tests.builders import plain_camera

K = ((100.0, 0.0, 32.0), (0.0, 120.0, 24.0), (0.0, 0.0, 1.0))
AT_ORIGIN = plain_camera(k=K)

NUMBERS = st.floats(-1e6, 1e6)


def test_axis_meets_the_principal_point() -> None:
    assert AT_ORIGIN.project(np.array([[0.0, 0.0, 5.0]])).tolist() == [[32.0, 24.0, 5.0]]


def test_x_is_right_and_y_is_down() -> None:
    right, down = AT_ORIGIN.project(np.array([[1.0, 0.0, 5.0], [0.0, 1.0, 5.0]]))

    assert right.tolist() == [32 + 100 / 5, 24, 5]
    assert down.tolist() == [32, 24 + 120 / 5, 5]


def test_depth_is_planar() -> None:
    """The same for all points of a plane before the camera, however far to the side."""
    points = np.array([[0.0, 0.0, 5.0], [4.0, -3.0, 5.0], [100.0, 7.0, 5.0]])

    assert AT_ORIGIN.project(points)[:, 2].tolist() == [5, 5, 5]


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(1, 50)), min_size=1, max_size=5))
def test_pose_point_by_point(points: list[tuple[float, float, float]]) -> None:
    """A camera turned by 30 degrees about its y axis and moved; each point by scalar arithmetic."""
    c, s = math.cos(math.radians(30)), math.sin(math.radians(30))
    pose = ((c, 0.0, s, 1.0), (0.0, 1.0, 0.0, -2.0), (-s, 0.0, c, 20.0), (0.0, 0.0, 0.0, 1.0))
    camera = plain_camera(k=K, world_to_camera=pose)

    projected = camera.project(np.array(points))

    assert projected.shape == (len(points), 3)
    for (x, y, z), found in zip(points, projected.tolist(), strict=True):
        depth = -s * x + c * z + 20
        assert found == pytest.approx([32 + 100 * (c * x + s * z + 1) / depth, 24 + 120 * (y - 2) / depth, depth])


def test_skewed_and_shifted_k() -> None:
    k = ((100.0, 3.0, 40.0), (0.0, 120.0, 10.0), (0.0, 0.0, 1.0))
    camera = plain_camera(k=k)

    assert camera.project(np.array([[1.0, 2.0, 4.0]])).tolist() == [[(100 + 6 + 160) / 4, (240 + 40) / 4, 4]]


def test_behind_the_camera_has_a_negative_depth() -> None:
    assert AT_ORIGIN.project(np.array([[1.0, 1.0, -3.0]]))[0, 2] == -3


def test_no_points() -> None:
    assert AT_ORIGIN.project(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("type", ["orthographic", "panoramic"])
def test_without_k_there_is_no_projection(type: str) -> None:
    camera = plain_camera(type, None)

    with pytest.raises(ValueError, match=f"{type} camera has no matrix K"):
        camera.project(np.zeros((1, 3)))


def matrices(size: int):
    """Of those that can be inverted: any scales on the diagonal, and anything above it."""
    scales, above = st.floats(0.5, 1000), st.floats(-1e12, 1e12)
    rows = [st.tuples(*[st.just(0.0)] * row, scales, *[above] * (size - row - 1)) for row in range(size)]
    return st.tuples(*rows)


@given(
    st.builds(
        Camera,
        name=st.text(),
        type=st.sampled_from(["perspective", "orthographic", "panoramic"]),
        k=st.none() | matrices(3),
        world_to_camera=matrices(4),
        clip_start=NUMBERS,
        clip_end=NUMBERS,
    )
)
def test_json_and_back(camera: Camera) -> None:
    assert Camera.from_json(json.loads(json.dumps(camera.as_json()))) == camera


@pytest.mark.parametrize(
    "change",
    [
        {"k": [[1, 0, 0], [0, 1, 0]]},
        {"k": [[1, 0], [0, 1], [0, 0]]},
        {"k": "none"},
        {"k": 5},
        {"world_to_camera": None},
        {"world_to_camera": [[1, 0, 0, 0]] * 3},
        {"world_to_camera": [[1, 0, 0, "x"]] * 4},
        {"clip_end": None},
        {"clip_start": "near"},
    ],
    ids=str,
)
def test_damaged_json(change) -> None:
    data = AT_ORIGIN.as_json() | change

    with pytest.raises((KeyError, TypeError, ValueError)):
        Camera.from_json(data)


@pytest.mark.parametrize("key", ["name", "type", "k", "world_to_camera", "clip_start", "clip_end"])
def test_incomplete_json(key: str) -> None:
    data = AT_ORIGIN.as_json()
    del data[key]

    with pytest.raises(KeyError):
        Camera.from_json(data)


@pytest.mark.parametrize(
    ("known", "distortion"),
    [
        ({"type": "perspective"}, "none"),
        ({"type": "orthographic"}, "none"),
        ({"type": "custom"}, "unknown"),
        ({"type": "panoramic"}, "unknown"),
        ({"type": "panoramic", "panorama": Panorama("mirrorball", 32.0, 24.0, 32.0, 24.0)}, "mirrorball"),
    ],
)
def test_what_bends_straight_lines(known, distortion: str) -> None:
    camera = plain_camera(**known)

    assert camera.as_json()["distortion"] == distortion
    assert Camera.from_json(json.loads(json.dumps(camera.as_json()))) == camera
