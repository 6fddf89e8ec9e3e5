"""Exports: the records of a dataset in the formats that other programs read, all of them in one go."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..base.dataset_folder import DatasetFolder
from ..base.errors import UsageError
from ..base.files import cannot_write
from ..base.phrases import counted
from ..base.temporary_names import remove_old_leftovers
from ..exports.about_page import about_page
from ..exports.export_folder import ABOUT_FILE, EXPORT_FILE, check_replaceable, complete_export, export_json
from ..exports.export_writer import ExportedFrame, ExportTarget, ExportWriter, writer_of
from ..exports.needs import Needed
from ..exports.surveyed_frames import SurveyedFrames
from ..formats.writer import StreamedFrame, Survey, SurveyedFrame
from ..records.record_store import open_records
from ..settings.conflicts import missing_splits
from ..settings.export_table import ExportFormat
from ..settings.format_table import DatasetFormat
from ..settings.settings import Media, Settings
from .merge import Progress, Written, write_formats
from .splits import Splits


@dataclass(frozen=True)
class Exported(Written):
    """What an export wrote.

    Attributes:
        folders: of each format, in the order of the table.
        split_sizes: split name -> number of its frames, in the order of the user.
        losses: format -> lines on what it cannot hold.
        unchanged: format -> how many of its shards are those of the export before, and how many it has; only formats
            for which there was one.
    """

    folders: Mapping[ExportFormat, Path]
    split_sizes: Mapping[str, int]
    losses: Mapping[ExportFormat, tuple[str, ...]]
    unchanged: Mapping[ExportFormat, tuple[int, int]]

    def lines(self) -> Iterator[str]:
        """What people should know of it, a line each."""
        sizes = ", ".join(f"{name} {size}" for name, size in self.split_sizes.items())
        yield f"{counted(self.frames, 'image')} exported: {sizes}"
        for format, folder in self.folders.items():
            yield f"{format}: {folder}"
            if format in self.unchanged:
                unchanged, shards = self.unchanged[format]
                yield f"  {unchanged:,} of {shards:,} shards are as they were"
            for line in self.losses[format]:
                yield f"  {line}"
        yield from self.notes


def export(
    dataset: Path,
    settings: Settings,
    output: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Exported:
    """Write a dataset in other formats.

    Args:
        dataset: its folder.
        settings: of which those count that are about exports; `formats` says which.
        output: the folder in which each format gets a folder of its name; None for that in the dataset.
        progress: called with the number of records read and their total, each being read twice.

    Raises:
        UsageError: no format or no splits are given, or a format needs something that is not installed.
        RecordError: no record is there, two of them contradict each other, planned frames are missing, or a format
            needs what none of them has.
        CategoryError: the file with the ids of the dataset as it was is damaged.
        InputError: the plan of the dataset is damaged.
        OutputError: a file cannot be written. What was exported before is as it was.
    """
    check_choices(settings)
    folder = DatasetFolder(dataset)
    writer = ExportsWriter(folder, settings, output or folder.exports)
    written = write_formats(open_records(folder), [writer], progress)
    return Exported(
        **{**vars(written), "notes": tuple(writer.notes)},
        folders=writer.folders,
        split_sizes=writer.split_sizes,
        losses={one.format: tuple(one.losses.lines()) for one in writer.writers},
        unchanged={one.format: one.unchanged for one in writer.writers if one.unchanged},
    )


def check_choices(settings: Settings) -> None:
    """Raises UsageError where the settings of an export cannot be used, whatever the dataset, or where something that a
    format needs is not installed."""
    if not settings.formats:
        names = ", ".join(ExportFormat)
        raise UsageError(f"Say which formats to export, such as --formats coco; there are {names}")
    for format in settings.formats:
        if package := format.missing_package:
            raise UsageError(
                f"The format {format} needs the Python package {package}, which does not come with Labelpass; install "
                f"it with 'pip install {package}', or choose another format"
            )
    for sentence in missing_splits(settings.formats, Splits.of_settings(settings).names):
        raise UsageError(sentence)


class ExportsWriter:
    """Lets all formats of an export take part in the stream of records, as one writer.

    Attributes:
        writers: of each format.
        folders: where each is written.
        split_sizes: after the first round: split name -> number of its frames.
        notes: after the first round: sentences on the whole.
    """

    written: Sequence[DatasetFormat] = ()

    def __init__(self, dataset: DatasetFolder, settings: Settings, output: Path) -> None:
        self._dataset, self._settings, self._output = dataset, settings, output
        self._splits = Splits.of_settings(settings)
        self._split_numbers = {name: number for number, name in enumerate(self._splits.names)}
        self._sizes: Counter[str] = Counter()
        self._needed = Needed(settings.formats, settings.media is not Media.NONE)
        self.folders = {format: output / format.value for format in settings.formats}
        self.writers: list[ExportWriter] = [writer_of(format) for format in settings.formats]
        self.notes: list[str] = []
        self._frames = None
        if any(writer.uses_frame_table for writer in self.writers):
            self._frames = SurveyedFrames(dataset, settings.media is not Media.NONE)

    @property
    def split_sizes(self) -> Mapping[str, int]:
        return {name: self._sizes[name] for name in self._splits.names}

    def survey(self, frame: SurveyedFrame) -> None:
        record = frame.record
        split = self._splits.of(record)
        self._sizes[split] += 1
        if self._frames:
            self._frames.add(frame, self._split_numbers[split])
        self._needed.survey(record)
        for writer in self.writers:
            writer.survey(record)

    def begin(self, survey: Survey, files: ExitStack) -> None:
        self._needed.check()
        for folder in self.folders.values():
            check_replaceable(folder)
        remove_old_leftovers(self._output, deep=False)  # none are within exports, which are complete
        self.notes += survey.notes
        if empty := self._splits.empty_split(list(self.split_sizes.values())):
            self.notes.append(empty)
        table = self._frames.in_order(survey) if self._frames else None
        self._frames = None  # which takes as much memory
        for writer in self.writers:
            earlier = self.folders[writer.format]
            folder = files.enter_context(complete_export(earlier))
            own_files = files.enter_context(ExitStack())
            writer.begin(ExportTarget(folder, survey, self.split_sizes, self._settings, own_files, earlier, table))

    def add(self, frame: StreamedFrame) -> None:
        wanting = [writer for writer in self.writers if writer.wants(frame.number)]
        if not wanting:
            return  # its record is not even read
        record = frame.record
        exported = ExportedFrame(
            frame.number,
            record,
            self._splits.of(record),
            frame.two_frame_maps,
            self._dataset,
            frame.surveyed.checksum,
        )
        for writer in wanting:
            with self._errors_of(writer):
                writer.add(exported)

    def finish(self) -> Sequence[str]:
        for writer in self.writers:
            with self._errors_of(writer):
                writer.finish()
                writer.target.files.close()
                writer.target.write(EXPORT_FILE, export_json(writer.format, self._settings))
                writer.target.write(ABOUT_FILE, about_page(writer, self.notes))
        return ()

    @contextmanager
    def _errors_of(self, writer: ExportWriter) -> Iterator[None]:
        """OutputError, naming the folder of a format, for what cannot be written there."""
        try:
            yield
        except OSError as error:
            raise cannot_write(self.folders[writer.format], error) from error
