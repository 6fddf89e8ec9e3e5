"""COCO run-length encoding: the compressed counts string, for all masks of a frame at once.

A mask is a list of counts in column-major order, zeros first. pycocotools stores each count as the difference to
the count two before it (from the fourth on), cut into groups of five bits, lowest first; bit 5 says that another
group follows, and 48 is added to make it printable. Source: `rleToString` in cocoapi, `common/maskApi.c`.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..base.ragged import flat_ranges, offsets, steps

Counts = npt.NDArray[np.int64]

_FIRST_CHARACTER = 48
_MORE = 0x20
_SIGN = 0x10
_LARGEST_CODE = 0x3F
_MOST_GROUPS = 12  # of five bits in an int64
# What a code says as the highest group of a number, whose highest bit is the sign.
_SIGNED = (np.arange(_LARGEST_CODE + 1) & (_MORE - 1) ^ _SIGN).astype(np.int64) - _SIGN


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
    codes = np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8) - np.uint8(_FIRST_CHARACTER)
    text_stops = np.cumsum([len(text) for text in texts], dtype=np.int64)
    is_last = codes < _MORE
    if codes.size and (codes.max() > _LARGEST_CODE or not is_last[text_stops[text_stops > 0] - 1].all()):
        raise ValueError("no run lengths")
    last = np.flatnonzero(is_last)
    stops = np.searchsorted(last, text_stops)
    lengths = steps(stops)
    if codes.size == 0:
        return np.empty(0, dtype=np.int64), lengths
    counts = _values(codes, is_last, last)
    # From the fourth on a count adds to the one two before it.
    first = (stops - lengths)[lengths > 0]
    alone = counts[first]
    counts[first] = 0
    _add_every_other(counts, first)
    counts[first] = alone
    if counts.min() < 0:
        raise ValueError("a negative run length")
    return counts, lengths


def _values(codes: npt.NDArray[np.uint8], is_last: npt.NDArray[np.bool_], last: npt.NDArray[np.int64]) -> Counts:
    """The numbers that codes stand for.

    Args:
        codes: of all groups of bits, the lowest of each number first.
        is_last: whether a group is the highest of its number.
        last: (N,) int64, the highest group of each number.
    """
    values: Counts = _SIGNED[codes[last]]
    # Nearly all numbers of a mask have one group: only the places of the others are gone through again.
    more = np.flatnonzero(~is_last)
    place = np.flatnonzero(is_last[more + 1])  # of those next to the last, among them
    longer = more[place] - place
    groups = 1
    while longer.size:
        groups += 1
        if groups > _MOST_GROUPS:
            raise ValueError("a run length beyond 64 bits")
        place = last[longer] - groups + 1
        values[longer] = (values[longer] << 5) | (codes[place] & (_MORE - 1))
        longer = longer[~is_last[place - 1]]  # before the first group of all is the last one, which is one
    return values


def _add_every_other(values: Counts, first: npt.NDArray[np.int64]) -> None:
    """Let each value add to the one two before it, in each of the parts that begin at the first ones, where it is 0."""
    # Two running sums, of the even and of the odd places of all, less what the parts before have added to the same.
    ends = np.append(first[1:], values.size)
    for odd in range(2):
        part = values[odd::2]
        sums = np.append(np.cumsum(part), 0)  # the last one stands before the first
        begin, end = (first + 1 - odd) // 2, (ends + 1 - odd) // 2
        part[:] = sums[:-1] - np.repeat(sums[begin - 1], end - begin)


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
    return runs_of_masks(texts, np.full(len(texts), height * width, np.int64))


def runs_of_masks(
    texts: Sequence[str], pixels: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The same of masks of several frames.

    Args:
        texts: (M) compressed counts.
        pixels: (M,) how many the image of each has.

    Returns:
        As mask_runs().

    Raises:
        ValueError: as mask_runs().
    """
    runs, length, end = _lengths_and_ends(texts, pixels)
    mask = np.repeat(np.arange(len(texts)), runs)
    end -= np.repeat(offsets(pixels), runs)
    return mask, end - length, end


def _lengths_and_ends(
    texts: Sequence[str], pixels: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How many runs each mask has; and the length of each run, and where it ends, counting on through all images."""
    counts, lengths = decode_counts(texts)
    stops = np.cumsum(lengths)
    ends = np.cumsum(counts)
    if (lengths == 0).any() or (ends[stops - 1] != np.cumsum(pixels)).any():
        raise ValueError("a mask is not of the image's size")
    # Every other count is a run of ones, first of zeros.
    runs = lengths // 2
    ones = flat_ranges(stops - lengths + 1, runs, 2)
    length, end = counts[ones], ends[ones]
    if not length.all():
        kept = length > 0
        runs = np.bincount(np.repeat(np.arange(len(texts)), runs)[kept], minlength=len(texts))
        length, end = length[kept], end[kept]
    return runs, length, end


def mask_extents(
    texts: Sequence[str], frames: npt.NDArray[np.int64], heights: npt.NDArray[np.int64], widths: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How large the masks of several frames are, without their pixels.

    Args:
        texts: M compressed counts.
        frames: (M,) the frame of each mask, ascending from 0.
        heights, widths: (F,) pixels of the image of each frame.

    Returns:
        (M,) int64 pixels of each, and (M, 4) int64 the smallest box around it: x0, y0, x1, y1, half-open. Both are 0 of
        a mask without pixels.

    Raises:
        ValueError: the texts are not masks, are of another size, or overlap in a frame.
    """
    pixels = heights * widths
    runs, length, end = _lengths_and_ends(texts, pixels[frames])
    # From each mask's own image to the image of its frame, all frames one after the other.
    end -= np.repeat((offsets(pixels[frames]) - offsets(pixels)[frames]), runs)
    start = end - length
    order = np.argsort(start, kind="stable")  # in each mask they are in order already, which this makes use of
    if (start[order[1:]] < end[order[:-1]]).any():
        raise ValueError("two masks overlap")
    areas, boxes = np.zeros(len(texts), np.int64), np.zeros((len(texts), 4), np.int64)
    shown = np.flatnonzero(runs)
    if not shown.size:
        return areas, boxes
    height, before = heights[frames], offsets(pixels)[frames]
    firsts = offsets(runs)[shown]
    lasts = (np.cumsum(runs) - 1)[shown]
    areas[shown] = np.add.reduceat(length, firsts)
    rows = np.repeat(height, runs)
    top = (start - np.repeat(before, runs)) % rows
    bottom = top + length
    is_long = bottom > rows  # such a run has the last row of one column and the first one of the next
    top[is_long], bottom[is_long] = 0, rows[is_long]
    # Runs go from left to right.
    boxes[shown, 0] = (start[firsts] - before[shown]) // height[shown]
    boxes[shown, 1] = np.minimum.reduceat(top, firsts)
    boxes[shown, 2] = (end[lasts] - before[shown] - 1) // height[shown] + 1
    boxes[shown, 3] = np.maximum.reduceat(bottom, firsts)
    return areas, boxes


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
