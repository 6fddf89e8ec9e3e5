"""What every export format does, and what its writer is given.

All formats are written at once, of one stream (dataset/export.py): each record is read twice, once in any order, for
what has to be known of the whole, and once in the order of the dataset. A writer keeps nothing of a frame.

A module of this package that a row of settings/export_table.py names has `make_writer`, of the type MakeWriter.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..base.dataset_folder import DatasetFolder
from ..base.phrases import counted
from ..formats.writer import Survey
from ..records.frame_record import FrameRecord
from ..settings.category_table import Category
from ..settings.export_table import ExportFormat
from ..settings.map_table import DenseMap, WrittenMap
from ..settings.settings import Media, Settings
from .file_names import file_name
from .media import place_file
from .surveyed_frames import FrameTable

# What records need not know of an instance.
_OPTIONAL = ("at_border", "pose", "keypoints", "amodal", "parts", "soft_mask", "track")


@dataclass(frozen=True)
class ExportedFrame:
    """A frame in the second round.

    Attributes:
        number: its place in the order of the dataset, from 1; the same whatever the splits.
        record: all that is known of it.
        split: name of the split that it belongs to.
        two_frame_maps: its maps that need another frame as well.
        dataset: where its files are.
        checksum: of the record.
    """

    number: int
    record: FrameRecord
    split: str
    two_frame_maps: Sequence[WrittenMap]
    dataset: DatasetFolder
    checksum: str

    @cached_property
    def name(self) -> str:
        """A name for its files, without a suffix and without folders; no other frame of the dataset has it."""
        return file_name(self.record.path)

    @property
    def suffix(self) -> str:
        """Of its image, as ImageFormat.suffix says."""
        return PurePosixPath(self.record.image).suffix

    @property
    def image_name(self) -> str:
        """The name of its image without folders."""
        return self.name + self.suffix

    @property
    def image(self) -> Path:
        """Its image in the dataset."""
        return self.dataset.file(self.record.image)

    @cached_property
    def known_fields(self) -> Mapping[str, int]:
        """See the function of this name."""
        return known_fields(self.record)

    def map(self, map: DenseMap) -> WrittenMap | None:
        """A map of it; None where it was not written."""
        return next((one for one in (*self.record.maps, *self.two_frame_maps) if one.map is map), None)


def known_fields(record: FrameRecord) -> Mapping[str, int]:
    """Attribute of Instance that records need not know -> how many instances of a record have it, if any."""
    found: Counter[str] = Counter()
    for one in record.instances:
        found.update(name for name in _OPTIONAL if getattr(one, name) is not None)
    return found


@dataclass(frozen=True)
class ExportTarget:
    """Where a format is written, and what is known of the dataset by then.

    Attributes:
        folder: of the format, under a temporary name until all of its files are complete.
        survey: what the first round has found.
        split_sizes: split name -> how many of the frames belong to it, in the order of the user; 0 for an empty one.
        settings: the user's choices.
        files: for files that stay open until the format is complete.
        earlier: where the export before is, if there is one; it stays until the new one is complete.
        surveyed: the table of frames, for writers that use it.
    """

    folder: Path
    survey: Survey
    split_sizes: Mapping[str, int]
    settings: Settings
    files: ExitStack
    earlier: Path
    surveyed: FrameTable | None = None

    @property
    def frame_table(self) -> FrameTable:
        """The table of frames, of a writer that uses it."""
        assert self.surveyed is not None
        return self.surveyed

    @property
    def categories(self) -> Sequence[Category]:
        """All of the dataset, sorted by their ids, which may have gaps."""
        return self.survey.categories

    @cached_property
    def class_numbers(self) -> Mapping[str, int]:
        """Name of a category -> its place among all of them, from 0 and without gaps, as some formats count."""
        return {category.name: number for number, category in enumerate(self.categories)}

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """Name of a category, as records know it -> what the format calls it; in the order of class_numbers."""
        return {category.name: category.title for category in self.categories}

    def open(self, name: str) -> BinaryIO:
        """A new file below the folder that stays open until the format is complete."""
        return self.files.enter_context(open(self._place(name), "wb"))  # noqa: PTH123

    def write(self, name: str, data: bytes) -> None:
        """A new file below the folder."""
        with open(self._place(name), "wb") as file:  # noqa: PTH123
            file.write(data)

    def add_folder(self, name: str) -> None:
        """A folder below the folder, which may stay empty."""
        (self.folder / name).mkdir(parents=True, exist_ok=True)

    def write_lines(self, name: str, lines: Sequence[str]) -> None:
        """A new text file below the folder: UTF-8, a line each, also the last one with its end."""
        self.write(name, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))

    def place_image(self, frame: ExportedFrame, name: str) -> None:
        """Put the frame's image below the folder, by link or copy, unless the user wants no media."""
        self.place(frame.image, name)

    def place(self, file: Path, name: str) -> None:
        """Put a file of the dataset below the folder, as place_image() does."""
        if self.settings.media is not Media.NONE:
            place_file(file, self.path(name), self.settings.media)

    def path(self, name: str) -> Path:
        """Where a new file below the folder goes; the folder that it is in is there."""
        return Path(self._place(name))

    def _place(self, name: str) -> str:
        """As path(). To put paths together takes as long as to write a small file, and there are millions of them."""
        folder = name.rpartition("/")[0]
        if folder not in self._folders:
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return f"{self._root}/{name}"

    @cached_property
    def _root(self) -> str:
        return str(self.folder)

    @cached_property
    def _folders(self) -> set[str]:
        return set()


