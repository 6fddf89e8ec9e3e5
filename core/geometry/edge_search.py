"""Which of many surfaces has an edge next to a pixel: for what is so thin that it covers no pixel's centre.

A blade of grass may have most of a pixel, by all samples together, and yet lie beside the pixel's centre; then the one
depth that is kept there can be that of the ground behind it. What a sample met beside the centre of its pixel has an
edge between the two. So edges are followed through the image, point by point, and in a pixel the nearest point counts
that is not behind everything that was rendered around.
"""

import numpy as np
import numpy.typing as npt

from ..base.box import Box
from ..base.ragged import batches, flat_ranges
from .depth_bounds import DepthRange
from .rasteriser import Floats, ScreenTriangles

# How far from the centre of a pixel an edge may lie, in pixels: Blender's filter is 1.5 wide, on either side of it.
REACH = 1.5
_POINTS_IN_PIXEL = 2
_POINTS_AT_ONCE = 1 << 16


class EdgeSearch:
    """The nearest edges so far, in some pixels of a window.

    Args:
        low: (H, W), the least nearness that counts in each pixel.
        wanted: (H, W) int32, the number of each pixel's label, -1 where nothing is to be found.
        window: where they are in the image.
    """

    def __init__(self, low: npt.NDArray[np.float32], wanted: npt.NDArray[np.int32], window: Box) -> None:
        self._window = window
        self._wanted = wanted.ravel()
        lowest = np.where(wanted >= 0, low, np.inf)
        self._low = lowest.ravel()
        padded = np.pad(lowest, 2, constant_values=np.inf)
        height, width = padded.shape
        around = [padded[down : height - 2 + down, right : width - 2 + right] for down, right in np.ndindex(3, 3)]
        # With a pixel around the window, since an edge there may be next to one in it.
        self._lowest_around = np.minimum.reduce(around).ravel()
        self.range = DepthRange(lowest, np.where(wanted >= 0, np.inf, -np.inf))
        self._distance = np.full(wanted.size, np.inf)
        self._found = np.full(wanted.size, -1, dtype=np.int32)

    def add(self, triangles: ScreenTriangles, owner: npt.NDArray[np.int32], label: npt.NDArray[np.int32]) -> None:
        """Look at the edges of more triangles.

        Args:
            triangles: in the image.
            owner: (T,) number of each triangle's surface.
            label: number of each surface's label.
        """
        ends = [np.concatenate([values, values[:1]]) for values in (triangles.x, triangles.y, triangles.nearness)]
        start, end = (np.stack([values[part].ravel() for values in ends]) for part in (slice(0, 3), slice(1, 4)))
        start[:2] -= [[self._window.x0], [self._window.y0]]
        end[:2] -= [[self._window.x0], [self._window.y0]]
        first, last, kept = self._inside(start, end)
        start, step = start[:, kept], (end - start)[:, kept]
        start, step = start + first * step, (last - first) * step
        owners = np.tile(owner, 3)[kept]
        points = np.ceil(np.abs(step[:2]).max(axis=0) * _POINTS_IN_PIXEL).astype(np.int64) + 1
        for part in batches(points, _POINTS_AT_ONCE):
            count = points[part]
            edge = np.repeat(np.arange(count.size), count)
            share = flat_ranges(np.zeros_like(count), count) / np.repeat(np.maximum(count - 1, 1), count)
            here = start[:, part][:, edge] + share * step[:, part][:, edge]
            self._add_points(here, owners[part][edge], label)

    def result(self) -> npt.NDArray[np.int32]:
        """(H, W), the number of the surface in each pixel, -1 for none."""
        return self._found.reshape(self._window.height, self._window.width)

    def _inside(self, start: Floats, end: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """Between which shares of their length edges are near a pixel of the window, and which of them are at all."""
        x, y, nearness = (np.sort(np.stack(pair), axis=0) for pair in zip(start, end, strict=True))
        around = np.array([[-REACH], [REACH]])
        low, _ = self.range.of_boxes(x + around, y + around)
        kept = np.flatnonzero(nearness[1] >= low)
        first, last = np.zeros(kept.size), np.ones(kept.size)
        for axis, size in enumerate((self._window.width, self._window.height)):
            begin, step = start[axis][kept], (end[axis] - start[axis])[kept]
            with np.errstate(divide="ignore", invalid="ignore"):
                one, other = (-REACH - begin) / step, (size + REACH - begin) / step
            moves = step != 0
            first = np.where(moves, np.maximum(first, np.minimum(one, other)), first)
            last = np.where(moves, np.minimum(last, np.maximum(one, other)), last)
        near = first <= last
        return first[near], last[near], kept[near]

    def _add_points(self, points: Floats, owner: npt.NDArray[np.int32], label: npt.NDArray[np.int32]) -> None:
        column, row = np.floor(points[:2]).astype(np.int64)
        near = (column >= -1) & (column <= self._window.width) & (row >= -1) & (row <= self._window.height)
        kept = np.flatnonzero(near)
        place = (row[kept] + 1) * (self._window.width + 2) + column[kept] + 1
        kept = kept[points[2][kept] >= self._lowest_around[place]]
        (x, y, nearness), column, row, owner = points[:, kept], column[kept], row[kept], owner[kept]
        for down, right in np.ndindex(3, 3):
            to_x, to_y = column + right - 1, row + down - 1
            inside = np.flatnonzero(
                (to_x >= 0) & (to_x < self._window.width) & (to_y >= 0) & (to_y < self._window.height)
            )
            pixel = to_y[inside] * self._window.width + to_x[inside]
            fits = (self._wanted[pixel] == label[owner[inside]]) & (nearness[inside] >= self._low[pixel])
            inside, pixel = inside[fits], pixel[fits]
            distance = np.hypot(x[inside] - to_x[inside] - 0.5, y[inside] - to_y[inside] - 0.5)
            near = distance <= REACH
            inside, pixel, distance = inside[near], pixel[near], distance[near]
            np.minimum.at(self._distance, pixel, distance)
            won = np.flatnonzero(distance == self._distance[pixel])
            self._found[pixel[won]] = owner[inside[won]]
