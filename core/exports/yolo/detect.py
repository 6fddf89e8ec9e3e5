"""YOLO detect: upright boxes."""

from collections.abc import Iterator

from ...records.frame_record import FrameRecord
from ...settings.export_table import ExportFormat
from ..export_writer import ExportWriter
from .yolo_folder import FILES, YoloWriter, number


class YoloDetectWriter(YoloWriter):
    """Rows of class, centre x, centre y, width, height; all but the class as parts of the image's size."""

    @property
    def about(self) -> str:
        return f"""
{FILES}
## Conventions

A row is `class x y width height`. x and y are the middle of the box, from the outer corner of the top-left pixel; all
four are divided by the size of the image. {self.about_classes}

## Load it

```sh
yolo detect train data=data.yaml model=yolo11n.pt
```
"""

    def rows(self, record: FrameRecord) -> Iterator[str]:
        classes, width, height = self.target.class_numbers, record.width, record.height
        for one in record.instances:
            box = one.mask.box
            x, y = (box.x0 + box.x1) / (2 * width), (box.y0 + box.y1) / (2 * height)
            row = " ".join(map(number, (x, y, box.width / width, box.height / height)))
            yield f"{classes[one.category]} {row}"


def make_writer(format: ExportFormat) -> ExportWriter:
    return YoloDetectWriter(format)
