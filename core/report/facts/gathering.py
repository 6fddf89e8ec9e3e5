"""What is told of each frame and of each instance: one row of numbers each, for all that the page shows and judges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.ragged import flat_ranges, offsets
from ...records.frame_record import FrameRecord
from ...settings.category_table import Category
from .image_facts import ImageFacts
from .instance_rows import INSTANCE, Rows, SeenFrame, instance_rows

# Columns of a frame. Its camera is in metres; number is that of the frame in its sequence, and tile that of its
# thumbnail. NaN where something is not known.
FRAME = np.dtype(
    [
        ("tile", "u4"),
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
        ("bright_level", "u1"),
        ("fingerprint", "u8"),
        ("camera", "f4", (3,)),
        ("lens", "f4"),
        ("dropped", "u4"),
        ("noted", "?"),
        ("disagrees", "?"),
    ]
)
Value = float | str
# So many frames, or frames of so many pixels, wait until the rows of their instances are made at once.
_FRAMES_AT_ONCE, _PIXELS_AT_ONCE = 100, 1 << 23


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
    """Takes frames in any order, and keeps of each what Facts has.

    Args:
        splits: names of all splits.
        problems: path of a frame -> sentences on what disagrees in it, where that is known.
    """

    def __init__(self, splits: Sequence[str], problems: Mapping[str, Sequence[str]] | None = None) -> None:
        self._splits, self._problems = splits, problems or {}
        self._categories, self._names, self._sequences = Names(), Names(), Names()
        self._frames: list[tuple[Any, ...]] = []
        self._instances: list[Rows] = []
        self._waiting: list[SeenFrame] = []
        self._pixels = 0
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
                number,
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
                image.bright_level,
                image.fingerprint,
                _camera_place(record),
                record.camera.lens if record.camera and record.camera.lens else np.nan,
                sum(record.dropped.values()),
                bool(record.notes),
                bool(problems),
            )
        )
        if record.instances:
            self._waiting.append(SeenFrame(number, record, image.pixels))
            self._pixels += record.width * record.height
        if len(self._waiting) == _FRAMES_AT_ONCE or self._pixels > _PIXELS_AT_ONCE:
            self._make_rows()

    def facts(self, categories: Sequence[Category], order: npt.NDArray[np.int64] | None = None) -> Facts:
        """Of all frames that were taken.

        Args:
            categories: all of the dataset, in the order of their ids.
            order: (F,) the frames in the order of the dataset, numbered as they were taken; None for that order.
        """
        self._make_rows()
        order = np.arange(len(self._frames)) if order is None else order
        numbers, place = order.tolist(), np.argsort(order)
        frames = np.array(self._frames, FRAME)[order]
        return Facts(
            frames,
            self._rows_in(order, categories),
            [self._paths[number] for number in numbers],
            [self._files[number] for number in numbers],
            [one.title for one in categories],
            self._names.all,
            self._sequences.all,
            self._splits,
            {int(place[number]): notes for number, notes in self._notes.items()},
            {name: [values.get(number) for number in numbers] for name, values in self._drawn.items()},
        )

    def _rows_in(self, order: npt.NDArray[np.int64], categories: Sequence[Category]) -> Rows:
        """The rows of all instances, sorted by frames in this order, with the numbers of these categories."""
        rows: Rows = np.concatenate([np.zeros(0, INSTANCE), *self._instances])
        counts = np.bincount(rows["frame"], minlength=len(order))
        rows = rows[flat_ranges(offsets(counts)[order], counts[order])]
        rows["frame"] = np.repeat(np.arange(len(order)), counts[order])
        number_of = {category.name: number for number, category in enumerate(categories)}
        rows["category"] = np.array([number_of[name] for name in self._categories.all], np.int64)[rows["category"]]
        return rows

    def _make_rows(self) -> None:
        """The rows of the instances of all frames that wait."""
        if self._waiting:
            self._instances.append(instance_rows(self._waiting, self._categories.number, self._names.number))
        self._waiting, self._pixels = [], 0


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
    rows, scale = record.camera.world_to_camera[:3], record.unit_scale or 1.0
    return tuple(-scale * sum(row[axis] * row[3] for row in rows) for axis in range(3))
