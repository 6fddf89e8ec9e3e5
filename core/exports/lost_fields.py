"""What records know of instances beyond a mask and a category: formats that have no place for it count it as lost."""

from collections.abc import Mapping, Sequence

from .export_writer import ExportedFrame, ExportWriter

_LOST = {
    "at_border": "whether it touches the border, left out",
    "pose": "pose and 3D box left out",
    "keypoints": "keypoints left out; the formats coco_keypoints and yolo_pose have them",
    "amodal": "amodal mask left out",
    "parts": "parts left out",
    "soft_mask": "soft mask left out",
    "track": "track left out",
}
# Formats keep one by its name in COCO.
_NAMES = {"track_id": "track"}


def note_lost_fields(writer: ExportWriter, frame: ExportedFrame, kept: Sequence[str] = ()) -> None:
    """Count what a format leaves out of the instances of a frame.

    Args:
        writer: of the format.
        frame: which one.
        kept: fields that it does not leave out; "track_id" for tracks.
    """
    count_lost_fields(writer, frame.known_fields, kept)


def count_lost_fields(writer: ExportWriter, known_fields: Mapping[str, int], kept: Sequence[str] = ()) -> None:
    """The same of what known_fields() says of a record."""
    names = {_NAMES.get(name, name) for name in kept}
    for field, number in known_fields.items():
        if field not in names:
            writer.losses.add(_LOST[field], number)
