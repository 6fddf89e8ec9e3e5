"""On which of many surfaces each pixel lies, by its rendered depth.

The surfaces are rasterised, and in a pixel the one counts that is where the render says that something is. How exact
the rendered depth is, is seen from the frame itself. With one sample for a pixel it is the depth at the pixel's
centre, to the last digits of its number format: then the surface with the nearest depth counts. With several samples
it is that of one of them, somewhere in or next to the pixel, so that at an edge it may be of the neighbour: then the
foremost surface at the centre counts, of those between the depths of the pixel and of its neighbours.

What this leaves over, a few pixels at edges, goes to the neighbouring surface of the most similar depth, and what has
no neighbour of its label (of several samples one may have met the next stone but one) to one a few pixels away.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.box import Box
from ..scene.scene_geometry import Mesh
from .depth_bounds import DepthRange
from .edge_search import REACH, EdgeSearch
from .placed_mesh import PlacedMesh
from .rasteriser import Floats, ProjectedPoints, Projection, ScreenTriangles, fragments

LabelNumbers = npt.NDArray[np.int32]

# Of rendered depths, relative: the rounding of a 32-bit float and of the ray's intersection, and that of a 16-bit one.
_PRECISION = 1e-5
_HALF_PRECISION = 1e-3
# How far from the centre of a pixel its only sample may lie, in pixels.
_CENTRED = 0.02
# Beyond the depths of the neighbours, as a share of their difference: a sample may lie outside its pixel.
_BEYOND = 0.5
_TRIANGLES_AT_ONCE = 1 << 17
# How far from a surface a pixel may lie that belongs to it all the same, from neighbour to neighbour and over others.
_MOST_STEPS = 16
_MOST_OVER_OTHERS = 3


@dataclass(frozen=True)
class FoundSurfaces:
    """Where the surfaces are seen.

    Attributes:
        surface: (H, W) int32, the number of the surface in each pixel, -1 where there is none.
        on_surface: (H, W) bool, whether the surface was found by its depth, and not next to the pixel.
        centred: whether the depths are those at the centres of the pixels.
    """

    surface: npt.NDArray[np.int32]
    on_surface: npt.NDArray[np.bool_]
    centred: bool


def find_surfaces(
    depth: npt.NDArray[np.floating[Any]],
    wanted: LabelNumbers,
    surfaces: Sequence[PlacedMesh],
    meshes: Mapping[str, Mesh],
    projection: Projection,
) -> FoundSurfaces:
    """Find the surface in each pixel of some labels.

    Args:
        depth: (H, W) rendered planar depth.
        wanted: (H, W) int32, the number of each pixel's label, -1 where nothing is to be found.
        surfaces: with the numbers of their labels; their own numbers are their order.
        meshes: of the surfaces.
        projection: of the camera that rendered the depth.
    """
    shape = wanted.shape
    rows, columns = np.flatnonzero((wanted >= 0).any(axis=1)), np.flatnonzero((wanted >= 0).any(axis=0))
    if rows.size == 0:
        return FoundSurfaces(np.full(shape, -1, np.int32), np.zeros(shape, dtype=bool), True)
    window = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    part = slice(window.y0, window.y1), slice(window.x0, window.x1)
    search = _Search(_nearness(depth, projection, part), _precision(depth[part]), wanted[part], window)
    label = np.array([one.number for one in surfaces], dtype=np.int32)
    for triangles, owner in _in_view(surfaces, meshes, projection, window, search.range):
        search.add(triangles, owner, label)
    inside = search.result()
    doubtful = search.doubtful()
    if doubtful.any():
        edges = EdgeSearch(search.lowest, np.where(doubtful, wanted[part], -1), window)
        for triangles, owner in _in_view(surfaces, meshes, projection, window, edges.range, REACH):
            edges.add(triangles, owner, label)
        _settle(inside, doubtful, edges.result())
    on_surface = inside >= 0
    _give_to_neighbours(inside, wanted[part], search.rendered)
    whole, found = np.full(shape, -1, np.int32), np.zeros(shape, dtype=bool)
    whole[part], found[part] = inside, on_surface
    return FoundSurfaces(whole, found, search.centred)


def _nearness(
    depth: npt.NDArray[np.floating[Any]], projection: Projection, part: tuple[slice, slice]
) -> npt.NDArray[np.float32]:
    """The nearness of the rendered depths; as far as can be where there is no depth."""
    values = depth[part].astype(np.float32)
    with np.errstate(invalid="ignore"):
        nothing = ~(np.isfinite(values) & ((values > 0) | projection.parallel))
    values[nothing] = 1e10
    return np.asarray(projection.nearness(values), dtype=np.float32)


def _precision(depth: npt.NDArray[np.floating[Any]]) -> float:
    """How exact the depths are, relative; a render engine may store those of a 32-bit file in 16 bit before."""
    with np.errstate(over="ignore"):
        halved = depth.astype(np.float16).astype(depth.dtype)
    is_half = (halved == depth) | ~(np.abs(depth) < 6e4)
    return _HALF_PRECISION if is_half.all() else _PRECISION


class _Search:
    """The best fragments so far, in each pixel of a window.

    Args:
        rendered: (H, W) float32, the nearness that was rendered.
        precision: of it, relative.
        wanted: (H, W), the number of each pixel's label.
        window: where they are in the image.
    """

    def __init__(self, rendered: npt.NDArray[np.float32], precision: float, wanted: LabelNumbers, window: Box) -> None:
        self.rendered = rendered
        self._precision = precision
        self._window = window
        self._wanted = wanted.ravel()
        low, high = -_greatest_around(-rendered), _greatest_around(rendered)
        self.lowest = low - np.float32(2 * precision) * np.abs(low)
        margin = _BEYOND * (high - low) + np.float32(2 * precision) * np.maximum(np.abs(low), np.abs(high))
        low, high = low - margin, high + margin
        low[wanted < 0], high[wanted < 0] = np.inf, -np.inf
        self.range = DepthRange(low, high)
        self._low, self._high = low.ravel(), high.ravel()
        self._rendered = rendered.ravel()
        size = rendered.size
        self._closest = np.full(size, np.inf)
        self._foremost = np.full(size, -np.inf)
        self._of_closest = np.full(size, -1, dtype=np.int32)
        self._of_foremost = np.full(size, -1, dtype=np.int32)
        self._exact = np.zeros(size, dtype=bool)

    def add(self, triangles: ScreenTriangles, owner: npt.NDArray[np.int32], label: LabelNumbers) -> None:
        """Look at more triangles.

        Args:
            triangles: in the image.
            owner: (T,) number of each triangle's surface.
            label: number of each surface's label.
        """
        right, down = triangles.gradients()
        slope = _CENTRED * (np.abs(right) + np.abs(down))
        own_label = label[owner]
        for found in fragments(triangles, self._window):
            fits = found.nearness >= self._low[found.pixel]
            fits &= found.nearness <= self._high[found.pixel]
            kept = np.flatnonzero(fits)
            pixel, triangle, nearness = found.pixel[kept], found.triangle[kept], found.nearness[kept]
            kept = np.flatnonzero(self._wanted[pixel] == own_label[triangle])
            pixel, triangle, nearness = pixel[kept], triangle[kept], nearness[kept]
            rendered = self._rendered[pixel]
            error = np.abs(nearness - rendered)
            self._exact[pixel[error <= slope[triangle] + self._precision * np.abs(rendered)]] = True

            np.minimum.at(self._closest, pixel, error)
            won = np.flatnonzero(error == self._closest[pixel])
            self._of_closest[pixel[won]] = owner[triangle[won]]
            np.maximum.at(self._foremost, pixel, nearness)
            won = np.flatnonzero(nearness == self._foremost[pixel])
            self._of_foremost[pixel[won]] = owner[triangle[won]]

    @property
    def centred(self) -> bool:
        """Whether most depths are exactly those at the centres of the pixels."""
        return 2 * np.count_nonzero(self._exact) >= np.count_nonzero(self._of_closest >= 0)

    def result(self) -> npt.NDArray[np.int32]:
        """(H, W), the number of the surface in each pixel, -1 for none."""
        chosen = self._of_closest if self.centred else self._of_foremost
        return chosen.reshape(self.rendered.shape)

    def doubtful(self) -> npt.NDArray[np.bool_]:
        """(H, W): where a surface is wanted, and there is none, or one that is behind all that was rendered around."""
        wanted = self._wanted.reshape(self.rendered.shape) >= 0
        if self.centred:
            with np.errstate(invalid="ignore"):
                farthest = np.where(self._exact, np.inf, self._rendered - self._closest)
        else:
            farthest = self._foremost
        return wanted & (farthest.reshape(wanted.shape) < self.lowest)


def _greatest_around(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The greatest value of each pixel and its eight neighbours."""
    for axis in (0, 1):
        before = image if axis == 0 else image.T
        wide = before.copy()
        np.maximum(wide[1:], before[:-1], out=wide[1:])
        np.maximum(wide[:-1], before[1:], out=wide[:-1])
        image = wide if axis == 0 else wide.T
    return image


