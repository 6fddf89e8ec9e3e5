"""Which images show something, so that what they look like means something."""

import numpy as np
import numpy.typing as npt

from ..facts.gathering import Facts
from ..facts.image_facts import ImageState
from .limits import Limits


def dark_images(facts: Facts, limits: Limits) -> npt.NDArray[np.bool_]:
    """(F,) which frames have an image in which hardly anything is brighter than black."""
    frames = facts.frames
    dark: npt.NDArray[np.bool_] = (frames["image"] == ImageState.FINE) & (frames["bright_level"] <= limits.dark_level)
    return dark


def usable_images(facts: Facts, limits: Limits) -> npt.NDArray[np.bool_]:
    """(F,) which frames have an image that shows something."""
    frames = facts.frames
    usable: npt.NDArray[np.bool_] = frames["image"] == ImageState.FINE
    return usable & ~dark_images(facts, limits) & (frames["contrast"] >= limits.min_contrast)
