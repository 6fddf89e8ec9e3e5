"""Poses and 3D boxes: by hand, by a rigid transform's own laws, and by OpenCV's solver."""

import dataclasses
import json
import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.annotate.annotate import annotate
from core.drawing.box_3d_lines import AXIS_COLOURS
from core.drawing.preview_boxes_3d import draw_boxes_3d
from core.records.record_store import read_record_file
from core.scene.placements import Bounds, Placement
from core.scene.poses import BOX_EDGES, Pose, find_poses
from core.scene.scene_record import SceneEntry
from tests.builders import K, as_matrix, moved_by, plain_camera, plain_instance, plain_job, plain_scene

CAMERA = plain_camera()
CUBE = Bounds((-1, -1, -1), (1, 1, 1))
ANGLES = st.floats(-math.pi, math.pi)


def cube(name: str, x: float, y: float, z: float, *, copies: int = 1, **parents: Bounds) -> Placement:
    in_world = Bounds((x - 1, y - 1, z - 1), (x + 1, y + 1, z + 1))
    return Placement(name, moved_by(x, y, z), {name: CUBE, **parents, "": in_world}, copies)


def poses(*instances, places, camera=CAMERA, unit_scale=1.0):
    return find_poses(instances, {place.name: place for place in places}, camera, unit_scale)


def only(found: tuple[list[Pose | None], list[str]]) -> Pose:
    (pose,), notes = found
    assert notes == []
    assert pose is not None
    return pose


def test_a_cube_in_front_of_the_camera() -> None:
    pose = only(poses(("Cube", ["Cube"]), places=[cube("Cube", 0, 0, 5)]))

    assert pose.frame == "Cube"
    assert np.array(pose.rotation) == pytest.approx(np.eye(3))
    assert (pose.translation, pose.dimensions, pose.distance) == ((0, 0, 5), (2, 2, 2), 5)
    # The near face, 4 away: 100 / 4 pixels to each side of the principal point; the far one, 6 away.
    assert pose.corners[0] == (32 - 25, 24 - 25)
    assert pose.corners[3] == (32 + 25, 24 + 25)
    assert pose.corners[4] == pytest.approx((32 - 100 / 6, 24 - 100 / 6))


def test_metres() -> None:
    """A scene in centimetres: lengths shrink, pixels stay."""
    one = only(poses(("Cube", ["Cube"]), places=[cube("Cube", 1, 2, 5)]))
    hundredth = only(poses(("Cube", ["Cube"]), places=[cube("Cube", 1, 2, 5)], unit_scale=0.01))

    assert hundredth.translation == pytest.approx((0.01, 0.02, 0.05))
    assert hundredth.dimensions == pytest.approx((0.02, 0.02, 0.02))
    assert hundredth.distance == pytest.approx(math.sqrt(30) / 100)
    assert hundredth.corners == one.corners


def test_corners_behind_the_camera_are_none() -> None:
    pose = only(poses(("Cube", ["Cube"]), places=[cube("Cube", 0, 0, 0.5)]))

    assert [corner is None for corner in pose.corners] == [True] * 4 + [False] * 4


def test_without_k_the_pose_holds_and_the_corners_do_not() -> None:
    pose = only(poses(("Cube", ["Cube"]), places=[cube("Cube", 0, 0, 5)], camera=plain_camera("panoramic")))

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
        cube("Body", 0, 0, 10, Car=CUBE),
        cube("Wheel", 3, 0, 10, Car=Bounds((2, -1, -1), (4, 1, 1))),
    ]
    pose = only(poses(("Car", ["Body", "Wheel"]), places=places))

    assert (pose.frame, pose.translation, pose.low, pose.high) == ("Car", (0, 0, 10), (-1, -1, -1), (4, 1, 1))
    assert pose.distance == pytest.approx(math.hypot(1.5, 10))


def test_a_part_of_a_family_by_itself_has_its_own_axes() -> None:
    places = [Placement("Car", moved_by(0, 0, 10)), cube("Wheel", 3, 0, 10, Car=CUBE)]
    pose = only(poses(("Wheel", ["Wheel"]), places=places))

    assert (pose.frame, pose.translation) == ("Wheel", (3, 0, 10))


