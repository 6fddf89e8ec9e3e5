"""COCO run-length encoding: the compressed counts string, for all masks of a frame at once.

A mask is a list of counts in column-major order, zeros first. pycocotools stores each count as the difference to
the count two before it (from the fourth on), cut into groups of five bits, lowest first; bit 5 says that another
group follows, and 48 is added to make it printable. Source: `rleToString` in cocoapi, `common/maskApi.c`.
"""

import numpy as np
import numpy.typing as npt

_FIRST_CHARACTER = 48
_MORE = 0x20


def encode_counts(counts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> list[str]:
    """Compress the run lengths of many masks.

    Args:
        counts: (N,) int64, the counts of all masks, one mask after the other.
        lengths: (M,) int64, how many of them belong to each mask; sums to N.

    Returns:
        M ASCII strings, equal to what pycocotools makes of each mask.
    """
    if counts.size == 0:
        return [""] * len(lengths)
    ends = np.cumsum(lengths)
    values = counts.copy()
    values[3:] -= counts[1:-2]
    # The first three counts of every mask stand for themselves.
    for position in range(3):
        starts = (ends - lengths + position)[lengths > position]
        values[starts] = counts[starts]

    # A signed value fits into n groups if it, or its complement when negative, is below 2^(5n-1).
    magnitude = np.where(values < 0, ~values, values)
    groups = np.ones(values.size, dtype=np.int64)
    limit = 1 << 4
    largest = int(magnitude.max())
    while largest >= limit:
        groups += magnitude >= limit
        limit <<= 5

    stops = np.cumsum(groups)
    text = np.empty(int(stops[-1]), dtype=np.uint8)
    position_in_text = stops - groups
    remaining = groups
    while values.size:
        last = remaining == 1
        code = (values & 0x1F).astype(np.uint8)
        code[~last] |= _MORE
        text[position_in_text] = code + _FIRST_CHARACTER
        keep = ~last
        values = values[keep] >> 5
        remaining = remaining[keep] - 1
        position_in_text = position_in_text[keep] + 1

    whole = text.tobytes().decode("ascii")
    mask_stops = stops[ends - 1].tolist()
    mask_starts = [0, *mask_stops[:-1]]
    return [whole[start:stop] for start, stop in zip(mask_starts, mask_stops, strict=True)]
