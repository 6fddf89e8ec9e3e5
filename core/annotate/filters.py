"""Instances that are too small, cut off by the border of the image or hidden to be worth learning from."""

import dataclasses

from ..labels.labelled_frame import LabelledFrame
from ..settings.settings import AtBorder

SMALL, AT_BORDER, HIDDEN = "small", "at_border", "hidden"


def filter_instances(frame: LabelledFrame) -> LabelledFrame:
    """The frame without instances that are too small or at the border, and with marks on those, as the settings say.

    An instance that is both too small and at the border is counted as small.
    """
    settings, width, height = frame.job.settings, frame.width, frame.height
    large = [
        one
        for one in frame.instances
        if one.mask.area >= settings.min_area and min(one.mask.box.width, one.mask.box.height) >= settings.min_side
    ]
    kept = large
    if settings.at_border is AtBorder.DROP:
        kept = [one for one in large if not one.mask.box.is_at_border(width, height)]
    elif settings.at_border is AtBorder.MARK:
        kept = [dataclasses.replace(one, at_border=one.mask.box.is_at_border(width, height)) for one in large]
    dropped = {SMALL: len(frame.instances) - len(large), AT_BORDER: len(large) - len(kept)}
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
