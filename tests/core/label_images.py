"""Label images for tests that only care about what the labels are called."""

from collections.abc import Mapping

import numpy as np

from core.labels.label_image import LabelImage
from core.settings.settings import LabelSource


def empty_labels(source: LabelSource = LabelSource.OBJECT_INDEX, names: Mapping[int, str] | None = None) -> LabelImage:
    """A pixel of background, and the names of a manifest."""
    return LabelImage(np.zeros((1, 1), np.uint32), source, dict(names or {}))
