"""Whether masks lie where the camera of the scene record sees the geometry that they are of."""

import numpy as np
import numpy.typing as npt

from ...masks.rle import mask_runs
from ...records.frame_record import FrameRecord
from ...records.instance import Amodal
from ..checked_frame import CheckedFrame
from ..report import Problems
from .amodal import Runs, pixels_outside

Counts = npt.NDArray[np.int64]

# How far masks are moved to find out. An instance that is nearer to the border of the image says nothing.
_FARTHEST = 8
# What has to be known: so many instances, of which so many agree, each with so many pixels on its outline.
_FEWEST, _MOST_AGREE, _FEWEST_PIXELS = 3, 0.8, 10
# Each move looks at every run of these masks, so the largest instances, whose outlines tell most, stand for all.
_MOST = 32
# Of what is not seen of an instance, how much moving it has to explain.
_LEAST_EXPLAINED = 0.7
# What sticks out of the amodal mask if the mask is moved back, as a share of what does if it is moved on.
_MOST_OUTSIDE = 0.2


def check_alignment(frame: CheckedFrame) -> Problems:
    """Masks are not all moved the same way, as they are where a render is of another crop than its scene record.

    An amodal mask is what triangles cover by the camera, together with what is seen. So if an instance is moved, it can
    be moved back without leaving its amodal mask, and then covers all of it that was not seen. That may be true of one
    instance that something hides, but not of most of them and the same way.
    """
    record = frame.record
    chosen = [
        (one.mask, one.amodal) for one in record.instances if one.amodal is not None and _is_inside(one.amodal, record)
    ]
    if len(chosen) < _FEWEST:
        return
    chosen = sorted(chosen, key=lambda masks: masks[1].px_count_in_frame, reverse=True)[:_MOST]
    try:
        seen = mask_runs([mask.rle for mask, _ in chosen], record.height, record.width)
        whole = mask_runs([amodal.rle for _, amodal in chosen], record.height, record.width)
    except ValueError:
        return  # which the checks of masks report
    unseen = np.array([amodal.px_count_in_frame - mask.area for mask, amodal in chosen])
    size = record.height * record.width, len(chosen)
    (agree, _), right, down = max(
        (_agreeing(seen, whole, unseen, right * record.height + down, size), right, down)
        for right in range(-_FARTHEST, _FARTHEST + 1)
        for down in range(-_FARTHEST, _FARTHEST + 1)
        if right or down
    )
    if agree >= max(_FEWEST, _MOST_AGREE * len(chosen)):
        where = " and ".join(
            f"{abs(pixels)} {'pixel' if abs(pixels) == 1 else 'pixels'} {words[pixels > 0]}"
            for pixels, words in ((right, ("to the left", "to the right")), (down, ("up", "down")))
            if pixels
        )
        yield (
            f"The masks lie {where} of where the camera sees the geometry; the scene record is of another crop, "
            "resolution or render, so render and export again"
        )


def _is_inside(amodal: Amodal, record: FrameRecord) -> bool:
    box = amodal.box
    return min(box.x0, box.y0, record.width - box.x1, record.height - box.y1) >= _FARTHEST


def _agreeing(seen: Runs, whole: Runs, unseen: Counts, by: int, size: tuple[int, int]) -> tuple[int, int]:
    """How many instances look as if they were moved by so many pixels of the column-major image.

    Args:
        seen, whole: of masks and amodal masks.
        unseen: (M,) int64, pixels of each amodal mask that are not in the mask.
        size: number of pixels of the image, and of instances.

    Returns:
        Besides that, how much better this explains the masks of these than another move.
    """
    mask, start, end = seen
    back, on = (mask, start - by, end - by), (mask, start + by, end + by)
    out, out_on = (np.array(pixels_outside(moved, whole, *size)) for moved in (back, on))
    explained = np.array(pixels_outside(back, seen, *size)) - out
    fits = (out_on >= _FEWEST_PIXELS) & (out <= _MOST_OUTSIDE * out_on) & (explained >= _LEAST_EXPLAINED * unseen)
    return int(np.count_nonzero(fits)), int((explained - out)[fits].sum())
