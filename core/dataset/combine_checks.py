"""Whether datasets can be combined: nothing of one contradicts another one, or the dataset that they go into."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..base.dataset_folder import DatasetFolder
from ..base.errors import CategoryError, InputError, RecordError, UsageError
from ..categories.ids import DatasetCategories, ids_before, ids_of
from ..formats.writer import StreamedFrame, SurveyedFrame
from ..frames.frame_files import joined_path, sequence_name
from ..frames.frame_messages import frames_in_words
from ..frames.sequences import WantedSequences
from ..records.frame_record import FrameRecord
from ..records.moved_frame import moved_record
from ..records.record_store import RecordStore, open_records
from ..settings.category_table import Category
from .description import DatasetDescription

_NAME_ONE = "name one of them, as in night={}, and its frames go into the sequence night"


@dataclass(frozen=True)
class Source:
    """A dataset to combine.

    Attributes:
        dataset: its folder.
        name: what goes before the names of its sequences; "" for nothing.
    """

    dataset: DatasetFolder
    name: str = ""

    @classmethod
    def of(cls, text: str) -> "Source":
        """The dataset that FOLDER or NAME=FOLDER means; UsageError where the name cannot be one of a sequence."""
        name, equals, folder = text.partition("=")
        if not equals or Path(text).is_dir():
            return cls(DatasetFolder(Path(text)))
        return cls(DatasetFolder(Path(folder)), sequence_name(name))

    def path(self, record: FrameRecord) -> str:
        """The path of a frame among all frames."""
        return joined_path(self.name, record.path)

    def moved(self, record: FrameRecord, target: DatasetFolder) -> FrameRecord:
        """The record of a frame as another dataset has it; RecordError where it names files that are not its own."""
        return moved_record(record, self.name, self.dataset.path, target.path)


class State(Enum):
    """What has to be done with a frame."""

    ADDED = "added"
    UPDATED = "updated"
    KEPT = "kept"


def check_folders(sources: Sequence[Source], output: Path) -> None:
    """Raises InputError where a dataset is not there, UsageError where folders lie in each other or are given twice."""
    target = output.resolve()
    for source in sources:
        folder = source.dataset.path
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder; give the folder of a dataset, or NAME=FOLDER")
        inside = folder.resolve()
        if inside == target:
            raise UsageError(f"{output} is one of the datasets; to add to it, give only those that it should get")
        if target.is_relative_to(inside):
            raise UsageError(f"{output} lies in {folder}, which is to be left as it is; choose another output folder")
        if inside.is_relative_to(target):
            raise UsageError(f"{folder} lies in {output}; choose another output folder")
    for one, other in itertools.combinations(sources, 2):
        if one.dataset.path.resolve() == other.dataset.path.resolve():
            raise UsageError(f"{one.dataset} and {other.dataset} are the same dataset; give it once")


class CombinedSurvey:
    """Takes note of all frames, and says what contradicts what. Of a frame it keeps only the name.

    Args:
        target: the records of the dataset that frames go into.
    """

    def __init__(self, target: RecordStore) -> None:
        self._target = target
        self._categories, self._description = DatasetCategories(), DatasetDescription()
        self._part_categories = DatasetCategories()
        # Path of a frame -> the dataset that it comes from.
        self._owners: dict[str, Source] = {}
        self._clashes: dict[tuple[str, str], list[str]] = {}
        # Sequence -> dataset -> the scenes that it shows there, as far as they are known.
        self._scenes: dict[str, dict[str, set[str]]] = {}

    def add(self, source: Source, record: FrameRecord) -> None:
        """Take note of a frame; RecordError where its categories or maps contradict what was there before."""
        moved = source.moved(record, self._target.dataset)
        owner = self._owners.setdefault(moved.path, source)
        other = None
        if owner is not source:
            other = None if _is_equal(self._moved_of(owner, moved.path), moved) else owner.dataset
        elif (there := self._there(moved.path)) and not _is_same_frame(there, moved):
            other = self._target.dataset
        if other is not None:
            self._clashes.setdefault((str(other), str(source.dataset)), []).append(moved.path)
        self._note(source, moved, f"the record of {record.path} in {source.dataset}")

    def _note(self, source: Source, record: FrameRecord, where: str) -> None:
        self._categories.add(record.categories, where)
        self._part_categories.add(record.part_categories, where)
        before = len(self._description.problems)
        self._description.add(StreamedFrame(0, SurveyedFrame.of(record)))
        for problem in self._description.problems[before:]:
            raise RecordError(f"{source.dataset}: {problem}")
        if record.origin and (scene := record.origin.scene_in_words):
            of_sequence = self._scenes.setdefault(record.sequence, {})
            of_sequence.setdefault(str(source.dataset), set()).add(scene)

    def finish(self, datasets: Sequence[DatasetFolder], new_ids: bool) -> Sequence[Category]:
        """Compare datasets as wholes.

        Args:
            datasets: all that frames come from.
            new_ids: whether ids may contradict each other, as long as no record has fixed them.

        Returns:
            All categories with their ids.

        Raises:
            RecordError, CategoryError: they contradict each other, or what is there already.
        """
        self._add_what_is_there()
        for (one, other), frames in self._clashes.items():
            raise RecordError(
                f"{one} and {other} both have {frames_in_words(frames)}, which are not the same; "
                + _NAME_ONE.format(other)
            )
        for sequence, scenes in self._scenes.items():
            for (one, first), (other, second) in itertools.combinations(scenes.items(), 2):
                if not first & second:
                    raise RecordError(
                        f"{one} and {other} both have {f'the sequence {sequence!r}' if sequence else 'no sequences'}, "
                        f"but show {min(first)} and {min(second)}; " + _NAME_ONE.format(other)
                    )
        known = self._ids([self._target.dataset] if new_ids else [self._target.dataset, *datasets])
        categories = self._categories.numbered(known)
        self._description.check_ids(ids_of(categories))
        for problem in self._description.problems:
            raise RecordError(problem)
        return categories

    def _ids(self, datasets: Iterable[DatasetFolder]) -> Mapping[str, int]:
        """Name -> id of the categories that some datasets have; CategoryError where they contradict each other."""
        ids: dict[str, int] = {}
        of_name: dict[str, DatasetFolder] = {}
        of_id: dict[int, str] = {}
        for dataset in datasets:
            for name, id in ids_before(dataset).items():
                if ids.setdefault(name, id) != id:
                    raise _contradicting(
                        f"{of_name[name]} gives {name!r} the id {ids[name]}, but {dataset} gives it {id}"
                    )
                if (other := of_id.setdefault(id, name)) != name:
                    raise _contradicting(f"{of_name[other]} has the id {id} for {other!r}, but {dataset} for {name!r}")
                of_name.setdefault(name, dataset)
        return ids

    def state(self, source: Source, record: FrameRecord) -> State:
        """What has to be done with a frame that was surveyed."""
        moved = source.moved(record, self._target.dataset)
        there = self._there(moved.path)
        if self._owners[moved.path] is not source:
            return State.KEPT
        if there is None:
            return State.ADDED if self._target.stamp(moved.path) is None else State.UPDATED
        complete = all(there.is_size_right(self._target.dataset, file) for file in there.files())
        return State.KEPT if there == moved and complete else State.UPDATED

    def _add_what_is_there(self) -> None:
        """Take note of the frames that stay as they are."""
        wanted = WantedSequences.read(self._target.dataset)
        own = Source(self._target.dataset)
        for frame in self._target.frames():
            record = None if frame in self._owners else self._there(frame)  # a merge names those that are damaged
            if record and wanted.wants(record):
                self._note(own, record, self._target.where(frame))

    def _moved_of(self, owner: Source, path: str) -> FrameRecord:
        record = open_records(owner.dataset).read(path.removeprefix(f"{owner.name}/") if owner.name else path)
        return owner.moved(record, self._target.dataset)

    def _there(self, path: str) -> FrameRecord | None:
        """The record of a frame in the target; None where it has none that can be read."""
        if self._target.stamp(path) is None:
            return None
        try:
            return self._target.read(path)
        except RecordError:
            return None


def _is_equal(one: FrameRecord, other: FrameRecord) -> bool:
    """Whether two records say the same of a frame, whichever machine has annotated it."""
    return dataclasses.replace(one, key=other.key, origin=other.origin) == other


def _is_same_frame(one: FrameRecord, other: FrameRecord) -> bool:
    """Whether two records are of one frame, of which one may have been annotated again."""
    return one.key == other.key or (one.origin is not None and one.origin == other.origin)


def _contradicting(what: str) -> CategoryError:
    return CategoryError(
        f"{what}; annotate one of them again with the category table of the other (--categories), or let the output "
        "have ids of its own (--new-ids)"
    )
