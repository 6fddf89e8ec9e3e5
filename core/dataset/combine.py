"""Several datasets as one: records and files of all of them in another dataset, which a merge then completes.

Everything is compared before anything is written: frames of one name, sequences, ids of categories, units of maps. Then
each frame is complete before its record is there, and a frame that is there is left alone. So combining again adds what
is new. Files are hard links where the disk allows it, which is safe since no file of a dataset is written in place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.dataset_folder import DatasetFolder
from ..base.errors import InputError, RecordError
from ..base.files import check_writable, files_at_once, link_or_copy
from ..base.temporary_names import remove_old_leftovers
from ..categories.ids import keep_ids
from ..frames.frame_messages import lines_said_once
from ..frames.sequences import WantedSequences
from ..records.frame_record import FrameRecord
from ..records.merge_record import MergeRecord, remove
from ..records.moved_frame import moved_merge_record, renaming
from ..records.record_store import RecordStore, open_records
from ..records.stale_files import earlier_files, give_way
from ..scene.scene_geometry import geometry_path, meshes_folder
from ..scene.scene_record import scene_path
from ..scene.shared_tables import tables_folder
from .combine_checks import CombinedSurvey, Source, State, check_folders
from .stream import RecordStream

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Combined:
    """What became of the frames.

    Attributes:
        output: the dataset that holds all of them.
        added, updated, kept: how many frames are new there, were replaced by what their dataset has made of them since,
            and were there already or are the same in two of the datasets.
        left_out: how many records are of sequences that their dataset itself leaves out.
        problems: a sentence for each frame that could not be added, or for several alike.
    """

    output: Path
    added: int
    updated: int
    kept: int
    left_out: int
    problems: tuple[str, ...]

    def headline(self) -> str:
        """All of it in one sentence."""
        parts = [f"{self.added} {'frame' if self.added == 1 else 'frames'} added"]
        if self.updated:
            parts.append(f"{self.updated} updated")
        if self.kept:
            parts.append(f"{self.kept} there already")
        if self.left_out:
            parts.append(
                f"{self.left_out} left out, of sequences that the latest export of their dataset does not make"
            )
        return f"{self.output}: {', '.join(parts)}"


def combine(
    sources: Sequence[Source],
    output: Path,
    new_ids: bool = False,
    progress: Progress = lambda done, total: None,
) -> Combined:
    """Bring the frames of some datasets into another one, which may have frames already. Merge it afterwards.

    Args:
        sources: the datasets; none of them is changed.
        output: folder of the dataset to make or to add to.
        new_ids: whether categories get new ids where those that the datasets have contradict each other.
        progress: called with the number of records read and their total, each being read twice.

    Raises:
        UsageError: one of the folders lies in another one, or a dataset is given twice.
        InputError: a folder is not there.
        RecordError: a dataset holds no frames, or two of them contradict each other in frames, sequences or maps.
        CategoryError: they contradict each other in the ids of categories.
        OutputError: a file cannot be written.
    """
    check_folders(sources, output)
    target = open_records(DatasetFolder(output))
    survey = CombinedSurvey(target)
    streams = [(source, RecordStream(open_records(source.dataset))) for source in sources]
    count = _Counter(progress, 2 * sum(stream.found for _, stream in streams))
    for source, stream in streams:
        for one in stream.surveyed(count.next):
            if one.wanted:
                survey.add(source, one.record)
        stream.check_any()
    categories = survey.finish([source.dataset for source in sources], new_ids)
    check_writable(output)
    remove_old_leftovers(output)
    keep_ids(target.dataset, categories)
    counts = dict.fromkeys(State, 0)
    problems = [sentence for _, stream in streams for sentence in lines_said_once(stream.damaged)]
    for source, stream in streams:
        failed: list[tuple[str, str]] = []
        placed = _Placing(source, target)
        for record in stream.in_order(count.next):
            try:
                state = survey.state(source, record)
                if state is not State.KEPT:
                    placed.place(record)
                counts[state] += 1
            except InputError as error:
                failed.append((record.path, f"{error}; the frame was not added"))
        problems += lines_said_once(failed)
    return Combined(
        output,
        counts[State.ADDED],
        counts[State.UPDATED],
        counts[State.KEPT],
        sum(sum(stream.left_out.values()) for _, stream in streams),
        tuple(problems),
    )


class _Counter:
    """Counts records of one dataset after the other."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def next(self, of_dataset: int) -> None:
        self._progress(self._done, self._total)
        self._done += 1


class _Placing:
    """Puts frames of one dataset into another one."""

    def __init__(self, source: Source, target: RecordStore) -> None:
        self._source, self._target = source, target
        self._wanted = WantedSequences.read(target.dataset)
        self._shared: set[Path] = set()

    def place(self, record: FrameRecord) -> None:
        """A frame with all its files; its record comes last.

        Raises:
            InputError: a file of it is missing, or is not what the record says.
            OutputError: a file cannot be written or removed.
        """
        source, target = self._source.dataset, self._target.dataset
        moved = self._source.moved(record, target)
        rename = renaming(record, self._source.name)
        for file in record.files():
            if not record.is_size_right(source, file):
                raise RecordError(f"{source.file(file)} is missing or not as large as its record says")
        earlier = earlier_files(self._target, moved.path)
        files = record.files()
        if record.colour is None and source.file(record.image).is_file():
            files.append(record.image)  # which somebody else has put there
        wanted = self._wanted.including(moved)

        def replace_earlier() -> None:
            give_way(self._target, earlier, moved)
            remove(target.merge_record(moved.path))

        with files_at_once(replace_earlier):
            for file in files:
                link_or_copy(source.file(file), target.file(rename(file)))
            self._place_merged(record)
            self._place_scene(record, moved)
            if wanted is not self._wanted:
                wanted.write(target)
            self._target.write(moved)  # the last to take its place
        self._wanted = wanted

    def _place_merged(self, record: FrameRecord) -> None:
        """What a merge has made for the frame; a merge makes again what cannot be used."""
        source, target = self._source.dataset, self._target.dataset
        try:
            merged = MergeRecord.read(source, record.path)
        except RecordError:
            return
        there = {map: one for map, one in merged.maps.items() if one.content.is_size_of(source.file(one.written.file))}
        moved = moved_merge_record(MergeRecord(there), record, self._source.name)
        for map, one in there.items():
            link_or_copy(source.file(one.written.file), target.file(moved.maps[map].written.file))
        if there:
            moved.write(target, self._source.path(record))

    def _place_scene(self, record: FrameRecord, moved: FrameRecord) -> None:
        """The scene record with its geometry, where the dataset has them.

        Meshes and tables are those of a whole folder, and come first.
        """
        before, now = (
            scene_path(dataset.scenes, frame.path)
            for dataset, frame in ((self._source.dataset, record), (self._target.dataset, moved))
        )
        for folder_of, names in ((meshes_folder, "*.npz"), (tables_folder, "*.json")):
            folder = folder_of(before)
            if folder in self._shared or not folder.is_dir():
                continue
            self._shared.add(folder)
            for file in folder.glob(names):
                if not (folder_of(now) / file.name).is_file():
                    link_or_copy(file, folder_of(now) / file.name)
        for file, path in ((before, now), (geometry_path(before), geometry_path(now))):
            if file.is_file():
                link_or_copy(file, path)
