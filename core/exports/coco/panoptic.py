"""COCO panoptic segmentation: `annotations/panoptic_train.json`, and a PNG for each image that names its segments.

Source of the format: https://cocodataset.org/#format-data. Readers look for the PNGs in a folder of the file's name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ...base.box import Box
from ...categories.palette import category_colours, own_colours
from ...drawing.mask_pngs import id_png
from ...formats.coco import CocoFile
from ...records.frame_record import FrameRecord
from ...records.instance import Instance
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..lost_fields import note_lost_fields
from ..record_masks import masks_of
from .split_files import Row, plain_category_row


@dataclass(frozen=True)
class Segment:
    """Some pixels of an image that have one category.

    Attributes:
        category: its name.
        is_crowd: whether it is a region to ignore.
        masks: what it is made of; several of stuff, or of regions to ignore.
    """

    category: str
    is_crowd: bool
    masks: tuple[Instance, ...]

    @property
    def area(self) -> int:
        return sum(one.mask.area for one in self.masks)

    @property
    def box(self) -> Box:
        boxes = [one.mask.box for one in self.masks]
        return Box(
            min(box.x0 for box in boxes),
            min(box.y0 for box in boxes),
            max(box.x1 for box in boxes),
            max(box.y1 for box in boxes),
        )


class CocoPanopticWriter(ExportWriter):
    """A file and a folder of PNGs for each split."""

    about = """
## Files

- `annotations/panoptic_SPLIT.json`: the segments of each image of a split. `file_name` of an image is its name in
  `images/SPLIT`, that of an annotation the name of its PNG.
- `annotations/panoptic_SPLIT/NAME.png`: which segment each pixel is in.
- `images/SPLIT/NAME.png`: the images of a split.

## Conventions

The id of a pixel's segment is R + 256 G + 65536 B of the PNG; 0 is void: nothing is known of the pixel, and an
evaluation leaves it out. Segments of an image have the ids 1, 2, 3 ..., in the order of the names of instances, then
regions to ignore; so an id is never beyond 24 bits. Ids of other images have nothing to do with them.

An instance is a segment. Of a category that cannot be counted (`isthing` 0) all of an image is one segment. Regions in
which detections count neither way are one segment for each of their categories, with `iscrowd` 1; those of no category
in particular are void. `bbox` is x, y, width, height in pixels, from the outer corner of the top-left pixel. Category
ids are those of the dataset and may have gaps; ids of images are those of the dataset's own COCO file. `color` is the
category's colour, for pictures.

## Load it

```python
import json

import numpy as np
from PIL import Image

panoptic = json.load(open("annotations/panoptic_train.json"))
annotation = panoptic["annotations"][0]
pixels = np.asarray(Image.open("annotations/panoptic_train/" + annotation["file_name"])).astype(int)
ids = pixels[..., 0] + 256 * pixels[..., 1] + 65536 * pixels[..., 2]
for segment in annotation["segments_info"]:
    mask = ids == segment["id"]
```
"""

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._stuff = {category.name for category in target.categories if category.stuff}
        self._files = {
            split: CocoFile(target.open(f"annotations/panoptic_{split}.json"), target.folder, target.files)
            for split in target.split_sizes
        }
        for split in target.split_sizes:  # also of one without images
            for folder in ("annotations/panoptic_", "images/"):
                (target.folder / f"{folder}{split}").mkdir(parents=True, exist_ok=True)

    def add(self, frame: ExportedFrame) -> None:
        record, name = frame.record, f"{frame.name}.png"
        segments = list(segments_of(record, self._stuff))
        self._files[frame.split].add_image(
            {
                "id": frame.number,
                "file_name": frame.image_name,
                "width": record.width,
                "height": record.height,
                "frame": record.frame,
                "sequence": record.sequence,
            }
        )
        self._files[frame.split].add_annotation(
            {
                "image_id": frame.number,
                "file_name": name,
                "segments_info": [self._row(id, segment) for id, segment in enumerate(segments, start=1)],
            }
        )
        self.target.write(f"annotations/panoptic_{frame.split}/{name}", segment_png(segments, record))
        self.target.place_image(frame, f"images/{frame.split}/{frame.image_name}")
        self._note_losses(frame)

    def finish(self) -> None:
        categories = self.target.categories
        colours = category_colours([category.name for category in categories], own_colours(categories))
        for file in self._files.values():
            file.add_table(
                "categories",
                (
                    plain_category_row(one) | {"isthing": int(not one.stuff), "color": list(colours[one.name])}
                    for one in categories
                ),
            )
            file.end()

    def _row(self, id: int, segment: Segment) -> Row:
        box = segment.box
        return {
            "id": id,
            "category_id": self.target.survey.ids[segment.category],
            "area": segment.area,
            "bbox": [box.x0, box.y0, box.width, box.height],
            "iscrowd": int(segment.is_crowd),
        }

    def _note_losses(self, frame: ExportedFrame) -> None:
        of_all = sum(not region.category for region in frame.record.ignored)
        self.losses.add("of all categories, so void as pixels without a label are", of_all, "ignore region")
        note_lost_fields(self, frame)


def make_writer(format: ExportFormat) -> ExportWriter:
    return CocoPanopticWriter(format)


def segments_of(record: FrameRecord, stuff: set[str]) -> Iterator[Segment]:
    """The segments of a frame, in the order of their ids from 1.

    Args:
        record: of the frame.
        stuff: names of the categories that cannot be counted.
    """
    together: dict[tuple[str, bool], list[Instance]] = {}
    groups: list[tuple[str, bool, list[Instance]]] = []
    things = ((one, False) for one in record.instances)
    regions = ((one, True) for one in record.ignored if one.category)
    for one, is_crowd in (*things, *regions):
        key = one.category, is_crowd
        if (is_crowd or one.category in stuff) and key in together:
            together[key].append(one)
            continue
        together[key] = [one]
        groups.append((*key, together[key]))
    for category, is_crowd, masks in groups:
        yield Segment(category, is_crowd, tuple(masks))


def segment_png(segments: list[Segment], record: FrameRecord) -> bytes:
    """A picture of the id of each pixel's segment, 0 for void; RecordError where masks are damaged or overlap."""
    masks = [(id, one.mask.rle) for id, segment in enumerate(segments, start=1) for one in segment.masks]
    with masks_of(record):
        return id_png([rle for _, rle in masks], record.height, record.width, [id for id, _ in masks])
