"""One stream of all records of a dataset: the first round surveys them in any order, the second goes through them in
the order of the dataset. Whatever is made of records, or compared with them, takes part in it."""

import contextlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..base.errors import RecordError
from ..categories.ids import DatasetCategories, ids_before
from ..formats.frame_summary import SUMMARY_VERSION, FrameSummary, PackedSummaries
from ..formats.writer import Survey, SurveyedFrame
from ..frames.frame_messages import lines_said_once
from ..frames.sequences import WantedSequences
from ..records.frame_record import FrameRecord, has_latest_keys
from ..records.record_files import CheckedRecord, StoredRecord
from ..records.record_store import RecordStore
from ..settings.category_table import Category
from .frame_order import FrameOrder, PackedTexts

# A frame of the second round is often the neighbour that the frame before it was compared with.
_RECORDS_AT_HAND = 4

_Found = TypeVar("_Found", FrameRecord, SurveyedFrame)
_Read = Callable[[str], CheckedRecord]


def _by_numbers(frame: str) -> list[tuple[str, int]]:
    """For sorting: texts as such, and the numbers between them by what they count."""
    parts = re.split(r"([0-9]+)", frame)
    return [(text, int(number or 0)) for text, number in itertools.zip_longest(parts[::2], parts[1::2], fillvalue="")]


class GatheredCategories:
    """The categories of all records of a dataset, numbered when all of them are known."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._categories, self._part_categories = DatasetCategories(), DatasetCategories()
        self._last: tuple[tuple[Category, ...] | None, ...] = None, None

    def add(self, record: FrameRecord | FrameSummary) -> None:
        """Take note of a frame's; RecordError where it contradicts another one."""
        said = record.categories, record.part_categories
        if said[0] is self._last[0] and said[1] is self._last[1]:  # as most records, see FrameRecord
            return
        self._last = said
        where = self._records.where(record.path)
        self._categories.add(record.categories, where)
        self._part_categories.add(record.part_categories, where)

    def survey(self, order: npt.NDArray[np.int64], complete: bool) -> Survey:
        """What writers and checkers begin with.

        Args:
            order, complete: as in Survey.

        Raises:
            RecordError: two categories have one id, or the records contradict the dataset as it was.
            CategoryError: the file with the ids of the dataset as it was is damaged.
        """
        dataset = self._records.dataset
        categories = self._categories.numbered(ids_before(dataset))
        parts = self._part_categories.numbered({})
        return Survey(dataset, len(order), categories, parts, complete, self._categories.notes(), order)


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A record in the first round, and whether its sequence is wanted."""

    record: FrameRecord
    wanted: bool


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame in the second round with what is stored of its record."""

    surveyed: SurveyedFrame
    stored: StoredRecord


