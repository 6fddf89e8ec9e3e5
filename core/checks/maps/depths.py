"""What is made of depth against depth: ray depth, NOCS, 3D boxes; and the formats of one map against each other."""

import numpy as np

from ...maps.codecs.codec import MapPixels
from ...maps.codecs.table import read_map
from ...settings.map_table import DenseMap, MapKind, WrittenMap
from ..checked_frame import FEWEST, Array, CheckedFrame
from ..report import Problems

# 32-bit floats, a few of whose roundings meet.
OF_VALUE = 1e-5
# Of a 3D box's own depth, for what a shader displaces beyond it.
_BEYOND_BOX = 0.25
# The most exact first, and what is read fastest.
_ORDER = (".npy", ".exr", ".flo", ".png")
_LABELS_ONLY = (MapKind.INSTANCES, MapKind.CATEGORIES, MapKind.SURFACES, MapKind.POINTS)


def has_several_formats(frame: CheckedFrame) -> bool:
    kinds = [map.map.kind for map in frame.written]
    return len(kinds) > len(set(kinds))


def check_formats(frame: CheckedFrame) -> Problems:
    """A map in several formats says the same in each, to the steps in which they store it."""
    by_kind: dict[MapKind, list[WrittenMap]] = {}
    for written in _readable(frame):
        by_kind.setdefault(written.map.kind, []).append(written)
    for kind, several in by_kind.items():
        if len(several) < 2 or kind in _LABELS_ONLY:
            continue
        first, *others = several
        pixels = _read(frame, first)
        for other in others:
            yield from _compare(frame, first.map, pixels, other)
        frame.compared.update(one.map.label for one in several)


def _compare(frame: CheckedFrame, first: DenseMap, pixels: MapPixels, other: WrittenMap) -> Problems:
    theirs = _read(frame, other)
    both = pixels.valid & theirs.valid
    # What a format cannot hold is only missing in it, and what stands for a corner of NOCS shows in its count.
    alone = int(np.count_nonzero(theirs.valid & ~pixels.valid))
    mine, values = pixels.values[both].astype(np.float64), theirs.values[both]
    if other.map is DenseMap.NOCS_PNG:
        mine = np.clip(mine, 0, 1)
    allowed = pixels.rounding + theirs.rounding + OF_VALUE * np.abs(mine) + OF_VALUE * theirs.rounding
    wrong = np.abs(values - mine) > allowed
    count = int(np.count_nonzero(wrong if wrong.ndim == 1 else wrong.any(axis=-1))) + alone
    if count:
        yield f"{other.map.label} does not match {first.label} in {count} pixels"


def check_ray_depth(frame: CheckedFrame) -> Problems:
    """Ray depth is planar depth, by the length of each pixel's ray.

    Cameras whose rays are parallel have the same depth in both.
    """
    camera = frame.record.camera
    depth, rays = best(frame, MapKind.DEPTH), best(frame, MapKind.RAY_DEPTH)
    if camera is None or depth is None or rays is None:
        return
    length: Array = np.ones(depth.valid.shape)
    if camera.k is not None:
        (fx, _, cx), (_, fy, cy), _ = camera.k
        x = (np.arange(frame.record.width) + 0.5 - cx) / fx
        y = (np.arange(frame.record.height) + 0.5 - cy) / fy
        length = np.sqrt(x**2 + (y**2 + 1)[:, None])
    expected = depth.values * length
    allowed = rays.rounding + depth.rounding * length + OF_VALUE * np.abs(expected)
    both = depth.valid & rays.valid
    miss = np.where(both, np.abs(rays.values - expected), 0)
    wrong = both & (miss > allowed)
    if not depth.rounding and not rays.rounding:  # a PNG has no value beyond its range
        wrong |= depth.valid != rays.valid
    if wrong.any():
        pixels = np.count_nonzero(wrong)
        yield f"Ray depth does not match depth and camera in {pixels} pixels, by up to {miss.max():.3g} m"


