"""The picture to check poses by: the 3D box and the axes of each instance over its frame."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from ...categories.palette import Colour, category_colours
from ...records.instance import Instance
from ...scene.camera import Camera
from ..box_3d_lines import AXIS_COLOURS, pose_lines, within
from ..image_files import Bytes


def draw_boxes_3d(
    image: Bytes,
    instances: Sequence[Instance],
    categories: Sequence[str],
    camera: Camera,
    unit_scale: float,
    own: Mapping[str, Colour] | None = None,
) -> Bytes:
    """Draw the 3D box of each instance that has a pose, and the axes of the instance from its origin.

    Args:
        image: (H, W, 3) uint8.
        instances: those to draw.
        categories: names of all categories; the place of a name decides its colour.
        camera: a perspective or orthographic one.
        unit_scale: metres in a scene unit.
        own: colours that the user chose, by the name of the category.

    Returns:
        (H, W, 3) uint8, a new image.
    """
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    width = max(1, round(picture.height / 300))
    # Wider than edges: the colour of a category may be that of an axis.
    axis_width = -(-3 * width // 2)
    colours = category_colours(categories, own)
    placed = [(one, one.pose) for one in instances if one.pose is not None]
    lines = within(pose_lines([pose for _, pose in placed], camera, unit_scale), *picture.size)
    # Pillow counts pixels: what lies anywhere in the first is 0.
    ends = np.floor(lines.ends).reshape(-1, 4).tolist()
    for line, pose, axis in zip(ends, lines.pose.tolist(), lines.axis.tolist(), strict=True):
        colour = colours[placed[pose][0].category] if axis < 0 else AXIS_COLOURS[axis]
        draw.line(line, fill=colour, width=width if axis < 0 else axis_width)
    return np.asarray(picture)
