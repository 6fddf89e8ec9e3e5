"""COCO object detection: `annotations/instances.json` from frame records.

Source of the format: https://cocodataset.org/#format-data; for videos see coco_tracks.py. The same records give the
same bytes on every machine. Nothing of a frame is kept in memory, and of each object its track.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from ..base.files import canonical_json, canonical_text, complete_file
from ..base.version import VERSION
from ..records.frame_record import FrameRecord
from ..settings.format_table import DatasetFormat
from .coco_rows import annotation_row, category_row, extra_fields, ignored_row, image_row
from .coco_tracks import Tracks
from .frame_summary import FrameSummary, annotation_line, image_line
from .writer import StreamedFrame, Survey, SurveyedFrame

_INFO = {"description": "Rendered with Blender, annotated by Labelpass", "version": VERSION}

# Between the rows of a table.
_NEXT = ",\n"
# Of the annotations, which are written in small pieces.
_BUFFER = 1 << 16

Row = dict[str, Any]


class CocoWriter:
    """Writes the dataset's own COCO file, from summaries: it asks for no record.

    Attributes:
        annotations: how many are written.
    """

    written = (DatasetFormat.COCO,)

    def __init__(self, open_file: "Callable[[Path, ExitStack], CocoFile] | None" = None) -> None:
        """
        Args:
            open_file: gives what to write to, for the path of the COCO file; None opens that file.
        """
        self.annotations = 0
        self._tracks = Tracks()
        self._open_file = open_file or _open_file

    def survey(self, frame: SurveyedFrame) -> None:
        summary = frame.summary
        self._tracks.note(summary.sequence, summary.shown, summary.ignored)

    def begin(self, survey: Survey, files: ExitStack) -> None:
        self._survey = survey
        self._ids, self._part_ids = survey.ids, survey.part_ids
        self._tracks.number(survey.ids)
        self._file = self._open_file(survey.dataset.instances, files)

    def add(self, frame: StreamedFrame) -> None:
        summary = frame.summary
        position = self._tracks.position(summary)
        image, *texts = summary.texts()
        self._file.add_image_line(image_line(image, frame.number, position))
        self._file.add_annotation_lines(self._lines(frame.number, position.video, summary, texts))

    def _lines(self, image: int, video: int, summary: FrameSummary, texts: Sequence[str]) -> Sequence[str]:
        """As CocoRows.annotations_of()."""
        ids, part_ids, track_ids = self._ids, self._part_ids, self._tracks.numbers
        lines: list[str] = []
        number = self.annotations
        for (category, track, _), text in zip(summary.shown, texts):  # noqa: B905 (regions to ignore follow)
            number += 1
            track_id = None if track is None else track_ids[category, track]
            lines.append(annotation_line(text, number, image, ids[category], video, track_id, part_ids))
        for name, text in zip(summary.ignored, texts[len(summary.shown) :], strict=True):
            for id in [ids[name]] if name else ids.values():
                number += 1
                lines.append(annotation_line(text, number, image, id, video, None, part_ids))
        self.annotations = number
        return lines

    def finish(self) -> Sequence[str]:
        self._file.add_table("categories", map(category_row, self._survey.categories))
        if self._survey.part_categories:
            self._file.add_table("part_categories", map(category_row, self._survey.part_categories))
        self._file.add_table("videos", self._tracks.videos())
        self._file.add_table("tracks", self._tracks.tracks())
        self._file.end()
        return ()


class CocoRows:
    """What COCO says of frames in the order of the dataset.

    Image and annotation ids count from 1 in the order of sequence, frame number, frame name and instance name; track
    ids as coco_tracks.py says.

    Attributes:
        annotations: how many there were.
        tracks: of all frames.
    """

    def __init__(self) -> None:
        self.annotations = 0
        self.tracks = Tracks()

    def survey(self, record: FrameRecord) -> None:
        """First round: each record once, in any order."""
        self.tracks.add(record)

    def begin(self, survey: Survey) -> None:
        """Between the rounds."""
        self._ids, self._part_ids = survey.ids, survey.part_ids
        self.tracks.number(survey.ids)

    def image(self, number: int, record: FrameRecord) -> Row:
        """Second round: the row of a frame, `number` is its place in the order of the dataset, from 1."""
        self._position = self.tracks.position(record)
        return image_row(number, record, self._position)

    def annotations_of(self, number: int, record: FrameRecord) -> Iterator[Row]:
        """The rows of the frame whose image() was the last: instances, then regions to ignore with `iscrowd` 1."""
        ids = self._ids
        for instance in record.instances:
            self.annotations += 1
            id = ids[instance.category]
            row = annotation_row(self.annotations, number, id, instance, record, self._position)
            if instance.track is not None:
                row["track_id"] = self.tracks.id_of(instance)
            yield row | extra_fields(instance, record, self._part_ids)
        for region in record.ignored:
            # An evaluation looks for regions to ignore in one category after the other.
            for id in [ids[region.category]] if region.category else ids.values():
                self.annotations += 1
                yield ignored_row(self.annotations, number, id, region, record, self._position)


class Sink(Protocol):
    """What a COCO file is written to."""

    def write(self, data: bytes, /) -> Any: ...


class WaitingRows(Protocol):
    """Rows that are written before it is their turn."""

    def write(self, data: bytes, /) -> Any: ...

    def move_to(self, file: Sink) -> None:
        """Write all of them to where they belong."""


class CocoFile:
    """A file of COCO's that is written row by row.

    The annotations wait in a file of their own until the images, which stand before them, are complete.

    Args:
        file: to write to.
        folder: for the file of the annotations, which has no name.
        files: where that file is kept open.
        rows: where the annotations wait instead.
    """

    def __init__(self, file: Sink, folder: Path, files: ExitStack, rows: WaitingRows | None = None) -> None:
        self._file = file
        self._rows = rows or _RowsInFile(folder, files)
        self._file.write(b'{"info":%s,\n"images":[' % canonical_json(_INFO))
        self._images = self._annotations = 0
        self._tables_begun = False

    def add_image(self, row: Mapping[str, Any]) -> None:
        self.add_image_line(canonical_text(row))

    def add_annotation(self, row: Mapping[str, Any]) -> None:
        self.add_annotation_lines([canonical_text(row)])

    def add_image_line(self, line: str) -> None:
        """The row of an image, as canonical_text() writes it."""
        self._file.write(f"{_between(self._images)}{line}".encode("ascii"))
        self._images += 1

    def add_annotation_lines(self, lines: Sequence[str]) -> None:
        """Rows of annotations likewise."""
        if lines:
            self._rows.write(f"{_between(self._annotations)}{_NEXT.join(lines)}".encode("ascii"))
            self._annotations += len(lines)

    def add_table(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Another table; after the first one there are no more images and annotations."""
        self._end_annotations()
        self._file.write(b'\n],\n"%s":[' % name.encode())
        for number, row in enumerate(rows):
            self._file.write(f"{_between(number)}{canonical_text(row)}".encode("ascii"))

    def end(self) -> None:
        self._end_annotations()
        self._file.write(b"\n]}\n")

    def _end_annotations(self) -> None:
        if not self._tables_begun:
            self._tables_begun = True
            self._file.write(b'\n],\n"annotations":[')
            self._rows.move_to(self._file)


def _between(rows: int) -> str:
    """What stands between so many rows of a table and the next one."""
    return _NEXT if rows else "\n"


class _RowsInFile:
    """Rows that wait in a file without a name."""

    def __init__(self, folder: Path, files: ExitStack) -> None:
        self._file = files.enter_context(tempfile.TemporaryFile(dir=folder, buffering=_BUFFER))  # noqa: SIM115 (closed)

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def move_to(self, file: Sink) -> None:
        self._file.seek(0)
        shutil.copyfileobj(self._file, file)


def _open_file(path: Path, files: ExitStack) -> CocoFile:
    return CocoFile(files.enter_context(complete_file(path)), path.parent, files)


def make_writer(formats: Sequence[DatasetFormat]) -> CocoWriter:
    return CocoWriter()
