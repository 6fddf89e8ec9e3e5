"""COCO object detection as COCO's own downloads are laid out: `annotations/instances_train.json`, `images/train/`.

Source of the format: https://cocodataset.org/#format-data. Ids of images and annotations are those of the dataset's
own COCO file, so that they never change with the splits.
"""

from ..formats.coco import CocoFile, CocoRows
from ..formats.coco_rows import category_row
from ..records.frame_record import FrameRecord
from ..settings.export_table import ExportFormat
from .export_writer import ExportedFrame, ExportTarget, ExportWriter


class CocoDetectionWriter(ExportWriter):
    """A file for each split, and the images of each split in a folder of its own."""

    about = """
## Files

- `annotations/instances_SPLIT.json`: the annotations of a split. `file_name` of an image is its name in its folder.
- `images/SPLIT/NAME.png`: the images of a split.

## Conventions

`bbox` is x, y, width, height in pixels, from the outer corner of the top-left pixel. Masks are compressed run lengths,
as pycocotools writes them. Category ids are those of the dataset and may have gaps; ids of images and annotations are
those of the dataset's own COCO file. A region in which detections count neither way has `iscrowd` 1.

## Load it

```python
from pycocotools.coco import COCO

coco = COCO("annotations/instances_train.json")
```
"""

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._rows = CocoRows()

    def survey(self, record: FrameRecord) -> None:
        self._rows.survey(record)

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._rows.begin(target.survey)
        self._files = {
            split: CocoFile(target.open(f"annotations/instances_{split}.json"), target.folder, target.files)
            for split in target.split_sizes
        }

    def add(self, frame: ExportedFrame) -> None:
        file = self._files[frame.split]
        file.add_image(self._rows.image(frame.number, frame.record) | {"file_name": frame.image_name})
        for row in self._rows.annotations_of(frame.number, frame.record):
            file.add_annotation(row)
        self.target.place_image(frame, f"images/{frame.split}/{frame.image_name}")

    def finish(self) -> None:
        for file in self._files.values():
            file.add_table("categories", map(category_row, self.target.categories))
            if self.target.survey.part_categories:
                file.add_table("part_categories", map(category_row, self.target.survey.part_categories))
            file.end()


def make_writer(format: ExportFormat) -> ExportWriter:
    return CocoDetectionWriter(format)
