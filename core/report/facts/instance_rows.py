"""The rows of the instances of some frames, all at once: most of what takes time for one frame takes no longer for
many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...drawing.image_files import Bytes
from ...records.frame_record import FrameRecord
from ...records.instance import Instance
from ...scene.keypoints import Visibility
from ...scene.poses import Pose
from .mask_facts import mask_facts
from .views import NO_VIEW, views_of

# Columns of an instance. The box is in pixels, from x and y. Floats are NaN where something is not known, keypoints -1.
INSTANCE = np.dtype(
    [
        ("frame", "u4"),
        ("category", "u2"),
        ("name", "u4"),
        ("x", "i4"),
        ("y", "i4"),
        ("width", "i4"),
        ("height", "i4"),
        ("area", "i8"),
        ("stuff", "?"),
        ("at_border", "?"),
        ("visible", "f8"),
        ("outside", "f8"),
        ("distance", "f4"),
        ("view", "u1"),
        ("camera_inside", "?"),
        ("stands_out", "f4"),
        ("light", "f4"),
        ("pieces", "u4"),
        ("keypoints", "i2"),
    ]
)
Rows = npt.NDArray[Any]
Number = Callable[[str], int]


@dataclass(frozen=True)
class SeenFrame:
    """A frame with instances.

    Attributes:
        number: of the frame.
        record: of the frame.
        pixels: (H, W, 3) uint8, its image; None for none.
    """

    number: int
    record: FrameRecord
    pixels: Bytes | None


def instance_rows(frames: Sequence[SeenFrame], category_number: Number, name_number: Number) -> Rows:
    """The rows of all instances of some frames.

    Args:
        frames: these.
        category_number, name_number: give the numbers of names.
    """
    records = [frame.record for frame in frames]
    instances = [one for record in records for one in record.instances]
    rows = np.zeros(len(instances), INSTANCE)
    of_frame = np.repeat(np.arange(len(frames)), [len(record.instances) for record in records])
    rows["frame"] = np.array([frame.number for frame in frames])[of_frame]
    rows["category"] = [category_number(one.category) for one in instances]
    rows["name"] = [name_number(one.name) for one in instances]
    rows["stuff"] = [flag for record in records for flag in _is_stuff(record)]
    rows["area"] = [one.mask.area for one in instances]
    rows["visible"] = [one.amodal.visib_fract if one.amodal else np.nan for one in instances]
    rows["outside"] = [one.amodal.truncated if one.amodal else np.nan for one in instances]
    rows["keypoints"] = [_seen_keypoints(one) for one in instances]
    _fill_boxes(rows, instances, np.array([(record.width, record.height) for record in records])[of_frame])
    _fill_poses(rows, [one.pose for one in instances])
    facts = mask_facts(records, [frame.pixels for frame in frames])
    rows["pieces"], rows["stands_out"], rows["light"] = facts.pieces, facts.stands_out, facts.light
    return rows


def _is_stuff(record: FrameRecord) -> list[bool]:
    stuff = {category.name for category in record.categories if category.stuff}
    return [one.category in stuff for one in record.instances]


def _seen_keypoints(instance: Instance) -> int:
    if instance.keypoints is None:
        return -1
    return sum(point.visibility is Visibility.VISIBLE for point in instance.keypoints)


def _fill_boxes(rows: Rows, instances: Sequence[Instance], sizes: npt.NDArray[np.int64]) -> None:
    x0, y0, x1, y1 = np.array([[*one.mask.box] for one in instances], np.int64).T
    rows["x"], rows["y"], rows["width"], rows["height"] = x0, y0, x1 - x0, y1 - y0
    rows["at_border"] = (x0 <= 0) | (y0 <= 0) | (x1 >= sizes[:, 0]) | (y1 >= sizes[:, 1])


def _fill_poses(rows: Rows, poses: Sequence[Pose | None]) -> None:
    rows["distance"], rows["view"] = np.nan, NO_VIEW
    there = [number for number, pose in enumerate(poses) if pose]
    if there:
        views = views_of([pose for pose in poses if pose])
        rows["distance"][there] = [pose.distance for pose in poses if pose]
        rows["view"][there], rows["camera_inside"][there] = views.field, views.inside