class RecordStream:
    """The records of the wanted sequences of a dataset. Go through surveyed() to its end, then through in_order(); or
    through frames_surveyed() and frames_in_order().

    Args:
        records: of the dataset.
        by_names: whether the first round goes by the names of the frames and the numbers in them, which is nearly their
            order, and takes a list of all names.

    Attributes:
        damaged: a frame and a sentence, for each record that cannot be read.
        left_out: sequence -> how many of its records are there and not wanted, see sequences.py.

    Raises:
        RecordError: what says which sequences are wanted is damaged.
    """

    def __init__(self, records: RecordStore, by_names: bool = False) -> None:
        self.records = records
        self.damaged: list[tuple[str, str]] = []
        self.left_out: Counter[str] = Counter()
        self._wanted = WantedSequences.read(records.dataset)
        self._found = PackedTexts(sorted(records.frames(), key=_by_numbers) if by_names else records.frames())
        self._order = FrameOrder()
        # Of the pack that was asked for last.
        self._summaries: PackedSummaries | None = None
        self._read: _Read = lru_cache(_RECORDS_AT_HAND)(records.read_checked)

    @property
    def found(self) -> int:
        """How many records there are, wanted or not, damaged or not."""
        return len(self._found)

    def __len__(self) -> int:
        """How many frames the second round has; after the first."""
        return len(self._order)

    def read(self, frame: str) -> FrameRecord:
        """The record of a frame, which is at hand if it was just read; RecordError where it cannot be read."""
        return self._read(frame).record

    def surveyed(self, progress: Callable[[int], None] = lambda done: None, heads: bool = False) -> Iterator[Surveyed]:
        """First round: each record that can be read.

        Args:
            progress: called before each reading with the number of those before it.
            heads: whether the records are wanted without their instances."""
        read = self.records.read_head if heads else self.records.read
        return (Surveyed(record, wanted) for record, wanted in self._first_round(read, progress))

    def in_order(self, progress: Callable[[int], None] = lambda done: None) -> Iterator[FrameRecord]:
        """Second round: the wanted records by sequence, frame number and name.

        Args:
            progress: as in surveyed().

        Raises:
            RecordError: a record is not what it was in the first round.
        """
        return map(self.read, self._second_round(progress))

    def frames_surveyed(self, progress: Callable[[int], None] = lambda _: None) -> Iterator[tuple[SurveyedFrame, bool]]:
        """As surveyed(), but no record is read whose summary is in a pack: frames, and whether they are wanted."""
        return self._first_round(self._frame, progress)

    def frames_in_order(self, progress: Callable[[int], None] = lambda done: None) -> Iterator[SurveyedFrame]:
        """As in_order() after frames_surveyed(). Nothing is read of a frame that nobody asks about."""
        return (SurveyedFrame(frame, self._summary_in_pack, self._read) for frame in self._second_round(progress))

    def outlines(self) -> Iterator[tuple[SurveyedFrame, bool]]:
        """As frames_surveyed(), but instances in record files are looked at no closer than a summary needs: it may turn
        out in stored_in_order() that a record is damaged, if somebody else has written it."""
        return self._first_round(self._outline, lambda _: None)

    def stored_in_order(self, progress: Callable[[int], None] = lambda done: None) -> Iterator[StoredFrame]:
        """As frames_in_order(), each with its record and what is stored of it. What is damaged is noted once more."""
        for frame in self._second_round(progress):
            try:
                stored = self.records.read_stored(frame)
            except RecordError as error:
                self.damaged.append((frame, str(error)))
                continue
            surveyed = SurveyedFrame(frame, self._summary_in_pack, lambda _, stored=stored: stored.checked)  # type: ignore[misc]
            yield StoredFrame(surveyed, stored)

    def _outline(self, frame: str) -> SurveyedFrame:
        found = self._summary_in_pack(frame)
        if found is None:
            data = self.records.read_json(frame)
            if has_latest_keys(data):
                with contextlib.suppress(KeyError, TypeError, ValueError):
                    found = FrameSummary.of_json(data, tuple)
        if found is None:
            return self._frame(frame)
        return SurveyedFrame(frame, lambda _: found, self.records.read_checked)

    def _first_round(
        self, read: Callable[[str], _Found], progress: Callable[[int], None]
    ) -> Iterator[tuple[_Found, bool]]:
        for done, frame in enumerate(self._found):
            progress(done)
            try:
                found = read(frame)
            except RecordError as error:
                self.damaged.append((frame, str(error)))
                continue
            facts = found.summary if isinstance(found, SurveyedFrame) else found
            wanted = self._wanted.wants(facts)
            if wanted:
                self._order.add(facts.sequence, facts.frame, done)
            else:
                self.left_out[facts.sequence] += 1
            yield found, wanted
        self._order.sort(lambda place: self._found[place].rpartition("/")[2])

    def _second_round(self, progress: Callable[[int], None]) -> Iterator[str]:
        for done, place in enumerate(self._order.places()):
            progress(done)
            yield self._found[place]

    def _frame(self, frame: str) -> SurveyedFrame:
        """A frame with the summary that is in its pack, or one of its record, which is read; RecordError as read()."""
        found = SurveyedFrame(frame, self._summary_in_pack, self.records.read_checked)
        found.summary  # noqa: B018, what is damaged is said here
        return found

    def _summary_in_pack(self, frame: str) -> FrameSummary | None:
        found = self.records.prepared(frame, SUMMARY_VERSION)
        if found is None:
            return None
        pack, place = found
        if self._summaries is None or self._summaries.pack is not pack:
            self._summaries = PackedSummaries(pack)
        return self._summaries.of(frame.rpartition("/")[2], place)

    @property
    def order(self) -> npt.NDArray[np.int64]:
        """After the first round: (N,) the wanted frames in the order of the dataset, by their places in that round."""
        return self._order.order.astype(np.int64)

    def frames(self) -> Iterator[str]:
        """After the first round: the wanted frames in the order of the dataset, as the record store names them."""
        return (self._found[place] for place in self._order.places())

    def frame_at(self, sequence: str, number: int) -> str | None:
        """After the first round: the frame with this number in a sequence, as the record store names it."""
        return self._frame_at.get((sequence, number))

    @cached_property
    def _frame_at(self) -> Mapping[tuple[str, int], str]:
        return {key: self._found[place] for key, place in zip(self._order.keys(), self._order.places(), strict=True)}

    def check_any(self) -> None:
        """After the first round: RecordError where there is nothing to go through."""
        if len(self._order):
            return
        if self.damaged:
            raise RecordError(lines_said_once(self.damaged)[0])
        raise RecordError(self.why_nothing())

    def why_nothing(self) -> str:
        """A sentence on why no record is wanted."""
        if self.left_out:
            return f"{self.records.dataset} holds records of other sequences only; export again from Blender"
        return f"{self.records.dataset} holds no frame records; run 'labelpass annotate' on the frames first"
