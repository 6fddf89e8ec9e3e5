"""What the formats of the MOT Challenge share: `train/SEQUENCE/img1/000001.png`, `gt/gt.txt` and `seqinfo.ini`.

Source of the layout: the downloads at https://motchallenge.net, and TrackEval, which evaluates them. Frames of a
sequence are numbered from 1 without gaps, so a sequence must not be divided by a split.
"""

from abc import abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import BinaryIO, ClassVar

from ...base.errors import RecordError
from ...records.frame_record import FrameRecord
from ...records.instance import Instance
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..whole_sequences import WholeSequences

# Categories that are scored unless the user chooses another one.
_SCORED = ("pedestrian", "person")


@dataclass
class OpenSequence:
    """A sequence of which some frames have been added.

    Attributes:
        sequence: of its frames.
        split: that it belongs to.
        name: of its folder.
        width, height: of its first image; MOT knows one size.
        suffix: of its first image, likewise.
        length: number of its frames so far.
    """

    sequence: str
    split: str
    name: str
    width: int
    height: int
    suffix: str
    length: int = 0
    _numbers: dict[Hashable, int] = field(default_factory=dict)
    _sizes: Counter[str] = field(default_factory=Counter)

    @property
    def folder(self) -> str:
        return f"{self.split}/{self.name}"

    def is_new(self, instance: Instance) -> bool:
        """Whether its track has no number yet."""
        return (instance.category, instance.track) not in self._numbers

    def number(self, instance: Instance, of_category: bool) -> int:
        """The number of an instance's track, from 1 in the order in which tracks appear.

        A thing that changes its category has a track in each, as in COCO.

        Args:
            instance: one with a track.
            of_category: whether tracks are counted in each category, and not through all of them.
        """
        key = instance.category, instance.track
        if key not in self._numbers:
            counted = instance.category if of_category else ""
            self._sizes[counted] += 1
            self._numbers[key] = self._sizes[counted]
        return self._numbers[key]


