"""The rows of the COCO file's tables: what it says of an image, an annotation and a category.

coco.py writes them; `labelpass validate` compares a dataset's file with them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..base.box import Box
from ..base.files import canonical_text
from ..categories.palette import colour_of
from ..masks.runs import Mask
from ..records.frame_record import FrameRecord
from ..records.instance import Amodal, Instance, Part, SoftMask
from ..scene.keypoints import Keypoint
from ..settings.category_table import Category
from .coco_tracks import VideoPosition


def shape_fields(mask: Mask, record: FrameRecord) -> dict[str, Any]:
    """What COCO says of some pixels."""
    return {
        "bbox": _bbox(mask.box),
        "area": mask.area,
        "segmentation": {"size": [record.height, record.width], "counts": mask.rle},
    }


def _bbox(box: Box) -> list[int]:
    return [box.x0, box.y0, box.width, box.height]


def extra_fields(instance: Instance, record: FrameRecord, part_ids: Mapping[str, int]) -> dict[str, Any]:
    """Fields of an annotation that COCO does not have, where the user asked for them."""
    extras: dict[str, Any] = {}
    if instance.at_border is not None:
        extras["at_border"] = instance.at_border
    if instance.pose is not None:
        extras["pose"] = instance.pose.as_json()
    if instance.keypoints is not None:
        extras["keypoints"] = keypoint_values(instance.keypoints)
        extras["num_keypoints"] = sum(point.visibility > 0 for point in instance.keypoints)
    if instance.amodal is not None:
        extras["amodal"] = _amodal(instance.amodal, record)
    if instance.parts is not None:
        extras["parts"] = [_part(part, record, part_ids) for part in instance.parts]
    if instance.soft_mask is not None:
        extras["soft_mask"] = _soft_mask(instance.soft_mask)
    return extras


def keypoint_values(keypoints: Iterable[Keypoint]) -> list[float]:
    """x, y, visibility of each in turn."""
    return [value for point in keypoints for value in (point.x, point.y, point.visibility)]


def _amodal(amodal: Amodal, record: FrameRecord) -> dict[str, Any]:
    values = amodal.as_json()
    del values["box"], values["rle"]
    segmentation = {"size": [record.height, record.width], "counts": amodal.rle}
    return {"segmentation": segmentation, "bbox": _bbox(amodal.box), **values}


def _soft_mask(soft_mask: SoftMask) -> dict[str, Any]:
    array = {} if soft_mask.array is None else {"array": soft_mask.array}
    return {"file_name": soft_mask.file, **array, "bbox": _bbox(soft_mask.box)}


def _part(part: Part, record: FrameRecord, part_ids: Mapping[str, int]) -> dict[str, Any]:
    return {"name": part.name, "part_category_id": part_ids[part.category], **shape_fields(part.mask, record)}


def image_row(id: int, record: FrameRecord, position: VideoPosition) -> dict[str, Any]:
    """Of a random frame with what was drawn for it, as `attributes`."""
    row: dict[str, Any] = {
        "id": id,
        "file_name": record.image,
        "width": record.width,
        "height": record.height,
        "frame": record.frame,
        "sequence": record.sequence,
        "video_id": position.video,
        "frame_index": position.frame_index,
    }
    if record.random is not None:
        row["attributes"] = record.random.attributes
    return row


def annotation_row(
    id: int, image: int, category: int, instance: Instance, record: FrameRecord, position: VideoPosition
) -> dict[str, Any]:
    return {
        "id": id,
        "image_id": image,
        "category_id": category,
        **shape_fields(instance.mask, record),
        "iscrowd": 0,
        "name": instance.name,
        "video_id": position.video,
    }


def annotation_text(instance: Instance, record: FrameRecord, iscrowd: int = 0) -> str:
    """What canonical_json() writes of such a row between its ids. Written out it takes a quarter of the time, and it is
    most of what a merge writes."""
    mask, box = instance.mask, instance.mask.box
    return (
        f'"bbox":[{box.x0},{box.y0},{box.width},{box.height}],"area":{mask.area},'
        f'"segmentation":{{"size":[{record.height},{record.width}],"counts":{canonical_text(mask.rle)}}},'
        f'"iscrowd":{iscrowd},"name":{canonical_text(instance.name)}'
    )


def ignored_row(
    id: int, image: int, category: int, region: Instance, record: FrameRecord, position: VideoPosition
) -> dict[str, Any]:
    """The row of a region to ignore in one category."""
    return {**annotation_row(id, image, category, region, record, position), "iscrowd": 1}


def category_row(category: Category) -> dict[str, Any]:
    """What COCO's keypoint and panoptic tasks have besides is there only where the user has set it."""
    row: dict[str, Any] = {"id": category.id, "name": category.title, "supercategory": category.supercategory}
    if category.stuff:
        row["isthing"] = 0
    if category.colour:
        row["color"] = list(colour_of(category.colour))
    if category.keypoints:
        row |= {"keypoints": list(category.keypoints), "skeleton": [list(pair) for pair in category.skeleton]}
    return row
