"""A dataset as training code reads it: `open` one, and go through its frames in any order."""

import dataclasses
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import overload

from ..base.dataset_folder import DatasetFolder
from ..base.errors import InputError, RecordError, UsageError
from ..base.phrases import listed
from ..categories.ids import ids_of
from ..dataset.export import Exported, export
from ..dataset.splits import Splits
from ..dataset.stream import GatheredCategories, RecordStream
from ..frames.frame_messages import lines_said_once
from ..records.frame_record import FrameRecord
from ..records.origin import Origin
from ..records.record_store import open_records
from ..scene.random_draw import RandomDraw
from ..settings.category_table import Category
from ..settings.export_table import ExportFormat
from ..settings.settings import Settings
from .frame import Frame, Source

_BY_DEFAULT = Settings()


@dataclass(frozen=True)
class Listed:
    """What a dataset remembers of a frame: its path, and what decides on its split."""

    path: str
    sequence: str
    origin: Origin | None
    random: RandomDraw | None

    @classmethod
    def of(cls, record: FrameRecord) -> "Listed":
        origin = record.origin and dataclasses.replace(record.origin, files=())
        random = record.random and dataclasses.replace(record.random, values={})
        return cls(record.path, record.sequence, origin, random)


@dataclass(frozen=True, eq=False)
class Frames(Sequence[Frame]):
    """Some frames of a dataset, in its order: by sequence, frame number and name.

    It knows their paths alone. `frames[7]` is a `Frame`, whose record is read when it is used, so any frame costs the
    same, and going through all of them keeps none. It can be pickled, and used after a fork, so it may be handed to
    the workers of a PyTorch DataLoader.
    """

    _paths: tuple[str, ...] = field(repr=False)
    _source: Source = field(repr=False)

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> "Frames": ...
    def __getitem__(self, index: int | slice) -> "Frame | Frames":
        if isinstance(index, slice):
            return Frames(self._paths[index], self._source)
        return Frame(self._paths[index], self._source)

    def __iter__(self) -> Iterator[Frame]:
        return (Frame(path, self._source) for path in self._paths)

    @property
    def paths(self) -> Sequence[str]:
        """Their paths, as `Dataset.frame` takes them."""
        return self._paths


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset of Labelpass, as `labelpass.open` gives it. `len(dataset)` is how many frames it has.

    Attributes:
        path: its folder.
        categories: all of them with their ids, sorted by these.
        part_categories: those of parts, likewise.
        sequences: their names, sorted; "" is that of frames without one.
        damaged: path of a frame -> a sentence, for each frame that was left out with `skip_damaged`.
    """

    path: Path
    categories: Sequence[Category] = field(repr=False)
    part_categories: Sequence[Category] = field(repr=False)
    sequences: Sequence[str]
    damaged: dict[str, str] = field(repr=False)
    _listed: tuple[Listed, ...] = field(repr=False)
    _source: Source = field(repr=False)

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(frame.path for frame in self._listed)

    def __len__(self) -> int:
        """How many frames there are."""
        return len(self._listed)

    def frames(
        self, split: str | None = None, splits: Splits | str | None = None, *, sequence: str | None = None
    ) -> Frames:
        """Its frames, in the order of sequence, frame number and name.

        Args:
            split: the name of one split, for its frames alone, such as "train".
            splits: how the dataset is divided: "train=80,val=10,test=10", or `Splits` for other ways than by frame.
                None divides as `labelpass export` does by default. A frame is in the split that an export with the
                same splits puts it into.
            sequence: the name of one sequence, for its frames alone.

        Raises:
            UsageError: there is no such split or sequence, or no frame is in it.
        """
        chosen = self._listed
        if sequence is not None:
            if sequence not in self.sequences:
                has = listed([repr(one) for one in self.sequences])
                raise UsageError(f"{self.path} has no sequence {sequence!r}; it has {has}, so choose one of these")
            chosen = tuple(frame for frame in chosen if frame.sequence == sequence)
        if split is not None:
            chosen = _in_split(chosen, split, _splits(splits))
        return Frames(tuple(frame.path for frame in chosen), self._source)

    def export(
        self,
        formats: str | Iterable[str],
        path: str | os.PathLike[str] | None = None,
        *,
        splits: Splits | str | None = None,
        settings: Settings = _BY_DEFAULT,
    ) -> Exported:
        """Write it in other formats, as `labelpass export` does.

        Args:
            formats: the name of a format, or several: `"coco"`, `["coco", "yolo_detect"]`.
            path: the folder in which each format gets a folder of its name; None for `exports` in the dataset.
            splits: as of frames().
            settings: the other options of the export.

        Returns:
            What was written: the folder of each format, the sizes of splits, and what could not be held.

        Raises:
            UsageError: there is no such format, or a format needs something that is not installed.
            RecordError: the records contradict each other, or a format needs what none of them has.
            OutputError: a file cannot be written. What was exported before is as it was.
        """
        names = [formats] if isinstance(formats, str) else formats
        settings = dataclasses.replace(_with_splits(settings, splits), formats=tuple(map(_format, names)))
        return export(self.path, settings, None if path is None else Path(path))

    def frame(self, path: str) -> Frame:
        """A frame by its path: its sequence and name with a slash between them, "shots/a/0001".

        Raises:
            InputError: there is no such frame.
        """
        if path not in self._paths:
            raise InputError(
                f"{self.path} has no frame {path!r}; the first of its {len(self)} frames is {self._listed[0].path!r}"
            )
        return Frame(path, self._source)


def open(path: str | os.PathLike[str], *, skip_damaged: bool = False) -> Dataset:
    """Open a dataset to read it.

    Each record is read once, for the order of the frames and the ids of the categories, and none is kept. The ids are
    those of `annotations/instances.json`; before that is written, they are those that it is going to have.

    Args:
        path: the dataset's folder.
        skip_damaged: leave out the frames whose records cannot be read, and say in `Dataset.damaged` which; without
            it they are an error.

    Raises:
        InputError: there is no such folder.
        RecordError: it holds no records, or some are damaged, of another version, or contradict each other.
        CategoryError: the file with the ids of its categories is damaged.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; give the folder of the dataset, which holds its records")
    records = open_records(DatasetFolder(folder))
    stream, gathered = RecordStream(records), GatheredCategories(records)
    found: list[Listed] = []
    for surveyed in stream.surveyed(heads=True):
        if surveyed.wanted:
            gathered.add(surveyed.record)
            found.append(Listed.of(surveyed.record))
    stream.check_any()
    if stream.damaged and not skip_damaged:
        first, *_ = lines_said_once(stream.damaged)
        raise RecordError(f"{first}, or leave such frames out with skip_damaged=True")
    survey = gathered.survey(stream.order, complete=not stream.damaged)
    categories, part_categories = _titled(survey.categories), _titled(survey.part_categories)
    source = Source(
        records,
        ids_of(categories),
        ids_of(part_categories),
        _titles(survey.categories),
        _titles(survey.part_categories),
    )
    return Dataset(
        folder,
        categories,
        part_categories,
        tuple(sorted({frame.sequence for frame in found})),
        dict(stream.damaged),
        tuple(found[place] for place in stream.order.tolist()),
        source,
    )


