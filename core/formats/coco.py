"""COCO object detection: `annotations/instances.json` from frame records.

Source of the format: https://cocodataset.org/#format-data; for videos see tracks.py. The same records give the same
bytes on every machine. The file is streamed: only one record is in memory at a time, of each frame its place in the
order, and of each object its track.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..dataset_description import DatasetDescription
from ..errors import RecordError
from ..files import canonical_json, complete_file
from ..instances import Box, Instance, Mask, Part
from ..record import FrameRecord, record_files
from ..scene import Category
from ..sequences import WantedSequences
from ..version import VERSION
from .tracks import Place, Tracks

INSTANCES_FILE = "annotations/instances.json"


@dataclass(frozen=True)
class Merged:
    """What a merge wrote.

    Attributes:
        path: the COCO file.
        frames, instances, categories: how many it holds.
        problems: a sentence for each record that could not be used, and on what differs between frames.
        left_out: sequence -> how many of its records are there and not wanted, see sequences.py.
    """

    path: Path
    frames: int
    instances: int
    categories: int
    problems: tuple[str, ...]
    left_out: Mapping[str, int]


def write_coco(output: Path, progress: Callable[[int, int], None]) -> Merged:
    """Write the COCO file of the frame records below an output folder, as far as their sequences are wanted, and
    `dataset.json`, which describes its files.

    Image and annotation ids count from 1 in the order of sequence, frame number, frame name and instance name; track
    ids as tracks.py says. Category ids are those that the user fixed; the others count from 1 in the order of names.

    Args:
        output: the folder that holds `records`.
        progress: called with the number of records read and their total, each record being read twice.

    Raises:
        RecordError: there is no record, or two of them contradict each other.
        OutputError: the file cannot be written.
    """
    problems: list[str] = []
    left_out: Counter[str] = Counter()
    description = DatasetDescription()
    order: list[tuple[str, int, str, Path]] = []
    table: dict[str, Category] = {}
    tracks = Tracks()
    wanted = WantedSequences.read(output)
    part_table: dict[str, Category] = {}
    paths = list(record_files(output))
    for done, path in enumerate(paths):
        progress(done, 2 * len(paths))
        try:
            record = FrameRecord.read(path)
        except RecordError as error:
            problems.append(str(error))
            continue
        if not wanted.wants(record):
            left_out[record.sequence] += 1
            continue
        tracks.add(record)
        for category in record.categories:
            _add_category(table, category, path)
        for category in record.part_categories:
            _add_category(part_table, category, path)
        description.add(record)
        order.append((record.sequence, record.frame, record.name, path))
    if not order:
        nothing = f"{output} holds no frame record; run 'labelpass annotate' on the frames first"
        if left_out:
            nothing = f"{output} holds records of other sequences only; export again from Blender"
        raise RecordError(problems[0] if problems else nothing)
    order.sort()
    ids, part_ids = category_ids(table), category_ids(part_table)
    tracks.number(ids)
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
            file.write((b",\n" if image > 1 else b"\n") + canonical_json(_image(image, record, place)))
            for instance in record.instances:
                annotation += 1
                row = {
                    "id": annotation,
                    "image_id": image,
                    "category_id": ids[instance.category],
                    **_shape(instance.mask, record),
                    "iscrowd": 0,
                    "name": instance.name,
                    "track_id": tracks.id_of(instance),
                    "video_id": place.video,
                    **_extras(instance, record, part_ids),
                }
                annotations.write((b",\n" if annotation > 1 else b"\n") + canonical_json(row))
        file.write(b'\n],\n"annotations":[')
        annotations.seek(0)
        shutil.copyfileobj(annotations, file)
        _write_table(file, "categories", _category_rows(ids, table))
        if part_ids:
            _write_table(file, "part_categories", _category_rows(part_ids, part_table))
        _write_table(file, "videos", tracks.videos())
        _write_table(file, "tracks", tracks.tracks())
        file.write(b"\n]}\n")
    description.write(output)
    problems += description.problems
    return Merged(path, len(order), annotation, len(ids), tuple(problems), dict(sorted(left_out.items())))


def _write_table(file: BinaryIO, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Another table after the one that is open."""
    file.write(b'\n],\n"%s":[' % name.encode())
    for number, row in enumerate(rows):
        file.write((b",\n" if number else b"\n") + canonical_json(row))


