"""Instances that are too small, cut off by the border of the image or hidden to be worth learning from."""

import dataclasses

from ..labels.labelled_frame import LabelledFrame
from ..records.instance import Instance
from ..settings.settings import AtBorder

SMALL, AT_BORDER, HIDDEN = "small", "at_border", "hidden"


def filter_instances(frame: LabelledFrame) -> LabelledFrame:
    """The frame without instances that are too small or at the border, and with marks on those, as the settings say.

    An instance that is both too small and at the border is counted as small.
    """
    settings = frame.job.settings
    kept: list[Instance] = []
    dropped = {SMALL: 0, AT_BORDER: 0}
    for instance in frame.instances:
        box = instance.mask.box
        side = min(box.width, box.height)
        at_border = box.is_at_border(frame.width, frame.height)
        if instance.mask.area < settings.min_area or side < settings.min_side:
            dropped[SMALL] += 1
        elif at_border and settings.at_border is AtBorder.DROP:
            dropped[AT_BORDER] += 1
        else:
            is_marked = settings.at_border is AtBorder.MARK
            kept.append(dataclasses.replace(instance, at_border=at_border) if is_marked else instance)
    return frame.without_dropped(kept, dropped)


def filter_hidden(frame: LabelledFrame) -> LabelledFrame:
    """The frame without instances of which too little is seen.

    It has the amodal masks of its instances as far as they are known; where one is not, the instance is kept. They stay
    only where the settings want them in the dataset.
    """
    settings = frame.job.settings
    if not settings.needs_amodal:
        return frame.without_dropped(frame.instances, {HIDDEN: 0})
    least = settings.min_visibility
    kept = [one for one in frame.instances if one.amodal is None or one.amodal.visib_fract >= least]
    dropped = {HIDDEN: len(frame.instances) - len(kept)}
    if not settings.amodal:
        kept = [dataclasses.replace(one, amodal=None) for one in kept]
    return frame.without_dropped(kept, dropped)
