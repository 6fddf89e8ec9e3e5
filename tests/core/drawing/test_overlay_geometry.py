"""3D boxes and keypoints as the overlay draws them, against closed-form geometry."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.base.box import Box
from core.categories.palette import category_colours
from core.drawing.box_3d_lines import AXIS_COLOURS, pose_lines
from core.drawing.overlay import make_overlay
from core.drawing.overlay_geometry import Shapes, amodal_outlines, boxes_3d, keypoint_marks
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal, Instance
from core.scene.camera import Camera
from core.scene.keypoints import ABSENT, Keypoint, Visibility
from core.settings.category_table import Category
from tests.builders import pinhole, plain_camera, plain_instance, plain_mask, plain_pose, plain_record

CAMERA = plain_camera(clip_start=0.5)
PARALLEL = plain_camera("orthographic", pinhole(10.0, 32.0, 24.0), clip_start=0.5)
COLOURS = category_colours(["a", "b"])


def record_of(*instances: Instance, camera: Camera | None = CAMERA, unit_scale: float = 1.0) -> FrameRecord:
    categories = Category("a", keypoints=("p", "q", "r"), skeleton=((1, 2), (2, 3))), Category("b")
    return plain_record(unit_scale=unit_scale, camera=camera, categories=categories, instances=instances)


def instance(name: str, category: str = "a", **fields: Any) -> Instance:
    return plain_instance(name, category, mask=plain_mask(rle="01o_1"), **fields)


def lines_of(shapes: Shapes) -> np.ndarray:
    """(N, 2, 2) the ends of lines, of their quads; every one is as wide as a line, across it."""
    corners, sides = shapes.corners.reshape(-1, 4, 2), shapes.sides.reshape(-1, 4, 2)
    assert (corners[:, 0] == corners[:, 3]).all() and (corners[:, 1] == corners[:, 2]).all()
    along = corners[:, 1] - corners[:, 0]
    width = sides[:, 3] - sides[:, 0]
    seen = np.linalg.norm(along, axis=1) > 0  # from one of its ends a line is nothing
    along, width = along[seen], width[seen]
    assert np.linalg.norm(width, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs((along * width).sum(axis=1)).max() < 1e-3
    assert sides.sum(axis=1) == pytest.approx(0, abs=1e-5)
    return corners[:, :2]


def as_set(lines: np.ndarray) -> set[frozenset[tuple[float, float]]]:
    return {frozenset(map(tuple, line.astype(float).round(3).tolist())) for line in lines}


def test_the_edges_and_axes_of_a_cube() -> None:
    shapes = boxes_3d(record_of(instance("Cube", "b", pose=plain_pose(5))), COLOURS)
    assert shapes is not None
    lines = lines_of(shapes)
    assert len(lines) == 15 and shapes.triangles.shape == (30, 3)
    # The near face is 4 away, the far one 6: 100 / 4 and 100 / 6 pixels to each side.
    square = [(-1, -1), (1, -1), (-1, 1), (1, 1)]
    near, far = ([(round(32 + x * side, 3), round(24 + y * side, 3)) for x, y in square] for side in (25, 100 / 6))
    around = {frozenset((face[a], face[b])) for face in (near, far) for a, b in ((0, 1), (1, 3), (3, 2), (2, 0))}
    assert as_set(lines[:12]) == around | {frozenset(pair) for pair in zip(near, far, strict=True)}
    colours = shapes.colours.reshape(-1, 4, 3)[:, 0].tolist()
    assert colours == [list(COLOURS["b"])] * 12 + [list(colour) for colour in AXIS_COLOURS]
    # From the origin to where the axes leave the box: 5 and 4 away.
    assert lines[12].tolist() == [[32, 24], [52, 24]] and lines[13].tolist() == [[32, 24], [32, 44]]


def test_metres_and_parallel_rays() -> None:
    in_metres = replace(plain_pose(0.5, half=0.1), distance=0.5)
    shapes = boxes_3d(record_of(instance("Cube", pose=in_metres), unit_scale=0.1), COLOURS)
    same = boxes_3d(record_of(instance("Cube", pose=plain_pose(5))), COLOURS)
    assert shapes is not None and same is not None
    assert lines_of(shapes) == pytest.approx(lines_of(same), abs=1e-3)
    flat = boxes_3d(record_of(instance("Cube", pose=plain_pose(5)), camera=PARALLEL), COLOURS)
    assert flat is not None
    corners = flat.corners.reshape(-1, 4, 2)[:12]
    assert set(map(tuple, corners.reshape(-1, 2).tolist())) == {(x, y) for x in (22, 42) for y in (14, 34)}


def test_what_the_near_plane_cuts() -> None:
    """A cube around the camera: the near face is gone, four edges end at the plane, half a unit away."""
    shapes = boxes_3d(record_of(instance("Cube", pose=plain_pose(0.0))), COLOURS)
    assert shapes is not None
    lines = lines_of(shapes)
    assert len(lines) == 4 + 4 + 1  # the z axis too
    assert np.abs(lines - (32, 24)).max() == pytest.approx(100 / 0.5)
    assert boxes_3d(record_of(instance("Cube", pose=plain_pose(-5.0))), COLOURS).triangles.size == 0


@given(st.lists(st.floats(2, 50), min_size=1, max_size=6))
def test_the_farthest_comes_first(distances: list[float]) -> None:
    lines = pose_lines([plain_pose(z) for z in distances], CAMERA, 1.0)
    drawn = [distances[number] for number in lines.pose[::15].tolist()]
    assert drawn == sorted(distances, reverse=True) and len(lines.pose) == 15 * len(distances)


def test_keypoints_and_their_skeleton() -> None:
    points = Keypoint(10, 10, Visibility.VISIBLE, 1), Keypoint(20, 10, Visibility.OCCLUDED, 1), ABSENT
    shapes = keypoint_marks(record_of(instance("One", keypoints=points), instance("Two", "b")), COLOURS)
    assert shapes is not None
    corners, sides = shapes.corners.reshape(-1, 4, 2), shapes.sides.reshape(-1, 4, 2)
    colours = shapes.colours.reshape(-1, 4, 3)[:, 0].tolist()
    # The bone between those that are there, then white squares, then what they say of the points.
    assert lines_of(replace(shapes, corners=corners[0], sides=sides[0])).tolist() == [[[10, 10], [20, 10]]]
    assert [quad[0].tolist() for quad in corners[1:]] == [[10, 10], [20, 10], [10, 10], [20, 10]]
    assert colours == [list(COLOURS["a"]), [255] * 3, [255] * 3, list(COLOURS["a"]), [0] * 3]
    assert np.abs(sides[1:3]).min() > np.abs(sides[3:]).max()
    assert shapes.triangles.max() == len(shapes.corners) - 1


@given(st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(lambda shape: arrays(bool, (2, *shape))))
def test_outlines_of_masks(wholes: np.ndarray) -> None:
    """Every edge between a pixel inside and one outside, once, as pixels say it."""
    _, height, width = wholes.shape
    masks = [find_masks(whole.astype(np.uint32)) for whole in wholes]
    marked = [
        instance(f"{number}", "ab"[number], amodal=Amodal(mask.rle, mask.box, mask.area, mask.area, 1))
        for number, found in enumerate(masks)
        for mask in found
    ]
    shapes = amodal_outlines(replace(record_of(*marked), width=width, height=height), COLOURS)
    if shapes is None:
        assert not wholes.any()
        return
    lines, colours = lines_of(shapes), shapes.colours[::4]
    for number, whole in enumerate(wholes):
        found = []
        for (x0, y0), (x1, y1) in lines[(colours == COLOURS["ab"[number]]).all(axis=1)].astype(int).tolist():
            # In edges of one pixel.
            found += [("flat", y0, x) for x in range(x0, x1)] + [("upright", y, x0) for y in range(y0, y1)]
        around = np.pad(whole, 1)
        flat = np.argwhere(around[1:, 1:-1] != around[:-1, 1:-1]).tolist()
        upright = np.argwhere(around[1:-1, 1:] != around[1:-1, :-1]).tolist()
        assert sorted(found) == sorted([("flat", *one) for one in flat] + [("upright", *one) for one in upright])


def test_what_a_record_lacks_is_said() -> None:
    overlay = make_overlay(record_of())
    assert overlay.boxes_3d is None and overlay.keypoints is None
    assert overlay.without_boxes_3d.endswith("turn on Poses and 3D Boxes and export it again")
    assert overlay.without_keypoints == "No instance of this frame has keypoints"
    assert overlay.amodal is None and overlay.without_amodal.endswith("turn on Amodal Masks and export it again")
    plain = replace(record_of(), categories=(Category("b"),))
    assert make_overlay(plain).without_keypoints == "No category of this frame lists keypoints"
    panoramic = replace(CAMERA, type="panoramic", k=None)
    one = instance("One", pose=plain_pose(5), keypoints=(ABSENT,) * 3)
    around = replace(record_of(one, camera=panoramic), width=1, height=2)
    around = replace(around, instances=(replace(one, mask=plain_mask(Box(0, 0, 1, 2), rle="02")),))
    assert make_overlay(around).without_boxes_3d == "3D boxes cannot be drawn for a panoramic camera"
    assert make_overlay(around).without_keypoints == ""


def test_thousands_of_boxes_and_keypoints() -> None:
    """They come as one batch each."""
    rng = np.random.default_rng(1)
    many = [
        instance(
            f"{number}",
            pose=plain_pose(float(rng.uniform(2, 50)), float(rng.uniform(-5, 5))),
            keypoints=(Keypoint(1, 2, Visibility.VISIBLE, 1), Keypoint(3, 4, Visibility.VISIBLE, 1), ABSENT),
        )
        for number in range(5000)
    ]
    record = record_of(*many)
    boxes, points = boxes_3d(record, COLOURS), keypoint_marks(record, COLOURS)
    assert boxes is not None and points is not None
    assert len(boxes.triangles) == 5000 * 15 * 2 and len(points.triangles) == 5000 * (1 + 4) * 2
