"""YOLO segment: one polygon for each instance, see yolo_polygons.py."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ...masks.yolo_polygons import WITHIN_PIXEL, YoloPolygon, yolo_polygons
from ...records.frame_record import FrameRecord
from ...settings.export_table import ExportFormat
from ..export_writer import ExportWriter
from ..record_masks import masks_of
from .yolo_folder import FILES, YoloWriter

# Polygons whose overlap with the mask is less are counted.
_GOOD_IOU = 0.9
# Points are in the middle of pixels, so it is enough to tell these apart: a millionth of the widest image is less than
# a tenth of a pixel.
_DIGITS = 6


class YoloSegmentWriter(YoloWriter):
    """Rows of class and the points of a polygon, as parts of the image's size."""

    @property
    def about(self) -> str:
        return f"""
{FILES}
## Conventions

A row is `class x1 y1 x2 y2 ...`, the points of one polygon. They are pixels of the mask at its outline, each at the
middle of its pixel (a hundredth of a pixel less, so that programs that round find the same pixel as those that cut
off), and divided by the size of the image. Ultralytics and supervision fill up to and including these pixels, so a mask
of one connected piece comes back exactly, with its holes. Boxes that are made of the points are one pixel narrower and
lower than those of the masks; the format `yolo_detect` has them exactly. {self.about_classes}

The format has one polygon for each instance. Holes are joined to the outline by lines there and back, and so are
further pieces; lines between pieces are filled too. Of a mask of very many pieces, such as noise, at most the 256
largest are there, and of its holes the 4096 largest; fewer where a frame has many masks like that.

## Load it

```sh
yolo segment train data=data.yaml model=yolo11n-seg.pt
```
"""

    def rows(self, record: FrameRecord) -> Iterator[str]:
        classes, width, height = self.target.class_numbers, record.width, record.height
        with masks_of(record):
            polygons = yolo_polygons([one.mask.rle for one in record.instances], height, width)
        found = [
            (classes[one.category], polygon) for one, polygon in zip(record.instances, polygons, strict=True) if polygon
        ]
        self.losses.add("without a pixel, left out", len(polygons) - len(found))
        texts = _texts([polygon for _, polygon in found], height, width)
        for (number, polygon), text in zip(found, texts, strict=True):
            self._note_losses(polygon)
            yield f"{number} {text}"

    def _note_losses(self, polygon: YoloPolygon) -> None:
        if polygon.pieces - polygon.pieces_left_out > 1 and polygon.iou < 1:
            self.losses.add("several pieces, joined by lines that readers fill too")
        if polygon.pieces_left_out:
            self.losses.add("so many pieces that the smallest were left out")
            self.losses.add("left out, of instances with very many", polygon.pieces_left_out, "piece")
        if polygon.holes_filled:
            self.losses.add("so many holes that the smallest were filled")
            self.losses.add("filled, of instances with very many", polygon.holes_filled, "hole")
        if polygon.iou < _GOOD_IOU:
            self.losses.add("filled by readers to a mask whose IoU with the right one is below 0.9")
        if polygon.is_line:
            self.losses.add("one pixel wide or high, so its polygon has no area, and Ultralytics may leave it out")


def _texts(polygons: Sequence[YoloPolygon], height: int, width: int) -> Iterator[str]:
    """Of each, x and y of its points in turn."""
    if not polygons:
        return
    table = _numbers(height, width)
    pixels = np.concatenate([one.pixels for one in polygons])
    pixels[:, 1] += width  # the numbers of rows come after those of columns
    text = table[pixels].tobytes().decode()
    stop = 0
    for one in polygons:
        start, stop = stop, stop + 2 * len(one.pixels) * table.itemsize
        yield text[start : stop - 1]


@lru_cache(maxsize=4)
def _numbers(height: int, width: int) -> npt.NDArray[np.bytes_]:
    """Of each pixel along the upper side of the image, then of each along the left, with a space.

    All points lie at one place in their pixels, below 1. So the texts are of one length, and to join them is to put
    them side by side.
    """
    places = (((pixel + WITHIN_PIXEL) / size) for size in (width, height) for pixel in range(size))
    return np.array([f"{place:.{_DIGITS}f} " for place in places], np.bytes_)


def make_writer(format: ExportFormat) -> ExportWriter:
    return YoloSegmentWriter(format)
