"""What a record says of an instance: its mask, and what else is known of it."""

from dataclasses import dataclass, field
from typing import Annotated

from ..base.box import Box, counted_pixels
from ..base.json_fields import LEFT_OUT, JsonObject, in_json
from ..masks.runs import Mask
from ..scene.keypoints import Keypoint
from ..scene.poses import Pose

# A name, or the track_id of an instance that shares its name.
TrackKey = str | int


def _mask(labels: tuple[int, ...], box: Box, area: int, rle: str) -> Mask:
    if not labels:
        raise ValueError("a mask without a label")
    return Mask(labels[0], box, area, rle)


# The mask has no level of its own in JSON.
_MASK = in_json(written_as=("mask.box", "mask.area", "mask.rle"), made_of=("labels", "box", "area", "rle"), make=_mask)


@dataclass(frozen=True)
class Part(JsonObject):
    """A part of an instance: what it shows of one material, or of one object of a group.

    Attributes:
        name: of the material or object; unique in the instance where the scene is known.
        category: name of a category of parts.
        labels: of the pass that separates parts, ascending.
        mask: its pixels, all of them pixels of the instance.
    """

    name: str
    category: str
    labels: tuple[int, ...]
    mask: Mask = field(metadata=_MASK)


@dataclass(frozen=True)
class SoftMask(JsonObject):
    """Where it is written how much of each pixel an instance covers.

    Attributes:
        file: path of a NumPy archive below the output folder, with forward slashes; one for all instances of a frame.
        box: the pixels that are in it; all others are 0.
        array: name of the array in the archive, (height, width) uint8 of the box; 255 is a whole pixel. None where the
            file is an 8-bit grey PNG of these pixels alone, as up to version 5 of records.
    """

    file: str
    box: Box
    array: str | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class Amodal(JsonObject):
    """All of an instance, seen or not. Names and meaning as in BOP and Unity Perception.

    Attributes:
        rle: compressed COCO counts of what it covers within the image.
        box: around all that it covers, also beyond the image (there coordinates may be negative).
        px_count_all: pixels that it covers, also beyond the image (see amodal_masks.py for how far).
        px_count_in_frame: those within the image.
        px_count_visib: those that are seen.
    """

    rle: str = field(metadata=in_json(written_as=("box", "rle")))
    box: Box = field(metadata=in_json(written_as=()))
    px_count_all: Annotated[int, counted_pixels]
    px_count_in_frame: Annotated[int, counted_pixels]
    px_count_visib: int = field(metadata=in_json(written_as=("px_count_visib", "visib_fract", "occluded", "truncated")))

    @property
    def visib_fract(self) -> float:
        """Which part of all of it is seen."""
        return self.px_count_visib / self.px_count_all

    @property
    def occluded(self) -> float:
        """Which part of what lies within the image is hidden."""
        return 1 - self.px_count_visib / self.px_count_in_frame

    @property
    def truncated(self) -> float:
        """Which part of all of it lies outside the image."""
        return 1 - self.px_count_in_frame / self.px_count_all


@dataclass(frozen=True)
class Instance(JsonObject):
    """A mask with a name: what a detector should find.

    Attributes:
        name: unique in a frame where the scene is known.
        category: name of a category.
        labels: the labels that it is made of, ascending; a car of twelve meshes has twelve.
        mask: its pixels.
        at_border: whether it touches the border of the image; None if not asked for.
        parts: sorted by name; None if not asked for.
        soft_mask: None if not asked for.
        pose: where it is as seen from the camera; None if not asked for, or if it has none.
        keypoints: in the order of its category's; None where that has none.
        amodal: all of it, hidden or not; None if not asked for, or not known.
        track_id: the same in all frames of the sequence, below 2^53; None where it is not known.
        resolved: how it was separated from others that carry its labels: by "geometry", or as one of the connected
            "components"; None where the labels are its own.
    """

    name: str
    category: str
    labels: tuple[int, ...]
    mask: Mask = field(metadata=_MASK)
    at_border: bool | None = None
    parts: tuple[Part, ...] | None = None
    soft_mask: SoftMask | None = None
    pose: Pose | None = None
    keypoints: tuple[Keypoint, ...] | None = None
    amodal: Amodal | None = None
    track_id: int | None = None
    resolved: str | None = None

    @property
    def track(self) -> TrackKey | None:
        """What makes it the same thing in all frames of its sequence; None where that is not known."""
        return track_of(self.name, self.track_id, self.resolved)


def track_of(name: str, track_id: int | None, resolved: str | None) -> TrackKey | None:
    """Instance.track of an instance with these fields."""
    if track_id is not None:
        return track_id
    return name if resolved is None else None
