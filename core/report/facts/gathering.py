"""What is told of each frame and of each instance: one row of numbers each, for all that the page shows and judges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...masks.connected_components import connected_pieces
from ...masks.rle import paint_masks
from ...masks.runs import find_runs
from ...records.frame_record import FrameRecord
from ...records.instance import Instance
from ...scene.keypoints import Visibility
from ...scene.poses import Pose
from .image_facts import ImageFacts, look_at_instances
from .views import NO_VIEW, views_of

# Columns of a frame. Its camera is in metres; number is that of the frame in its sequence.
FRAME = np.dtype(
    [
        ("width", "u4"),
        ("height", "u4"),
        ("instances", "u4"),
        ("split", "u2"),
        ("sequence", "u4"),
        ("number", "i4"),
        ("image", "u1"),
        ("brightness", "f4"),
        ("contrast", "f4"),
        ("burnt_out", "f4"),
        ("dark", "?"),
        ("fingerprint", "u8"),
        ("camera", "f4", (3,)),
        ("lens", "f4"),
        ("dropped", "u4"),
        ("noted", "?"),
        ("disagrees", "?"),
    ]
)
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
Value = float | str


class Names:
    """Numbers for names, in the order in which they come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    @property
    def all(self) -> list[str]:
        return list(self._numbers)


@dataclass(frozen=True)
class Facts:
    """All that is told of a dataset.

    Attributes:
        frames: (F,) FRAME, in the order of the dataset.
        instances: (I,) INSTANCE, in the order of the frames.
        paths, files: of each frame, and of its image below the dataset's folder.
        categories: their names in the order of their ids.
        names, sequences, splits: by their numbers in the rows.
        notes: number of a frame -> sentences on it, of its record or of a validation.
        drawn: name -> a value for each frame, None where it has none: what was drawn at random for it. Each becomes a
            filter of the page.
    """

    frames: Rows
    instances: Rows
    paths: Sequence[str]
    files: Sequence[str]
    categories: Sequence[str]
    names: Sequence[str]
    sequences: Sequence[str]
    splits: Sequence[str]
    notes: Mapping[int, Sequence[str]]
    drawn: Mapping[str, Sequence[Value | None]] = field(default_factory=dict)

    @property
    def first(self) -> npt.NDArray[np.int64]:
        """(F + 1,) where the instances of each frame begin."""
        return np.concatenate(([0], np.cumsum(self.frames["instances"], dtype=np.int64)))


