"""COCO object detection as COCO's own downloads are laid out: `annotations/instances_train.json`, `images/train/`.

Of Labelpass' own fields those are kept that are complete in the file: soft masks are files of the dataset, and readers
take a file whose annotations have keypoints for one of the keypoint task.
"""

from collections.abc import Iterable, Iterator, Mapping

from ...formats.coco_rows import category_row
from ...settings.category_table import Category
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from .split_files import Row, SplitFilesWriter

_OF_KEYPOINTS = ("keypoints", "skeleton")


class CocoDetectionWriter(SplitFilesWriter):
    """A file for each split, with the tables of videos and tracks of its own images."""

    annotations = "annotations/instances_{}.json"
    extras = ("at_border", "pose", "amodal", "parts", "video_id", "track_id")

    @property
    def about(self) -> str:
        return f"""
## Files

- `annotations/instances_SPLIT.json`: the annotations of a split. `file_name` of an image is its name in its folder.
- `images/SPLIT/NAME.png`: the images of a split.

## Conventions

`bbox` is x, y, width, height in pixels, from the outer corner of the top-left pixel. {self.about_masks} Category ids
are those of the dataset and may have gaps; ids of images and annotations are those of the dataset's own COCO file. A
region in which detections count neither way has `iscrowd` 1, and is always run lengths.

Fields that COCO does not have are those of the dataset's own COCO file: `name`, and where they were annotated
`at_border`, `pose`, `amodal` and `parts` with the table `part_categories`. `video_id` and `track_id` point into the
tables `videos` and `tracks`, which hold those of the split; `frame_index` counts all frames of the sequence, also those
of other splits.

## Load it

```python
from pycocotools.coco import COCO

coco = COCO("annotations/instances_train.json")
```
"""

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        self._videos: dict[str, set[int]] = {split: set() for split in target.split_sizes}
        self._tracks: dict[str, set[int]] = {split: set() for split in target.split_sizes}

    def image_row(self, row: Row, frame: ExportedFrame) -> Row:
        self._videos[frame.split].add(row["video_id"])
        return row

    def annotation_rows(self, rows: Iterator[Row], frame: ExportedFrame) -> Iterator[Row]:
        tracks = self._tracks[frame.split]
        for row in rows:
            if "track_id" in row:
                tracks.add(row["track_id"])
            yield row

    def tables(self, split: str) -> Mapping[str, Iterable[Row]]:
        survey, all_tracks = self.target.survey, self._rows.tracks
        videos, tracks = self._videos[split], self._tracks[split]
        parts = {"part_categories": map(category_row, survey.part_categories)} if survey.part_categories else {}
        return {
            "categories": map(_category_row, survey.categories),
            **parts,
            "videos": (row for row in all_tracks.videos() if row["id"] in videos),
            "tracks": (row for row in all_tracks.tracks() if row["id"] in tracks),
        }


def make_writer(format: ExportFormat) -> ExportWriter:
    return CocoDetectionWriter(format)


def _category_row(category: Category) -> Row:
    return {name: value for name, value in category_row(category).items() if name not in _OF_KEYPOINTS}
