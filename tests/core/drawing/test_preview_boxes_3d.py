"""Preview pictures of 3D boxes: edges where the corners are, cut off at the camera, and axes that stand out."""

import numpy as np

from core.drawing.box_3d_lines import AXIS_COLOURS
from core.drawing.preview_boxes_3d import draw_boxes_3d
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