def test_a_group_without_a_parent_has_the_axes_of_the_world() -> None:
    places = [cube("A", -1, 0, 10), cube("B", 3, 0, 10)]
    pose = only(poses(("Pile", ["A", "B"]), places=places))

    assert (pose.frame, pose.translation, pose.dimensions) == ("", (1, 0, 10), (6, 2, 2))


def test_reasons_why_there_is_no_pose() -> None:
    sheared = ((1.0, 0.5, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 5.0), (0.0, 0.0, 0.0, 1.0))
    places = [
        Placement("Sheared", sheared, {"Sheared": None, "": CUBE}),
        cube("Stone", 0, 0, 5, copies=3),
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
    _, notes = poses(*((f"Thing {n}", [f"Thing {n}"]) for n in range(9)), places=[cube("Cube", 0, 0, 5)])

    assert len(notes) == 1
    assert notes[0].startswith("No pose of 'Thing 0', 'Thing 1', 'Thing 2' and 6 more: ")


def test_json() -> None:
    pose = only(poses(("Cube", ["Cube"]), places=[cube("Cube", 0.3, 0.2, 0.9)]))

    assert Pose.from_json(json.loads(json.dumps(pose.as_json()))) == pose


def test_edges_join_corners_that_differ_in_one_axis() -> None:
    corners = CUBE.corners()

    assert len(BOX_EDGES) == 12
    assert {float(np.abs(corners[a] - corners[b]).sum()) for a, b in BOX_EDGES} == {2.0}


def test_picture() -> None:
    """The front face is drawn where its corners are; what reaches behind the camera is cut off."""
    near, far = (only(poses(("Cube", ["Cube"]), places=[cube("Cube", 0, 0, z)])) for z in (0.5, 5))
    black = np.zeros((48, 64, 3), np.uint8)

    drawn = draw_boxes_3d(black, [plain_instance(category="cube", pose=far)], ["cube"], CAMERA, 1.0)
    assert drawn[24 - 17, 20:44].any(axis=-1).all(), "the upper edge of the far face"
    assert not drawn[:, :6].any()

    drawn = draw_boxes_3d(black, [plain_instance(category="cube", pose=near)], ["cube"], CAMERA, 1.0)
    assert drawn.any()


def test_axes_stand_out_where_a_category_has_their_colour() -> None:
    """A category may be as blue as the z axis; the axis is the wider line of the two."""
    pose = only(poses(("Cube", ["Cube"]), places=[cube("Cube", 0, 0, 9)]))
    black = np.zeros((48, 64, 3), np.uint8)
    white = {"cube": (255, 255, 255)}
    drawn = draw_boxes_3d(black, [plain_instance(category="cube", pose=pose)], ["cube"], CAMERA, 1.0, white)

    columns = drawn[:, 32 + 3 : 32 + 9]  # across the x axis, and the upper and lower edges of the front and back face
    assert ((columns == AXIS_COLOURS[0]).all(axis=-1).sum(axis=0) == 2).all()
    assert ((columns == 255).all(axis=-1).sum(axis=0) == 4).all()


def test_annotating_with_poses(tmp_path, write_exr) -> None:
    """From a scene record with placements to the frame record; without placements a note says what is missing."""
    labels = np.zeros((48, 64), np.float32)
    labels[10:40, 10:50] = 1
    file = write_exr(tmp_path / "0001.exr", {"ViewLayer.IndexOB.X": labels})
    scene = plain_scene(SceneEntry("Cube", 1, "cube"), unit_scale=0.5, camera=CAMERA)

    for placements in ((), (cube("Cube", 0, 0, 5),)):
        path = tmp_path / f"scene{len(placements)}.json"
        dataclasses.replace(scene, placements=placements).write(path)
        record = annotate(plain_job(file, tmp_path / "dataset", path, poses=True, pictures=True))
        (instance,) = record.instances
        if placements:
            assert instance.pose is not None and instance.pose.translation == (0, 0, 2.5)
            assert "pictures/boxes3d/0001.png" in record.pictures
            assert read_record_file(tmp_path / "dataset/records/0001.json") == record
        else:
            assert instance.pose is None
            assert any("There are no poses" in note for note in record.notes)
