"""Writes the report of a dataset: one round over its records, nearly in order, then judgement, then the page."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..base.dataset_folder import REPORT_PAGE, DatasetFolder
from ..base.errors import OutputError
from ..base.files import canonical_json, complete_file, pretty_json, replaced_folder
from ..base.input_files import read_json
from ..checks.validate import validate
from ..dataset.splits import Splits
from ..dataset.statistics import Statistics
from ..dataset.statistics_report import Report
from ..dataset.stream import GatheredCategories, RecordStream
from ..frames.frame_messages import lines_said_once
from ..records.frame_record import FrameRecord
from ..records.record_store import open_records
from ..settings.category_table import Category
from .facts.gathering import Facts, Gatherer
from .facts.image_facts import ImageFacts, ImageState, look_at_image
from .figures import figures
from .judgement.judge import Judgement, judge
from .judgement.known import Known
from .judgement.limits import Limits
from .judgement.usable_images import dark_images
from .page.album import SIDE, Album
from .page.columns import deflated, packed
from .page.fact_columns import columns_of
from .page.filters import filters_of
from .page.head import head, item_columns, relative_address, texts
from .page.map_pictures import write_map_pictures
from .page.page_text import page_text

FIGURES_FILE = "figures.json"
# Threads that read images, which other threads need not wait for, and how many frames they may be ahead.
_READERS, _AHEAD = 3, 12
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class WrittenReport:
    """What was written.

    Attributes:
        page: the file to open.
        judgement: what it says first.
        problems: a sentence for each record or map that could not be read.
    """

    page: Path
    judgement: Judgement
    problems: Sequence[str]


def write_report(
    output: Path,
    splits: Splits,
    folder: Path | None = None,
    validated: bool = False,
    maps: bool = True,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    progress: Progress = lambda done, total: None,
) -> WrittenReport:
    """Write the report of a dataset.

    Args:
        output: the dataset's folder.
        splits: how it is divided.
        folder: of the report; None for that in the dataset. An earlier report there is replaced.
        validated: whether to validate the dataset as well, and show what that finds.
        maps: whether to draw dense maps, to lay them over the images.
        limits: from where on something is a fault.
        progress: called with how many frames are done, and their number.

    Raises:
        RecordError: no record is there, or two of them contradict each other.
        InputError: the file with the ids of the dataset is damaged, or its plan.
        OutputError: the folder holds something else, or cannot be written.
    """
    dataset = DatasetFolder(output)
    folder = dataset.report if folder is None else folder
    check_replaceable(folder)
    found = validate(output, progress).problems if validated else {}
    stream = RecordStream(open_records(dataset), by_names=True)
    gathered = GatheredCategories(stream.records)
    with replaced_folder(folder) as temporary:
        round = _Round(dataset, splits, temporary, found)
        records = _wanted(stream, gathered, lambda done: progress(done, stream.found))
        for number, (record, image) in enumerate(_with_images(records, dataset)):
            round.add(number, record, image, maps)
        round.album.finish()
        stream.check_any()
        categories = gathered.survey(stream.order, complete=not stream.damaged).categories
        facts = round.gatherer.facts(categories, stream.order)
        known = Known.of(stream, found.get("", ()), validated, splits.by.value)
        judgement = judge(facts, known, limits)
        statistics = _completed(round.statistics, facts, categories, stream)
        root = relative_address(folder.resolve(), output.resolve())
        _write(temporary / REPORT_PAGE, page_of(facts, judgement, categories, output.resolve().name, root).encode())
        _write(temporary / FIGURES_FILE, pretty_json(figures(facts, judgement, Report(statistics, splits))))
    progress(stream.found, stream.found)
    return WrittenReport(folder / REPORT_PAGE, judgement, [*known.problems, *round.problems])


def check_replaceable(folder: Path) -> None:
    """Raises OutputError where there is something that is not an earlier report."""
    if not folder.exists() and not folder.is_symlink():
        return
    with suppress(OSError, KeyError, TypeError, ValueError):
        if folder.is_dir() and (not any(folder.iterdir()) or "figures_version" in read_json(folder / FIGURES_FILE)):
            return
    raise OutputError(
        f"{folder} is there and is not a report of Labelpass, so it is not replaced; move it away, or choose another "
        "folder with --output"
    )


def _with_images(records: Iterable[FrameRecord], dataset: DatasetFolder) -> Iterator[tuple[FrameRecord, ImageFacts]]:
    """What is told of the image of each record; images are read by threads, some frames ahead."""
    waiting: deque[tuple[FrameRecord, Future[ImageFacts]]] = deque()
    with ThreadPoolExecutor(_READERS) as readers:
        for record in records:
            waiting.append((record, readers.submit(look_at_image, dataset.file(record.image), record, SIDE)))
            if len(waiting) > _AHEAD:
                first, image = waiting.popleft()
                yield first, image.result()
        for first, image in waiting:
            yield first, image.result()


class _Round:
    """Takes all frames.

    Attributes:
        gatherer, album, statistics: what is kept of them.
        problems: a sentence for each map that cannot be read.
    """

    def __init__(
        self,
        dataset: DatasetFolder,
        splits: Splits,
        folder: Path,
        found: Mapping[str, Sequence[str]],
    ) -> None:
        self._dataset, self._splits, self._folder = dataset, splits, folder
        self.gatherer = Gatherer(splits.names, found)
        self.album = Album(folder)
        self.statistics = Statistics()
        self.problems: list[str] = []

    def add(self, number: int, record: FrameRecord, image: ImageFacts, maps: bool) -> None:
        split = self._splits.of(record)
        self.gatherer.add(record, split, image, record.random.attributes if record.random else None)
        self.statistics.add(record, split)
        pictures: dict[str, list[str]] = {}
        if maps:
            pictures, problems = write_map_pictures(self._dataset, record, self._folder, number)
            self.problems += problems
        self.album.add(record, image.thumbnail, pictures)


def _wanted(
    stream: RecordStream, gathered: GatheredCategories, progress: Callable[[int], None]
) -> Iterator[FrameRecord]:
    """The records that are wanted, by their names; their categories are gathered."""
    for surveyed in stream.surveyed(progress):
        if surveyed.wanted:
            gathered.add(surveyed.record)
            yield surveyed.record


def _completed(
    statistics: Statistics, facts: Facts, categories: Sequence[Category], stream: RecordStream
) -> Statistics:
    """With what is not counted frame by frame."""
    statistics.categories, statistics.sequences = categories, len(facts.sequences)
    statistics.dark = int(np.count_nonzero(dark_images(facts, Limits())))
    statistics.unreadable = int(np.count_nonzero(facts.frames["image"] == ImageState.UNREADABLE))
    statistics.left_out = sum(stream.left_out.values())
    statistics.problems = lines_said_once(stream.damaged)
    return statistics


def page_of(facts: Facts, judgement: Judgement, categories: Sequence[Category], title: str, root: str) -> str:
    """The text of the page.

    Args:
        facts, judgement, categories: of the dataset.
        title: of the dataset.
        root: address of its folder from the page.
    """
    filters, drawn = filters_of(facts)
    columns, layout = packed([*columns_of(facts), *drawn, *item_columns(facts, judgement)])
    about = head(facts, judgement, filters, categories, title, layout, root)
    return page_text(title, about, columns, deflated(canonical_json(texts(facts))))


def _write(path: Path, content: bytes) -> None:
    with complete_file(path, durable=False) as file:
        file.write(content)
