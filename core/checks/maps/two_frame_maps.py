"""Maps that a merge made of several frames: whether they are there, can be read, are made of what is there now, and
agree with it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ...base.errors import InputError
from ...records.merge_record import later_key
from ...settings.map_table import DenseMap, MapKind
from ..checked_frame import CheckedFrame, Found
from ..report import Report
from .disparity import check_disparity, check_eyes
from .occlusion import check_occlusion
from .stepped_flow import check_flow_step_against_flow, check_flow_step_of_instances, check_flow_step_of_rest

# Gives the other frame that a map needs; None where there is none.
Partner = Callable[[DenseMap], CheckedFrame | None]


def check_later_maps(frame: CheckedFrame) -> Found:
    """Each that the merge made is there, can be read, and has as many pixels with a value as it counted.

    What cannot be read is left out of the checks that follow. A frame without its neighbour has no such maps.
    """
    record = frame.record
    for map in record.later_maps:
        file = map.path(record.path)
        if map not in frame.later.maps and (frame.output / file).exists():
            yield f"{file} is not known to the latest merge; merge again"
    for one in frame.later.maps.values():
        written = one.written
        if not (frame.output / written.file).is_file():
            frame.leave_out(written.map)
            yield f"{written.file} is missing; merge again"
            continue
        try:
            values = frame.read(written).count
        except InputError as error:
            frame.leave_out(written.map)
            yield str(error).replace("annotate the frame again", "remove it and merge again")
            continue
        if values != written.valid:
            yield (
                f"{written.file} has {values} pixels with a value and the merge counted {written.valid}; remove it and "
                "merge again"
            )


def check_made_of(frame: CheckedFrame, partner: Partner) -> Found:
    """Each was made of the files that its frame and the other one have now."""
    for map, one in frame.later.maps.items():
        other = partner(map)
        if other is None:
            yield f"{one.written.file} was made of a frame that is not there any more; merge again"
        elif one.key != later_key(map, frame.record, other.record):
            yield (
                f"{one.written.file} was made of other files than its frame and {other.record.path} have now; merge "
                "again"
            )


@dataclass(frozen=True)
class _LaterCheck:
    """Of a map that a merge made for a frame, and the other frame that it leads to.

    Attributes:
        name: for people.
        kind: of the map, in any format.
        needs: besides it, maps or kinds of map of its own frame.
        needs_other: the same of the other one.
        run: the check itself.
        has: whether the frame is one that is checked.
    """

    name: str
    kind: MapKind
    needs: tuple[DenseMap | MapKind, ...]
    needs_other: tuple[DenseMap | MapKind, ...]
    run: Callable[[CheckedFrame, CheckedFrame], Found]
    has: Callable[[CheckedFrame], bool] = lambda frame: True


def _is_left(frame: CheckedFrame) -> bool:
    return frame.record.view == "left"


def _has_poses(frame: CheckedFrame) -> bool:
    return any(one.pose is not None for one in frame.record.instances)


def _leads_one_on(frame: CheckedFrame) -> bool:
    return frame.record.flow_step == 1


def _leads_one_back(frame: CheckedFrame) -> bool:
    return frame.record.flow_step == -1


_DEPTH, _PLACES = (DenseMap.DEPTH_NPY,), (DenseMap.DEPTH_NPY, DenseMap.SURFACES_NPZ)
_CHECKS = (
    _LaterCheck("disparity and depth", MapKind.DISPARITY, _DEPTH, (), check_disparity),
    _LaterCheck("disparity of both eyes", MapKind.DISPARITY, (), (MapKind.DISPARITY,), check_eyes, _is_left),
    _LaterCheck(
        "forward occlusion",
        MapKind.OCCLUSION_FORWARD,
        (DenseMap.DEPTH_NPY, MapKind.FLOW_FORWARD),
        _DEPTH,
        partial(check_occlusion, MapKind.OCCLUSION_FORWARD),
    ),
    _LaterCheck(
        "backward occlusion",
        MapKind.OCCLUSION_BACKWARD,
        (DenseMap.DEPTH_NPY, MapKind.FLOW_BACKWARD),
        _DEPTH,
        partial(check_occlusion, MapKind.OCCLUSION_BACKWARD),
    ),
    _LaterCheck(
        "occlusion by step",
        MapKind.OCCLUSION_STEP,
        _PLACES,
        _PLACES,
        partial(check_occlusion, MapKind.OCCLUSION_STEP),
    ),
    _LaterCheck("flow by step of what is at rest", MapKind.FLOW_STEP, _PLACES, _PLACES, check_flow_step_of_rest),
    _LaterCheck(
        "flow by step of instances with poses", MapKind.FLOW_STEP, _DEPTH, (), check_flow_step_of_instances, _has_poses
    ),
    _LaterCheck(
        "flow by step and forward flow",
        MapKind.FLOW_STEP,
        (MapKind.FLOW_FORWARD,),
        (),
        check_flow_step_against_flow,
        _leads_one_on,
    ),
    _LaterCheck(
        "flow by step and backward flow",
        MapKind.FLOW_STEP,
        (MapKind.FLOW_BACKWARD,),
        (),
        check_flow_step_against_flow,
        _leads_one_back,
    ),
)


def check_against_others(frame: CheckedFrame, partner: Partner, report: Report) -> None:
    """Make all checks of the maps that a merge made for a frame which need the other frame of each."""
    path = frame.record.path
    report.run("maps of several frames are up to date", path, check_made_of(frame, partner))
    for check in _CHECKS:
        map = next((one for one in frame.later.maps if one.kind is check.kind), None)
        other = partner(map) if map and check.has(frame) and frame.has(check.kind, *check.needs) else None
        if other and other.has(*check.needs_other) and frame.projective() and other.projective():
            report.run(check.name, path, check.run(frame, other))
            frame.note_compared(check.kind, *check.needs)
