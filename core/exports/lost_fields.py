"""What records know of instances beyond a mask and a category: formats that have no place for it count it as lost."""

from collections.abc import Sequence

from ..records.instance import Instance
from .export_writer import ExportWriter

_LOST = {
    "at_border": "whether it touches the border, left out",
    "pose": "pose and 3D box left out",
    "keypoints": "keypoints left out; the formats coco_keypoints and yolo_pose have them",
    "amodal": "amodal mask left out",
    "parts": "parts left out",
    "soft_mask": "soft mask left out",
}


def note_lost_fields(writer: ExportWriter, instances: Sequence[Instance], kept: Sequence[str] = ()) -> None:
    """Count what a format leaves out of instances.

    Args:
        writer: of the format.
        instances: of a frame.
        kept: fields that it does not leave out; "track_id" for tracks.
    """
    for field, lost in _LOST.items():
        if field not in kept:
            writer.losses.add(lost, sum(getattr(one, field) is not None for one in instances))
    if "track_id" not in kept:
        writer.losses.add("track left out", sum(one.track is not None for one in instances))
