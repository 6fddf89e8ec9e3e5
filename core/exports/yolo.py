"""Ultralytics YOLO: `data.yaml`, and for each image a text file with a row for each instance.

Classes count from 0 without gaps, in the order of category ids. Readers want both train and val in `data.yaml`, and
find labels by putting `labels` in the place of the last `images` in an image's path.
"""

import json
from collections.abc import Iterator

from ..base.box import Box
from ..records.instance import Instance
from ..settings.export_table import ExportFormat
from .export_writer import ExportedFrame, ExportTarget, ExportWriter


class YoloDetectWriter(ExportWriter):
    """Rows of class, centre x, centre y, width, height; all but the class as parts of the image's size."""

    about = """
## Files

- `data.yaml`: the splits, and the names of the classes.
- `images/SPLIT/NAME.png` and `labels/SPLIT/NAME.txt`: an image and its rows. An image without instances has an empty
  text file.

## Conventions

A row is `class x y width height`. Classes count from 0, as in the table above. x and y are the centre of the box, from
the outer corner of the top-left pixel; all four are divided by the size of the image.

## Load it

```sh
yolo detect train data=data.yaml model=yolo11n.pt
```
"""

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        target.write_lines("data.yaml", list(_data_yaml(target)))

    def add(self, frame: ExportedFrame) -> None:
        record, numbers = frame.record, self.target.class_numbers
        self.losses.add("regions to ignore, left out: YOLO has none", len(record.ignored), "region")
        lines = [f"{numbers[one.category]} {_row(one, record.width, record.height)}" for one in record.instances]
        self.target.write_lines(f"labels/{frame.split}/{frame.name}.txt", lines)
        self.target.place_image(frame, f"images/{frame.split}/{frame.image_name}")


def make_writer(format: ExportFormat) -> ExportWriter:
    return YoloDetectWriter(format)


def _data_yaml(target: ExportTarget) -> Iterator[str]:
    for split in target.split_sizes:
        yield f"{split}: images/{split}"
    yield "names:"
    for name, number in target.class_numbers.items():
        yield f"  {number}: {json.dumps(name)}"


def _row(instance: Instance, width: int, height: int) -> str:
    box: Box = instance.mask.box
    centre = (box.x0 + box.x1) / (2 * width), (box.y0 + box.y1) / (2 * height)
    return " ".join(f"{value:.9g}" for value in (*centre, box.width / width, box.height / height))
