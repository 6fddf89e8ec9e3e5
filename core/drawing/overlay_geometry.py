"""3D boxes, keypoints and outlines of a frame as an overlay draws them: lines of any width, and squares.

All of them are corners in the image and sides in widths of a line, as overlay.py has them for boxes, so one shader and
one batch draw thousands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.ragged import flat_ranges
from ..categories.palette import Colour
from ..masks.rle import mask_runs
from ..records.frame_record import FrameRecord
from ..records.instance import Instance
from ..scene.keypoints import Visibility
from .box_3d_lines import AXIS_COLOURS, pose_lines

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]
Colours = npt.NDArray[np.uint8]

_QUAD = np.array([(0, 1, 2), (0, 2, 3)])
_SQUARE = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=np.float32)
_TO_THE_RIGHT = np.array((1, 0))
# In widths of a line.
_OUTER, _INNER = 2.5, 1.5
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class Shapes:
    """What one batch draws, in this order.

    Attributes:
        corners: (N, 2) float32, x and y in pixels of the image.
        sides: (N, 2) float32, where the vertex lies from there, in widths of a line, x right and y down.
        colours: (N, 3) uint8, sRGB.
        triangles: (T, 3) int32, numbers of vertices.
    """

    corners: Floats
    sides: Floats
    colours: Colours
    triangles: Integers


def boxes_3d(record: FrameRecord, colours: Mapping[str, Colour]) -> Shapes | None:
    """The edges of all 3D boxes in the colours of their categories, and the axes; None where there are none."""
    placed = [(one, one.pose) for one in record.instances if one.pose is not None]
    if not placed or record.camera is None or not record.camera.is_projective:
        return None
    lines = pose_lines([pose for _, pose in placed], record.camera, record.unit_scale or 1.0)
    of_pose = np.array([colours[one.category] for one, _ in placed], np.uint8)
    own = np.where((lines.axis < 0)[:, None], of_pose[lines.pose], np.array(AXIS_COLOURS, np.uint8)[lines.axis])
    return _lines(lines.ends, own)


def keypoint_marks(record: FrameRecord, colours: Mapping[str, Colour]) -> Shapes | None:
    """The skeletons and keypoints of all instances: what is seen filled in the colour of its category, what is occluded
    black; None where there are none."""
    skeletons = {category.name: category.skeleton for category in record.categories}
    marked = [one for one in record.instances if one.keypoints is not None]
    if not marked:
        return None
    bones = [
        (one, first, second)
        for one in marked
        for first, second in skeletons.get(one.category, ())
        if _is_there(one, first - 1) and _is_there(one, second - 1)
    ]
    ends = (
        np.array([[_place(one, number - 1) for number in pair] for one, *pair in bones]).reshape(-1, 2, 2).astype(float)
    )
    points = [
        (one, point) for one in marked for point in one.keypoints or () if point.visibility is not Visibility.ABSENT
    ]
    places = np.array([(point.x, point.y) for _, point in points]).reshape(-1, 2)
    seen = [colours[one.category] if point.visibility is Visibility.VISIBLE else _BLACK for one, point in points]
    return _together(
        _lines(ends, _as_colours([colours[one.category] for one, *_ in bones])),
        _squares(places, _OUTER, _as_colours([_WHITE] * len(points))),
        _squares(places, _INNER, _as_colours(seen)),
    )


def amodal_outlines(record: FrameRecord, colours: Mapping[str, Colour]) -> Shapes | None:
    """The outlines of all of each instance, along the edges of pixels; None where there are none.

    Raises:
        ValueError: a mask is damaged.
    """
    whole = [(one, one.amodal) for one in record.instances if one.amodal is not None]
    if not whole:
        return None
    mask, start, end = mask_runs([amodal.rle for _, amodal in whole], record.height, record.width)
    # A run may go on at the top of the next column: there it is cut.
    height = record.height
    first, last = start // height, (end - 1) // height
    pieces = last - first + 1
    run = np.repeat(np.arange(mask.size), pieces)
    column = flat_ranges(first, pieces)
    top = np.maximum(start[run] - column * height, 0)
    bottom = np.minimum(end[run] - column * height, height)
    mask = mask[run]
    # Above and below each run; and between two columns where just one of them is inside: every other stretch between
    # the ends of their runs.
    across = np.stack((np.tile(column, 2), np.concatenate((top, bottom))), axis=1)
    sides = np.concatenate((np.stack((column, top), 1), np.stack((column, bottom), 1)))
    edges = np.concatenate((sides, sides + _TO_THE_RIGHT))
    of_edge = np.tile(mask, 4)
    order = np.lexsort((edges[:, 1], edges[:, 0], of_edge))
    upright, of_upright = edges[order].reshape(-1, 2, 2), of_edge[order][::2]
    seen = upright[:, 0, 1] < upright[:, 1, 1]
    flat = np.stack((across, across + _TO_THE_RIGHT), axis=1)
    ends = np.concatenate((flat, upright[seen])).astype(float)
    of_mask = _as_colours([colours[one.category] for one, _ in whole])
    return _lines(ends, of_mask[np.concatenate((np.tile(mask, 2), of_upright[seen]))])


def _is_there(instance: Instance, number: int) -> bool:
    points = instance.keypoints or ()
    return 0 <= number < len(points) and points[number].visibility is not Visibility.ABSENT


def _place(instance: Instance, number: int) -> tuple[float, float]:
    assert instance.keypoints is not None  # the caller has looked
    return instance.keypoints[number].x, instance.keypoints[number].y


def _as_colours(colours: Sequence[Colour]) -> Colours:
    return np.array(colours, np.uint8).reshape(-1, 3)


def _lines(ends: npt.NDArray[np.floating[Any]], colours: Colours) -> Shapes:
    """Lines of width 1: (N, 2, 2) ends, and their (N, 3) colours."""
    along = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(along, axis=1, keepdims=True)
    along = np.divide(along, length, out=np.zeros_like(along), where=length > 0)
    across = np.stack((-along[:, 1], along[:, 0]), axis=1) / 2
    sides = np.stack((-across, -across, across, across), axis=1)
    return _quads(ends[:, [0, 1, 1, 0]], sides, colours)


def _squares(places: npt.NDArray[np.floating[Any]], half: float, colours: Colours) -> Shapes:
    """Squares around (N, 2) places, of so many widths to each side."""
    corners = np.repeat(places[:, None], 4, axis=1)
    return _quads(corners, np.broadcast_to(half * _SQUARE, corners.shape), colours)


def _quads(corners: npt.NDArray[Any], sides: npt.NDArray[Any], colours: Colours) -> Shapes:
    triangles = _QUAD + 4 * np.arange(len(corners))[:, None, None]
    return Shapes(
        corners.reshape(-1, 2).astype(np.float32),
        sides.reshape(-1, 2).astype(np.float32),
        np.repeat(colours, 4, axis=0),
        triangles.reshape(-1, 3).astype(np.int32),
    )


def _together(*shapes: Shapes) -> Shapes:
    first = np.cumsum([0, *(len(one.corners) for one in shapes)])
    return Shapes(
        np.concatenate([one.corners for one in shapes]),
        np.concatenate([one.sides for one in shapes]),
        np.concatenate([one.colours for one in shapes]),
        np.concatenate([one.triangles + start for one, start in zip(shapes, first, strict=False)]).astype(np.int32),
    )
