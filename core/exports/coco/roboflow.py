"""COCO as Roboflow lays it out: `train/_annotations.coco.json` beside the images in `train/`.

Source of the layout: https://rfdetr.roboflow.com/latest/learn/train/dataset-formats/. RF-DETR looks for the folders
train, valid and test.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportWriter
from .split_files import Row, SplitFilesWriter, plain_category_row

_VALID = "valid"
_ALSO_VALID = ("val", "validation")


class RoboflowWriter(SplitFilesWriter):
    """A folder for each split. Category ids count from 0 without gaps, since RF-DETR took them for places in its head.

    A category is not another one's supercategory: RF-DETR leaves those out that have no instances in a split.
    """

    annotations = "{}/_annotations.coco.json"
    images = "{}"

    @property
    def about(self) -> str:
        return f"""
## Files

- `SPLIT/_annotations.coco.json`: the annotations of a split. `file_name` of an image is its name in the same folder.
- `SPLIT/NAME.png`: the images of a split. A split that is called val or validation has the folder `valid`.

## Conventions

`bbox` is x, y, width, height in pixels, from the outer corner of the top-left pixel. {self.about_masks} Category ids
count from 0 without gaps, as the classes in the table above. Ids of images and annotations are those of the dataset's
own COCO file. A region in which detections count neither way has `iscrowd` 1, and is always run lengths.

## Load it

```python
from rfdetr import RFDETRBase

RFDETRBase().train(dataset_dir=".")
```

RF-DETR needs the folders train, valid and test: export with `--splits train=80,val=10,test=10`.
"""

    def folder(self, split: str) -> str:
        return _VALID if split == self._valid else split

    @cached_property
    def _valid(self) -> str:
        """The split whose folder is called otherwise; "" for none."""
        splits = {split.lower(): split for split in self.target.split_sizes}
        if _VALID in splits:
            return ""
        return next((splits[name] for name in _ALSO_VALID if name in splits), "")

    @cached_property
    def _class_of(self) -> Mapping[int, int]:
        """Id of a category -> its class."""
        return {id: self.target.class_numbers[name] for name, id in self.target.survey.ids.items()}

    def annotation_rows(self, rows: Iterator[Row], frame: ExportedFrame) -> Iterator[Row]:
        for row in rows:
            yield row | {"category_id": self._class_of[row["category_id"]]}

    def tables(self, split: str) -> Mapping[str, Iterable[Row]]:
        return {"categories": map(self._category_row, map(plain_category_row, self.target.categories))}

    def _category_row(self, row: Row) -> Row:
        parent = row["supercategory"]
        return row | {
            "id": self._class_of[row["id"]],
            "supercategory": "" if parent in self.target.class_numbers else parent,
        }


def make_writer(format: ExportFormat) -> ExportWriter:
    return RoboflowWriter(format)
