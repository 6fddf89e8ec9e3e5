"""The rows of a table: what COCO says of an image and its annotations, turned into columns of lists."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...formats.coco import CocoRows
from ...records.frame_record import FrameRecord
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..file_names import plain_text
from ..lost_fields import note_lost_fields

Row = dict[str, Any]

_KEPT = ("track_id", "at_border", "keypoints")
_BYTES_OF_INSTANCE = 200  # besides its mask

ABOUT_COLUMNS = """`bbox` is x, y, width, height in pixels, from the outer corner of the top-left pixel. `category` is
the class, from 0 without gaps, as in the table above. `segmentation` holds what pycocotools' `mask.decode()` takes.
`image_id` and `id` are those of the dataset's own COCO file, so they never change with the splits. `name` is the
instance's name, and `track_id` is the same in all frames of a sequence. `keypoints` are x, y, visibility of each
keypoint in turn, as in COCO. What is not known of an instance is null, or an empty list of keypoints.

`objects` are the instances, as lists of one length. `ignored` are regions in which detections count neither way
(COCO's `iscrowd`): a region that is of all categories has a place for each of them."""


class TableWriter(ExportWriter):
    """What the formats that are tables share: rows, and what they leave out."""

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._coco = CocoRows()

    def survey(self, record: FrameRecord) -> None:
        self._coco.survey(record)

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._coco.begin(target.survey)
        self._numbers = {target.survey.ids[name]: number for name, number in target.class_numbers.items()}
        lost = sum(bool(category.supercategory) for category in target.categories)
        self.losses.add("supercategory left out", lost, "category")

    def row(self, frame: ExportedFrame) -> Row:
        """A frame's row without its image, see columns.row_columns(); each frame once, in their order."""
        record = frame.record
        self._coco.image(frame.number, record)
        annotations = list(self._coco.annotations_of(frame.number, record))
        note_lost_fields(self, frame, _KEPT)
        objects = [row for row in annotations if not row["iscrowd"]]
        return {
            "image_id": frame.number,
            "width": record.width,
            "height": record.height,
            "sequence": plain_text(record.sequence),
            "frame": record.frame,
            "objects": {**self._shapes(objects), **_extras(objects)},
            "ignored": self._shapes(row for row in annotations if row["iscrowd"]),
        }

    def _shapes(self, annotations: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
        rows = list(annotations)
        return {
            "id": [row["id"] for row in rows],
            "category": [self._numbers[row["category_id"]] for row in rows],
            **{name: [row[name] for row in rows] for name in ("bbox", "area", "segmentation")},
            "name": [plain_text(row["name"]) for row in rows],
        }


def _extras(annotations: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {
        "track_id": [row.get("track_id") for row in annotations],
        "at_border": [row.get("at_border") for row in annotations],
        "keypoints": [[float(value) for value in row.get("keypoints", ())] for row in annotations],
    }


def size_of(row: Row) -> int:
    """About how many bytes a row takes, which grows with its masks."""
    masks = [*row["objects"]["segmentation"], *row["ignored"]["segmentation"]]
    return sum(_BYTES_OF_INSTANCE + len(mask["counts"]) for mask in masks)