class Gatherer:
    """Takes frames in the order of the dataset, and keeps of each what Facts has.

    Args:
        categories: all of the dataset, in the order of their ids.
        splits: names of all splits.
        problems: path of a frame -> sentences on what disagrees in it, where that is known.
    """

    def __init__(
        self, categories: Sequence[str], splits: Sequence[str], problems: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._categories, self._splits = categories, splits
        self._category_numbers = {name: number for number, name in enumerate(categories)}
        self._problems = problems or {}
        self._names, self._sequences = Names(), Names()
        self._frames: list[tuple[Any, ...]] = []
        self._instances: list[Rows] = []
        self._paths: list[str] = []
        self._files: list[str] = []
        self._notes: dict[int, Sequence[str]] = {}
        self._drawn: dict[str, dict[int, Value]] = {}

    def add(self, record: FrameRecord, split: str, image: ImageFacts, drawn: Mapping[str, Any] | None = None) -> None:
        """Take a frame.

        Args:
            record: that of the frame.
            split: which it is in.
            image: what is told of its image.
            drawn: name -> what was drawn at random for it: a number, a text, or several of these.
        """
        number, problems = len(self._frames), self._problems.get(record.path, ())
        notes = [*problems, *record.notes]
        if notes:
            self._notes[number] = notes
        for name, value in _single_values(drawn or {}):
            self._drawn.setdefault(name, {})[number] = value
        self._paths.append(record.path)
        self._files.append(record.image)
        self._frames.append(
            (
                record.width,
                record.height,
                len(record.instances),
                self._splits.index(split),
                self._sequences.number(record.sequence),
                record.frame,
                image.state,
                image.brightness,
                image.contrast,
                image.burnt_out,
                image.dark,
                image.fingerprint,
                _camera_place(record),
                record.camera.lens if record.camera and record.camera.lens else np.nan,
                sum(record.dropped.values()),
                bool(record.notes),
                bool(problems),
            )
        )
        if record.instances:
            self._instances.append(self._rows(number, record, image))

    def facts(self) -> Facts:
        """Of all frames that were taken."""
        none = np.zeros(0, INSTANCE)
        return Facts(
            np.array(self._frames, FRAME),
            np.concatenate(self._instances) if self._instances else none,
            self._paths,
            self._files,
            self._categories,
            self._names.all,
            self._sequences.all,
            self._splits,
            self._notes,
            {name: [values.get(number) for number in range(len(self._frames))] for name, values in self._drawn.items()},
        )

    def _rows(self, number: int, record: FrameRecord, image: ImageFacts) -> Rows:
        instances = record.instances
        rows = np.zeros(len(instances), INSTANCE)
        rows["frame"] = number
        rows["category"] = [self._category_numbers[one.category] for one in instances]
        rows["name"] = [self._names.number(one.name) for one in instances]
        boxes = [[*one.mask.box] for one in instances]
        rows["x"], rows["y"], x1, y1 = np.array(boxes, np.int64).T
        rows["width"], rows["height"] = x1 - rows["x"], y1 - rows["y"]
        rows["area"] = [one.mask.area for one in instances]
        stuff = {category.name for category in record.categories if category.stuff}
        rows["stuff"] = [one.category in stuff for one in instances]
        rows["at_border"] = [one.mask.box.is_at_border(record.width, record.height) for one in instances]
        rows["visible"] = [one.amodal.visib_fract if one.amodal else np.nan for one in instances]
        rows["outside"] = [one.amodal.truncated if one.amodal else np.nan for one in instances]
        rows["keypoints"] = [_seen_keypoints(one) for one in instances]
        _fill_poses(rows, [one.pose for one in instances])
        _fill_masks(rows, record, image, boxes)
        return rows


def _single_values(drawn: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Of several values under one name each under a name of its own, counted from 1."""
    for name, value in drawn.items():
        if isinstance(value, list | tuple):
            yield from _single_values({f"{name} {place}": one for place, one in enumerate(value, 1)})
        elif isinstance(value, int | float | str):
            yield name, value


def _camera_place(record: FrameRecord) -> tuple[float, ...]:
    """Where the camera is in the world, metres; NaN where that is not known."""
    if record.camera is None:
        return (np.nan,) * 3
    matrix = np.array(record.camera.world_to_camera)
    place = -matrix[:3, :3].T @ matrix[:3, 3] * (record.unit_scale or 1.0)
    return tuple(place.tolist())


def _seen_keypoints(instance: Instance) -> int:
    if instance.keypoints is None:
        return -1
    return sum(point.visibility is Visibility.VISIBLE for point in instance.keypoints)


def _fill_poses(rows: Rows, poses: Sequence[Pose | None]) -> None:
    rows["distance"], rows["view"] = np.nan, NO_VIEW
    there = [number for number, pose in enumerate(poses) if pose]
    if there:
        views = views_of([pose for pose in poses if pose])
        rows["distance"][there] = [pose.distance for pose in poses if pose]
        rows["view"][there], rows["camera_inside"][there] = views.field, views.inside


def _fill_masks(rows: Rows, record: FrameRecord, image: ImageFacts, boxes: Sequence[Sequence[int]]) -> None:
    rows["stands_out"], rows["light"] = np.nan, np.nan
    try:
        numbers = paint_masks([one.mask.rle for one in record.instances], record.height, record.width)
    except ValueError:  # they are damaged or overlap, which validate says
        return
    runs = find_runs(numbers.astype(np.uint32))
    piece = connected_pieces(runs)
    owner = np.zeros(int(piece.max(initial=-1)) + 1, np.int64)
    owner[piece] = runs.label
    rows["pieces"] = np.bincount(owner, minlength=len(rows) + 1)[1:]
    look = look_at_instances(image, numbers, boxes)
    rows["stands_out"], rows["light"] = look.stands_out, look.light
