"""A rasteriser: triangles in front of a camera to the pixels whose centres they cover, with their depth there.

    corners in camera space -> project_triangles -> find_spans -> fragments

A triangle covers a pixel if the pixel's centre lies in it. Two triangles with an edge in common cover no pixel twice
and leave no gap: an edge is always followed from its upper end, so both find the same columns on it. Every step works
on all triangles at once; a triangle costs one span for each row that it crosses and one fragment for each pixel that
it covers, however long and thin it is, and nothing for the rest of its bounding box.

What is linear over the image is not the depth z of a pinhole camera but 1/z; for a parallel (orthographic) one it is
z itself. Both are here as the *nearness*, 1/z or -z: linear in the image, and greater means nearer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.box import Box
from ..base.ragged import Integers, batches, flat_ranges
from ..scene.camera import Camera

Floats = npt.NDArray[np.float64]
Corners = npt.NDArray[np.integer[Any]]

# Few enough for the processor's cache, enough to make calls cheap.
_FRAGMENTS_AT_ONCE = 1 << 18
_SPANS_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Projection:
    """How camera space (OpenCV axes) gets into the image.

    Attributes:
        k: (3, 3) float64, from (x/z, y/z, 1), or from (x, y, 1) of a parallel camera, to pixels.
        world_to_camera: (4, 4) float64.
        parallel: whether all rays are parallel.
        near: what is nearer than this depth is cut off; above 0 unless the camera is parallel.
    """

    k: Floats
    world_to_camera: Floats
    parallel: bool
    near: float

    @classmethod
    def of(cls, camera: Camera) -> "Projection | None":
        """That of a perspective or orthographic camera; None for others."""
        matrix = camera.k if camera.k is not None else camera.parallel_k
        if matrix is None:
            return None
        world_to_camera = np.array(camera.world_to_camera)
        return cls(np.array(matrix), world_to_camera, camera.k is None, camera.clip_start)

    def nearness(self, depth: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
        """The nearness of planar depths, in their dtype; the depth has to be above 0 unless the camera is parallel."""
        return -depth if self.parallel else 1 / depth

    def depth(self, nearness: Floats) -> Floats:
        """The inverse of nearness()."""
        return -nearness if self.parallel else 1 / nearness

    def to_image(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Columns, rows and nearness, (...) each, of (..., 3) points in camera space with a depth of `near` or more."""
        x, y, z = points[..., 0], points[..., 1], points[..., 2]
        nearness = self.nearness(z)
        if not self.parallel:
            x, y = x * nearness, y * nearness
        k = self.k
        return k[0, 0] * x + k[0, 1] * y + k[0, 2], k[1, 0] * x + k[1, 1] * y + k[1, 2], nearness


