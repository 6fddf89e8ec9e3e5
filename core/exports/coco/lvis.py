"""LVIS: COCO's tables with what is known to be absent from an image, and how frequent each category is.

Source of the format: https://www.lvisdataset.org/dataset, and the `lvis` package that reads it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ...records.frame_record import FrameRecord
from ...settings.category_table import Category
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from .split_files import Row, SplitFilesWriter, plain_category_row

_TRAIN = "train"
# The most images that show a category which is rare, or common.
_RARE, _COMMON = 10, 100


class LvisWriter(SplitFilesWriter):
    """A file for each split. All that an image shows is annotated, so every other category is negative."""

    annotations = "annotations/lvis_{}.json"

    @property
    def about(self) -> str:
        return f"""
## Files

- `annotations/lvis_SPLIT.json`: the annotations of a split. The end of `coco_url` is where an image is below this
  folder, and `file_name` its name in its folder.
- `images/SPLIT/NAME.png`: the images of a split.

## Conventions

`bbox` is x, y, width, height in pixels, from the outer corner of the top-left pixel. {self.about_masks} Category ids
are those of the dataset and may have gaps; ids of images and annotations are those of the dataset's own COCO file.

- `neg_category_ids` are all categories that an image does not show, and no filter such as `--min-area` is considered.
- LVIS has no `iscrowd`. An image with a region in which detections count neither way has the region's category in
  `not_exhaustive_category_ids` if it also shows an instance of it, and otherwise in neither list. So detections that
  fit no instance are not counted as wrong in the whole image. A region of all categories counts for each of them.
- `frequency` is r for up to {_RARE} images that show the category, c for up to {_COMMON}, else f. As in LVIS, it and
  `image_count` and `instance_count` are those of the split {_TRAIN} in all files, or of all splits if none has that
  name.
- `synset` and `synonyms` are the name of the category, since Labelpass knows no WordNet, and `def` is empty.

## Load it

```python
from lvis import LVIS

lvis = LVIS("annotations/lvis_train.json")
```

Detectron2 takes the last two parts of `coco_url`: `image_root` is `images/`. If category ids have gaps, it has to be
told how they are counted (`thing_dataset_id_to_contiguous_id` of the metadata).
"""

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._all = set(target.survey.ids.values())
        self._counted = {_TRAIN} & target.split_sizes.keys() or set(target.split_sizes)
        self._images: Counter[str] = Counter()
        self._instances: Counter[str] = Counter()

    def add(self, frame: ExportedFrame) -> None:
        super().add(frame)
        record = frame.record
        self.losses.add("left out; their category is not exhaustive there", len(record.ignored), "ignore region")
        if frame.split in self._counted:
            shown = Counter(one.category for one in record.instances)
            self._instances.update(shown)
            self._images.update(shown.keys())

    def image_row(self, row: Row, frame: ExportedFrame) -> Row:
        shown, ignored = self._shown(frame.record), self._ignored(frame.record)
        return {
            **super().image_row(row, frame),
            "coco_url": f"images/{frame.split}/{frame.image_name}",
            "neg_category_ids": sorted(self._all - shown - ignored),
            "not_exhaustive_category_ids": sorted(shown & ignored),
        }

    def annotation_rows(self, rows: Iterator[Row], frame: ExportedFrame) -> Iterator[Row]:
        for row in rows:
            if not row.pop("iscrowd"):
                yield row

    def tables(self, split: str) -> Mapping[str, Iterable[Row]]:
        return {"categories": map(self._category_row, self.target.categories)}

    def _shown(self, record: FrameRecord) -> set[int]:
        return {self.target.survey.ids[one.category] for one in record.instances}

    def _ignored(self, record: FrameRecord) -> set[int]:
        names = {region.category for region in record.ignored}
        return self._all if "" in names else {self.target.survey.ids[name] for name in names}

    def _category_row(self, category: Category) -> Row:
        name, images = category.title, self._images[category.name]
        return {
            **plain_category_row(category),
            "synset": name,
            "synonyms": [name],
            "def": "",
            "image_count": images,
            "instance_count": self._instances[category.name],
            "frequency": "r" if images <= _RARE else "c" if images <= _COMMON else "f",
        }


def make_writer(format: ExportFormat) -> ExportWriter:
    return LvisWriter(format)
