"""Whether a dataset agrees with itself: what one file says of a frame against what another says.

`labelpass validate` runs those checks that the dataset's maps allow, and names each frame that disagrees. Nothing here
looks at the EXR files: what is checked is what training code will read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from .errors import InputError, RecordError
from .maps import DenseMap
from .record import FrameRecord, record_files
from .rle import paint_masks

Array = npt.NDArray[Any]

# Depth and position are stored in 32 bit, the camera's matrix in Blender too.
_OF_DISTANCE = 1e-4
# A pixel where flow and geometry differ more than this does not agree, and so few of them are edges.
_FLOW_PIXELS = 0.05
_MOST_EDGES = 0.02
# What the flow there and back may differ by in the middle: between pixels' centres it changes.
_ROUND_TRIP_PIXELS = 0.25
_NORMAL_LENGTH = 1e-3
_CORNER_PIXELS = 0.1
# Samples lie within the pixel filter, 1.5 pixels wide by default, and about the pixel's centre.
_SAMPLE_PIXELS = 1.0
_SHIFT_PIXELS = 0.2
# Of pixels, for a statement about most of them.
_FEWEST = 50


@dataclass
class Report:
    """What a validation found.

    Attributes:
        frames: how many records were looked at.
        checks: name of a check -> how many frames it was made on.
        problems: path of a frame, or "" for the dataset -> sentences.
    """

    frames: int = 0
    checks: dict[str, int] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)

    def note(self, frame: str, problem: str) -> None:
        self.problems.setdefault(frame, []).append(problem)

    def lines(self) -> list[str]:
        made = ", ".join(f"{name} ({count})" for name, count in self.checks.items())
        bad = len(self.problems)
        head = f"{self.frames} frames checked: {made or 'nothing to check'}"
        lines = [f"Disagrees: {frame or 'dataset'}: {text}" for frame, all in self.problems.items() for text in all]
        end = f"{bad} {'frame disagrees' if bad == 1 else 'frames disagree'}" if bad else "Everything agrees"
        return [head, *lines, end]


class _Frame:
    """A record with its maps, read when they are asked for."""

    def __init__(self, output: Path, record: FrameRecord) -> None:
        self.record = record
        self._output = output
        self._maps = {map.map: map for map in record.maps}
        self._loaded: dict[DenseMap, Array] = {}

    def has(self, *maps: DenseMap) -> bool:
        return all(map in self._maps for map in maps)

    def scale(self, map: DenseMap) -> float:
        return self._maps[map].scale or 1.0

    def load(self, map: DenseMap) -> Array:
        """The pixels of a map as they are stored; InputError where it cannot be read or has another size."""
        if map not in self._loaded:
            path = self._output / self._maps[map].file
            try:
                if map.suffix == ".npy":
                    values = np.load(path)
                else:
                    with Image.open(path) as image:
                        values = np.asarray(image)
            except (OSError, SyntaxError, ValueError, EOFError) as error:
                raise InputError(f"{path} cannot be read ({error}); annotate the frame again") from error
            if values.shape[:2] != (self.record.height, self.record.width):
                raise InputError(
                    f"{path} has {values.shape[1]} x {values.shape[0]} pixels and the record "
                    f"{self.record.width} x {self.record.height}; annotate the frame again"
                )
            self._loaded[map] = values
        return self._loaded[map]

    def world_to_camera(self) -> Array:
        """(4, 4), metres."""
        assert self.record.camera is not None
        matrix = np.array(self.record.camera.world_to_camera)
        matrix[:3, 3] *= self.record.unit_scale or 1.0
        return matrix

    def pinhole(self) -> bool:
        return self.record.camera is not None and self.record.camera.k is not None

    def project(self, points: Array) -> Array:
        """(N, 3) metres of the world to pixels x, y and planar depth in metres."""
        camera = self.record.camera
        assert camera is not None
        projected = camera.project(points / (self.record.unit_scale or 1.0))
        projected[:, 2] *= self.record.unit_scale or 1.0
        return projected


_Found = Iterator[str]


def _check_masks(frame: _Frame) -> _Found:
    """Masks against boxes and areas; and that none overlap."""
    record = frame.record
    texts = [instance.mask.rle for instance in record.instances]
    try:
        numbers = paint_masks(texts, record.height, record.width)
    except ValueError as error:
        yield f"Masks: {error}"
        return
    for number, instance in enumerate(record.instances, start=1):
        box = instance.mask.box
        inside = numbers[box.y0 : box.y1, box.x0 : box.x1] == number
        pixels = int(np.count_nonzero(inside))
        total = int(np.count_nonzero(numbers == number)) if pixels != instance.mask.area else pixels
        if total != instance.mask.area:
            yield f"The mask of {instance.name!r} has {total} pixels and its area is {instance.mask.area}"
        tight = pixels and inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()
        if not tight or pixels != total:
            yield f"The box of {instance.name!r} is not the smallest around its mask"


def _numbers(record: FrameRecord) -> npt.NDArray[np.int64]:
    """(H, W) the place of each pixel's instance in the record's list, from 1; 0 for none, all 0 where masks are bad."""
    try:
        painted = paint_masks([one.mask.rle for one in record.instances], record.height, record.width)
    except ValueError:
        return np.zeros((record.height, record.width), np.int64)  # which is told by the check of the masks
    return painted.astype(np.int64)


def _check_instance_map(frame: _Frame) -> _Found:
    wrong = int(np.count_nonzero(frame.load(DenseMap.INSTANCES_PNG) != _numbers(frame.record)))
    if wrong:
        yield f"{wrong} pixels of the instance map are not those of the masks"


def _check_category_map(frame: _Frame) -> _Found:
    record = frame.record
    ids = next(map.ids for map in record.maps if map.map is DenseMap.CATEGORIES_PNG) or {}
    expected = np.array([0, *(ids.get(instance.category, 0) for instance in record.instances)])[_numbers(record)]
    wrong = int(np.count_nonzero(frame.load(DenseMap.CATEGORIES_PNG) != expected))
    if wrong:
        yield f"{wrong} pixels of the category map are not those of the masks"


def _check_depth(frame: _Frame) -> _Found:
    yield from _depth_against_position(frame, DenseMap.DEPTH_NPY, frame.load(DenseMap.DEPTH_NPY), 0.0)


def _check_depth_png(frame: _Frame) -> _Found:
    scale = frame.scale(DenseMap.DEPTH_PNG)
    steps = frame.load(DenseMap.DEPTH_PNG)
    yield from _depth_against_position(frame, DenseMap.DEPTH_PNG, np.where(steps > 0, steps * scale, np.nan), scale / 2)


def _depth_against_position(frame: _Frame, map: DenseMap, depth: Array, rounding: float) -> _Found:
    """Planar depth in metres (NaN for none, rounded by so much) against that of Position, in the camera's axes.

    Blender takes both from one sample of the pixel, which need not be in its centre.
    """
    if frame.record.camera is None:
        return
    position, matrix = frame.load(DenseMap.POSITION_NPY).astype(np.float64), frame.world_to_camera()
    z = position @ matrix[2, :3] + matrix[2, 3]
    miss = np.abs(depth - z)
    wrong = miss > rounding + _OF_DISTANCE * np.abs(z)  # NaN is not
    if wrong.any():
        row, column = np.unravel_index(np.nanargmax(miss), miss.shape)
        yield (
            f"{map.label} is not the depth of Position in {np.count_nonzero(wrong)} pixels, by "
            f"{miss[row, column]:.3g} m in row {row}, column {column}"
        )


def _check_projection(frame: _Frame) -> _Found:
    """Position, projected into the image, against the pixels where it stands."""
    camera = frame.record.camera
    if camera is None or camera.k is None or camera.depth_of_field or camera.motion_blur:
        return
    position = frame.load(DenseMap.POSITION_NPY).astype(np.float64)
    rows, columns = np.nonzero(~np.isnan(position[..., 0]))
    if len(rows) < _FEWEST:
        return
    miss = frame.project(position[rows, columns])[:, :2] - np.column_stack((columns, rows)) - 0.5
    outside = np.abs(miss).max(axis=1) > _SAMPLE_PIXELS
    shift = np.median(miss, axis=0)
    # The samples of many pixels are about their centres.
    if outside.mean() > _MOST_EDGES or np.abs(shift).max() > _SHIFT_PIXELS:
        yield (
            f"Position does not project to the pixels where it stands: {np.count_nonzero(outside)} of {len(rows)} are "
            f"elsewhere, and the middle is off by {shift[0]:.2f}, {shift[1]:.2f} pixels"
        )


def _check_normals(frame: _Frame) -> _Found:
    normals = frame.load(DenseMap.NORMALS_NPY).astype(np.float64)
    length = np.linalg.norm(normals, axis=-1)
    wrong = (length > 0) & (np.abs(length - 1) > _NORMAL_LENGTH)
    if wrong.any():
        yield f"{np.count_nonzero(wrong)} normals are not of unit length"


def _check_flow_of_rest(frame: _Frame, following: _Frame) -> _Found:
    """Forward flow against the places, in the next frame, of points that are still where they were.

    A face that slides along itself looks as if it were at rest, so instances are left to their poses where it is known
    which pixels are theirs, and what counts is what most of the points say.
    """
    flow, position = frame.load(DenseMap.FLOW_FORWARD_NPY), frame.load(DenseMap.POSITION_NPY)
    there = following.load(DenseMap.POSITION_NPY)
    usable = ~np.isnan(flow[..., 0]) & ~np.isnan(position[..., 0])
    if frame.has(DenseMap.INSTANCES_PNG):
        usable &= frame.load(DenseMap.INSTANCES_PNG) == 0
    rows, columns = np.nonzero(usable)
    points = position[rows, columns].astype(np.float64)
    projected = following.project(points)
    x, y = np.floor(projected[:, 0]).astype(np.int64), np.floor(projected[:, 1]).astype(np.int64)
    height, width = flow.shape[:2]
    inside = (projected[:, 2] > 0) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    rows, columns, points, projected = rows[inside], columns[inside], points[inside], projected[inside]
    # What is rendered there lies within a pixel's footprint of the point, so the point is at rest and seen.
    footprint = projected[:, 2] / np.asarray(following.record.camera.k)[0, 0]  # type: ignore[union-attr]
    near = np.linalg.norm(there[y[inside], x[inside]] - points, axis=1) < 2 * footprint
    if np.count_nonzero(near) < _FEWEST:
        return
    expected = projected[near, :2] - np.column_stack((columns[near], rows[near])) - 0.5
    miss = np.abs(flow[rows[near], columns[near]] - expected).max(axis=1)
    wrong = miss > _FLOW_PIXELS + 1e-3 * np.abs(expected).max(axis=1)
    if wrong.mean() > 0.5:
        yield (
            f"The forward flow does not lead to where points at rest are in {following.record.path}, by "
            f"{np.median(miss[wrong]):.3g} pixels in {np.count_nonzero(wrong)} of {len(miss)}"
        )


def _check_flow_of_instances(frame: _Frame, following: _Frame) -> _Found:
    """Forward flow against points that move with the poses of their instances."""
    record, other = frame.record, following.record
    flow, numbers = frame.load(DenseMap.FLOW_FORWARD_NPY), frame.load(DenseMap.INSTANCES_PNG)
    position = frame.load(DenseMap.POSITION_NPY).astype(np.float64)
    matrix = frame.world_to_camera()
    k = np.asarray(other.camera.k)  # type: ignore[union-attr]
    poses = {instance.name: instance.pose for instance in other.instances}
    for number, instance in enumerate(record.instances, start=1):
        before, after = instance.pose, poses.get(instance.name)
        if before is None or after is None or before.frame == "" or not np.allclose(before.scale, after.scale):
            continue
        rows, columns = np.nonzero((numbers == number) & ~np.isnan(flow[..., 0]) & ~np.isnan(position[..., 0]))
        if len(rows) == 0:
            continue
        in_camera = position[rows, columns] @ matrix[:3, :3].T + matrix[:3, 3]
        local = (in_camera - before.translation) @ np.asarray(before.rotation)
        moved = local @ np.asarray(after.rotation).T + np.asarray(after.translation)
        in_image = moved @ k.T
        expected = in_image[:, :2] / in_image[:, 2:] - np.column_stack((columns, rows)) - 0.5
        miss = np.abs(flow[rows, columns] - expected).max(axis=1)
        # A shape that changes, or a mesh that bends, moves by more than its pose: then most points disagree a little.
        # The flow of an edge is the average of what meets there.
        median = float(np.median(miss))
        if median > _FLOW_PIXELS + 1e-3 * float(np.abs(expected).max()):
            yield (
                f"The forward flow of {instance.name!r} is not that of its pose in {other.path}, by {median:.3g} "
                "pixels in the middle; that is right only if its shape changes"
            )


def _check_round_trip(frame: _Frame, following: _Frame) -> _Found:
    """Forward flow against the next frame's backward flow: most points come back to where they were."""
    flow, back = frame.load(DenseMap.FLOW_FORWARD_NPY), following.load(DenseMap.FLOW_BACKWARD_NPY)
    rows, columns = np.nonzero(~np.isnan(flow[..., 0]))
    motion = flow[rows, columns].astype(np.float64)
    x = np.floor(columns + 0.5 + motion[:, 0]).astype(np.int64)
    y = np.floor(rows + 0.5 + motion[:, 1]).astype(np.int64)
    height, width = flow.shape[:2]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    miss = np.linalg.norm(motion[inside] + back[y[inside], x[inside]], axis=1)
    miss = miss[~np.isnan(miss)]
    if len(miss) >= _FEWEST and (median := float(np.median(miss))) > _ROUND_TRIP_PIXELS:
        yield (
            f"The forward flow and the backward flow of {following.record.path} do not meet, by {median:.3g} pixels "
            "in the middle"
        )


