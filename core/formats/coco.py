"""COCO object detection: `annotations/instances.json` from frame records.

Source of the format: https://cocodataset.org/#format-data; for videos see tracks.py. The same records give the same
bytes on every machine. The file is streamed: only one record is in memory at a time, of each frame its place in the
order, and of each object its track.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..boxes import Box
from ..categories import Category
from ..category_ids import DatasetCategories, ids_before, ids_of, keep_ids
from ..dataset_description import DatasetDescription
from ..errors import RecordError
from ..files import canonical_json, complete_file
from ..instances import Amodal, Instance, Mask, Part
from ..palette import colour_of
from ..record import FrameRecord, record_files
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
        problems: a sentence for each record that could not be used.
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
    ids as tracks.py says. Category ids are those that the user fixed, else those that the dataset has already; see
    category_ids.py.

    Args:
        output: the folder that holds `records`.
        progress: called with the number of records read and their total, each record being read twice.
        description: where to take note of each record.

    Raises:
        RecordError: there is no record, or two of them contradict each other or the dataset as it was.
        CategoryError: the file with the ids of the dataset as it was is damaged.
        OutputError: the file cannot be written.
    """
    problems: list[str] = []
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
            problems.append(str(error))
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
            file.write((b",\n" if image > 1 else b"\n") + canonical_json(_image(image, record, place)))
            for instance in record.instances:
                annotation += 1
                row = _annotation(annotation, image, ids[instance.category], instance, record, place)
                if instance.track is not None:
                    row["track_id"] = tracks.id_of(instance)
                row |= _extras(instance, record, part_ids)
                annotations.write((b",\n" if annotation > 1 else b"\n") + canonical_json(row))
            for region in record.ignored:
                # An evaluation looks for regions to ignore in one category after the other.
                for id in [ids[region.category]] if region.category else ids.values():
                    annotation += 1
                    row = {**_annotation(annotation, image, id, region, record, place), "iscrowd": 1}
                    annotations.write((b",\n" if annotation > 1 else b"\n") + canonical_json(row))
        file.write(b'\n],\n"annotations":[')
        annotations.seek(0)
        shutil.copyfileobj(annotations, file)
        _write_table(file, "categories", map(_category, categories))
        if part_categories:
            _write_table(file, "part_categories", map(_category, part_categories))
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


def _shape(mask: Mask, record: FrameRecord) -> dict[str, Any]:
    """What COCO says of some pixels."""
    return {
        "bbox": _bbox(mask.box),
        "area": mask.area,
        "segmentation": {"size": [record.height, record.width], "counts": mask.rle},
    }


def _bbox(box: Box) -> list[int]:
    return [box.x0, box.y0, box.width, box.height]


def _extras(instance: Instance, record: FrameRecord, part_ids: dict[str, int]) -> dict[str, Any]:
    """Fields of an annotation that COCO does not have, where the user asked for them."""
    extras: dict[str, Any] = {}
    if instance.at_border is not None:
        extras["at_border"] = instance.at_border
    if instance.pose is not None:
        extras["pose"] = instance.pose.as_json()
    if instance.keypoints is not None:
        extras["keypoints"] = [value for point in instance.keypoints for value in (point.x, point.y, point.visibility)]
        extras["num_keypoints"] = sum(point.visibility > 0 for point in instance.keypoints)
    if instance.amodal is not None:
        extras["amodal"] = _amodal(instance.amodal, record)
    if instance.parts is not None:
        extras["parts"] = [_part(part, record, part_ids) for part in instance.parts]
    if instance.soft_mask is not None:
        extras["soft_mask"] = {"file_name": instance.soft_mask.file, "bbox": _bbox(instance.soft_mask.box)}
    return extras


def _amodal(amodal: Amodal, record: FrameRecord) -> dict[str, Any]:
    values = amodal.as_json()
    del values["box"], values["rle"]
    segmentation = {"size": [record.height, record.width], "counts": amodal.rle}
    return {"segmentation": segmentation, "bbox": _bbox(amodal.box), **values}


def _part(part: Part, record: FrameRecord, part_ids: dict[str, int]) -> dict[str, Any]:
    return {"name": part.name, "part_category_id": part_ids[part.category], **_shape(part.mask, record)}


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


def _annotation(
    id: int, image: int, category: int, instance: Instance, record: FrameRecord, place: Place
) -> dict[str, Any]:
    return {
        "id": id,
        "image_id": image,
        "category_id": category,
        **_shape(instance.mask, record),
        "iscrowd": 0,
        "name": instance.name,
        "video_id": place.video,
    }


def _category(category: Category) -> dict[str, Any]:
    """What COCO's keypoint and panoptic tasks have besides is there only where the user has set it."""
    row: dict[str, Any] = {"id": category.id, "name": category.name, "supercategory": category.supercategory}
    if category.stuff:
        row["isthing"] = 0
    if category.colour:
        row["color"] = list(colour_of(category.colour))
    if category.keypoints:
        row |= {"keypoints": list(category.keypoints), "skeleton": [list(pair) for pair in category.skeleton]}
    return row
