"""The rows of a table: what COCO says of an image and its annotations, turned into columns of lists."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...base.files import canonical_json
from ...formats.coco_rows import keypoint_values, shape_fields
from ...records.frame_record import FrameRecord
from ...records.instance import Instance, TrackKey
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter, known_fields
from ..file_names import plain_text
from ..lost_fields import count_lost_fields
from ..stable_ids import own_ids, spread, unique_ids

Row = dict[str, Any]

_KEPT = ("track_id", "at_border", "keypoints")
_BYTES_OF_INSTANCE = 200  # besides its mask

ABOUT_COLUMNS = """`bbox` is x, y, width, height in pixels, from the outer corner of the top-left pixel. `category` is
the class, from 0 without gaps, as in the table above. `segmentation` holds what pycocotools' `mask.decode()` takes.
`name` is the instance's name. `keypoints` are x, y, visibility of each keypoint in turn, as in COCO. What is not known
of an instance is null, or an empty list of keypoints.

`image_id` is a large number that follows from the name of the frame, and `id` counts on from there. `track_id` is the
same in all frames of a sequence, and follows from the names of sequence, category and instance. In the dataset no two
images, annotations or tracks have one in common. All are below 2^53, and frames that are added or changed give no other
frame other ones. They are not those of the dataset's own COCO file, which count from 1: `sequence` and `frame` are the
same there.

`objects` are the instances, as lists of one length. `ignored` are regions in which detections count neither way
(COCO's `iscrowd`): a region that is of all categories has a place for each of them."""


class TableWriter(ExportWriter):
    """What the formats that are tables share: rows, and what they leave out.

    Attributes:
        moved_tracks: after begin(): tracks that got other ids than their names give, since others have these, as JSON.
    """

    uses_frame_table = True

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        # Sequence, category and track -> first what their names give, then the id.
        self._tracks: dict[tuple[str, str, TrackKey], int] = {}

    def survey(self, record: FrameRecord) -> None:
        count_lost_fields(self, known_fields(record), _KEPT)
        for one in record.instances:
            if (track := one.track) is not None:
                key = record.sequence, one.category, track
                if key not in self._tracks:
                    self._tracks[key] = spread(canonical_json(key))

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._number_tracks()
        lost = sum(bool(category.supercategory) for category in target.categories)
        self.losses.add("supercategory left out", lost, "category")

    def _number_tracks(self) -> None:
        keys = sorted(self._tracks, key=canonical_json)
        spreads = np.array([self._tracks[key] for key in keys], np.uint64)
        ids = unique_ids(spreads, np.ones(len(keys), np.int64))
        self.moved_tracks = [[*keys[place], int(ids[place])] for place in np.flatnonzero(ids != own_ids(spreads))]
        self._tracks = dict(zip(keys, ids.tolist(), strict=True))

    def row(self, frame: ExportedFrame) -> Row:
        """A frame's row without its image, see columns.row_columns()."""
        record = frame.record
        numbers = self.target.class_numbers
        id = int(self.target.frame_table.ids[frame.number - 1])
        objects = [(one, numbers[one.category]) for one in record.instances]
        # An evaluation looks for regions to ignore in one category after the other.
        ignored = [
            (one, number)
            for one in record.ignored
            for number in ([numbers[one.category]] if one.category else numbers.values())
        ]
        return {
            "image_id": id,
            "width": record.width,
            "height": record.height,
            "sequence": plain_text(record.sequence),
            "frame": record.frame,
            "objects": {**_shapes(objects, id + 1, record), **self._extras(record)},
            "ignored": _shapes(ignored, id + 1 + len(objects), record),
        }

    def _extras(self, record: FrameRecord) -> dict[str, list[Any]]:
        return {
            "track_id": [
                None if one.track is None else self._tracks[record.sequence, one.category, one.track]
                for one in record.instances
            ],
            "at_border": [one.at_border for one in record.instances],
            "keypoints": [[float(value) for value in keypoint_values(one.keypoints or ())] for one in record.instances],
        }


def _shapes(things: Sequence[tuple[Instance, int]], first_id: int, record: FrameRecord) -> dict[str, list[Any]]:
    """Columns of some instances, each with the number of its class."""
    shapes = [shape_fields(one.mask, record) for one, _ in things]
    return {
        "id": list(range(first_id, first_id + len(things))),
        "category": [number for _, number in things],
        **{name: [shape[name] for shape in shapes] for name in ("bbox", "area", "segmentation")},
        "name": [plain_text(one.name) for one, _ in things],
    }


def size_of(row: Row) -> int:
    """About how many bytes a row takes, which grows with its masks."""
    masks = [*row["objects"]["segmentation"], *row["ignored"]["segmentation"]]
    return sum(_BYTES_OF_INSTANCE + len(mask["counts"]) for mask in masks)