def check_nocs(frame: CheckedFrame) -> Problems:
    """NOCS is where the point of a pixel, by its depth, lies in the 3D box of its instance."""
    record = frame.record
    depth, nocs = best(frame, MapKind.DEPTH), best(frame, MapKind.NOCS)
    if record.camera is None or not record.camera.is_projective or depth is None or nocs is None:
        return
    rows, columns = np.nonzero(depth.valid & nocs.valid)
    numbers = frame.numbers()[rows, columns]
    middle, turn = np.zeros((len(record.instances) + 1, 3)), np.zeros((len(record.instances) + 1, 3, 3))
    has = np.zeros(len(record.instances) + 1, bool)
    for number, instance in enumerate(record.instances, start=1):
        pose = instance.pose
        if pose is not None and (diagonal := float(np.linalg.norm(pose.dimensions))) > 0:
            middle[number] = pose.corners_in_camera().mean(axis=0)
            turn[number] = np.transpose(pose.rotation) / diagonal
            has[number] = True
    points = frame.to_camera(rows, columns, depth.values[rows, columns])
    expected = np.einsum("nij,nj->ni", turn[numbers], points - middle[numbers]) + 0.5
    of_depth = np.linalg.norm(points, axis=1) * np.linalg.norm(turn[numbers], axis=(1, 2))
    blur = depth.rounding / np.maximum(depth.values[rows, columns], depth.rounding or 1) + OF_VALUE
    if nocs.rounding:
        expected = np.clip(expected, 0, 1)
    miss = np.abs(nocs.values[rows, columns] - expected).max(axis=1, initial=0)
    wrong = (miss > nocs.rounding + OF_VALUE + blur * of_depth) | ~has[numbers]
    count = int(np.count_nonzero(wrong))
    if not depth.rounding:
        missing = depth.valid & has[frame.numbers()] & ~nocs.valid
        count += int(np.count_nonzero(nocs.valid & ~depth.valid))
        count += 0 if nocs.rounding else int(np.count_nonzero(missing))
    if count:
        yield f"NOCS does not match depth and poses in {count} pixels, by up to {miss.max(initial=0):.3g}"


def check_depth_of_boxes(frame: CheckedFrame) -> Problems:
    """The middle one of an instance's depths is within its 3D box.

    Not each of them: on an outline depth may be another surface's, and a shader may move what is measured.
    """
    record = frame.record
    depth = best(frame, MapKind.DEPTH)
    if depth is None:
        return
    for number, instance in enumerate(record.instances, start=1):
        if instance.pose is None or instance.name in record.beyond_shape:
            continue
        box = instance.mask.box
        inside = slice(box.y0, box.y1), slice(box.x0, box.x1)
        pixels = depth.values[inside][(frame.numbers()[inside] == number) & depth.valid[inside]]
        if pixels.size < FEWEST:
            continue
        corners = instance.pose.corners_in_camera()[:, 2]
        near, far = float(corners.min()), float(corners.max())
        beyond = _BEYOND_BOX * (far - near) + depth.rounding + OF_VALUE * abs(far)
        middle = float(np.median(pixels))
        if not near - beyond <= middle <= far + beyond:
            yield (
                f"The median depth of {instance.name!r} is {middle:.3g} m, but its 3D box reaches from {near:.3g} to "
                f"{far:.3g} m"
            )


def best(frame: CheckedFrame, kind: MapKind) -> MapPixels | None:
    """A map in the most exact of its formats; None where it is in none that can be read."""
    return next((_read(frame, one) for one in _readable(frame) if one.map.kind is kind), None)


def _readable(frame: CheckedFrame) -> list[WrittenMap]:
    maps = [one for one in frame.written if frame.has(one.map) and one.map.storage.suffix in _ORDER]
    return sorted(maps, key=lambda one: _ORDER.index(one.map.storage.suffix))


def _read(frame: CheckedFrame, written: WrittenMap) -> MapPixels:
    return read_map(frame.dataset, written, frame.record.height, frame.record.width)
