"""Preview pictures of 3D boxes: edges where the corners are, cut off at the camera, and axes that stand out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.drawing.box_3d_lines import AXIS_COLOURS, PoseLines, within
from core.drawing.previews.boxes_3d import draw_boxes_3d
from tests.builders import plain_camera, plain_instance, plain_pose

CAMERA = plain_camera()


def test_picture() -> None:
    """The front face is drawn where its corners are; what reaches behind the camera is cut off."""
    near, far = plain_pose(0.5), plain_pose(5)
    black = np.zeros((48, 64, 3), np.uint8)

    drawn = draw_boxes_3d(black, [plain_instance(category="cube", pose=far)], ["cube"], CAMERA, 1.0)
    assert drawn[24 - 17, 20:44].any(axis=-1).all(), "the upper edge of the far face"
    assert not drawn[:, :6].any()

    drawn = draw_boxes_3d(black, [plain_instance(category="cube", pose=near)], ["cube"], CAMERA, 1.0)
    assert drawn.any()


def test_axes_stand_out_where_a_category_has_their_colour() -> None:
    """A category may be as blue as the z axis; the axis is the wider line of the two."""
    black = np.zeros((48, 64, 3), np.uint8)
    white = {"cube": (255, 255, 255)}
    drawn = draw_boxes_3d(black, [plain_instance(category="cube", pose=plain_pose(9))], ["cube"], CAMERA, 1.0, white)

    columns = drawn[:, 32 + 3 : 32 + 9]  # across the x axis, and the upper and lower edges of the front and back face
    assert ((columns == AXIS_COLOURS[0]).all(axis=-1).sum(axis=0) == 2).all()
    assert ((columns == 255).all(axis=-1).sum(axis=0) == 4).all()


@given(st.integers(1, 64), st.integers(1, 64), st.lists(st.tuples(*[st.floats(-1e12, 1e12)] * 4), max_size=8))
def test_lines_are_cut_far_beyond_the_image(width: int, height: int, ends: list[tuple[float, ...]]) -> None:
    """What is left lies on the line and near the image; what is near is left whole."""
    number = len(ends)
    whole = PoseLines(np.array(ends, np.float64).reshape(-1, 2, 2), np.arange(number), np.zeros(number, np.int64))
    size = np.array((width, height))

    found = within(whole, width, height)

    assert (np.abs(found.ends) <= 5 * size * (1 + 1e-3) + 1).all()
    near = (np.abs(whole.ends - size / 2) < 4 * size).all(axis=(1, 2))
    assert set(np.flatnonzero(near & (whole.ends[:, 0] != whole.ends[:, 1]).any(axis=1))) <= set(found.pose)
    for pose, cut in zip(found.pose.tolist(), found.ends, strict=True):
        if near[pose]:
            assert np.array_equal(cut, whole.ends[pose])
