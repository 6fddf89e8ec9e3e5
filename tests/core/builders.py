"""Frame records for tests that only care about a few of their fields."""

from typing import Any

from core.records.frame_record import FrameRecord


def plain_record(**known: Any) -> FrameRecord:
    """A record of which the caller knows `frame`, `width`, `height` and whatever else matters to it.

    The name follows from the frame, and the image from sequence and name, where they are not given.
    """
    fields: dict[str, Any] = {
        "key": "key",
        "sequence": "",
        "name": f"shot_{known.get('frame', 0):04}",
        "colour": None,
        "pictures": (),
        "label_source": "object_index",
        "view_layer": "",
        "view": "",
        "unit_scale": None,
        "camera": None,
        "categories": (),
        "instances": (),
        "dropped": {},
        "notes": (),
    } | known
    path = "/".join(filter(None, (fields["sequence"], fields["name"])))
    return FrameRecord(**{"image": f"images/{path}.png"} | fields)
