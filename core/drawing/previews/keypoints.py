"""Keypoints over their frame: what is seen filled, what is occluded as a ring, and the lines of the skeleton."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from ...categories.palette import Colour
from ...records.instance import Instance
from ...scene.keypoints import Visibility
from ...settings.category_table import Category
from ..image_files import Bytes


def draw_keypoints(
    image: Bytes,
    instances: Sequence[Instance],
    categories: Sequence[Category],
    colours: Mapping[str, Colour],
    scale: float = 1.0,
) -> Bytes:
    """Draw the keypoints of each instance that has some.

    Args:
        image: (H, W, 3) uint8.
        instances: those to draw.
        categories: all of the frame, which have the skeletons.
        colours: by the names of categories.
        scale: pixels of the image to a pixel of the frame.

    Returns:
        (H, W, 3) uint8, a new image.
    """
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    line = max(1, round(picture.height / 300))
    radius = 2 * line + 1
    skeletons = {category.name: category.skeleton for category in categories}
    for instance in instances:
        points, colour = instance.keypoints or (), colours[instance.category]
        places = [(point.x * scale - 0.5, point.y * scale - 0.5) for point in points]
        for first, second in skeletons[instance.category]:
            if all(points[end - 1].visibility is not Visibility.ABSENT for end in (first, second)):
                draw.line((*places[first - 1], *places[second - 1]), fill=colour, width=line)
        for point, (x, y) in zip(points, places, strict=True):
            if point.visibility is Visibility.ABSENT:
                continue
            box = (x - radius, y - radius, x + radius, y + radius)
            if point.visibility is Visibility.VISIBLE:
                draw.ellipse(box, fill=colour, outline="white", width=line)
            else:
                draw.ellipse(box, outline=colour, width=line + 1)
    return np.asarray(picture)
