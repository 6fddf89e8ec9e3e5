"""What is drawn over an image of a frame, made from the frame's record: boxes, names, masks, 3D boxes, keypoints
and outlines, ready for a GPU."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..base.errors import RecordError
from ..categories.palette import Colour, category_colours, own_colours
from ..masks.rle import paint_masks
from ..records.frame_record import FrameRecord
from .overlay_geometry import Shapes, amodal_outlines, boxes_3d, keypoint_marks
from .text_labels import short_name

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]

# A frame of four corners, each at the outer and at the inner side of the line, as two triangles for each edge.
_FRAME_TRIANGLES = np.array(
    [triangle for i in range(4) for triangle in ((i, (i + 1) % 4, 4 + (i + 1) % 4), (i, 4 + (i + 1) % 4, 4 + i))]
)
_OUTWARDS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=np.float32)


@dataclass(frozen=True)
class Overlay:
    """The instances of a frame, those with the largest area first: what is drawn later stays readable.

    Attributes:
        width, height: pixels of the image.
        names: N names as they are shown.
        colours: N colours of the instances' categories.
        boxes: (N, 4) int32: x0, y0, x1, y1, half-open, in pixels, y down.
        numbers: (H, W) float32, the instance that each pixel belongs to, counted from 1; 0 for none. The columns
            lie in memory one after the other, as they do in the masks.
        boxes_3d, keypoints, amodal: what is drawn of them; None where the record has none.
        without_boxes_3d, without_keypoints, without_amodal: a sentence on why it has none; "" where it has.
    """

    width: int
    height: int
    names: tuple[str, ...]
    colours: tuple[Colour, ...]
    boxes: Integers
    numbers: Floats
    boxes_3d: Shapes | None
    keypoints: Shapes | None
    amodal: Shapes | None
    without_boxes_3d: str
    without_keypoints: str
    without_amodal: str


def make_overlay(record: FrameRecord) -> Overlay:
    """Raises RecordError where a mask does not fit the image."""
    instances = sorted(record.instances, key=lambda instance: -instance.mask.area)
    colours = category_colours([category.name for category in record.categories], own_colours(record.categories))
    boxes = [(box.x0, box.y0, box.x1, box.y1) for box in (instance.mask.box for instance in instances)]
    try:
        amodal = amodal_outlines(record, colours)
        numbers = paint_masks([instance.mask.rle for instance in instances], record.height, record.width)
    except ValueError as error:
        raise RecordError(
            f"The masks in the record of {record.path} are damaged ({error}); annotate the frame again"
        ) from error
    return Overlay(
        width=record.width,
        height=record.height,
        names=tuple(short_name(instance.name) for instance in instances),
        colours=tuple(colours[instance.category] for instance in instances),
        boxes=np.array(boxes, dtype=np.int32).reshape(-1, 4),
        numbers=numbers,
        boxes_3d=boxes_3d(record, colours),
        keypoints=keypoint_marks(record, colours),
        amodal=amodal,
        without_boxes_3d=_without_boxes_3d(record),
        without_keypoints=_without_keypoints(record),
        without_amodal="" if amodal else "This frame has no amodal masks; turn on Amodal Masks and export it again",
    )


def _without_boxes_3d(record: FrameRecord) -> str:
    if record.camera is not None and not record.camera.is_projective:
        return f"3D boxes cannot be drawn for a {record.camera.type} camera"
    if not any(one.pose for one in record.instances):
        return "This frame has no poses; turn on Poses and 3D Boxes and export it again"
    return ""


def _without_keypoints(record: FrameRecord) -> str:
    if not any(category.keypoints for category in record.categories):
        return "No category of this frame lists keypoints"
    if not any(one.keypoints for one in record.instances):
        return "No instance of this frame has keypoints"
    return ""


def box_frames(boxes: Integers) -> tuple[Floats, Floats, Integers]:
    """The triangles that draw boxes with a line of any width, mitred at the corners.

    Args:
        boxes: (N, 4) as in Overlay.

    Returns:
        corners: (8 N, 2) float32, a corner of a box, x and y in pixels.
        sides: (8 N, 2) float32, where the vertex lies from there, in widths of the line, x right and y down: the line
            is centred on the outline of the box.
        triangles: (8 N, 3) int32, numbers of vertices.
    """
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].astype(np.float32)
    sides = np.concatenate((_OUTWARDS, -_OUTWARDS)) / 2
    triangles = _FRAME_TRIANGLES + 8 * np.arange(len(boxes))[:, None, None]
    return (
        np.concatenate((corners, corners), axis=1).reshape(-1, 2),
        np.tile(sides, (len(boxes), 1)),
        triangles.reshape(-1, 3).astype(np.int32),
    )


def largest_on_screen(
    boxes: npt.NDArray[np.float64], size: tuple[int, int], smallest: float, most: int
) -> npt.NDArray[np.int64]:
    """Which boxes are worth a name.

    Args:
        boxes: (N, 4) float64: x0, y0, x1, y1 on the screen.
        size: width and height of the screen's part that is drawn into; boxes outside it are left out.
        smallest: what a box's longer side must have.
        most: how many at most.

    Returns:
        Indices of boxes, the largest first; by their order where they are equal.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    seen = ((boxes[:, 2:] > 0) & (boxes[:, :2] < size)).all(axis=1) & (sides.max(axis=1, initial=0) >= smallest)
    found = np.flatnonzero(seen)
    areas = sides[found].prod(axis=1)
    largest: npt.NDArray[np.int64] = found[np.argsort(-areas, kind="stable")[:most]]
    return largest
