"""MOT17 and MOT20: boxes with tracks.

Source of the rows: https://motchallenge.net/instructions/ and MOT16, A Benchmark for Multi-Object Tracking, table of
classes (https://arxiv.org/abs/1603.00831). Boxes are 1-based; of 13 classes only the first is scored.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from ...records.instance import Instance
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..lost_fields import note_lost_fields
from .sequence_writer import OpenSequence, SequenceWriter

_SCORED = 1
_DISTRACTOR = 8  # what is found there counts neither way
_WITHOUT_TRACK = 1_000_001
# Classes that are not scored, and where what is found is wrong. 2, 7 and 12 count neither way, and 6 not in MOT20.
_OTHERS = (3, 4, 5, 9, 10, 11, 13)


class MotWriter(SequenceWriter):
    """A row for each box: frame, track, left, top, width, height, whether it counts, class, visibility."""

    @property
    def about(self) -> str:
        return f"""{self.about_layout}
## Conventions

A row is `frame,track,left,top,width,height,counts,class,visibility`.

- The box is the one around what is seen. Left and top are 1-based: the outer corner of the top-left pixel is (1, 1).
- Tracks are numbered from 1 in each sequence.
- Evaluations score the class 1 only, which is the category `{self.title(self.scored)}`. Export with
  `--scored-category NAME` for another one. `counts` is 1 for it and 0 for all others: {self.classes_in_words}.
- The class {_DISTRACTOR} with `counts` 0 is where what is found counts neither way: regions to ignore, and instances of
  the scored category whose track is not known. Its tracks have numbers from {_WITHOUT_TRACK:,} on, which mean nothing.
- The visibility is the part of the whole object that is seen, hidden or outside the image, by its amodal mask; -1 where
  there is none.

## Load it

```python
import motmetrics

truth = motmetrics.io.loadtxt("train/SEQUENCE/gt/gt.txt", fmt="mot16", min_confidence=1)
```

TrackEval's `MotChallenge2DBox` takes `GT_FOLDER` `train`, `SKIP_SPLIT_FOL` and `SEQMAP_FILE` `seqmaps/train.txt`.
"""

    @cached_property
    def classes(self) -> Mapping[str, int]:
        return self.numbered_classes(_SCORED, itertools.chain(_OTHERS, itertools.repeat(_OTHERS[-1])))

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        lost = len(self.classes) - 1 - len(_OTHERS)
        self.losses.add(f"of the class {_OTHERS[-1]} like another one, since MOT has no more", max(lost, 0), "category")

    def rows(self, frame: ExportedFrame, sequence: OpenSequence) -> Sequence[str]:
        rows = []
        without: list[Instance] = []
        for one in frame.record.instances:
            if one.track is None:
                without.append(one)
                continue
            track = self.track_number(one, sequence)
            rows.append(_row(sequence, track, one, int(one.category == self.scored), self.classes[one.category]))
        for number, one in enumerate(self._neither_way(frame, without), start=_WITHOUT_TRACK):
            rows.append(_row(sequence, number, one, 0, _DISTRACTOR))
        self._note_losses(frame)
        return rows

    def _neither_way(self, frame: ExportedFrame, without: Sequence[Instance]) -> Iterator[Instance]:
        for one in without:
            if one.category == self.scored:
                self.losses.add(f"no track, so the class {_DISTRACTOR}, where what is found counts neither way")
                yield one
            else:
                self.losses.add("no track, and not of the scored category, left out")
        for region in frame.record.ignored:
            if self.may_be_scored(region.category):
                yield region
            else:
                self.losses.add("not of the scored category, left out", noun="ignore region")

    def _note_losses(self, frame: ExportedFrame) -> None:
        instances = frame.record.instances
        self.losses.add("mask left out, only its box is there; the format mots has masks", len(instances))
        without = sum(one.amodal is None for one in instances)
        self.losses.add("no amodal mask, so the visibility is unknown (-1)", without)
        note_lost_fields(self, frame, ("track_id",))


def make_writer(format: ExportFormat) -> ExportWriter:
    return MotWriter(format)


def _row(sequence: OpenSequence, track: int, one: Instance, counts: int, class_: int) -> str:
    box = one.mask.box
    visibility = f"{min(one.amodal.visib_fract, 1.0):.4f}" if one.amodal else "-1"
    values = (sequence.length, track, box.x0 + 1, box.y0 + 1, box.width, box.height, counts, class_, visibility)
    return ",".join(map(str, values))
