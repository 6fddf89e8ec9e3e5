"""Masks of thousands of pieces or holes, such as noise, with only the largest of them.

What a polygon costs grows with the pieces and holes that have to be joined, so a frame of noise would take minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..base.ragged import Integers, offsets
from .outlines import Booleans, Edges, trace_edges
from .rle import encode_counts, mask_runs

# Of a mask, and of all masks of a frame together.
MOST_PIECES, MOST_PIECES_OF_ALL = 256, 4096
MOST_HOLES, MOST_HOLES_OF_ALL = 4096, 16384


@dataclass(frozen=True)
class SimplerMasks:
    """Masks that are cheap to draw.

    Attributes:
        rles: (M,) compressed counts.
        edges: their outlines.
        pieces: (M,) int64, connected pieces of each mask as it was; pixels that touch at a corner only are apart.
        holes: (M,) int64, holes in them.
        pieces_left_out: (M,) int64, how many of the pieces are not there.
        holes_filled: (M,) int64, how many of the holes of the other pieces are part of the mask.
    """

    rles: Sequence[str]
    edges: Edges
    pieces: Integers
    holes: Integers
    pieces_left_out: Integers
    holes_filled: Integers


def simpler_masks(rles: Sequence[str], height: int, width: int) -> SimplerMasks:
    """Leave out the smallest pieces, and fill the smallest holes, of masks that have very many.

    A mask keeps its MOST_PIECES largest pieces and MOST_HOLES largest holes; fewer if the masks of the frame would keep
    more than MOST_PIECES_OF_ALL and MOST_HOLES_OF_ALL together, but always a piece. Of those of one size the leftmost
    stay.

    Args:
        rles: compressed counts of masks of this size.

    Raises:
        ValueError: the texts are not masks, or are of another size.
    """
    edges, masks = trace_edges(rles, height, width), len(rles)
    is_outer = ~edges.is_hole
    area = _areas(edges)
    pieces, holes = (np.bincount(edges.mask[chosen], minlength=masks) for chosen in (is_outer, edges.is_hole))
    net = np.bincount(edges.outer, weights=np.where(is_outer, area, -area), minlength=area.size).astype(np.int64)
    keeps = np.zeros(area.size, dtype=bool)
    keeps[is_outer] = _largest(edges.mask[is_outer], net[is_outer], masks, MOST_PIECES, MOST_PIECES_OF_ALL, 1)
    stays = edges.is_hole & keeps[edges.outer]
    keeps[stays] = _largest(edges.mask[stays], area[stays], masks, MOST_HOLES, MOST_HOLES_OF_ALL, 0)
    left_out = np.bincount(edges.mask[is_outer & ~keeps], minlength=masks)
    filled = np.bincount(edges.mask[stays & ~keeps], minlength=masks)
    if left_out.any() or filled.any():
        simpler = _with_rings(edges, keeps, masks, height, width)
        changed = (left_out > 0) | (filled > 0)
        rles = [new if is_new else old for old, new, is_new in zip(rles, simpler, changed.tolist(), strict=True)]
        edges = trace_edges(rles, height, width)
    return SimplerMasks(rles, edges, pieces, holes, left_out, filled)


def _areas(edges: Edges) -> Integers:
    """(K,) int64, pixels inside each ring: below its tops and above its bottoms."""
    if edges.first.size == 0:
        return edges.first
    areas: Integers = np.abs(np.add.reduceat(np.where(edges.is_top, -edges.y, edges.y), edges.first))
    return areas


def _largest(mask: Integers, area: Integers, masks: int, most: int, most_of_all: int, fewest: int) -> Booleans:
    """(N,) bool, which of the rings of all masks to keep; at least `fewest` of each mask."""
    counts = np.bincount(mask, minlength=masks)
    if counts.max(initial=0) <= most and counts.sum() <= most_of_all:
        return np.ones(mask.size, dtype=bool)
    low, high = fewest, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(counts, middle).sum() <= most_of_all else (low, middle - 1)
    order = np.lexsort((-area, mask))
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size) - np.repeat(offsets(counts), counts)
    large: Booleans = rank < low
    return large


def _with_rings(edges: Edges, keeps: Booleans, masks: int, height: int, width: int) -> list[str]:
    """Compressed counts of all that lies in some of the rings: between a top and a bottom of them in a column."""
    ring = np.repeat(np.arange(edges.first.size), edges.lengths)
    kept = keeps[ring]
    is_top, pixels = edges.is_top[kept], height * width
    place = edges.mask[ring[kept]] * pixels + edges.column[kept] * height + edges.y[kept]
    # At one place a bottom comes first, so that a run that ends with its column does not go on in the next.
    order = np.lexsort((is_top, place))
    place, step = place[order], np.where(is_top[order], 1, -1)
    # Where a hole is filled, a piece within it is inside twice.
    inside = np.cumsum(step)
    start = place[(step == 1) & (inside == 1)]
    end = place[(step == -1) & (inside == 0)]
    joined = np.append(False, start[1:] == end[:-1])[: start.size]
    joined &= start % pixels != 0
    start, end = start[~joined], end[~np.append(joined[1:], False)[: end.size]]
    mask = start // pixels
    runs = np.bincount(mask, minlength=masks)
    # Gap, run, gap, run, ..., of each mask; a last gap only where there is one.
    begins = offsets(runs)
    first = begins[runs > 0]
    before = np.append(0, end[:-1])[: start.size]
    before[first] = mask[first] * pixels
    counts = np.stack((start - before, end - start), axis=1).ravel()
    last = end[first + runs[runs > 0] - 1]
    rest = np.full(masks, pixels)
    rest[runs > 0] = (np.flatnonzero(runs) + 1) * pixels - last
    counts = np.insert(counts, 2 * (begins + runs)[rest > 0], rest[rest > 0])
    return encode_counts(counts, 2 * runs + (rest > 0))


def common_pixels(one: Sequence[str], other: Sequence[str], height: int, width: int) -> Integers:
    """How many pixels are in both of two masks: (M,) int64 for M masks and as many others."""
    pixels = height * width
    mask, start, end = mask_runs(one, height, width)
    start, end = mask * pixels + start, mask * pixels + end
    those, begin, stop = mask_runs(other, height, width)
    common = pixels_before(start, end, those * pixels + stop) - pixels_before(start, end, those * pixels + begin)
    return np.bincount(those, weights=common, minlength=len(one)).astype(np.int64)


def pixels_before(start: Integers, end: Integers, place: Integers) -> Integers:
    """How many pixels of some runs lie before each place: (N,) int64."""
    if start.size == 0:
        return np.zeros_like(place)
    run = np.searchsorted(start, place, side="right") - 1
    lengths = end - start
    within = np.minimum(place, end[run]) - start[run] + offsets(lengths)[run]
    return np.where(run < 0, 0, within)