@dataclass
class Losses:
    """What a format cannot hold, counted by instance, or by whatever the noun says."""

    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _notes: list[str] = field(default_factory=list)

    def add(self, what: str, number: int = 1, noun: str = "instance") -> None:
        """
        Args:
            what: became of them, after a colon: "several parts, joined by bridges".
            number: of those that it became of.
            noun: what they are, in the singular.
        """
        if number:
            self._counts[what, noun] += number

    def note(self, sentence: str) -> None:
        """Say what becomes of the whole export."""
        self._notes.append(sentence)

    def lines(self) -> Iterator[str]:
        """The notes, then a line each, in the order of their words: "3 instances: several parts, joined by bridges"."""
        yield from self._notes
        for (what, noun), number in sorted(self._counts.items()):
            yield f"{counted(number, noun)}: {what}"


class ExportWriter(ABC):
    """Writes one format.

    Attributes:
        format: which.
        losses: what it could not write.
        target: after begin(): where to.
        has_images: whether the training images go with it.
        uses_frame_table: whether it needs ExportTarget.frame_table.
        unchanged: after begin(): how many of its files are those of the earlier export, and how many it has; None where
            it writes all of them, or the earlier export has none that could be the same.
    """

    target: ExportTarget
    has_images = True
    uses_frame_table = False
    unchanged: tuple[int, int] | None = None

    def __init__(self, format: ExportFormat) -> None:
        self.format = format
        self.losses = Losses()

    @property
    @abstractmethod
    def about(self) -> str:
        """For LABELPASS.md, as Markdown: which file is what, conventions of its numbers, and what to type to load it.

        Asked for when all frames have been added.
        """

    def survey(self, record: FrameRecord) -> None:  # noqa: B027, most formats need no first round
        """First round: each record once, in any order."""

    def begin(self, target: ExportTarget) -> None:
        """Between the rounds; RecordError where the format cannot hold this dataset."""
        self.target = target

    def wants(self, number: int) -> bool:
        """Second round: whether add() has to be called for the frame of this number."""
        return True

    @abstractmethod
    def add(self, frame: ExportedFrame) -> None:
        """Second round: each frame that it wants once, by sequence, frame number and name; OSError where it cannot be
        written."""

    def finish(self) -> None:  # noqa: B027, most formats have nothing left
        """Write what is left; OSError where it cannot be written."""


MakeWriter = Callable[[ExportFormat], ExportWriter]


def writer_of(format: ExportFormat) -> ExportWriter:
    """The writer of a format that has no missing_package."""
    make_writer: MakeWriter = import_module(f".{format.module}", __package__).make_writer
    return make_writer(format)
