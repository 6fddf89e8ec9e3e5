"""COCO as Roboflow lays it out: `train/_annotations.coco.json` beside the images in `train/`.

Source of the layout: https://rfdetr.roboflow.com/latest/learn/train/dataset-formats/; RF-DETR looks for the folders
train, valid and test. Roboflow's own exports have a category 0 without annotations, of which all others are. RF-DETR
counts on it: the places of its head are the ids. datumaro takes 0 for no category at all.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from .split_files import Row, SplitFilesWriter

_VALID = "valid"
_ALSO_VALID = ("val", "validation")
_ROOT = "objects"


class RoboflowWriter(SplitFilesWriter):
    """A folder for each split. Category ids count from 1 without gaps."""

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
are the classes in the table above and 1: they count from 1 without gaps. As in Roboflow's exports there is a category
with the id 0, `{self._root}`, which is the supercategory of all others and has no annotations. Ids of images and
annotations are those of the dataset's own COCO file. A region in which detections count neither way has `iscrowd` 1,
and is always run lengths.

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
    def _new_id(self) -> Mapping[int, int]:
        """Id of a category in the dataset -> its id here."""
        return {category.id or 0: number for number, category in enumerate(self.target.categories, start=1)}

    @cached_property
    def _root(self) -> str:
        """The name of the category 0, which no other has."""
        name = _ROOT
        while name in self.target.titles.values():
            name += "_"
        return name

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        lost = sum(bool(category.supercategory) for category in target.categories)
        self.losses.add("supercategory left out", lost, "category")

    def annotation_rows(self, rows: Iterator[Row], frame: ExportedFrame) -> Iterator[Row]:
        for row in rows:
            yield row | {"category_id": self._new_id[row["category_id"]]}

    def tables(self, split: str) -> Mapping[str, Iterable[Row]]:
        return {"categories": self._categories()}

    def _categories(self) -> Iterator[Row]:
        yield {"id": 0, "name": self._root, "supercategory": "none"}
        for category, id in zip(self.target.categories, self._new_id.values(), strict=True):
            yield {"id": id, "name": category.title, "supercategory": self._root}


def make_writer(format: ExportFormat) -> ExportWriter:
    return RoboflowWriter(format)
