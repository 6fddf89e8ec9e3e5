"""What is made of all frames together: the COCO file, other formats, maps that need two frames, and `dataset.json`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..base.dataset_folder import DatasetFolder
from ..base.temporary_names import remove_old_leftovers
from ..categories.ids import keep_ids, move_former_ids
from ..formats.coco import CocoWriter
from ..formats.writer import StreamedFrame, Writer, writers_of
from ..frames.dataset_plan import DatasetPlan
from ..frames.frame_messages import lines_said_once
from ..maps.two_frame_maps import TwoFrameMaps
from ..records.record_store import RecordStore, open_records
from ..settings.format_table import formats_chosen_by
from ..settings.settings import Settings
from .description import DescriptionWriter
from .stream import GatheredCategories, RecordStream

Progress = Callable[[int, int], None]
Checkpoint = Callable[[], None]

_BY_DEFAULT = Settings()


@dataclass(frozen=True)
class Written:
    """What became of a stream of records.

    Attributes:
        frames, categories: how many went through.
        problems: a sentence for each record, or for all alike, that could not be used, and for what is wrong with a
            format or with two-frame maps.
        left_out: sequence -> how many of its records are there and not wanted, see sequences.py.
        notes: a sentence each on what the user should know of the whole.
    """

    frames: int
    categories: int
    problems: tuple[str, ...]
    left_out: Mapping[str, int]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Merged(Written):
    """What a merge wrote.

    Attributes:
        path: the COCO file.
        instances: how many annotations that has.
    """

    path: Path
    instances: int


def merge(
    output: Path,
    settings: Settings = _BY_DEFAULT,
    progress: Progress = lambda done, total: None,
    checkpoint: Checkpoint = lambda: None,
) -> Merged:
    """Write all that is made of the frame records of a dataset.

    Args:
        output: the dataset's folder.
        settings: of which those count that are about all frames together.
        progress: called with the number of records read and their total, each being read twice.
        checkpoint: called between frames where maps are made; raises Cancelled to stop there.

    Raises:
        RecordError: no record is there, two of them contradict each other, or planned frames are missing.
        CategoryError: the file with the ids of the dataset as it was is damaged.
        InputError: the plan of the dataset is damaged.
        OutputError: a file cannot be written.
    """
    dataset = DatasetFolder(output)
    remove_old_leftovers(output)
    move_former_ids(dataset)
    writers = writers_of((*formats_chosen_by(""), *settings.cameras))
    written = write_formats(
        open_records(dataset), [*writers, DescriptionWriter(writers)], progress, checkpoint, two_frame_maps=True
    )
    (coco,) = (writer for writer in writers if isinstance(writer, CocoWriter))
    return Merged(**vars(written), path=dataset.instances, instances=coco.annotations)


def write_formats(
    records: RecordStore,
    writers: Sequence[Writer],
    progress: Progress = lambda done, total: None,
    checkpoint: Checkpoint = lambda: None,
    two_frame_maps: bool = False,
) -> Written:
    """Let the records of a dataset go past some writers, and keep the ids of its categories.

    Args:
        records: all of the dataset.
        writers: in the order in which they finish.
        progress, checkpoint: as in merge().
        two_frame_maps: whether to make those, too.

    Raises:
        RecordError, CategoryError, OutputError: as in merge(). Files that the writers have open then keep the content
            that they had before.
    """
    stream = RecordStream(records)
    found = stream.found
    maps = TwoFrameMaps(records.dataset, stream.read) if two_frame_maps else None
    categories = GatheredCategories(records)
    for surveyed, is_wanted in stream.frames_surveyed(lambda done: progress(done, 2 * found)):
        if not is_wanted:
            continue
        categories.add(surveyed.summary)
        if maps:
            maps.survey(surveyed.summary)
        for writer in writers:
            writer.survey(surveyed)
    stream.check_any()
    if plan := DatasetPlan.read(records.dataset):
        plan.check_complete(stream.frames())
    survey = categories.survey(stream.order, complete=not stream.damaged)
    problems = lines_said_once(stream.damaged)
    with ExitStack() as files:
        for writer in writers:
            writer.begin(survey, files)
        second = stream.frames_in_order(lambda done: progress(found + done, 2 * found))
        for number, surveyed in enumerate(second, start=1):
            has_more = maps and surveyed.summary.shared.later_maps
            frame = StreamedFrame(number, surveyed, maps.make(surveyed.record, checkpoint) if maps and has_more else ())
            for writer in writers:
                writer.add(frame)
        problems += maps.problems() if maps else []
        for writer in writers:
            problems += writer.finish()
    keep_ids(records.dataset, survey.categories)
    left_out = dict(sorted(stream.left_out.items()))
    return Written(len(stream), len(survey.ids), tuple(problems), left_out, tuple(survey.notes))
