"""Masks against boxes, areas and the maps that number pixels."""

import numpy as np

from ...masks.rle import paint_masks
from ...settings.map_table import DenseMap
from ..checked_frame import CheckedFrame
from ..report import Problems


def check_masks(frame: CheckedFrame) -> Problems:
    """Masks against boxes and areas; and that none overlap."""
    record = frame.record
    texts = [instance.mask.rle for instance in record.instances]
    try:
        numbers = paint_masks(texts, record.height, record.width)
    except ValueError as error:
        yield f"Masks: {error}"
        return
    for number, instance in enumerate(record.instances, start=1):
        box = instance.mask.box
        inside = numbers[box.y0 : box.y1, box.x0 : box.x1] == number
        pixels = int(np.count_nonzero(inside))
        total = int(np.count_nonzero(numbers == number)) if pixels != instance.mask.area else pixels
        if total != instance.mask.area:
            yield f"The mask of {instance.name!r} has {total} pixels, but its area is {instance.mask.area}"
        tight = pixels and inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()
        if not tight or pixels != total:
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
