"""The picture to check amodal masks by: what is hidden of each instance, over its frame."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...categories.palette import Colour, category_colours
from ...masks.rle import decode_columns
from ...records.instance import Instance
from ..image_files import Bytes


def draw_amodal(
    image: Bytes, instances: Sequence[Instance], categories: Sequence[str], own: Mapping[str, Colour] | None = None
) -> Bytes:
    """Draw the outline of all of each instance, and tint what is hidden of it.

    Args:
        image: (H, W, 3) uint8.
        instances: those to draw; only those with an amodal mask are.
        categories: names of all categories; the place of a name decides its colour.
        own: colours of categories that have one of their own.

    Returns:
        (H, W, 3) uint8, a new image.
    """
    picture = image.copy()
    height, width, _ = image.shape
    colours = category_colours(categories, own)
    # What is hidden most lies farthest, as a rule: it comes first, and what hides it is drawn over it.
    for instance in sorted(instances, key=lambda one: -one.amodal.occluded if one.amodal else 0.0):
        if instance.amodal is None:
            continue
        first, end = max(0, instance.amodal.box.x0), min(width, instance.amodal.box.x1)
        whole = decode_columns(instance.amodal.rle, height, first, end)
        hidden = whole & ~decode_columns(instance.mask.rle, height, first, end)
        part, colour = picture[:, first:end], np.array(colours[instance.category], np.uint16)
        part[hidden] = (part[hidden] + colour) // 2
        inner = np.pad(whole, 1)
        outline = whole & ~(inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:])
        part[outline] = colour
    return picture
