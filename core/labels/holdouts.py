"""The region of holdouts. Cycles writes neither a label nor a depth for them; what is left is a hole in the alpha."""

import numpy as np

from ..exr.passes import Passes
from ..masks.runs import LabelArray, find_masks
from ..records.instance import Instance
from ..scene.scene_record import SceneEntry, SceneRecord
from ..settings.render_pass import Pass

_HALF = 0.5
# Every mask has one, and no pass index or Cryptomatte id is this.
_LABEL = np.uint32(0xFFFFFFFF)
NAME = "ignored holdouts"


def find_holdouts(passes: Passes, labels: LabelArray, scene: SceneRecord | None) -> tuple[Instance | None, str]:
    """The region to ignore that the holdouts of a frame cover.

    Args:
        passes: those of the frame; Combined is decoded only where the scene has a holdout.
        labels: (H, W) uint32, the label image, 0 = background.
        scene: the scene record; without it nothing is known of holdouts.

    Returns:
        The region, None where there is none; its category is "" unless a rule gives all holdouts the same one. And a
        sentence on why the region of holdouts is not known, "" if it is.
    """
    holdouts = [entry for entry in (scene.objects.entries if scene else ()) if entry.ignored and entry.facts.holdout]
    if not holdouts or scene is None:
        return None, ""
    if scene.opaque is None:
        return None, (
            "Holdouts cannot be separated from the transparent background, so they are background; turn off Film > "
            "Transparent, or ignore objects with the custom property ignore"
        )
    combined = passes.read(Pass.COMBINED) if Pass.COMBINED in passes else None
    if combined is None or combined.shape[-1] < len(Pass.COMBINED.components):
        return None, "There is no Combined pass with alpha, so holdouts are background; render it as RGBA"
    hole = np.zeros(labels.shape, dtype=bool)
    x0, y0, x1, y1 = scene.opaque
    inside = slice(y0, y1), slice(x0, x1)
    hole[inside] = (labels[inside] == 0) & (combined[inside][..., 3] < _HALF)
    if not hole.any():
        return None, ""
    (mask,) = find_masks(hole.astype(np.uint32) * _LABEL)
    return Instance(NAME, _category(holdouts), (int(_LABEL),), mask), ""


def _category(holdouts: list[SceneEntry]) -> str:
    found = {entry.category or "" for entry in holdouts}
    return found.pop() if len(found) == 1 else ""