class SequenceWriter(ExportWriter):
    """Writes a folder for each sequence; of these it keeps one at a time. A subclass writes the rows of gt.txt.

    Attributes:
        reserved: folders of a split that are not a sequence's.
        scored: after begin(): the name of the category that evaluations count.
    """

    reserved: ClassVar[tuple[str, ...]] = ()

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._whole = WholeSequences(self.reserved)
        self._sequence: OpenSequence | None = None

    def survey(self, record: FrameRecord) -> None:
        self._whole.survey(record)

    def begin(self, target: ExportTarget) -> None:
        self._whole.check(self.format, target)
        super().begin(target)
        self.scored = self._scored_category(target)
        self._maps = {split: target.open(f"seqmaps/{split}.txt") for split in target.split_sizes}
        for split, file in self._maps.items():
            file.write(b"name\n")
            target.add_folder(split)
        # Files of one sequence are closed before those of the next one are opened.
        self._files = target.files.enter_context(ExitStack())
        self._target_of_sequence = replace(target, files=self._files)

    def add(self, frame: ExportedFrame) -> None:
        record = frame.record
        if self._sequence is None or self._sequence.sequence != record.sequence:
            self._end_sequence()
            self._begin_sequence(frame)
        sequence = self._sequence
        assert sequence
        sequence.length += 1
        self._write(self._frames, f"{sequence.length}\t{record.frame}\t{record.path}")
        for row in self.rows(frame, sequence):
            self._write(self._truth, row)
        self.target.place_image(frame, f"{sequence.folder}/img1/{sequence.length:06}{frame.suffix}")
        if (record.width, record.height) != (sequence.width, sequence.height):
            self.losses.add("of another size than the first of its sequence, whose size seqinfo.ini says", noun="image")
        if frame.suffix != sequence.suffix:
            self.losses.add("of another file format than the first of its sequence", noun="image")

    def finish(self) -> None:
        self._end_sequence()

    @property
    @abstractmethod
    def classes(self) -> Mapping[str, int]:
        """Name of a category -> its class."""

    def numbered_classes(self, scored: int, others: Iterable[int]) -> Mapping[str, int]:
        """The class of the scored category, and those of the others in their order, for as many as there are."""
        names = (name for name in self.target.class_numbers if name != self.scored)
        return {self.scored: scored} | dict(zip(names, others, strict=False))

    def title(self, name: str) -> str:
        """What the dataset calls a category; "" for "", which is scored where there is none."""
        return self.target.titles.get(name, name)

    @property
    def classes_in_words(self) -> str:
        return ", ".join(f"`{self.title(name)}` is {number}" for name, number in self.classes.items())

    @abstractmethod
    def rows(self, frame: ExportedFrame, sequence: OpenSequence) -> Sequence[str]:
        """The rows of gt.txt of a frame, whose number is the sequence's length."""

    def track_number(self, instance: Instance, sequence: OpenSequence, of_category: bool = False) -> int:
        """See OpenSequence.number(); notes a new one in tracks.tsv."""
        is_new = sequence.is_new(instance)
        number = sequence.number(instance, of_category)
        if is_new:
            self._write(self._tracks, f"{number}\t{self.title(instance.category)}\t{instance.name}")
        return number

    def may_be_scored(self, category: str) -> bool:
        """Whether a region to ignore, of a category or "" for all, may hold what is scored."""
        return category in ("", self.scored)

    def _scored_category(self, target: ExportTarget) -> str:
        """The name of the category that evaluations count."""
        names = {title: name for name, title in target.titles.items()}
        chosen = target.settings.scored_category
        if chosen and chosen not in names:
            raise RecordError(
                f"No category is called {chosen!r}, which is to be scored in the format {self.format}; give "
                f"--scored-category one of those of the dataset, such as {next(iter(names), '')!r}"
            )
        chosen = chosen or next((name for name in _SCORED if name in names), next(iter(names), ""))
        return names.get(chosen, "")

    def _begin_sequence(self, frame: ExportedFrame) -> None:
        record = frame.record
        name = self._whole.folder(record.sequence)
        self._sequence = OpenSequence(record.sequence, frame.split, name, record.width, record.height, frame.suffix)
        folder, target = self._sequence.folder, self._target_of_sequence
        self._write(self._maps[frame.split], name)
        self._truth = target.open(f"{folder}/gt/gt.txt")
        self._frames, self._tracks = target.open(f"{folder}/frames.tsv"), target.open(f"{folder}/tracks.tsv")
        self._write(self._frames, "number\tframe\tname")
        self._write(self._tracks, "number\tcategory\tname")

    def _end_sequence(self) -> None:
        sequence = self._sequence
        self._files.close()
        if sequence is None:
            return
        lines = [
            "[Sequence]",
            f"name={sequence.name}",
            "imDir=img1",
            f"frameRate={self.target.settings.fps:g}",
            f"seqLength={sequence.length}",
            f"imWidth={sequence.width}",
            f"imHeight={sequence.height}",
            f"imExt={sequence.suffix}",
        ]
        self.target.write_lines(f"{sequence.folder}/seqinfo.ini", lines)

    @staticmethod
    def _write(file: BinaryIO, line: str) -> None:
        file.write(f"{line}\n".encode("utf-8", "surrogateescape"))

    @property
    def about_layout(self) -> str:
        """What LABELPASS.md says of all of these formats."""
        return f"""
## Files

- `SPLIT/SEQUENCE/img1/000001.png`: the frames of a sequence, numbered from 1 without gaps.
- `SPLIT/SEQUENCE/gt/gt.txt`: the rows of all frames.
- `SPLIT/SEQUENCE/seqinfo.ini`: length and image size. {self.target.settings.fps:g} frames a second are those of the
  option `--fps`; the dataset does not know them.
- `SPLIT/SEQUENCE/frames.tsv`: which frame of the dataset each number is. `tracks.tsv`: which object each track is.
- `seqmaps/SPLIT.txt`: the sequences of a split, as TrackEval wants them.
"""