_INFO = {"description": "Rendered with Blender, annotated by Labelpass", "version": VERSION}


def _shape(mask: Mask, record: FrameRecord) -> dict[str, Any]:
    """What COCO says of some pixels."""
    return {
        "bbox": _bbox(mask.box),
        "area": mask.area,
        "segmentation": {"size": [record.height, record.width], "counts": mask.rle},
    }


def _bbox(box: Box) -> list[int]:
    return [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0]


def _extras(instance: Instance, record: FrameRecord, part_ids: dict[str, int]) -> dict[str, Any]:
    """Fields of an annotation that COCO does not have, where the user asked for them."""
    extras: dict[str, Any] = {}
    if instance.at_border is not None:
        extras["at_border"] = instance.at_border
    if instance.pose is not None:
        extras["pose"] = instance.pose.as_json()
    if instance.parts is not None:
        extras["parts"] = [_part(part, record, part_ids) for part in instance.parts]
    if instance.soft_mask is not None:
        extras["soft_mask"] = {"file_name": instance.soft_mask.file, "bbox": _bbox(instance.soft_mask.box)}
    return extras


def _part(part: Part, record: FrameRecord, part_ids: dict[str, int]) -> dict[str, Any]:
    return {"name": part.name, "part_category_id": part_ids[part.category], **_shape(part.mask, record)}


def _category_rows(ids: dict[str, int], table: dict[str, Category]) -> Iterator[dict[str, Any]]:
    """Categories in the order of their ids."""
    for name, id in sorted(ids.items(), key=lambda item: item[1]):
        yield {"id": id, "name": name, "supercategory": table[name].supercategory}


def _image(id: int, record: FrameRecord, place: Place) -> dict[str, str | int]:
    return {
        "id": id,
        "file_name": record.image,
        "width": record.width,
        "height": record.height,
        "frame": record.frame,
        "sequence": record.sequence,
        "video_id": place.video,
        "frame_index": place.frame_index,
    }


def _add_category(table: dict[str, Category], category: Category, path: Path) -> None:
    known = table.setdefault(category.name, category)
    # A frame in which nobody gives the category an id does not contradict one in which somebody does.
    id = known.id if category.id is None else category.id
    supercategory = known.supercategory if not category.supercategory else category.supercategory
    table[category.name] = Category(category.name, id, supercategory)
    if known.id not in (None, id) or known.supercategory not in ("", supercategory):
        raise RecordError(
            f"The category {category.name!r} is {_described(category)} in {path} and {_described(known)} in another "
            "record; make them the same in Blender and export those frames again"
        )


def _described(category: Category) -> str:
    id = "without an id" if category.id is None else f"number {category.id}"
    return f"{id} in supercategory {category.supercategory!r}" if category.supercategory else id


def category_ids(table: dict[str, Category]) -> dict[str, int]:
    """Name -> id: those fixed by the user, and the smallest free numbers for the others in the order of names."""
    ids: dict[str, int] = {}
    owners: dict[int, str] = {}
    for name, category in sorted(table.items()):
        if category.id is None:
            continue
        if category.id in owners:
            raise RecordError(
                f"The categories {owners[category.id]!r} and {name!r} both have the id {category.id}; "
                "give one of them another category_id in Blender and export again"
            )
        owners[category.id] = name
        ids[name] = category.id
    next_id = 1
    for name in sorted(table):
        if name not in ids:
            while next_id in owners:
                next_id += 1
            ids[name] = next_id
            owners[next_id] = name
    return ids
