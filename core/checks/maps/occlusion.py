"""Occlusion maps against their definition: a point is hidden if it is not seen in the other frame."""

import numpy as np
import numpy.typing as npt

from ...maps.codecs.codec import MapPixels
from ...records.instance import TrackKey
from ...settings.map_table import DenseMap, MapKind
from ..checked_frame import Array, CheckedFrame
from ..report import Problems
from .depths import best
from .static_points import around, inside, seen_from, surfaces_at_rest

_FLOW_OF = {
    MapKind.OCCLUSION_FORWARD: MapKind.FLOW_FORWARD,
    MapKind.OCCLUSION_BACKWARD: MapKind.FLOW_BACKWARD,
    MapKind.OCCLUSION_STEP: MapKind.FLOW_STEP,
}
# A place so near to the border may be on either side of it.
_BORDER_PIXELS = 0.01
# A point whose flow is that of the world at rest, within so many pixels, is at rest.
_AT_REST_PIXELS = 0.04
# Of a point's depth: what is nearer by more hides it.
_NEARER = 0.01
# It is seen where the pixels around its place show depths on both sides of its own, or off it by so much, and are
# one surface, whose depth changes by no more than that from one of them to the other: then their flow, too, is the same
# within the 2 % that occlusion.py allows.
_OFF, _OF_SURFACE = 0.002, 0.01
# On edges a pixel shows several things, and its flow is that of one of them, or their average.
_MOST_EDGES, _FEW_EDGES = 0.03, 3

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


def check_occlusion(kind: MapKind, frame: CheckedFrame, other: CheckedFrame) -> Problems:
    """What is out of the other image, or behind what is seen there, is hidden, and what is seen there is not.

    Where a point is in the other frame the flow says, where there is one, and how far away it is there the cameras say
    of what is at rest. Of what moves, only whether other instances, or by step other surfaces, are around its place.
    """
    occlusion, flow = best(frame, kind), best(frame, _FLOW_OF[kind])
    if occlusion is None:
        return
    height, width = occlusion.valid.shape
    if flow is not None:
        wrong = flow.valid & ~occlusion.valid if frame.lacks(_FLOW_OF[kind]) else flow.valid != occlusion.valid
        if wrong.any():
            count, than = np.count_nonzero(wrong), _FLOW_OF[kind].title
            yield f"{kind.title} has a value where {than} has none, or the other way round, in {count} pixels"
    pixels = seen_from(frame, other)
    at = pixels.rows, pixels.columns
    known = occlusion.valid[at]
    hidden = occlusion.values[at]
    rest, place = _at_rest(kind, frame, other, flow, pixels.place, pixels.centres(), at)
    known &= rest | (flow.valid[at] if flow is not None else False)

    outside = known & ~inside(place, height, width, _BORDER_PIXELS)
    yield from _wrongly(kind, other, outside & ~hidden, outside, True, "outside the image")
    within = known & inside(place, height, width)
    rows, columns = around(np.where(within[:, None], place, 0.0), height, width)
    depths = other.load(DenseMap.DEPTH_NPY).values[rows, columns].astype(np.float64)
    depths[np.isnan(depths)] = np.inf
    behind = within & rest & (depths < pixels.depth * (1 - _NEARER)).all(axis=0)
    yield from _wrongly(kind, other, behind & ~hidden, behind, False, "behind something that is nearer")

    own, theirs = (_surfaces if kind is MapKind.OCCLUSION_STEP else _tracks)(frame, other)
    mine, found = own[at], theirs[rows, columns]
    # What is left out of the other frame, or unknown there, may be anything, so only others count.
    covered = within & (mine > 0) & _clear(own)[at] & ((found > 0) & (found != mine)).all(axis=0)
    covered &= ~_near(covered, place, mine, theirs)
    yield from _wrongly(kind, other, covered & ~hidden, covered, False, "where others are seen")
    near, far = depths.min(axis=0), depths.max(axis=0)
    one_surface = (far <= near * (1 + _OF_SURFACE)) & (found == mine).all(axis=0)
    between = (near * (1 - _OFF) <= pixels.depth) & (pixels.depth <= far * (1 + _OFF))
    seen = within & rest & one_surface & between
    yield from _wrongly(kind, other, seen & hidden, seen, False, "seen")


def _at_rest(
    kind: MapKind,
    frame: CheckedFrame,
    other: CheckedFrame,
    flow: MapPixels | None,
    at_rest: Array,
    centres: Array,
    at: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
) -> tuple[Bools, Array]:
    """Which points are at rest, and where all of them are in the other image.

    Args:
        kind: of occlusion.
        frame, other: this frame and the one it leads to.
        flow: from here to there; None where there is none.
        at_rest: (N, 2) where the points are there if they are at rest.
        centres: (N, 2) where they are here.
        at: their rows and columns.
    """
    place = at_rest if flow is None else np.where(flow.valid[at][:, None], centres + flow.values[at], at_rest)
    if kind is MapKind.OCCLUSION_STEP:
        return surfaces_at_rest(frame, other)[at], place
    assert flow is not None  # which this check needs
    with np.errstate(invalid="ignore"):
        same = np.abs(place - at_rest).max(axis=1) < _AT_REST_PIXELS + flow.rounding
    return same & flow.valid[at], place


def _wrongly(kind: MapKind, other: CheckedFrame, wrong: Bools, of: Bools, exact: bool, what: str) -> Problems:
    """Says so where some of these points are wrong, or unless it is `exact` more of them than edges may be."""
    count, total = int(np.count_nonzero(wrong)), int(np.count_nonzero(of))
    if count > (0 if exact else _MOST_EDGES * total + _FEW_EDGES):
        says = "hidden" if what == "seen" else "seen"
        yield f"{kind.title} says {says} in {count} of {total} pixels whose surface is {what} in {other.record.path}"


def _tracks(*frames: CheckedFrame) -> list[Integers]:
    """(H, W) of each frame: a number for the instance in each pixel, the same in all frames; 0 for none, -1 for one
    that is not known in others."""
    number_of: dict[TrackKey, int] = {}
    found = []
    for frame in frames:
        tracks = [one.track for one in frame.record.instances]
        numbers = [-1 if track is None else number_of.setdefault(track, len(number_of) + 1) for track in tracks]
        found.append(np.array([0, *numbers], np.int64)[frame.numbers()])
    return found


def _surfaces(*frames: CheckedFrame) -> list[Integers]:
    """The same of surfaces."""
    number_of: dict[object, int] = {}
    found = []
    for frame in frames:
        surfaces = frame.surfaces()
        numbers = [number_of.setdefault(key, len(number_of) + 1) for key in surfaces.keys]
        found.append(np.array([*numbers, 0], np.int64)[surfaces.number])  # the last for -1, which is none
    return found


def _clear(numbers: Integers) -> Bools:
    """(H, W) where the pixels around one have the same number, so that it is on no edge."""
    padded = np.pad(numbers, 1, mode="edge")
    height, width = numbers.shape
    shifted = (padded[row : row + height, column : column + width] for row, column in np.ndindex(3, 3))
    return np.asarray(np.logical_and.reduce([one == numbers for one in shifted]))


def _near(those: Bools, place: Array, mine: Integers, theirs: Integers) -> Bools:
    """(N,) which of some points have their own number within two pixels of their place in the other image."""
    near = np.zeros(len(those), bool)
    chosen = np.flatnonzero(those)
    for down, right in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        rows, columns = around(place[chosen] + (right, down), *theirs.shape)
        near[chosen] |= (theirs[rows, columns] == mine[chosen]).any(axis=0)
    return near