def _titled(categories: Iterable[Category]) -> Sequence[Category]:
    """Categories as the dataset calls them."""
    return [dataclasses.replace(one, name=one.title, called="") if one.called else one for one in categories]


def _titles(categories: Iterable[Category]) -> dict[str, str]:
    """As in Source."""
    return {one.name: one.called for one in categories if one.called}


def _splits(splits: Splits | str | None) -> Splits:
    return splits if isinstance(splits, Splits) else Splits.of_settings(_with_splits(_BY_DEFAULT, splits))


def _with_splits(settings: Settings, splits: Splits | str | None) -> Settings:
    """Settings of an export with other splits, unless these are None."""
    if splits is None:
        return settings
    if isinstance(splits, str):
        return dataclasses.replace(settings, splits=splits)
    text = ",".join(f"{name}={share!r}" for name, share in splits.shares)
    return dataclasses.replace(settings, splits=text, split_by=splits.by, split_seed=splits.seed)


def _in_split(frames: Sequence[Listed], split: str, splits: Splits) -> tuple[Listed, ...]:
    if split not in splits.names:
        raise UsageError(f"There is no split {split!r}; the splits are {listed(splits.names)}")
    split_of = [splits.of(frame) for frame in frames]
    counts = Counter(split_of)
    if not counts[split]:
        raise UsageError(splits.empty_split([counts[name] for name in splits.names]))
    return tuple(frame for frame, own in zip(frames, split_of, strict=True) if own == split)


def _format(name: str) -> ExportFormat:
    for format in ExportFormat:
        if format.value == name:
            return format
    raise UsageError(f"There is no format {str(name)!r}; the formats are {listed(list(ExportFormat))}")
