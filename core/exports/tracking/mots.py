"""MOTS: masks with tracks, as rows of run lengths and as 16-bit PNGs.

Source of both: https://www.vision.rwth-aachen.de/page/mots. The id of an object is its class times 1000 and its number,
in 16 bits; the class 2 (pedestrian) is scored by the MOTS Challenge, and the class 10 is a region to ignore.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from ...drawing.mask_pngs import grey_png
from ...masks.rle import paint_masks
from ...masks.runs import find_masks
from ...records.instance import Instance
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..file_names import plain_text
from ..lost_fields import note_lost_fields
from ..record_masks import masks_of
from .sequence_writer import OpenSequence, SequenceWriter

_SCORED = 2
_IGNORED = 10
_OBJECTS = 1000  # ids of a class
_CLASSES = 64  # that fit into 16 bits with all of their objects


class MotsWriter(SequenceWriter):
    """A row for each mask: frame, id, class, height, width, run lengths."""

    reserved = ("instances",)

    @property
    def about(self) -> str:
        return f"""{self.about_layout}- `SPLIT/instances/SEQUENCE/000001.png`: the ids of a frame's pixels.
  `SPLIT/instances/labels.txt` has the names of the classes, from 1 on.

## Conventions

A row is `frame id class height width rle`. The id is the class times {_OBJECTS} and the number of the track, which
counts from 1 in each class and sequence; the PNG has the same ids, 0 where nothing is. `rle` are run lengths as
pycocotools writes them, of an image of this height and width.

- Evaluations of the MOTS Challenge score the class {_SCORED} only, which is the category `{self.title(self.scored)}`.
  Export with `--scored-category NAME` for another one. All classes: {self.classes_in_words}.
- The class {_IGNORED} is where what is found counts neither way, one row a frame with the id {_IGNORED * _OBJECTS}:
  regions to ignore, and instances of the scored category that could not get an id.

## Load it

```python
import datumaro

dataset = datumaro.Dataset.import_from(".", "mots")
```

datumaro finds masks and classes so, but no images. TrackEval's `MOTSChallenge` takes `GT_FOLDER` `train`,
`SKIP_SPLIT_FOL` and `SEQMAP_FILE` `seqmaps/train.txt`.
"""

    @cached_property
    def classes(self) -> Mapping[str, int]:
        others = (number for number in range(1, _CLASSES + 1) if number not in (_SCORED, _IGNORED))
        return self.numbered_classes(_SCORED, others)

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        names = {number: plain_text(self.title(name)) for name, number in self.classes.items()} | {_IGNORED: "ignored"}
        labels = [names.get(number, f"unused_{number}") for number in range(1, max(names) + 1)]
        for split in target.split_sizes:
            target.write_lines(f"{split}/instances/labels.txt", labels)
        lost = len(target.class_numbers) - len(self.classes)
        self.losses.add("left out: ids of more classes do not fit into 16 bits", lost, "category")

    def rows(self, frame: ExportedFrame, sequence: OpenSequence) -> Sequence[str]:
        record = frame.record
        ids = [self._id(one, sequence) for one in record.instances]
        ids += [self._id_of_region(region) for region in record.ignored]
        masks = [one.mask.rle for one in (*record.instances, *record.ignored)]
        with masks_of(record):
            picture = grey_png(masks, record.height, record.width, ids, bits=16)
            numbers = paint_masks(masks, record.height, record.width)
        image = np.array([0, *ids], np.uint32)[numbers.astype(np.int64)]
        name = f"{sequence.split}/instances/{sequence.name}/{sequence.length:06}.png"
        self.target.write(name, picture)
        note_lost_fields(self, frame, ("track_id",))
        return [
            f"{sequence.length} {mask.label} {mask.label // _OBJECTS} {record.height} {record.width} {mask.rle}"
            for mask in find_masks(image)
        ]

    def _id(self, one: Instance, sequence: OpenSequence) -> int:
        """The id of an instance's pixels; 0 for none."""
        class_ = self.classes.get(one.category)
        if class_ is None:
            self.losses.add("left out: its category has no class")
            return 0
        if one.track is None:
            return self._without_id(one, "no track")
        number = self.track_number(one, sequence, of_category=True)
        if number >= _OBJECTS:
            return self._without_id(one, f"more than {_OBJECTS - 1} tracks of its category in its sequence")
        return class_ * _OBJECTS + number

    def _without_id(self, one: Instance, why: str) -> int:
        if one.category != self.scored:
            self.losses.add(f"{why}, left out")
            return 0
        self.losses.add(f"{why}, so it counts neither way")
        return _IGNORED * _OBJECTS

    def _id_of_region(self, region: Instance) -> int:
        if self.may_be_scored(region.category):
            return _IGNORED * _OBJECTS
        self.losses.add("not of the scored category, left out", noun="ignore region")
        return 0


def make_writer(format: ExportFormat) -> ExportWriter:
    return MotsWriter(format)
