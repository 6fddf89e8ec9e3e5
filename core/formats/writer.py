"""What every dataset format does: a writer takes part in one stream of all records, a checker in another one.

All formats are written at once, of one stream (dataset/stream.py), so a dataset is read twice, however many formats
there are: once in any order, for what has to be known of the whole, and once in the order of the dataset. Neither
round has more than a few records in memory, and neither should a writer.

A module of this package that a row of settings/format_table.py names has `make_writer`, of the type MakeWriter.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt

from ..base.dataset_folder import DatasetFolder
from ..categories.ids import ids_of
from ..records.frame_record import FrameRecord
from ..records.record_files import CheckedRecord
from ..settings.category_table import Category
from ..settings.format_table import DatasetFormat
from ..settings.map_table import WrittenMap
from .frame_summary import FrameSummary


@dataclass(frozen=True)
class Survey:
    """What is known of a dataset when all its records have been read once.

    Attributes:
        dataset: where its files are.
        frames: how many frames follow.
        categories, part_categories: all of them with their ids, sorted by these.
        complete: whether all records could be read. Of those that could not it is not known what they had to say, and
            whether they are of the dataset at all.
        notes: a sentence each on what the user should know of the categories.
        order: (frames,) int64, the frames in the order of the dataset, by their places in the first round.
    """

    dataset: DatasetFolder
    frames: int
    categories: Sequence[Category]
    part_categories: Sequence[Category]
    complete: bool = True
    notes: Sequence[str] = ()
    order: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """Name of a category -> its id."""
        return ids_of(self.categories)

    @cached_property
    def part_ids(self) -> Mapping[str, int]:
        """Name of a category of parts -> its id."""
        return ids_of(self.part_categories)


class SurveyedFrame:
    """A frame of the stream. Its summary and its record are read or made when a writer asks for them."""

    __slots__ = ("_checked", "_frame", "_read", "_summarize", "_summary")

    _summary: FrameSummary | None
    _checked: CheckedRecord | None

    def __init__(
        self, frame: str, summarize: Callable[[str], FrameSummary | None], read: Callable[[str], CheckedRecord]
    ) -> None:
        """
        Args:
            frame: as the record store names it.
            summarize: gives its summary where that is known without its record.
            read: gives its record.
        """
        self._frame, self._summarize, self._read = frame, summarize, read
        self._summary, self._checked = None, None

    @classmethod
    def of(cls, record: FrameRecord) -> Self:
        """Of a record that need not be stored."""
        return cls(record.path, lambda _: None, lambda _: CheckedRecord(record, ""))

    @property
    def summary(self) -> FrameSummary:
        """What most writers want to know; RecordError as `record`."""
        if self._summary is None:
            self._summary = self._summarize(self._frame) or FrameSummary.of(self.record)
        return self._summary

    @property
    def record(self) -> FrameRecord:
        """All that is known of it; RecordError where it cannot be read any more."""
        return self._read_once().record

    @property
    def checksum(self) -> str:
        """That of its record, see CheckedRecord; RecordError as `record`."""
        return self._read_once().checksum

    def _read_once(self) -> CheckedRecord:
        if self._checked is None:
            self._checked = self._read(self._frame)
        return self._checked


class StreamedFrame(NamedTuple):
    """A frame in the second round.

    Attributes:
        number: its place in the order of the dataset, from 1.
        surveyed: as in the first round.
        two_frame_maps: its maps that need another frame as well, which are there now.
    """

    number: int
    surveyed: SurveyedFrame
    two_frame_maps: Sequence[WrittenMap] = ()

    @property
    def summary(self) -> FrameSummary:
        return self.surveyed.summary

    @property
    def record(self) -> FrameRecord:
        """All that is known of it, as SurveyedFrame.record."""
        return self.surveyed.record


class Writer(Protocol):
    """Writes one format, or several that have most in common."""

    @property
    def written(self) -> Sequence[DatasetFormat]:
        """After finish(): the formats of which there are files."""

    def survey(self, frame: SurveyedFrame) -> None:
        """First round: each frame once, in any order."""

    def begin(self, survey: Survey, files: ExitStack) -> None:
        """Between the rounds.

        Args:
            survey: what the first round has found.
            files: for files that stay open until all formats are complete: what is entered there gets its final name
                only if nothing fails, see base/files.py.

        Raises:
            RecordError: the records contradict each other.
        """

    def add(self, frame: StreamedFrame) -> None:
        """Second round: each frame once, by sequence, frame number and name; OutputError where it cannot be written."""

    def finish(self) -> Sequence[str]:
        """Write what is left, and say what is wrong: a sentence each.

        Raises:
            OutputError: a file cannot be written.
        """


class Checker(Protocol):
    """Compares what a writer has written with the records, in the same two rounds. Each problem is a sentence."""

    def survey(self, frame: SurveyedFrame) -> None:
        """First round: each frame once, in any order."""

    def begin(self, survey: Survey) -> Iterator[str]:
        """What is wrong whatever the records say; InputError where nothing can be compared."""

    def check(self, frame: StreamedFrame) -> Iterator[str]:
        """Second round: what disagrees with this frame, in the order of the dataset."""

    def finish(self) -> Iterator[str]:
        """What is wrong with the whole."""


MakeWriter = Callable[[Sequence[DatasetFormat]], Writer]


def writers_of(formats: Sequence[DatasetFormat]) -> list[Writer]:
    """A writer for each module that writes some of these formats, in the order of the table."""
    writers = []
    for module in dict.fromkeys(format.module for format in DatasetFormat if format in formats):
        make_writer: MakeWriter = import_module(f".{module}", __package__).make_writer
        writers.append(
            make_writer([format for format in DatasetFormat if format in formats and format.module == module])
        )
    return writers
