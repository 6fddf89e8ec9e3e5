"""Instances that are too small, cut off by the border of the image or hidden to be worth learning from."""

import dataclasses
from collections.abc import Sequence

from ..records.instance import Instance
from ..settings.settings import AtBorder, Settings

SMALL, AT_BORDER, HIDDEN = "small", "at_border", "hidden"


def filter_instances(
    instances: Sequence[Instance], height: int, width: int, settings: Settings
) -> tuple[list[Instance], dict[str, int]]:
    """Drop and mark instances by their masks, as the settings say.

    Args:
        instances: of a frame.
        height, width: pixels of the image.
        settings: the user's choices.

    Returns:
        What is left, in the same order, and how many were dropped for each reason (SMALL, AT_BORDER). An instance
        that is both too small and at the border counts as small.
    """
    kept: list[Instance] = []
    dropped = {SMALL: 0, AT_BORDER: 0}
    for instance in instances:
        box = instance.mask.box
        side = min(box.width, box.height)
        at_border = box.x0 == 0 or box.y0 == 0 or box.x1 == width or box.y1 == height
        if instance.mask.area < settings.min_area or side < settings.min_side:
            dropped[SMALL] += 1
        elif at_border and settings.at_border is AtBorder.DROP:
            dropped[AT_BORDER] += 1
        else:
            marked = at_border if settings.at_border is AtBorder.MARK else None
            kept.append(dataclasses.replace(instance, at_border=marked))
    return kept, dropped


def filter_hidden(instances: Sequence[Instance], settings: Settings) -> tuple[list[Instance], dict[str, int]]:
    """Drop instances of which too little is seen.

    Args:
        instances: of a frame, with all of them as far as that is known; where it is not, an instance is kept.
        settings: the user's choices.

    Returns:
        What is left, in the same order and with amodal masks only where the settings want them in the dataset, and how
        many were dropped for which reason (HIDDEN).
    """
    if not settings.needs_amodal:
        return list(instances), {HIDDEN: 0}
    kept = [one for one in instances if one.amodal is None or one.amodal.visib_fract >= settings.min_visibility]
    dropped = {HIDDEN: len(instances) - len(kept)}
    return kept if settings.amodal else [dataclasses.replace(one, amodal=None) for one in kept], dropped