def _check_poses(frame: _Frame) -> _Found:
    """Poses against the projected corners of their boxes, and these against what is seen of the instance."""
    camera, record = frame.record.camera, frame.record
    if camera is None or camera.k is None:
        return
    for instance in record.instances:
        pose, box = instance.pose, instance.mask.box
        if pose is None or any(corner is None for corner in pose.corners):
            continue
        in_image = pose.corners_in_camera() @ np.asarray(camera.k).T
        projected = in_image[:, :2] / in_image[:, 2:]
        miss = float(np.abs(projected - np.array(pose.corners)).max())
        if miss > _CORNER_PIXELS * max(1.0, float(np.abs(projected).max()) / 1000):
            yield f"The pose of {instance.name!r} does not project to the corners of its box, by {miss:.3g} pixels"
        # A pixel belongs to an object that its centre shows, so a mask is at most half a pixel beyond the box.
        low, high = projected.min(axis=0) - 0.5 - _CORNER_PIXELS, projected.max(axis=0) + 0.5 + _CORNER_PIXELS
        if not (low[0] <= box.x0 and low[1] <= box.y0 and box.x1 <= high[0] and box.y1 <= high[1]):
            yield f"What is seen of {instance.name!r} is not inside of its projected 3D box"


@dataclass(frozen=True)
class _Check:
    name: str
    needs: tuple[DenseMap, ...]
    run: Callable[[_Frame], _Found]


