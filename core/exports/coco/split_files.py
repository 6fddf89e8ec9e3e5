"""What the formats of the COCO family share: a file of COCO's tables for each split, beside the images of the split.

Source of the tables: https://cocodataset.org/#format-data. Ids of images and annotations are those of the dataset's own
COCO file, so that they never change with the splits.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ...formats.coco import CocoFile, CocoRows
from ...formats.coco_rows import category_row
from ...masks.polygons import exact_polygons
from ...records.frame_record import FrameRecord
from ...settings.category_table import Category
from ...settings.export_table import ExportFormat
from ...settings.settings import CocoMasks
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..lost_fields import note_lost_fields
from ..record_masks import masks_of

Row = dict[str, Any]

_ANNOTATION = ("id", "image_id", "category_id", "bbox", "area", "segmentation", "iscrowd", "name")
_IMAGE = ("id", "file_name", "width", "height", "frame", "sequence")
_CATEGORY = ("id", "name", "supercategory")


class SplitFilesWriter(ExportWriter):
    """Writes COCO's tables. The class attributes and methods of a subclass say what is special about its format.

    Attributes:
        annotations: the name of a split's file.
        images: the folder of a split's images.
        extras: fields of an annotation that are kept although COCO does not have them.
    """

    annotations: ClassVar[str]
    images: ClassVar[str] = "images/{}"
    extras: ClassVar[tuple[str, ...]] = ()

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._rows = CocoRows()

    def survey(self, record: FrameRecord) -> None:
        self._rows.survey(record)

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._rows.begin(target.survey)
        self._files = {
            split: CocoFile(target.open(self.annotations.format(self.folder(split))), target.folder, target.files)
            for split in target.split_sizes
        }
        for split in target.split_sizes:  # also of one without images
            (target.folder / self.images.format(self.folder(split))).mkdir(parents=True, exist_ok=True)

    def add(self, frame: ExportedFrame) -> None:
        file = self._files[frame.split]
        row = self._rows.image(frame.number, frame.record) | {"file_name": frame.image_name}
        file.add_image(self.image_row(row, frame))
        for row in self.annotation_rows(self._annotations_of(frame), frame):
            file.add_annotation(row)
        self.target.place_image(frame, f"{self.images.format(self.folder(frame.split))}/{frame.image_name}")
        note_lost_fields(self, frame, self.extras)

    def finish(self) -> None:
        for split, file in self._files.items():
            for name, rows in self.tables(split).items():
                file.add_table(name, rows)
            file.end()

    def folder(self, split: str) -> str:
        """What a split is called in the names of files."""
        return split

    def image_row(self, row: Row, frame: ExportedFrame) -> Row:
        """A row of the table of images, made of all that is known of the image."""
        return {name: row[name] for name in _IMAGE}

    def annotation_rows(self, rows: Iterator[Row], frame: ExportedFrame) -> Iterator[Row]:
        """Rows of the table of annotations, made of those of all instances and regions of a frame."""
        return rows

    def tables(self, split: str) -> Mapping[str, Iterable[Row]]:
        """The other tables of a split."""
        return {"categories": map(plain_category_row, self.target.categories)}

    def _annotations_of(self, frame: ExportedFrame) -> Iterator[Row]:
        record, kept = frame.record, {*_ANNOTATION, *self.extras}
        polygons = iter(self._polygons(record))
        for row in self._rows.annotations_of(frame.number, record):
            if not row["iscrowd"]:
                row["segmentation"] = next(polygons, row["segmentation"])
            yield {name: value for name, value in row.items() if name in kept}

    def _polygons(self, record: FrameRecord) -> Sequence[list[list[int]]]:
        """Of each instance, x and y in turn of each polygon; empty where masks are run lengths."""
        if self.target.settings.coco_masks is not CocoMasks.POLYGONS:
            return []
        with masks_of(record):
            masks = exact_polygons([one.mask.rle for one in record.instances], record.height, record.width)
        return [[polygon.ravel().tolist() for polygon in polygons] for polygons in masks]

    @property
    def about_masks(self) -> str:
        """A sentence or two for LABELPASS.md."""
        if self.target.settings.coco_masks is CocoMasks.POLYGONS:
            return (
                "Masks are polygons, one for each connected piece; holes are joined by bridges that go there and back. "
                "pycocotools fills them to exactly the pixels of the mask, and `area` is their number; other programs "
                "may differ from that by pixels at the edge."
            )
        return (
            "Masks are compressed run lengths, as pycocotools writes them. For a program that reads polygons only, "
            "export with `--coco-masks polygons`."
        )


def plain_category_row(category: Category) -> Row:
    """What every reader of COCO expects of a category."""
    row = category_row(category)
    return {name: row[name] for name in _CATEGORY}
