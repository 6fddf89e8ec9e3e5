"""COCO object detection: `annotations/instances.json` from frame records.

Source of the format: https://cocodataset.org/#format-data; for videos see coco_tracks.py. The same records give the
same bytes on every machine. The file is streamed: only one record is in memory at a time, of each frame its place in
the order, and of each object its track.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..base.errors import RecordError
from ..base.files import canonical_json, complete_file
from ..base.version import VERSION
from ..categories.ids import DatasetCategories, ids_before, ids_of, keep_ids
from ..dataset.description import DatasetDescription
from ..frames.frame_messages import lines_said_once
from ..frames.sequences import WantedSequences
from ..records.frame_record import FrameRecord, frame_of_record, record_files
from .coco_rows import annotation_row, category_row, extra_fields, image_row
from .coco_tracks import Tracks

INSTANCES_FILE = "annotations/instances.json"


@dataclass(frozen=True)
class Merged:
    """What a merge wrote.

    Attributes:
        path: the COCO file.
        frames, instances, categories: how many it holds.
        problems: a sentence for each record, or for all alike, that could not be used.
        left_out: sequence -> how many of its records are there and not wanted, see sequences.py.
    """

    path: Path
    frames: int
    instances: int
    categories: int
    problems: tuple[str, ...]
    left_out: Mapping[str, int]


def write_coco(
    output: Path, progress: Callable[[int, int], None], description: DatasetDescription | None = None
) -> Merged:
    """Write the COCO file of the frame records below an output folder, as far as their sequences are wanted.

    Image and annotation ids count from 1 in the order of sequence, frame number, frame name and instance name; track
    ids as coco_tracks.py says. Category ids are those that the user fixed, else those that the dataset has already; see
    ids.py.

    Args:
        output: the folder that holds `records`.
        progress: called with the number of records read and their total, each record being read twice.
        description: where to take note of each record.

    Raises:
        RecordError: there is no record, or two of them contradict each other or the dataset as it was.
        CategoryError: the file with the ids of the dataset as it was is damaged.
        OutputError: the file cannot be written.
    """
    damaged: list[tuple[str, str]] = []
    left_out: Counter[str] = Counter()
    order: list[tuple[str, int, str, Path]] = []
    found, found_parts = DatasetCategories(), DatasetCategories()
    tracks = Tracks()
    wanted = WantedSequences.read(output)
    paths = list(record_files(output))
    for done, path in enumerate(paths):
        progress(done, 2 * len(paths))
        try:
            record = FrameRecord.read(path)
        except RecordError as error:
            damaged.append((frame_of_record(output, path), str(error)))
            continue
        if not wanted.wants(record):
            left_out[record.sequence] += 1
            continue
        tracks.add(record)
        found.add(record.categories, path)
        found_parts.add(record.part_categories, path)
        if description:
            description.add(record)
        order.append((record.sequence, record.frame, record.name, path))
    problems = lines_said_once(damaged)
    if not order:
        nothing = f"{output} holds no frame record; run 'labelpass annotate' on the frames first"
        if left_out:
            nothing = f"{output} holds records of other sequences only; export again from Blender"
        raise RecordError(problems[0] if problems else nothing)
    order.sort()
    categories, part_categories = found.numbered(ids_before(output)), found_parts.numbered({})
    ids, part_ids = ids_of(categories), ids_of(part_categories)
    tracks.number(ids)
    if description:
        description.check_ids(ids)

    path = output / INSTANCES_FILE
    annotation = 0
    # The annotations wait in a file of their own until the images, which stand before them, are complete.
    with complete_file(path) as file, tempfile.TemporaryFile(dir=path.parent) as annotations:
        file.write(b'{"info":%s,\n"images":[' % canonical_json(_INFO))
        for image, (*_, record_path) in enumerate(order, start=1):
            progress(len(paths) + image - 1, 2 * len(paths))
            record = FrameRecord.read(record_path)
            place = tracks.place(record)
            file.write((b",\n" if image > 1 else b"\n") + canonical_json(image_row(image, record, place)))
            for instance in record.instances:
                annotation += 1
                row = annotation_row(annotation, image, ids[instance.category], instance, record, place)
                if instance.track is not None:
                    row["track_id"] = tracks.id_of(instance)
                row |= extra_fields(instance, record, part_ids)
                annotations.write((b",\n" if annotation > 1 else b"\n") + canonical_json(row))
            for region in record.ignored:
                # An evaluation looks for regions to ignore in one category after the other.
                for id in [ids[region.category]] if region.category else ids.values():
                    annotation += 1
                    row = {**annotation_row(annotation, image, id, region, record, place), "iscrowd": 1}
                    annotations.write((b",\n" if annotation > 1 else b"\n") + canonical_json(row))
        file.write(b'\n],\n"annotations":[')
        annotations.seek(0)
        shutil.copyfileobj(annotations, file)
        _write_table(file, "categories", map(category_row, categories))
        if part_categories:
            _write_table(file, "part_categories", map(category_row, part_categories))
        _write_table(file, "videos", tracks.videos())
        _write_table(file, "tracks", tracks.tracks())
        file.write(b"\n]}\n")
    keep_ids(output, categories)
    return Merged(path, len(order), annotation, len(ids), tuple(problems), dict(sorted(left_out.items())))


def _write_table(file: BinaryIO, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Another table after the one that is open."""
    file.write(b'\n],\n"%s":[' % name.encode())
    for number, row in enumerate(rows):
        file.write((b",\n" if number else b"\n") + canonical_json(row))


_INFO = {"description": "Rendered with Blender, annotated by Labelpass", "version": VERSION}
