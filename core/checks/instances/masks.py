"""Masks against boxes, areas and the maps that number pixels."""

import numpy as np

from ...settings.map_table import DenseMap
from ..checked_frame import CheckedFrame
from ..mask_extents import MaskExtents
from ..report import Problems


def check_masks(frame: CheckedFrame) -> Problems:
    """Masks against boxes and areas; and that none overlap."""
    record = frame.record
    try:
        extents = frame.extents or MaskExtents.of([record])[0]
    except ValueError as error:
        yield f"Masks: {error}"
        return
    for instance, area, box in zip(record.instances, extents.areas, extents.boxes, strict=True):
        if area != instance.mask.area:
            yield f"The mask of {instance.name!r} has {area} pixels, but its area is {instance.mask.area}"
        if box != instance.mask.box:
            yield f"The box of {instance.name!r} is not the smallest around its mask"


def check_instance_map(frame: CheckedFrame) -> Problems:
    wrong = int(np.count_nonzero(frame.load(DenseMap.INSTANCES_PNG).values != frame.numbers()))
    if wrong:
        yield f"{wrong} pixels of the instance map do not match the masks"


def check_category_map(frame: CheckedFrame) -> Problems:
    record = frame.record
    ids = next(map.ids for map in record.maps if map.map is DenseMap.CATEGORIES_PNG) or {}
    expected = np.array([0, *(ids.get(instance.category, 0) for instance in record.instances)])[frame.numbers()]
    wrong = int(np.count_nonzero(frame.load(DenseMap.CATEGORIES_PNG).values != expected))
    if wrong:
        yield f"{wrong} pixels of the category map do not match the masks"