def _in_view(
    surfaces: Sequence[PlacedMesh],
    meshes: Mapping[str, Mesh],
    projection: Projection,
    window: Box,
    depths: DepthRange,
    reach: float = 0.0,
) -> Iterator[tuple[ScreenTriangles, npt.NDArray[np.int32]]]:
    """The triangles that may be seen, with the number of the surface that each is of; some at a time.

    Args:
        surfaces, meshes, projection: as find_surfaces has them.
        window: where they are looked for in the image.
        depths: the nearness that they may have there.
        reach: how far from a pixel's centre they may lie, in pixels.
    """
    numbers: dict[str, list[int]] = {}
    for number, one in enumerate(surfaces):
        numbers.setdefault(one.mesh, []).append(number)
    for name, of_mesh in numbers.items():
        mesh = meshes[name]
        if len(mesh.triangles) == 0:
            continue
        to_camera = projection.world_to_camera @ np.array([surfaces[number].matrix for number in of_mesh], np.float64)
        kept = _boxes_in_view(mesh, to_camera, projection, window, depths, reach)
        to_camera, in_view = to_camera[kept], np.array(of_mesh, dtype=np.int32)[kept]
        points = mesh.points.astype(np.float64)
        together = max(1, _TRIANGLES_AT_ONCE // len(mesh.triangles))
        for start in range(0, len(in_view), together):
            matrices, owners = to_camera[start : start + together], in_view[start : start + together]
            placed = points @ matrices[:, :3, :3].transpose(0, 2, 1) + matrices[:, None, :3, 3]
            projected = ProjectedPoints.of(placed.reshape(-1, 3), projection)
            for some in np.split(mesh.triangles, range(_TRIANGLES_AT_ONCE, len(mesh.triangles), _TRIANGLES_AT_ONCE)):
                corners = some + np.arange(len(owners))[:, None, None] * len(points)
                triangles = projected.triangles(corners.reshape(-1, 3))
                triangles = triangles.take(_may_be_seen(triangles, window, depths, reach))
                yield triangles, owners[triangles.source // len(some)]


def _boxes_in_view(
    mesh: Mesh, to_camera: Floats, projection: Projection, window: Box, depths: DepthRange, reach: float
) -> npt.NDArray[np.int64]:
    """Which of the places of a mesh may be seen, by the box around it."""
    ends = np.stack((mesh.points.min(axis=0), mesh.points.max(axis=0))).astype(np.float64)
    corners = ends[np.indices((2, 2, 2)).reshape(3, -1).T, np.arange(3)]
    placed = corners @ to_camera[:, :3, :3].transpose(0, 2, 1) + to_camera[:, None, :3, 3]
    depth = placed[:, :, 2]
    crosses = depth.min(axis=1) < projection.near  # looked at triangle by triangle, unless it is all behind
    placed[crosses] = (0.0, 0.0, 1.0)
    x, y, nearness = (np.ascontiguousarray(values.T) for values in projection.to_image(placed))
    low, high = depths.of_boxes(*_extent(x, y, window, reach))
    seen = (nearness.max(axis=0) >= low) & (nearness.min(axis=0) <= high)
    return np.flatnonzero(np.where(crosses, depth.max(axis=1) >= projection.near, seen))


def _may_be_seen(triangles: ScreenTriangles, window: Box, depths: DepthRange, reach: float) -> npt.NDArray[np.int64]:
    """Which triangles hold a pixel's centre in their boxes, at a depth that was rendered there."""
    low, high = depths.of_boxes(*_extent(triangles.x, triangles.y, window, reach))
    nearness = triangles.nearness
    return np.flatnonzero((nearness.max(axis=0) >= low) & (nearness.min(axis=0) <= high))


def _extent(x: Floats, y: Floats, window: Box, reach: float) -> tuple[Floats, Floats]:
    """Least and greatest coordinates along the first axis, in the window and so far beyond; (2, N) each."""
    return (
        np.stack((x.min(axis=0) - reach, x.max(axis=0) + reach)) - window.x0,
        np.stack((y.min(axis=0) - reach, y.max(axis=0) + reach)) - window.y0,
    )


def _settle(surface: npt.NDArray[np.int32], doubtful: npt.NDArray[np.bool_], by_edge: npt.NDArray[np.int32]) -> None:
    """Let doubtful pixels have the surface whose edge is next to them, or none. Works in place.

    What is behind all that was rendered around a pixel is seen there only if it is seen next to it as well.
    """
    certain = np.pad(np.where(doubtful, -1, surface), 1, constant_values=-1)
    height, width = surface.shape
    beside = np.zeros(surface.shape, dtype=bool)
    for down, right in np.ndindex(3, 3):
        beside |= (surface >= 0) & (certain[down : down + height, right : right + width] == surface)
    np.copyto(surface, np.where(beside, surface, by_edge), where=doubtful & ((by_edge >= 0) | ~beside))


def _give_to_neighbours(
    surface: npt.NDArray[np.int32], wanted: LabelNumbers, rendered: npt.NDArray[np.float32]
) -> None:
    """Let pixels without a surface have that of the neighbour with the same label and the most similar depth.

    From neighbour to neighbour, a few steps far, and then over pixels of other labels; what lies farther from any
    surface stays without. Works in place.
    """
    edge = _MOST_OVER_OTHERS
    width = surface.shape[1] + 2 * edge
    padded, labels = (np.pad(image, edge, constant_values=-1).ravel() for image in (surface, wanted))
    depths = np.pad(rendered, edge).ravel()
    waiting = np.flatnonzero((labels >= 0) & (padded < 0))
    stuck = False
    for distance in (*[1] * _MOST_STEPS, *range(2, edge + 1)):
        if stuck and distance == 1:
            continue
        nearest = np.full(waiting.size, np.inf, dtype=np.float32)
        chosen = np.full(waiting.size, -1, dtype=np.int32)
        for step in _ring(distance, width):
            neighbour = waiting + step
            difference = np.abs(depths[neighbour] - depths[waiting])
            better = (labels[neighbour] == labels[waiting]) & (padded[neighbour] >= 0) & (difference < nearest)
            nearest[better], chosen[better] = difference[better], padded[neighbour[better]]
        padded[waiting] = chosen
        stuck = not (chosen >= 0).any()
        waiting = waiting[chosen < 0]
    surface[...] = padded.reshape(-1, width)[edge:-edge, edge:-edge]


def _ring(distance: int, width: int) -> list[int]:
    """The steps to the pixels around one at a distance, row by row, in an image of so many columns."""
    far = range(-distance, distance + 1)
    return [y * width + x for y in far for x in far if max(abs(x), abs(y)) == distance]
