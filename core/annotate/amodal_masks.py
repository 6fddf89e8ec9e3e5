"""What an instance covers in the image when nothing is in front of it: amodal masks and how much of it is seen.

    triangles -> the run of each in each column of pixels -> their union, instance by instance -> masks and counts

No depth takes part, and no pixel is looked at: a column of a triangle is one interval, and the union of intervals is a
sort. So the time grows with the triangles and the columns that they cross, and what lies beyond the image costs no
more than what lies in it.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..base.box import Box
from ..geometry.placed_mesh import PlacedMesh
from ..geometry.rasteriser import ProjectedPoints, Projection, ScreenTriangles, find_spans
from ..masks.runs import Mask, Runs
from ..records.instance import Amodal
from ..scene.scene_geometry import Mesh

Integers = npt.NDArray[np.int64]

# The canvas reaches so many times the image's width and height beyond each of its borders.
CANVAS_MARGIN = 4
_TRIANGLES_AT_ONCE = 1 << 18
_INTERVALS_AT_ONCE = 1 << 19


def find_amodal(
    visible: Runs, placed: Sequence[PlacedMesh], meshes: Mapping[str, Mesh], projection: Projection
) -> dict[int, Amodal]:
    """All of each instance.

    Args:
        visible: what is seen; labels are numbers of instances plus 1. What is seen is always part of the whole:
            rendered edges are softer than those of triangles, and some objects have none.
        placed: the meshes of the instances that are seen, by their numbers.
        meshes: those that are placed, by name.
        projection: of the camera.

    Returns:
        Number of instance -> the whole of it, for those that are seen.
    """
    height, width = visible.height, visible.width
    columns, rows = CANVAS_MARGIN * width, CANVAS_MARGIN * height
    canvas = Box(-columns, -rows, width + columns, height + rows)
    lines = _Lines(canvas)
    lines.add(visible.label.astype(np.int64) - 1, visible.column, visible.row, visible.row + visible.length)
    for triangles, instance in _projected(placed, meshes, projection):
        # Rows and columns change places, so that the runs are the columns' as in COCO's masks.
        turned = ScreenTriangles(triangles.y, triangles.x, triangles.nearness, triangles.source)
        for spans in find_spans(turned, Box(canvas.y0, canvas.x0, canvas.y1, canvas.x1)):
            lines.add(instance[spans.triangle], spans.row, spans.start, spans.stop)
    return _whole(lines, visible)


class _Lines:
    """The union of intervals in the columns of a canvas, instance by instance."""

    def __init__(self, canvas: Box) -> None:
        self._canvas = canvas
        # One longer than a column, so that no interval touches one of the next column.
        self._stride = canvas.y1 - canvas.y0 + 1
        self._begin = self._end = np.zeros(0, np.int64)
        self._new: list[tuple[Integers, Integers]] = []

    def add(self, instance: Integers, column: Integers, start: Integers, stop: Integers) -> None:
        """(N,) half-open intervals of rows."""
        line = instance * self._canvas.width + (column - self._canvas.x0)
        begin = line * self._stride + (start - self._canvas.y0)
        self._new.append((begin, begin + (stop - start)))
        # As many as there are already, so that nothing is sorted more than a few times.
        if sum(len(begin) for begin, _ in self._new) > max(_INTERVALS_AT_ONCE, len(self._begin)):
            self._unite()

    def _unite(self) -> None:
        begin, end = zip((self._begin, self._end), *self._new, strict=True)
        self._new.clear()
        self._begin, self._end = _union(np.concatenate(begin), np.concatenate(end))

    def intervals(self) -> tuple[Integers, Integers, Integers, Integers]:
        """Instance, column, start and stop of the intervals, sorted by these."""
        self._unite()
        line, start = np.divmod(self._begin, self._stride)
        instance, column = np.divmod(line, self._canvas.width)
        start += self._canvas.y0
        return instance, column + self._canvas.x0, start, start + (self._end - self._begin)


def _union(begin: Integers, end: Integers) -> tuple[Integers, Integers]:
    """Intervals that together cover what some others cover, sorted, and none of them touches another."""
    if begin.size == 0:
        return begin, end
    order = np.argsort(begin, kind="stable")
    begin, reach = begin[order], np.maximum.accumulate(end[order])
    opens = np.flatnonzero(np.concatenate(([True], begin[1:] > reach[:-1])))
    return begin[opens], reach[np.append(opens[1:], begin.size) - 1]


def _projected(
    placed: Sequence[PlacedMesh], meshes: Mapping[str, Mesh], projection: Projection
) -> Iterator[tuple[ScreenTriangles, Integers]]:
    """The triangles of all meshes in the image, and the number of the instance of each; some at a time."""
    of_mesh: dict[str, list[PlacedMesh]] = {}
    for one in placed:
        of_mesh.setdefault(one.mesh, []).append(one)
    for name, several in of_mesh.items():
        mesh = meshes[name]
        points, count = mesh.points.astype(np.float64), len(mesh.triangles)
        if not count:
            continue
        instances = np.array([one.number for one in several])
        to_camera = projection.world_to_camera @ np.array([one.matrix for one in several], np.float64)
        together = max(1, _TRIANGLES_AT_ONCE // count)
        for start in range(0, len(several), together):
            matrices = to_camera[start : start + together]
            moved = points @ matrices[:, :3, :3].transpose(0, 2, 1) + matrices[:, None, :3, 3]
            projected = ProjectedPoints.of(moved.reshape(-1, 3), projection)
            for some in np.split(mesh.triangles, range(_TRIANGLES_AT_ONCE, count, _TRIANGLES_AT_ONCE)):
                corners = some + np.arange(len(matrices))[:, None, None] * len(points)
                triangles = projected.triangles(corners.reshape(-1, 3))
                yield triangles, instances[start + triangles.source // len(some)]


def _whole(lines: _Lines, visible: Runs) -> dict[int, Amodal]:
    instance, column, start, stop = lines.intervals()
    if instance.size == 0:
        return {}
    first = np.flatnonzero(np.concatenate(([True], instance[1:] != instance[:-1])))
    number = instance[first].tolist()
    box = zip(
        column[first].tolist(),
        np.minimum.reduceat(start, first).tolist(),
        (column[np.append(first[1:], instance.size) - 1] + 1).tolist(),
        np.maximum.reduceat(stop, first).tolist(),
        strict=True,
    )
    count = np.add.reduceat(stop - start, first).tolist()
    low, high = np.maximum(start, 0), np.minimum(stop, visible.height)
    inside = np.flatnonzero((column >= 0) & (column < visible.width) & (high > low))
    runs = Runs(
        (instance[inside] + 1).astype(np.uint32),
        column[inside],
        low[inside],
        (high - low)[inside],
        visible.height,
        visible.width,
    )
    in_frame: dict[int, Mask] = {mask.label: mask for mask in runs.masks()}
    seen = np.bincount(visible.label, weights=visible.length, minlength=max(number) + 2)
    return {
        one: Amodal(in_frame[one + 1].rle, Box(*edges), pixels, in_frame[one + 1].area, int(seen[one + 1]))
        for one, edges, pixels in zip(number, box, count, strict=True)
        if one + 1 in in_frame and seen[one + 1]
    }
