"""What the formats of Ultralytics YOLO share: `data.yaml`, splits, and for each image a text file with rows.

Classes count from 0 without gaps, in the order of category ids. Readers find labels by putting `labels` in the place
of the last `images` in an image's path. Source: `check_det_dataset` and `verify_image_label` in ultralytics,
`ultralytics/data/utils.py`.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import ClassVar

from ...base.phrases import listed
from ...records.frame_record import FrameRecord
from ...settings.settings import Media
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..lost_fields import note_lost_fields

_SMALLEST_SIDE = 10
# Readers keep 32 bits; a hundred-millionth of the widest image is less than a thousandth of a pixel.
_DIGITS = 8


# The beginning of LABELPASS.md of all tasks that have rows.
FILES = """## Files

- `images/SPLIT/NAME.png` and `labels/SPLIT/NAME.txt`: an image and its rows. An image without instances has an empty
  text file.
- `data.yaml`: what Ultralytics loads.
"""


class YoloWriter(ExportWriter):
    """Writes the folder. The methods and attributes of a subclass say what its format has.

    Attributes:
        labels: folder of what belongs to the images.
        kept: fields of instances that the format has, see note_lost_fields().
    """

    labels: ClassVar[str] = "labels"
    kept: ClassVar[tuple[str, ...]] = ()

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        keys = self._keys()
        for split in target.split_sizes:
            if target.settings.media is not Media.NONE:
                target.add_folder(f"images/{split}")
            target.add_folder(f"{self.labels}/{split}")
        splits = [f"{key}: images/{split}" for key, split in keys.items()]
        names = (f"  {number}: {quoted(name)}" for number, name in enumerate(self.class_names))
        target.write_lines("data.yaml", [*splits, "names:", *names, *self.more_yaml()])
        self._note_splits(keys)

    @property
    def class_names(self) -> Sequence[str]:
        """Of the classes, from 0."""
        return list(self.target.titles.values())

    def more_yaml(self) -> Iterable[str]:
        """Further lines of `data.yaml`."""
        return ()

    @abstractmethod
    def rows(self, record: FrameRecord) -> Iterator[str]:
        """The rows of a frame."""

    def add(self, frame: ExportedFrame) -> None:
        record, rows = frame.record, list(self.rows(frame.record))
        self.target.write_lines(f"{self.labels}/{frame.split}/{frame.name}.txt", rows)
        self.place_image(frame)
        twice = len(rows) - len(set(rows))
        self.losses.add("equal to another one in the numbers of this format; Ultralytics reads both as one", twice)
        self.losses.add("left out, since YOLO has none", len(record.ignored), "ignore region")
        note_lost_fields(self, frame, self.kept)

    def place_image(self, frame: ExportedFrame) -> None:
        self.target.place_image(frame, f"images/{frame.split}/{frame.image_name}")
        if min(frame.record.width, frame.record.height) < _SMALLEST_SIDE:
            self.losses.add("less than 10 pixels wide or high, which Ultralytics does not read", noun="image")

    def _keys(self) -> dict[str, str]:
        """Keys of `data.yaml`, and the splits that they stand for."""
        given = {split.lower(): split for split in self.target.split_sizes}
        names = {**self.format.splits, "test": ("test",)}
        # Ultralytics takes other keys for other things.
        found = {key: [given[name] for name in standing if name in given] for key, standing in names.items()}
        return {key: splits[0] for key, splits in found.items() if splits}

    def _note_splits(self, keys: Mapping[str, str]) -> None:
        for key in self.format.splits:
            if not self.target.split_sizes[keys[key]]:
                self.losses.note(
                    f"The split {keys[key]} is empty, and Ultralytics does not train without images in it."
                )
        if others := [split for split in self.target.split_sizes if split not in keys.values()]:
            self.losses.note(
                f"data.yaml does not name the split{'s' * (len(others) > 1)} {listed(others)}, since Ultralytics knows "
                "train, val and test only; the files are there."
            )

    @cached_property
    def about_classes(self) -> str:
        """Sentences for LABELPASS.md."""
        return (
            "Classes count from 0, as in the table above. `data.yaml` holds the splits train, val and test, and the "
            "names of the classes."
        )


def quoted(text: str) -> str:
    """A text in YAML, in ASCII: some readers open the file in the encoding of their machine."""
    return '"' + "".join(one if " " <= one <= "~" and one not in '"\\' else f"\\U{ord(one):08x}" for one in text) + '"'


def number(value: float) -> str:
    """A part of an image's size. Some readers take no exponents."""
    return f"{value:.{_DIGITS}f}"