@dataclass(frozen=True)
class _PairCheck:
    """Of a frame and the next one."""

    name: str
    needs: tuple[DenseMap, ...]
    needs_next: tuple[DenseMap, ...]
    pinholes: bool
    run: Callable[[_Frame, _Frame], _Found]


_CHECKS = (
    _Check("masks, boxes and areas", (), _check_masks),
    _Check("poses and projected boxes", (), _check_poses),
    _Check("instance map", (DenseMap.INSTANCES_PNG,), _check_instance_map),
    _Check("category map", (DenseMap.CATEGORIES_PNG,), _check_category_map),
    _Check("depth and position", (DenseMap.DEPTH_NPY, DenseMap.POSITION_NPY), _check_depth),
    _Check("depth PNG and position", (DenseMap.DEPTH_PNG, DenseMap.POSITION_NPY), _check_depth_png),
    _Check("projected position", (DenseMap.POSITION_NPY,), _check_projection),
    _Check("normals", (DenseMap.NORMALS_NPY,), _check_normals),
)
_PAIR_CHECKS = (
    _PairCheck(
        "flow of what is at rest",
        (DenseMap.FLOW_FORWARD_NPY, DenseMap.POSITION_NPY),
        (DenseMap.POSITION_NPY,),
        True,
        _check_flow_of_rest,
    ),
    _PairCheck(
        "flow of instances with poses",
        (DenseMap.FLOW_FORWARD_NPY, DenseMap.POSITION_NPY, DenseMap.INSTANCES_PNG),
        (),
        True,
        _check_flow_of_instances,
    ),
    _PairCheck(
        "flow there and back", (DenseMap.FLOW_FORWARD_NPY,), (DenseMap.FLOW_BACKWARD_NPY,), False, _check_round_trip
    ),
)


