"""A dataset as training code reads it: `open` one, and go through its frames in any order."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import overload

from ..base.dataset_folder import DatasetFolder
from ..base.errors import InputError, RecordError, UsageError
from ..base.phrases import listed
from ..categories.ids import ids_of
from ..dataset.stream import GatheredCategories, RecordStream
from ..frames.frame_messages import lines_said_once
from ..records.record_store import open_records
from ..settings.category_table import Category
from .frame import Frame, Source


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
    _frames: Frames = field(repr=False)
    _source: Source = field(repr=False)

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(self._frames.paths)

    def __len__(self) -> int:
        """How many frames there are."""
        return len(self._frames)

    def frames(self, *, sequence: str | None = None) -> Frames:
        """Its frames, in the order of sequence, frame number and name.

        Args:
            sequence: the name of one sequence, for its frames alone.

        Raises:
            UsageError: there is no such sequence.
        """
        if sequence is None:
            return self._frames
        if sequence not in self.sequences:
            has = listed([repr(one) for one in self.sequences])
            raise UsageError(f"{self.path} has no sequence {sequence!r}; it has {has}, so choose one of these")
        paths = (path for path in self._frames.paths if path.rpartition("/")[0] == sequence)
        return Frames(tuple(paths), self._source)

    def frame(self, path: str) -> Frame:
        """A frame by its path: its sequence and name with a slash between them, "shots/a/0001".

        Raises:
            InputError: there is no such frame.
        """
        if path not in self._paths:
            raise InputError(
                f"{self.path} has no frame {path!r}; the first of its {len(self)} frames is {self._frames.paths[0]!r}"
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
    stream, categories = RecordStream(records), GatheredCategories(records)
    sequences = set()
    for surveyed in stream.surveyed():
        if surveyed.wanted:
            categories.add(surveyed.record)
            sequences.add(surveyed.record.sequence)
    stream.check_any()
    if stream.damaged and not skip_damaged:
        first, *_ = lines_said_once(stream.damaged)
        raise RecordError(f"{first}, or leave such frames out with skip_damaged=True")
    survey = categories.survey(len(stream), complete=not stream.damaged)
    source = Source(records, ids_of(survey.categories), ids_of(survey.part_categories))
    return Dataset(
        folder,
        survey.categories,
        survey.part_categories,
        tuple(sorted(sequences)),
        dict(stream.damaged),
        Frames(tuple(stream.frames()), source),
        source,
    )
