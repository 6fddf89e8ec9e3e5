"""Whether the files that a record names can be read to their end, and hold as much as it says."""

import numpy as np

from ...base.errors import InputError
from ...drawing.read_images import open_image
from ...drawing.soft_mask_files import read_soft_mask
from ...maps.codecs.codec import DAMAGED, why
from ...settings.map_table import DenseMap, MapKind
from ..checked_frame import CheckedFrame
from ..report import Problems

_FULL = 255
# What lies outside its box is moved to a side, so that a few pixels may all the same become 0 0 0, "no value".
_LEAST_OF_NOCS_PNG = 0.98
# An instance whose pixel it is covers the most of it, and more things than this never share one.
_MOST_IN_A_PIXEL = 32


def check_image(frame: CheckedFrame) -> Problems:
    """The training image can be read and has the size that the record says."""
    record = frame.record
    try:
        with open_image(frame.dataset.file(record.image)) as image:
            size = image.size
            if size == (record.width, record.height):
                image.load()
    except DAMAGED as error:
        yield f"{record.image} cannot be read ({why(error)}); annotate the frame again"
        return
    if size != (record.width, record.height):
        yield (f"{record.image} has {size[0]} x {size[1]} pixels, but the record says {record.width} x {record.height}")


def check_pictures(frame: CheckedFrame) -> Problems:
    for picture in frame.record.pictures:
        try:
            with open_image(frame.dataset.file(picture)) as image:
                image.load()
        except DAMAGED as error:
            yield f"{picture} cannot be read ({why(error)}); annotate the frame again"


def check_maps(frame: CheckedFrame) -> Problems:
    """Each map can be read, has the frame's size, and as many pixels with a value as the record says.

    What cannot be read is left out of the checks that follow.
    """
    for written in frame.record.maps:
        try:
            values = frame.read(written).count
        except InputError as error:
            frame.leave_out(written.map)
            yield str(error)
            continue
        least = written.valid * (_LEAST_OF_NOCS_PNG if written.map is DenseMap.NOCS_PNG else 1)
        if not least <= values <= written.valid:
            what = "points" if written.map.kind is MapKind.POINTS else "pixels with a value"
            yield f"{written.file} has {values} {what}, but the record says {written.valid}; annotate the frame again"


def check_soft_masks(frame: CheckedFrame) -> Problems:
    """Each can be read, is as large as its box and of its instance; together they cover no pixel more than once."""
    record = frame.record
    total = np.zeros((record.height, record.width), np.uint32)
    said = set()
    for number, instance in enumerate(record.instances, start=1):
        soft_mask = instance.soft_mask
        if soft_mask is None:
            continue
        box = soft_mask.box
        try:
            pixels = read_soft_mask(frame.dataset, soft_mask)
        except DAMAGED as error:
            problem = f"{soft_mask.file} cannot be read ({why(error)}); annotate the frame again"
            if problem not in said:  # of a file that is damaged, for each of its masks
                said.add(problem)
                yield problem
            continue
        if not (0 <= box.x0 < box.x1 <= record.width and 0 <= box.y0 < box.y1 <= record.height):
            yield f"The box of the soft mask of {instance.name!r} is not within the image"
            continue
        inside = slice(box.y0, box.y1), slice(box.x0, box.x1)
        total[inside] += pixels
        own = frame.numbers()[inside] == number
        bare = instance.mask.area - int(np.count_nonzero(own & (pixels >= _FULL // _MOST_IN_A_PIXEL)))
        if bare > 0:
            yield f"{bare} pixels of the mask of {instance.name!r} are not covered by its soft mask, {soft_mask.file}"
        # Of several labels each may be weaker than another's, and what several instances share goes to the nearest.
        alone = len(instance.labels) == 1 and instance.resolved is None
        foreign = int(np.count_nonzero(~own & (pixels > _FULL // 2 + 1))) if alone else 0
        if foreign:
            yield f"{soft_mask.file} covers most of {foreign} pixels that are not in the mask of {instance.name!r}"
    over = int(np.count_nonzero(total > _FULL))
    if over:
        yield f"The soft masks together cover more than the whole of {over} pixels"
