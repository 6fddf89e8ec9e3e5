"""`dataset.json`: what each kind of file in a dataset is, next to the data: units, axes, what stands for no value."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from ..base.dataset_folder import CATEGORIES_FILE, former_soft_masks_folder, soft_masks_file
from ..base.files import complete_file, pretty_json
from ..base.version import VERSION
from ..formats.writer import StreamedFrame, Survey, SurveyedFrame, Writer
from ..settings.format_table import DatasetFormat
from ..settings.map_table import CAMERA_AXES, DenseMap, WrittenMap

_CONVENTIONS = {
    "pixels": "x to the right, y down, origin at the outer corner of the top-left pixel; centres are at + 0.5",
    "world": "Blender's axes, z up",
    "camera": "OpenCV axes: x right, y down, z forward; world_to_camera is a row-major 4x4 matrix in scene units",
}
# Kind of file -> which files, and what they show. Frames of earlier versions have those that are not archives.
_SOFT_MASKS = {
    "npz": (
        soft_masks_file("**/*"),
        "how much of each pixel each instance covers, 8-bit: 255 is a whole pixel, outside of the array 0; an array is "
        "as large as the instance, and soft_mask of its annotation says which array of which file and where it belongs",
    ),
    "png": (
        f"{former_soft_masks_folder('**')}/*.png",
        "how much of each pixel an instance covers, 8-bit greyscale: 255 is a whole pixel, outside of the image 0; the "
        "image is as large as the instance, and soft_mask of its annotation says which file and where it belongs",
    ),
}

_PIXEL_AXES = "image: x right, y down"


def _field(shows: str, unit: str, axes: str | None, invalid: str) -> dict[str, Any]:
    return {"shows": shows, "unit": unit, "axes": axes, "invalid": invalid}


# What an annotation has besides COCO's own, in the words that describe maps.
_POSE = _field(
    "rotation and translation from the instance's axes to the camera's, its 3D box along its own axes (low and high "
    "corner from its origin) with dimensions, the distance to the middle of it; corners are pixels",
    "m",
    CAMERA_AXES,
    "no field: it has no pose, and the record's notes say why; null for a corner that is not in front of the camera",
)
_KEYPOINTS = _field(
    "x, y and visibility (1 occluded, 2 visible) of each keypoint of the category; the record also has its planar "
    "depth in metres",
    "pixels",
    _PIXEL_AXES,
    "0 0 0: the instance has no such keypoint, or it is out of the image or behind the camera",
)
_AMODAL = _field(
    "all of the instance, hidden or not: mask within the image, box also beyond it, number of pixels, and what part of "
    "them is seen",
    "pixels",
    _PIXEL_AXES,
    "no field: it has no triangles, or the camera no projection, and the record's notes say why",
)

_FIELDS = {"pose": _POSE, "keypoints": _KEYPOINTS, "amodal": _AMODAL}


@dataclass
class DatasetDescription:
    """Gathers what there is from one frame after the other.

    Attributes:
        problems: a sentence for each thing that is not the same in all frames and has to be.
    """

    problems: list[str] = field(default_factory=list)
    _frames: int = 0
    _unit_scales: set[float | None] = field(default_factory=set)
    _maps: dict[DenseMap, "_Seen"] = field(default_factory=dict)
    _ids: dict[tuple[str, int], str] = field(default_factory=dict)
    _soft_masks: set[str] = field(default_factory=set)
    _fields: set[str] = field(default_factory=set)

    def add(self, frame: StreamedFrame) -> None:
        """Take note of a frame."""
        summary, shared = frame.summary, frame.summary.shared
        self._frames += 1
        for map in summary.maps:
            self._add_map(map, summary.path)
        for map in frame.two_frame_maps:
            self._add_map(map, map.file)
        self._unit_scales.add(shared.unit_scale)
        self._soft_masks.update(shared.soft_masks)
        self._fields.update(shared.fields)

    def _add_map(self, map: WrittenMap, frame: str) -> None:
        seen = self._maps.setdefault(map.map, _Seen(map, frame))
        seen.frames += 1
        seen.valid += map.valid
        seen.out_of_range += map.out_of_range
        seen.unknown.update(map.unknown)
        if (map.unit, map.scale) != (seen.first.unit, seen.first.scale):
            self._differ(
                seen,
                frame,
                f"the scale {map.scale} ({map.unit})",
                f"{seen.first.scale} ({seen.first.unit})",
            )
        if map.step != seen.first.step:
            self._differ(seen, frame, f"the step {map.step}", f"{seen.first.step}")
        for name, id in (map.ids or {}).items():
            self._ids.setdefault((name, id), frame)

    def check_ids(self, ids: Mapping[str, int]) -> None:
        """Compare the numbers in the maps of categories with those of the dataset."""
        for (name, id), frame in sorted(self._ids.items()):
            if ids.get(name, id) != id:
                self.problems.append(
                    f"The category maps, first that of {frame}, give {name!r} the id {id}, but its id in the dataset "
                    f"is {ids[name]}; give the categories fixed ids and annotate these frames again"
                )

    def _differ(self, seen: "_Seen", frame: str, what: str, before: str) -> None:
        if not seen.differs:
            seen.differs = True
            self.problems.append(
                f"{seen.first.map.label} of {frame} has {what}, but that of {seen.where} has {before}; annotate all "
                "frames with the same settings"
            )

    def as_json(self, formats: Sequence[DatasetFormat]) -> dict[str, Any]:
        """The file's content, with the files of some dataset formats."""
        scales = list(self._unit_scales)
        return {
            "made_by": f"Labelpass {VERSION}",
            "frames": self._frames,
            "metres_per_scene_unit": scales[0] if len(scales) == 1 else None,
            "conventions": _CONVENTIONS,
            "files": {
                "records/*.json": "all that is known of a frame: image, camera, instances, maps; or in a pack",
                **{format.files: format.shows for format in formats if not format.chosen_by},
                CATEGORIES_FILE: "ids of the categories, kept when frames are added",
                **dict(_SOFT_MASKS[kind] for kind in _SOFT_MASKS if kind in self._soft_masks),
                **{format.files: format.shows for format in formats if format.chosen_by},
            },
            "annotations": {name: one for name, one in _FIELDS.items() if name in self._fields},
            "maps": [self._maps[map].as_json() for map in DenseMap if map in self._maps],
        }


