"""Poses and 3D boxes: by hand, by a rigid transform's own laws, and by OpenCV's solver."""

import json
import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.scene.placements import Bounds, Placement
from core.scene.poses import BOX_EDGES, Pose, find_poses
from tests.builders import CUBE, K, as_matrix, moved_by, placed_cube, plain_camera

CAMERA = plain_camera()
ANGLES = st.floats(-math.pi, math.pi)


def poses(*instances, places, camera=CAMERA, unit_scale=1.0):
    return find_poses(instances, {place.name: place for place in places}, camera, unit_scale)


def only(found: tuple[list[Pose | None], list[str]]) -> Pose:
    (pose,), notes = found
    assert notes == []
    assert pose is not None
    return pose


def test_a_cube_in_front_of_the_camera() -> None:
    pose = only(poses(("Cube", ["Cube"]), places=[placed_cube("Cube", 0, 0, 5)]))

    assert pose.frame == "Cube"
    assert np.array(pose.rotation) == pytest.approx(np.eye(3))
    assert (pose.translation, pose.dimensions, pose.distance) == ((0, 0, 5), (2, 2, 2), 5)
    # The near face, 4 away: 100 / 4 pixels to each side of the principal point; the far one, 6 away.
    assert pose.corners[0] == (32 - 25, 24 - 25)
    assert pose.corners[3] == (32 + 25, 24 + 25)
    assert pose.corners[4] == pytest.approx((32 - 100 / 6, 24 - 100 / 6))


def test_metres() -> None:
    """A scene in centimetres: lengths shrink, pixels stay."""
    one = only(poses(("Cube", ["Cube"]), places=[placed_cube("Cube", 1, 2, 5)]))
    hundredth = only(poses(("Cube", ["Cube"]), places=[placed_cube("Cube", 1, 2, 5)], unit_scale=0.01))

    assert hundredth.translation == pytest.approx((0.01, 0.02, 0.05))
    assert hundredth.dimensions == pytest.approx((0.02, 0.02, 0.02))
    assert hundredth.distance == pytest.approx(math.sqrt(30) / 100)
    assert hundredth.corners == one.corners


def test_corners_behind_the_camera_are_none() -> None:
    pose = only(poses(("Cube", ["Cube"]), places=[placed_cube("Cube", 0, 0, 0.5)]))

    assert [corner is None for corner in pose.corners] == [True] * 4 + [False] * 4


def test_without_k_the_pose_holds_and_the_corners_do_not() -> None:
    pose = only(poses(("Cube", ["Cube"]), places=[placed_cube("Cube", 0, 0, 5)], camera=plain_camera("panoramic")))

    assert pose.translation == (0, 0, 5)
    assert pose.corners == (None,) * 8


@given(st.tuples(ANGLES, ANGLES, ANGLES), st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(8, 30)))
def test_opencv_finds_the_pose_from_the_corners(angles, place) -> None:
    """solvePnP, from the box's corners along its own axes and their pixels (integers at pixel centres there)."""
    turn, _ = cv2.Rodrigues(np.array(angles))
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, place
    box = Bounds((-1, -0.5, -2), (1.5, 1, 2))
    placement = Placement("Box", as_matrix(matrix), {"Box": box, "": CUBE})

    pose = only(poses(("Box", ["Box"]), places=[placement]))

    k = np.array(K)
    k[:2, 2] -= 0.5
    pixels = np.array(pose.corners) - 0.5
    found, rotation, translation = cv2.solvePnP(box.corners(), pixels, k, None, flags=cv2.SOLVEPNP_SQPNP)
    assert found
    assert cv2.Rodrigues(rotation)[0] == pytest.approx(np.array(pose.rotation), abs=1e-4)
    assert translation[:, 0] == pytest.approx(pose.translation, abs=1e-3)


def test_a_group_has_the_axes_of_its_parent() -> None:
    """An empty with two cubes, of which only one may be seen."""
    places = [
        Placement("Car", moved_by(0, 0, 10)),
        placed_cube("Body", 0, 0, 10, Car=CUBE),
        placed_cube("Wheel", 3, 0, 10, Car=Bounds((2, -1, -1), (4, 1, 1))),
    ]
    pose = only(poses(("Car", ["Body", "Wheel"]), places=places))

    assert (pose.frame, pose.translation, pose.low, pose.high) == ("Car", (0, 0, 10), (-1, -1, -1), (4, 1, 1))
    assert pose.distance == pytest.approx(math.hypot(1.5, 10))


def test_a_part_of_a_family_by_itself_has_its_own_axes() -> None:
    places = [Placement("Car", moved_by(0, 0, 10)), placed_cube("Wheel", 3, 0, 10, Car=CUBE)]
    pose = only(poses(("Wheel", ["Wheel"]), places=places))

    assert (pose.frame, pose.translation) == ("Wheel", (3, 0, 10))


def test_a_group_without_a_parent_has_the_axes_of_the_world() -> None:
    places = [placed_cube("A", -1, 0, 10), placed_cube("B", 3, 0, 10)]
    pose = only(poses(("Pile", ["A", "B"]), places=places))

    assert (pose.frame, pose.translation, pose.dimensions) == ("", (1, 0, 10), (6, 2, 2))


def test_reasons_why_there_is_no_pose() -> None:
    sheared = ((1.0, 0.5, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 5.0), (0.0, 0.0, 0.0, 1.0))
    places = [
        Placement("Sheared", sheared, {"Sheared": None, "": CUBE}),
        placed_cube("Stone", 0, 0, 5, copies=3),
        Placement("Empty", moved_by(0, 0, 5)),
    ]
    names = ["Sheared", "Stone", "Empty", "Gone"]
    found, notes = poses(*((name, [name]) for name in names), places=places)

    assert found == [None] * 4
    assert [note.partition(": ")[0] for note in notes] == [
        "No pose of 'Sheared'", "No pose of 'Stone'", "No pose of 'Empty', 'Gone'"
    ]  # fmt: skip
    assert "right angles" in notes[0] and "copies" in notes[1] and "no shape" in notes[2]


def test_many_reasons_are_one_sentence() -> None:
    _, notes = poses(*((f"Thing {n}", [f"Thing {n}"]) for n in range(9)), places=[placed_cube("Cube", 0, 0, 5)])

    assert len(notes) == 1
    assert notes[0].startswith("No pose of 'Thing 0', 'Thing 1', 'Thing 2' and 6 more: ")


def test_json() -> None:
    pose = only(poses(("Cube", ["Cube"]), places=[placed_cube("Cube", 0.3, 0.2, 0.9)]))

    assert Pose.from_json(json.loads(json.dumps(pose.as_json()))) == pose


def test_edges_join_corners_that_differ_in_one_axis() -> None:
    corners = CUBE.corners()

    assert len(BOX_EDGES) == 12
    assert {float(np.abs(corners[a] - corners[b]).sum()) for a, b in BOX_EDGES} == {2.0}
