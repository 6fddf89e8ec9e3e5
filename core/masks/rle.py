"""COCO run-length encoding: the compressed counts string, for all masks of a frame at once.

A mask is a list of counts in column-major order, zeros first. pycocotools stores each count as the difference to
the count two before it (from the fourth on), cut into groups of five bits, lowest first; bit 5 says that another
group follows, and 48 is added to make it printable. Source: `rleToString` in cocoapi, `common/maskApi.c`.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..base.ragged import steps

_FIRST_CHARACTER = 48
_MORE = 0x20
_SIGN = 0x10
_LARGEST_CODE = 0x3F
_MOST_GROUPS = 12  # of five bits in an int64


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


def decode_counts(texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The inverse of encode_counts.

    Args:
        texts: M compressed strings.

    Returns:
        counts: (N,) int64, the counts of all masks, one mask after the other.
        lengths: (M,) int64, how many of them belong to each mask.

    Raises:
        ValueError: a text is not what encode_counts makes.
    """
    codes = np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8).astype(np.int64) - _FIRST_CHARACTER
    text_stops = np.cumsum([len(text) for text in texts], dtype=np.int64)
    is_last = (codes & _MORE) == 0
    if codes.size and (
        codes.min() < 0 or codes.max() > _LARGEST_CODE or not is_last[text_stops[text_stops > 0] - 1].all()
    ):
        raise ValueError("no run lengths")
    stops = np.flatnonzero(is_last) + 1
    groups = steps(stops)
    if groups.max(initial=0) > _MOST_GROUPS:
        raise ValueError("a run length beyond 64 bits")
    ends = np.searchsorted(stops, text_stops, side="right")
    lengths = steps(ends)
    if codes.size == 0:
        return np.empty(0, dtype=np.int64), lengths

    starts = stops - groups
    shifts = 5 * (np.arange(codes.size) - np.repeat(starts, groups))
    values = np.add.reduceat((codes & 0x1F) << shifts, starts)
    is_negative = (codes[stops - 1] & _SIGN) != 0
    values[is_negative] -= np.left_shift(1, 5 * groups[is_negative])

    # From the fourth on a count adds to the one two before it: two running sums a mask, of the odd and the even places.
    firsts = ends - lengths
    place = np.arange(values.size) - np.repeat(firsts, lengths)
    for chain in ((place & 1) == 1, ((place & 1) == 0) & (place > 0)):
        chosen = np.flatnonzero(chain)
        sums = np.cumsum(values[chosen])
        begins = np.flatnonzero(place[chosen] <= 2)  # where the next mask begins
        before = np.concatenate(([0], sums))[begins]
        values[chosen] = sums - np.repeat(before, steps(np.append(begins, chosen.size))[1:])
    if values.min() < 0:
        raise ValueError("a negative run length")
    return values, lengths


def decode_columns(text: str, height: int, first: int, end: int) -> npt.NDArray[np.bool_]:
    """Some columns of a mask.

    Args:
        text: compressed string.
        height: of the image.
        first, end: half-open range of columns.

    Returns:
        (height, end - first) bool.

    Raises:
        ValueError: the text is not what encode_counts makes.
    """
    counts, _ = decode_counts([text])
    low, high = first * height, end * height
    edges = np.clip(np.concatenate(([0], np.cumsum(counts))), low, high)
    is_one = np.arange(counts.size) % 2 == 1  # every other count is one of ones, the first of zeros
    pixels = np.repeat(is_one, np.diff(edges))
    if pixels.size != high - low:
        raise ValueError("a mask is not of the image's size")
    return pixels.reshape(end - first, height).T


def mask_runs(
    texts: Sequence[str], height: int, width: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The runs of many masks.

    Args:
        texts: compressed counts of masks of this size.

    Returns:
        (R,) int64 each, mask by mask and in column-major order: the mask, counted from 0, and where the run starts and
        ends (half-open) in the column-major image. No run is empty, and none touches the next one of its mask unless a
        count of 0 lies between them, which no encoder writes.

    Raises:
        ValueError: the texts are not masks, or are of another size.
    """
    pixels = height * width
    counts, lengths = decode_counts(texts)
    last = np.cumsum(lengths)
    end = np.cumsum(counts) - np.repeat(np.arange(len(texts)) * pixels, lengths)
    if (lengths == 0).any() or (end[last - 1] != pixels).any():
        raise ValueError("a mask is not of the image's size")
    # Every other count is a run of ones, first of zeros.
    place = np.arange(counts.size) - np.repeat(last - lengths, lengths)
    ones = np.flatnonzero((place % 2 == 1) & (counts > 0))
    mask = np.repeat(np.arange(len(texts)), lengths)[ones]
    return mask, end[ones] - counts[ones], end[ones]


def paint_masks(texts: Sequence[str], height: int, width: int) -> npt.NDArray[np.float32]:
    """Number the pixels by the mask that they are in.

    Args:
        texts: compressed counts of masks of this size.

    Returns:
        (H, W) float32, masks counted from 1, 0 for none. The columns lie in memory one after the other, as they do in
        the masks.

    Raises:
        ValueError: the texts are not masks, are of another size, or overlap.
    """
    pixels = height * width
    mask, start, end = mask_runs(texts, height, width)
    number = (mask + 1).astype(np.float32)
    order = np.argsort(start, kind="stable")
    start, end, number = start[order], end[order], number[order]
    if (start[1:] < end[:-1]).any():
        raise ValueError("two masks overlap")

    # Gap, run, gap, run, ..., and a last gap.
    gaps = np.concatenate((start, [pixels]))
    gaps[1:] -= end
    spans = np.zeros(2 * number.size + 1, dtype=np.int64)
    spans[::2], spans[1::2] = gaps, end - start
    values = np.zeros(spans.size, dtype=np.float32)
    values[1::2] = number
    painted: npt.NDArray[np.float32] = np.repeat(values, spans).reshape(width, height).T
    return painted