class DescriptionWriter:
    """Writes `dataset.json`, when all others have written theirs.

    Args:
        writers: the others.
    """

    written = ()

    def __init__(self, writers: Sequence[Writer]) -> None:
        self._writers = writers
        self._description = DatasetDescription()

    def survey(self, frame: SurveyedFrame) -> None:
        pass  # the second round gives everything, and always in the same order

    def begin(self, survey: Survey, files: ExitStack) -> None:
        self._survey = survey

    def add(self, frame: StreamedFrame) -> None:
        self._description.add(frame)

    def finish(self) -> Sequence[str]:
        written = {format for writer in self._writers for format in writer.written}
        self._description.check_ids(self._survey.ids)
        with complete_file(self._survey.dataset.description) as file:
            file.write(
                pretty_json(self._description.as_json([format for format in DatasetFormat if format in written]))
            )
        return self._description.problems


@dataclass
class _Seen:
    """A map in the frames so far."""

    first: WrittenMap
    where: str
    frames: int = 0
    valid: int = 0
    out_of_range: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    differs: bool = False

    def as_json(self) -> dict[str, Any]:
        map = self.first.map
        return {
            "name": map.value,
            "files": map.path("*"),
            "shows": map.kind.shows,
            "stored": map.storage.stored,
            "unit": None if self.differs else self.first.unit,
            **({} if self.first.scale is None else {"scale": None if self.differs else self.first.scale}),
            **({} if self.first.step is None else {"step": None if self.differs else self.first.step}),
            "axes": map.kind.axes or None,
            "invalid": map.storage.invalid,
            "frames": self.frames,
            "pixels_with_a_value": self.valid,
            "pixels_out_of_range": self.out_of_range,
            **({} if self.first.step is None else {"pixels_unknown": dict(sorted(self.unknown.items()))}),
        }
