"""COCO object detection: `annotations/instances.json` from frame records.

Source of the format: https://cocodataset.org/#format-data; for videos see coco_tracks.py. The same records give the
same bytes on every machine. Nothing of a frame is kept in memory, and of each object its track.
"""

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO

from ..base.files import canonical_json, complete_file
from ..base.version import VERSION
from ..records.frame_record import FrameRecord
from ..settings.format_table import DatasetFormat
from .coco_rows import annotation_row, category_row, extra_fields, image_row
from .coco_tracks import Tracks
from .writer import StreamedFrame, Survey

_INFO = {"description": "Rendered with Blender, annotated by Labelpass", "version": VERSION}


class CocoWriter:
    """Image and annotation ids count from 1 in the order of sequence, frame number, frame name and instance name; track
    ids as coco_tracks.py says.

    Attributes:
        annotations: how many are written.
    """

    written = (DatasetFormat.COCO,)

    def __init__(self) -> None:
        self.annotations = 0
        self._tracks = Tracks()

    def survey(self, record: FrameRecord) -> None:
        self._tracks.add(record)

    def begin(self, survey: Survey, files: ExitStack) -> None:
        self._survey = survey
        self._tracks.number(survey.ids)
        path = survey.dataset.instances
        self._file = files.enter_context(complete_file(path))
        # The annotations wait in a file of their own until the images, which stand before them, are complete.
        self._rows = files.enter_context(tempfile.TemporaryFile(dir=path.parent))  # noqa: SIM115, the stack closes it
        self._file.write(b'{"info":%s,\n"images":[' % canonical_json(_INFO))

    def add(self, frame: StreamedFrame) -> None:
        record, image, ids = frame.record, frame.number, self._survey.ids
        position = self._tracks.position(record)
        self._file.write((b",\n" if image > 1 else b"\n") + canonical_json(image_row(image, record, position)))
        for instance in record.instances:
            row = annotation_row(self.annotations + 1, image, ids[instance.category], instance, record, position)
            if instance.track is not None:
                row["track_id"] = self._tracks.id_of(instance)
            self._write_annotation(row | extra_fields(instance, record, self._survey.part_ids))
        for region in record.ignored:
            # An evaluation looks for regions to ignore in one category after the other.
            for id in [ids[region.category]] if region.category else ids.values():
                row = annotation_row(self.annotations + 1, image, id, region, record, position)
                self._write_annotation({**row, "iscrowd": 1})

    def finish(self) -> Sequence[str]:
        self._file.write(b'\n],\n"annotations":[')
        self._rows.seek(0)
        shutil.copyfileobj(self._rows, self._file)
        _write_table(self._file, "categories", map(category_row, self._survey.categories))
        if self._survey.part_categories:
            _write_table(self._file, "part_categories", map(category_row, self._survey.part_categories))
        _write_table(self._file, "videos", self._tracks.videos())
        _write_table(self._file, "tracks", self._tracks.tracks())
        self._file.write(b"\n]}\n")
        return ()

    def _write_annotation(self, row: Mapping[str, Any]) -> None:
        self.annotations += 1
        self._rows.write((b",\n" if self.annotations > 1 else b"\n") + canonical_json(row))


def make_writer(formats: Sequence[DatasetFormat]) -> CocoWriter:
    return CocoWriter()


def _write_table(file: BinaryIO, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Another table after the one that is open."""
    file.write(b'\n],\n"%s":[' % name.encode())
    for number, row in enumerate(rows):
        file.write((b",\n" if number else b"\n") + canonical_json(row))