def validate(output: Path, progress: Callable[[int, int], None]) -> Report:
    """Check every record of a dataset, and each frame against the next one.

    Args:
        output: the folder that holds `records`.
        progress: called with how many records are checked, and their number.

    Raises:
        RecordError: there is no record.
    """
    report = Report()
    order: list[tuple[str, int, str, Path]] = []
    for path in record_files(output):
        try:
            record = FrameRecord.read(path)
        except RecordError as error:
            report.note(path.relative_to(output).as_posix(), str(error))
            continue
        order.append((record.sequence, record.frame, record.name, path))
    if not order and not report.problems:
        raise RecordError(f"{output} holds no frame record; run 'labelpass annotate' on the frames first")
    before: _Frame | None = None
    for done, (*_, path) in enumerate(sorted(order)):
        progress(done, len(order))
        frame = _Frame(output, FrameRecord.read(path))
        report.frames += 1
        _check_frame(frame, output, report)
        if before and (before.record.sequence, before.record.frame + 1) == (frame.record.sequence, frame.record.frame):
            _check_pair(before, frame, report)
        before = frame
    progress(len(order), len(order))
    return report


def _check_frame(frame: _Frame, output: Path, report: Report) -> None:
    missing = [file for file in frame.record.files() if not (output / file).is_file()]
    for file in missing:
        report.note(frame.record.path, f"{file} is missing; annotate the frame again")
    if missing:
        return
    for check in _CHECKS:
        if frame.has(*check.needs):
            _run(report, check.name, frame.record.path, lambda check=check: check.run(frame))  # type: ignore[misc]


def _check_pair(frame: _Frame, following: _Frame, report: Report) -> None:
    for check in _PAIR_CHECKS:
        if (
            frame.has(*check.needs)
            and following.has(*check.needs_next)
            and (not check.pinholes or (frame.pinhole() and following.pinhole()))
        ):
            _run(report, check.name, frame.record.path, lambda check=check: check.run(frame, following))  # type: ignore[misc]


def _run(report: Report, name: str, frame: str, check: Callable[[], _Found]) -> None:
    report.checks[name] = report.checks.get(name, 0) + 1
    try:
        for problem in check():
            report.note(frame, problem)
    except InputError as error:
        report.note(frame, str(error))
