"""Polygons for YOLO's readers of segments, which round points to pixels and fill up to and including the outline.

So the points are border pixels of the mask, not corners: Ultralytics multiplies by the image's size, cuts off to whole
pixels and gives them to OpenCV's `fillPoly`. Source: `polygon2mask` in ultralytics, `ultralytics/data/utils.py`. The
lines round a piece are horizontal and vertical, so that points between them, which Ultralytics inserts, are cut off to
the same pixels. Diagonal ones would save a fifth of the points, and lose pixels by that.

The format holds one polygon for each instance. Pieces are joined as Ultralytics' `merge_multi_segment` does it: by a
line there and back between near points. That line is filled too, so it adds pixels that are not in the mask.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..base.ragged import Integers, flat_ranges
from .bridges import Joined, join_holes, starts_of_bridges
from .joined_pieces import join_pieces
from .outlines import Corners, Edges, trace_edges
from .rle import mask_runs

# Fewer points are no polygon to any reader.
_FEWEST_POINTS = 3


@dataclass(frozen=True)
class YoloPolygon:
    """What the format can hold of a mask.

    Attributes:
        points: (P, 2) float64, x and y of the middles of border pixels, in pixels from the outer corner of the
            top-left pixel; P is at least 3. A row of a label file has them divided by the image's width and height.
        pieces: connected pieces of the mask; pixels that touch at a corner only are apart.
        holes: in them.
        iou: of the mask and of what readers make of the polygon, in 0 ... 1. 1 unless lines between pieces add pixels.
            Readers that scale the image find a little less.
        is_line: the mask is one pixel wide or high. Readers take the box from the points, so it has no area.
    """

    points: npt.NDArray[np.float64]
    pieces: int
    holes: int
    iou: float
    is_line: bool


def yolo_polygons(rles: Sequence[str], height: int, width: int) -> list[YoloPolygon | None]:
    """The YOLO polygon of many masks.

    Args:
        rles: compressed counts of masks of this size.

    Returns:
        One for each mask; None for a mask without pixels.

    Raises:
        ValueError: the texts are not masks, or are of another size.
    """
    edges = trace_edges(rles, height, width)
    if edges.first.size == 0:
        return [None] * len(rles)
    corners = edges.corners()
    points = _border_pixels(edges, corners)
    joined = join_holes(edges, points, corners.first, starts_of_bridges(edges, corners), _bridges(edges))
    holes = np.bincount(edges.mask[edges.is_hole], minlength=len(rles)).tolist()
    is_line = _is_line(joined)
    runs = _runs_of_several(joined, rles, height, width)
    found: list[YoloPolygon | None] = []
    for mask, pieces in enumerate(joined.by_mask(len(rles))):
        if not pieces:
            found.append(None)
            continue
        line, iou = pieces[0], 1.0
        if len(pieces) > 1:
            line, between = join_pieces(pieces)
            iou = _iou(between, *runs[mask], height)
        if len(line) < _FEWEST_POINTS:
            line = line[np.minimum(np.arange(_FEWEST_POINTS), len(line) - 1)]
        found.append(YoloPolygon(line + 0.5, len(pieces), holes[mask], iou, is_line[mask]))
    return found


def _is_line(joined: Joined) -> dict[int, bool]:
    """Of each mask with pixels, whether it is one pixel wide or high."""
    masks, piece = np.unique(joined.mask, return_index=True)
    begin = joined.first[piece]
    sizes = np.maximum.reduceat(joined.points, begin) - np.minimum.reduceat(joined.points, begin)
    return dict(zip(masks.tolist(), (sizes == 0).any(axis=1).tolist(), strict=True))


def _runs_of_several(
    joined: Joined, rles: Sequence[str], height: int, width: int
) -> dict[int, tuple[Integers, Integers]]:
    """Start and end of the runs, in the column-major image, of each mask of several pieces."""
    several = np.flatnonzero(np.bincount(joined.mask) > 1).tolist()
    mask, start, end = mask_runs([rles[number] for number in several], height, width)
    cuts = np.searchsorted(mask, np.arange(1, len(several)))
    return dict(zip(several, zip(np.split(start, cuts), np.split(end, cuts), strict=True), strict=False))


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


def _iou(between: Integers, start: Integers, end: Integers, height: int) -> float:
    """Of a mask, and of the mask with lines between its pieces.

    Args:
        between: (L, 3, 2) int64, the lines with their turning points.
        start, end: (R,) int64, the runs of the mask in the column-major image.
    """
    if len(between) == 0:
        return 1.0
    one, other = between[:, :2].reshape(-1, 2), between[:, 1:].reshape(-1, 2)
    lengths = np.abs(other - one).max(axis=1)
    step = np.repeat(np.sign(other - one), lengths, axis=0) * flat_ranges(np.zeros_like(lengths), lengths)[:, None]
    column, row = (np.repeat(one, lengths, axis=0) + step).T
    place = np.unique(column * height + row)
    run = np.searchsorted(start, place, side="right") - 1
    added = np.count_nonzero((run < 0) | (place >= end[run]))
    area = int((end - start).sum())
    return area / (area + added)
