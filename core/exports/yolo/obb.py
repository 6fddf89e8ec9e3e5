"""YOLO OBB: boxes that are turned, see smallest_rectangles.py."""

from collections.abc import Iterator

from ...masks.smallest_rectangles import smallest_rectangles
from ...records.frame_record import FrameRecord
from ...settings.export_table import ExportFormat
from ..export_writer import ExportWriter
from ..record_masks import masks_of
from .yolo_folder import FILES, YoloWriter, number

# Ultralytics drops an image if the upright box around the corners of one of its boxes is wider or higher than 1.01
# images, or if its middle is outside. Corners outside the image are kept as they are.
_LARGEST = 1.0


class YoloObbWriter(YoloWriter):
    """Rows of class and the four corners of a rectangle, as parts of the image's size."""

    @property
    def about(self) -> str:
        return f"""
{FILES}
## Conventions

A row is `class x1 y1 x2 y2 x3 y3 x4 y4`: the corners of the smallest rectangle around the pixels of the mask,
clockwise, from the outer corner of the top-left pixel, divided by the size of the image. So a number may be below 0 or
above 1: corners may lie outside the image. Where the smallest rectangle would be wider or higher than the image, from
corner to corner, there is the smallest of those that are not, since Ultralytics drops the whole image otherwise.
{self.about_classes}

The rectangle says nothing of which way an instance points: its sides have no order.

## Load it

```sh
yolo obb train data=data.yaml model=yolo11n-obb.pt
```
"""

    def rows(self, record: FrameRecord) -> Iterator[str]:
        classes, width, height = self.target.class_numbers, record.width, record.height
        with masks_of(record):
            found = smallest_rectangles([one.mask.rle for one in record.instances], height, width, _LARGEST)
        self.losses.add(
            "its smallest rectangle would be larger than the image, so there is a larger one that is turned otherwise",
            int((~found.is_smallest).sum()),
        )
        corners = (found.corners / (width, height)).reshape(-1, 8).tolist()
        for one, values in zip(record.instances, corners, strict=True):
            yield f"{classes[one.category]} {' '.join(map(number, values))}"


def make_writer(format: ExportFormat) -> ExportWriter:
    return YoloObbWriter(format)
