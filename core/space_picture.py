"""The picture to check poses by: the 3D box and the axes of each instance over its frame."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from .camera import Matrix
from .images import Bytes
from .instances import Instance
from .palette import Colour, category_colours
from .poses import BOX_EDGES, Pose

Floats = npt.NDArray[np.float64]

# x, y and z, as in Blender.
_AXIS_COLOURS = ((255, 51, 82), (139, 220, 0), (40, 144, 255))
# Of the box's shortest edge from the origin, so that axes of flat things are seen too.
_SHORTEST_AXIS = 0.5


def draw_boxes_3d(
    image: Bytes,
    instances: Sequence[Instance],
    categories: Sequence[str],
    k: Matrix,
    near: float,
    own: Mapping[str, Colour] | None = None,
) -> Bytes:
    """Draw the 3D box of each instance that has a pose, and the axes of the instance from its origin.

    Args:
        image: (H, W, 3) uint8.
        instances: those to draw.
        categories: names of all categories; the place of a name decides its colour.
        k: 3x3, of a perspective camera.
        near: metres; what is nearer is cut off.
        own: colours that the user chose, by the name of the category.

    Returns:
        (H, W, 3) uint8, a new image.
    """
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    line = max(1, round(picture.height / 300))
    colours = category_colours(categories, own)
    # Far ones first, so that what is near is drawn over it.
    for instance in sorted(instances, key=lambda one: -one.pose.distance if one.pose else 0.0):
        if instance.pose is None:
            continue
        corners = instance.pose.corners_in_camera()
        for start, end in BOX_EDGES:
            _draw_line(draw, corners[[start, end]], k, near, colours[instance.category], line)
        for end, colour in zip(_axes(instance.pose), _AXIS_COLOURS, strict=True):
            _draw_line(draw, np.stack((np.array(instance.pose.translation), end)), k, near, colour, line)
    return np.asarray(picture)


def _axes(pose: Pose) -> Floats:
    """(3, 3): the ends of the axes, from the origin to where they leave the box."""
    reach = np.maximum(np.array(pose.high), _SHORTEST_AXIS * min(pose.dimensions))
    ends: Floats = np.array(pose.translation) + (np.array(pose.rotation) * reach).T
    return ends


def _draw_line(
    draw: ImageDraw.ImageDraw, ends: Floats, k: Matrix, near: float, colour: tuple[int, int, int], width: int
) -> None:
    """A line between two points in the camera's axes, as far as it is in front of the camera."""
    ends = ends[np.argsort(ends[:, 2])]
    if ends[1, 2] <= near:
        return
    if ends[0, 2] < near:
        part = (near - ends[0, 2]) / (ends[1, 2] - ends[0, 2])
        ends[0] += part * (ends[1] - ends[0])
    pixels = ends @ np.array(k).T
    # Pillow counts pixels: what lies anywhere in the first is 0.
    draw.line(np.floor(pixels[:, :2] / pixels[:, 2:]).ravel().tolist(), fill=colour, width=width)