@dataclass(frozen=True)
class ScreenTriangles:
    """Triangles in the image.

    Attributes:
        x, y, nearness: (3, T) float64, of the three corners; the unit of x and y is a pixel.
        source: (T,) int64, which of the triangles that were projected each one comes from: the near plane may have
            cut that in two, or away.
    """

    x: Floats
    y: Floats
    nearness: Floats
    source: Integers

    @property
    def size(self) -> int:
        return self.source.size

    def take(self, which: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> "ScreenTriangles":
        """Some of them."""
        return ScreenTriangles(self.x[:, which], self.y[:, which], self.nearness[:, which], self.source[which])

    def gradients(self) -> tuple[Floats, Floats]:
        """How much the nearness grows from one pixel to the next to the right and below, (T,) each.

        0 for triangles without an area, which cover no pixel.
        """
        x1, x2 = self.x[1] - self.x[0], self.x[2] - self.x[0]
        y1, y2 = self.y[1] - self.y[0], self.y[2] - self.y[0]
        n1, n2 = self.nearness[1] - self.nearness[0], self.nearness[2] - self.nearness[0]
        area = x1 * y2 - x2 * y1
        inverse = np.divide(1.0, area, out=np.zeros_like(area), where=area != 0)
        return (n1 * y2 - n2 * y1) * inverse, (n2 * x1 - n1 * x2) * inverse


@dataclass(frozen=True)
class ProjectedPoints:
    """Points in the image, of which triangles are made some at a time.

    Attributes:
        points: (P, 3) float64, x y z in camera space.
        projection: of the camera.
        inside: (P,) bool, whether each lies at the near plane or beyond.
        image: columns, rows and nearness, (P,) float64 each; of the others without meaning.
    """

    points: Floats
    projection: Projection
    inside: npt.NDArray[np.bool_]
    image: tuple[Floats, Floats, Floats]

    @classmethod
    def of(cls, points: Floats, projection: Projection) -> "ProjectedPoints":
        inside = points[:, 2] >= projection.near
        # The other points are not looked at.
        image = projection.to_image(np.where(inside[:, None], points, (0.0, 0.0, 1.0)))
        return cls(points, projection, inside, image)

    def triangles(self, triangles: Corners) -> ScreenTriangles:
        """Those whose corners are (T, 3) numbers of points, with what is before the near plane cut off."""
        corners = np.ascontiguousarray(triangles.T)
        if self.inside.all():
            whole = np.arange(len(triangles))
        else:
            count = np.count_nonzero(self.inside[triangles], axis=1)
            whole = np.flatnonzero(count == 3)
            corners = corners[:, whole]
        x, y, nearness = (values[corners] for values in self.image)
        projected = ScreenTriangles(x, y, nearness, whole)
        if whole.size == len(triangles):
            return projected
        crossing = np.flatnonzero((count == 1) | (count == 2))
        pieces, source = _cut(self.points[triangles[crossing]], crossing, self.projection.near)
        x, y, nearness = self.projection.to_image(np.moveaxis(pieces, 1, 0))
        return ScreenTriangles(
            np.concatenate((projected.x, x), axis=1),
            np.concatenate((projected.y, y), axis=1),
            np.concatenate((projected.nearness, nearness), axis=1),
            np.concatenate((whole, source)),
        )


def project_triangles(points: Floats, triangles: Corners, projection: Projection) -> ScreenTriangles:
    """Project triangles, with what is before the near plane cut off.

    Args:
        points: (P, 3) float64, x y z in camera space.
        triangles: (T, 3) integers, three of the points each.
        projection: of the camera.
    """
    return ProjectedPoints.of(points, projection).triangles(triangles)


def _cut(corners: Floats, number: Integers, near: float) -> tuple[Floats, Integers]:
    """What is left of triangles that the near plane crosses: one piece of each, or two.

    Args:
        corners: (C, 3, 3) float64: triangles, their corners, x y z in camera space.
        number: (C,) of the triangles.
        near: depth of the plane.

    Returns:
        (P, 3, 3) float64 pieces, and (P,) the number of the triangle that each one is of.
    """
    inside = corners[:, :, 2] >= near
    one_inside = np.count_nonzero(inside, axis=1) == 1
    # Turn each triangle so that the corner that is alone on its side of the plane comes first.
    turn = (np.argmax(inside == one_inside[:, None], axis=1)[:, None] + np.arange(3)) % 3
    alone, second, third = np.moveaxis(np.take_along_axis(corners, turn[:, :, None], axis=1), 1, 0)

    def at_plane(other: Floats) -> Floats:
        share: Floats = (near - alone[:, 2]) / (other[:, 2] - alone[:, 2])
        point: Floats = alone + share[:, None] * (other - alone)
        point[:, 2] = near
        return point

    to_second, to_third = at_plane(second), at_plane(third)
    tip = np.stack((alone, to_second, to_third), axis=1)[one_inside]
    rest = ~one_inside
    left = np.stack((to_second, second, third), axis=1)[rest]
    right = np.stack((to_second, third, to_third), axis=1)[rest]
    return np.concatenate((tip, left, right)), np.concatenate((number[one_inside], number[rest], number[rest]))


@dataclass(frozen=True)
class Spans:
    """Runs of pixels in a row that one triangle covers.

    Attributes:
        triangle, row, start, stop: (S,) int64: which triangle, the row, and half-open columns; at least one pixel each.
        window: where they are.
    """

    triangle: Integers
    row: Integers
    start: Integers
    stop: Integers
    window: Box


def find_spans(triangles: ScreenTriangles, window: Box, at_once: int = _SPANS_AT_ONCE) -> Iterator[Spans]:
    """The pixels whose centres triangles cover, row by row, in the order of the triangles.

    Args:
        triangles: in the image.
        window: the part of the image that is wanted.
        at_once: in about how many rows of triangles pixels are looked for at a time, so that memory does not grow with
            them: of a thin triangle most rows have no pixel.
    """
    x, y = _sorted_by_row(triangles.x, triangles.y)
    first, end = _centres_from(y[0], window.y0, window.y1), _centres_from(y[2], window.y0, window.y1)
    slopes = np.stack([_slope(x, y, 0, 2), _slope(x, y, 0, 1), _slope(x, y, 1, 2)])
    for part in batches(end - first, at_once):
        counts = end[part] - first[part]
        rows = flat_ranges(first[part], counts)
        triangle = np.repeat(np.arange(counts.size), counts)
        start, stop = _ends_of_rows(x[:, part], y[:, part], slopes[:, part], triangle, rows, window)
        kept = np.flatnonzero(stop > start)
        yield Spans(triangle[kept] + part.start, rows[kept], start[kept], stop[kept], window)


def _ends_of_rows(
    x: Floats, y: Floats, slopes: Floats, triangle: Integers, row: Integers, window: Box
) -> tuple[Integers, Integers]:
    """The first pixel of a triangle in a row, and that behind its last one, (R,) each.

    Args:
        x, y: (3, T), corners from top to bottom.
        slopes: (3, T), of the long edge, and of the upper and the lower short one.
        triangle, row: (R,), which triangle, and which row.
        window: where they are.
    """
    # Columns of the edges in the middle of each row: of the long edge, and of one of the two short ones.
    centre = row + 0.5
    long = x[0][triangle] + (centre - y[0][triangle]) * slopes[0][triangle]
    # Corner 0 with the upper short edge, or corner 1 with the lower one.
    corner = 1 - (centre < y[1][triangle]).astype(np.int64)
    flat = corner * x.shape[1] + triangle
    short = x[:2].ravel()[flat] + (centre - y[:2].ravel()[flat]) * slopes[1:].ravel()[flat]
    return (
        _centres_from(np.minimum(long, short), window.x0, window.x1),
        _centres_from(np.maximum(long, short), window.x0, window.x1),
    )


def _centres_from(edge: Floats, low: int, high: int) -> Integers:
    """The first pixel whose centre lies at an edge or beyond it, kept within a range."""
    pixels: Integers = np.clip(np.ceil(edge - 0.5), low, high).astype(np.int64)
    return pixels


def _sorted_by_row(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The corners of each triangle from top to bottom."""
    corners = [(x[0], y[0]), (x[1], y[1]), (x[2], y[2])]
    for above, below in ((0, 1), (1, 2), (0, 1)):
        (xa, ya), (xb, yb) = corners[above], corners[below]
        swap = yb < ya
        corners[above] = np.where(swap, xb, xa), np.where(swap, yb, ya)
        corners[below] = np.where(swap, xa, xb), np.where(swap, ya, yb)
    return np.stack([x for x, _ in corners]), np.stack([y for _, y in corners])


def _slope(x: Floats, y: Floats, top: int, bottom: int) -> Floats:
    """Columns for each row along an edge; 0 where it is horizontal and so never looked at."""
    height = y[bottom] - y[top]
    slope: Floats = np.divide(x[bottom] - x[top], height, out=np.zeros_like(height), where=height > 0)
    return slope


@dataclass(frozen=True)
class Fragments:
    """Pixels that triangles cover, one for each pair.

    Attributes:
        triangle: (F,) int64.
        pixel: (F,) int64, (row - y0) * width + (column - x0) in the window.
        nearness: (F,) float64, of the triangle at the centre of the pixel.
    """

    triangle: Integers
    pixel: Integers
    nearness: Floats


def fragments(triangles: ScreenTriangles, window: Box, at_once: int = _FRAGMENTS_AT_ONCE) -> Iterator[Fragments]:
    """Rasterise triangles, some pixels at a time, so that memory does not grow with their number.

    Args:
        triangles: in the order in which their fragments come out.
        window: the part of the image that is wanted.
        at_once: about how many fragments to yield at a time.
    """
    right, down = triangles.gradients()
    for spans in find_spans(triangles, window):
        # The nearness is a linear function of the pixel's number along its row: the part that stays, and the step.
        step = right[spans.triangle]
        middle = spans.row + 0.5 - triangles.y[0][spans.triangle]
        begin = (spans.row - window.y0) * window.width + (spans.start - window.x0)
        at_start = (
            triangles.nearness[0][spans.triangle]
            + step * (spans.start + 0.5 - triangles.x[0][spans.triangle])
            + down[spans.triangle] * middle
        )
        constant = at_start - step * begin
        counts = spans.stop - spans.start
        for part in batches(counts, at_once):
            count = counts[part]
            pixel = flat_ranges(begin[part], count)
            nearness: Floats = np.repeat(step[part], count)
            nearness *= pixel
            nearness += np.repeat(constant[part], count)
            yield Fragments(np.repeat(spans.triangle[part], count), pixel, nearness)


def nearest(
    points: Floats, triangles: Corners, projection: Projection, height: int, width: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Which triangle a camera sees in each pixel: a depth buffer.

    Args:
        points: (P, 3) float64, in camera space.
        triangles: (T, 3) integers, three of the points each.
        projection: of the camera.
        height, width: pixels of the image.

    Returns:
        (H, W) float64 planar depths, infinite where there is no triangle, and (H, W) int64 numbers of the triangles,
        -1 where there is none. Of triangles at the very same depth the last counts.
    """
    projected = project_triangles(points, triangles, projection)
    best = np.full(height * width, -np.inf)
    seen = np.full(height * width, -1, dtype=np.int64)
    for found in fragments(projected, Box(0, 0, width, height)):
        np.maximum.at(best, found.pixel, found.nearness)
        won = found.nearness == best[found.pixel]
        seen[found.pixel[won]] = projected.source[found.triangle[won]]
    depth = np.full(height * width, np.inf)
    there = seen >= 0
    depth[there] = projection.depth(best[there])
    return depth.reshape(height, width), seen.reshape(height, width)
