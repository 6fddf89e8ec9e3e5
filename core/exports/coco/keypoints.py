"""COCO keypoint detection: `annotations/person_keypoints_train.json`, `images/train/`.

Readers know files of this task by COCO's own name for them, whatever the categories are.
"""

from collections.abc import Iterable, Iterator, Mapping

from ...formats.coco_rows import category_row
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from .split_files import Row, SplitFilesWriter

_VALUES = 3  # x, y, visibility


class CocoKeypointsWriter(SplitFilesWriter):
    """A file for each split, with the categories that have keypoints and their annotations.

    Every annotation has keypoints, as in COCO's own files: those of a region to ignore, and of an instance of which
    none are known, are 0.
    """

    annotations = "annotations/person_keypoints_{}.json"
    extras = ("keypoints", "num_keypoints")

    @property
    def about(self) -> str:
        return f"""
## Files

- `annotations/person_keypoints_SPLIT.json`: the annotations of a split. `file_name` of an image is its name in its
  folder. The files are called so for every category, since readers look for that name.
- `images/SPLIT/NAME.png`: the images of a split.

## Conventions

Only categories that have keypoints are in it, with the names of these and the `skeleton`, whose numbers count from 1.
`keypoints` of an annotation are x, y and visibility of each: 0 not there, or outside the image; 1 hidden; 2 seen. x and
y are pixels from the outer corner of the top-left pixel, whose middle is at 0.5, 0.5. `num_keypoints` counts those that
are not 0. `bbox` is x, y, width, height from the same corner. {self.about_masks} Category ids are those of the dataset
and may have gaps; ids of images and annotations are those of the dataset's own COCO file. A region in which detections
count neither way has `iscrowd` 1 and no keypoints, and is always run lengths.

| category | keypoints |
| --- | --- |
{self._table}

## Load it

```python
from pycocotools.coco import COCO

coco = COCO("annotations/person_keypoints_train.json")
```

pycocotools knows how much people differ in the 17 keypoints of COCO's persons. For any others it needs a number for
each keypoint, as a part of the instance's size: small for an eye, large for a hip. Categories with different numbers of
keypoints are evaluated one by one:

```python
import numpy as np
from pycocotools.cocoeval import COCOeval

evaluation = COCOeval(coco, coco.loadRes("results.json"), "keypoints")
evaluation.params.catIds = [{self._first_id}]
evaluation.params.kpt_oks_sigmas = np.full({self._first_number}, 0.05)
evaluation.evaluate()
evaluation.accumulate()
evaluation.summarize()
```
"""

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._with = [category for category in target.categories if category.keypoints]
        self._numbers = {target.survey.ids[one.name]: len(one.keypoints) for one in self._with}

    def add(self, frame: ExportedFrame) -> None:
        super().add(frame)
        record, ids = frame.record, self.target.survey.ids
        others = [ids[one.category] not in self._numbers for one in record.instances]
        self.losses.add("their category has no keypoints, left out", sum(others))

    def annotation_rows(self, rows: Iterator[Row], frame: ExportedFrame) -> Iterator[Row]:
        for row in rows:
            number = self._numbers.get(row["category_id"])
            if number is not None:
                yield {"keypoints": [0] * (_VALUES * number), "num_keypoints": 0} | row

    def tables(self, split: str) -> Mapping[str, Iterable[Row]]:
        return {"categories": map(category_row, self._with)}

    @property
    def _table(self) -> str:
        return "\n".join(f"| {id} | {number} |" for id, number in self._numbers.items())

    @property
    def _first_id(self) -> int:
        return next(iter(self._numbers))

    @property
    def _first_number(self) -> int:
        return self._numbers[self._first_id]


def make_writer(format: ExportFormat) -> ExportWriter:
    return CocoKeypointsWriter(format)
