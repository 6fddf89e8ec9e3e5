"""Polygons for YOLO's readers of segments, which round points to pixels and fill up to and including the outline.

So the points are border pixels of the mask, not corners: Ultralytics multiplies by the image's size, cuts off to whole
pixels and gives them to OpenCV's `fillPoly`. Source: `polygon2mask` in ultralytics, `ultralytics/data/utils.py`. The
lines round a piece are horizontal and vertical, so that points between them, which Ultralytics inserts, are cut off to
the same pixels. Diagonal ones would save a fifth of the points, and lose pixels by that.

The format holds one polygon for each instance. Pieces are joined as Ultralytics' `merge_multi_segment` does it: by a
line there and back between near points. That line is filled too, so it adds pixels that are not in the mask. A mask
that is nothing but noise keeps its largest pieces and holes only, see simpler_masks.py. So the polygons of a Full HD
frame take about a second, and two where each of its pixels is a piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..base.ragged import Integers, flat_ranges
from .bridges import Joined, join_holes, starts_of_bridges
from .column_runs import column_runs
from .joined_pieces import join_pieces
from .outlines import Corners, Edges
from .simpler_masks import SimplerMasks, common_pixels, pixels_before, simpler_masks

# Fewer points are no polygon to any reader.
_FEWEST_POINTS = 3
# Where in its pixel a point lies: in the middle, but so that readers that round to the nearest pixel (supervision) find
# the same one as those that cut off.
WITHIN_PIXEL = 0.49


@dataclass(frozen=True)
class YoloPolygon:
    """What the format can hold of a mask.

    Attributes:
        pixels: (P, 2) int64, column and row of border pixels in the order of the outline; P is at least 3.
        pieces: connected pieces of the mask; pixels that touch at a corner only are apart.
        holes: in them.
        pieces_left_out: how many of the pieces the polygon leaves out, since there are very many.
        holes_filled: how many of the holes of the other pieces it fills, likewise.
        iou: of the mask and of what readers make of the polygon, in 0 ... 1. 1 unless lines between pieces add pixels,
            pieces are left out, or holes are filled. Readers that scale the image find a little less.
        is_line: the mask is one pixel wide or high. Readers take the box from the points, so it has no area.
    """

    pixels: Integers
    pieces: int
    holes: int
    pieces_left_out: int
    holes_filled: int
    iou: float
    is_line: bool

    @property
    def points(self) -> npt.NDArray[np.float64]:
        """(P, 2) float64, x and y, in pixels from the outer corner of the top-left pixel.

        A row of a label file has them divided by the image's width and height.
        """
        return self.pixels + WITHIN_PIXEL


def yolo_polygons(rles: Sequence[str], height: int, width: int) -> list[YoloPolygon | None]:
    """The YOLO polygon of many masks.

    Args:
        rles: compressed counts of masks of this size.

    Returns:
        One for each mask; None for a mask without pixels.

    Raises:
        ValueError: the texts are not masks, or are of another size.
    """
    simpler = simpler_masks(rles, height, width)
    edges = simpler.edges
    if edges.first.size == 0:
        return [None] * len(rles)
    corners = edges.corners()
    points = _border_pixels(edges, corners)
    joined = join_holes(edges, points, corners.first, starts_of_bridges(edges, corners), _bridges(edges))
    lines: list[Integers | None] = []
    between: dict[int, Integers] = {}
    for mask, pieces in enumerate(joined.by_mask(len(rles))):
        if len(pieces) > 1:
            line, between[mask] = join_pieces(pieces)
            lines.append(line)
        else:
            lines.append(pieces[0] if pieces else None)
    iou = _ious(rles, simpler, between, height, width)
    is_line = _is_line(joined)
    pieces, holes = simpler.pieces.tolist(), simpler.holes.tolist()
    left_out, filled = simpler.pieces_left_out.tolist(), simpler.holes_filled.tolist()
    return [
        None
        if line is None
        else YoloPolygon(
            _closed(line),
            pieces[mask],
            holes[mask],
            left_out[mask],
            filled[mask],
            iou.get(mask, 1.0),
            is_line[mask],
        )
        for mask, line in enumerate(lines)
    ]


def _closed(line: Integers) -> Integers:
    """The line with as many points as a polygon has."""
    return line if len(line) >= _FEWEST_POINTS else line[np.minimum(np.arange(_FEWEST_POINTS), len(line) - 1)]


def _is_line(joined: Joined) -> dict[int, bool]:
    """Of each mask with pixels, whether it is one pixel wide or high."""
    piece = np.flatnonzero(np.append(True, joined.mask[1:] != joined.mask[:-1]))
    masks, begin = joined.mask[piece], joined.first[piece]
    sizes = np.maximum.reduceat(joined.points, begin) - np.minimum.reduceat(joined.points, begin)
    return dict(zip(masks.tolist(), (sizes == 0).any(axis=1).tolist(), strict=True))


def _border_pixels(edges: Edges, corners: Corners) -> Integers:
    """The pixel in each corner: (P, 2) int64, column and row of the pixel inside both lines that meet there.

    The mask is on the right hand: below a line to the right, right of a line that goes up.
    """
    size = corners.x.size
    before, after = np.arange(size) - 1, np.arange(size) + 1
    last = np.append(corners.first[1:], size) - 1
    before[corners.first], after[last] = last, corners.first
    from_y = np.where(corners.begins, corners.y[before], corners.y)
    to_y = np.where(corners.begins, corners.y, corners.y[after])
    column = corners.x - (to_y > from_y)
    row = corners.y - ~edges.is_top[corners.edge]
    return np.stack((column, row), axis=1)


def _bridges(edges: Edges) -> Integers:
    """(K, 2, 2) int64, the uppermost and lowest pixel of the run above each hole; of no meaning for outer rings."""
    last = edges.first + edges.lengths - 1
    column = edges.column[last]
    upper, lower = edges.y[edges.above], edges.y[last] - 1
    return np.stack((np.stack((column, upper), axis=1), np.stack((column, lower), axis=1)), axis=1)


def _ious(
    rles: Sequence[str], simpler: SimplerMasks, between: dict[int, Integers], height: int, width: int
) -> dict[int, float]:
    """Of the masks that lose something, and of what is left of each with lines between its pieces.

    Args:
        rles: of the masks.
        simpler: what is left of them.
        between: mask -> (L, 3, 2) int64, the lines with their turning points.
    """
    lose = np.flatnonzero((simpler.pieces_left_out > 0) | (simpler.holes_filled > 0)).tolist()
    chosen = sorted({*between, *lose})
    if not chosen:
        return {}
    place, line_of = _line_pixels([between.get(mask) for mask in chosen], height)
    pixels, number = height * width, np.arange(len(chosen) + 1)
    place += line_of * pixels
    are_in = []
    areas = []
    for texts in (rles, simpler.rles) if lose else (rles,):  # else both are the same
        start, end = _spans(texts, chosen, height, width)
        are_in.append(pixels_before(start, end, place + 1) > pixels_before(start, end, place))
        before = pixels_before(start, end, number * pixels)
        areas.append(before[1:] - before[:-1])
    was_in, is_in = are_in[0], are_in[-1]
    common = areas[0]
    if lose:
        one, other = ([texts[mask] for mask in chosen] for texts in (rles, simpler.rles))
        common = common_pixels(one, other, height, width)
    found = common + np.bincount(line_of[was_in & ~is_in], minlength=len(chosen))
    added = np.bincount(line_of[~was_in & ~is_in], minlength=len(chosen))
    every = areas[0] + areas[-1] - common + added
    return dict(zip(chosen, (found / every).tolist(), strict=True))


def _spans(rles: Sequence[str], chosen: Sequence[int], height: int, width: int) -> tuple[Integers, Integers]:
    """Where the runs of some masks start and end (half-open), one mask after the other: (R,) int64 each."""
    runs = column_runs(rles, height, width)
    number = np.full(len(rles), -1)
    number[chosen] = np.arange(len(chosen))
    mask = number[runs.mask]
    kept = np.flatnonzero(mask >= 0)
    column = mask[kept] * (height * width) + runs.column[kept] * height
    return column + runs.top[kept], column + runs.end[kept]


def _line_pixels(lines: Sequence[Integers | None], height: int) -> tuple[Integers, Integers]:
    """The pixels of lines, each once: (N,) int64, their places in the column-major image, and which lines they are of.

    Args:
        lines: (L, 3, 2) int64 each.
    """
    places = [np.zeros(0, dtype=np.int64)]
    numbers = [np.zeros(0, dtype=np.int64)]
    for number, line in enumerate(lines):
        if line is not None:
            one, other = line[:, :2].reshape(-1, 2), line[:, 1:].reshape(-1, 2)
            lengths = np.abs(other - one).max(axis=1)
            along = flat_ranges(np.zeros_like(lengths), lengths)[:, None]
            column, row = (np.repeat(one, lengths, axis=0) + np.repeat(np.sign(other - one), lengths, axis=0) * along).T
            places.append(np.unique(column * height + row))
            numbers.append(np.full(places[-1].size, number))
    return np.concatenate(places), np.concatenate(numbers)
