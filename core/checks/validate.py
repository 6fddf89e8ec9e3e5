"""All checks of a dataset, frame by frame."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.dataset_folder import DESCRIPTION_FILE, DatasetFolder
from ..base.errors import CategoryError, RecordError
from ..dataset.stream import GatheredCategories, RecordStream
from ..formats.writer import Checker, StreamedFrame
from ..maps.two_frame_maps import partner_of
from ..records.frame_record import FrameRecord
from ..records.merge_record import LaterRecord
from ..records.record_store import RecordStore, open_records
from ..settings.map_table import DenseMap, MapKind
from .checked_frame import CheckedFrame, Found
from .files.coco_file import CocoFile
from .files.description import DescriptionFile
from .files.file_digests import Contents
from .files.readable_files import check_image, check_maps, check_pictures, check_soft_masks
from .files.unlisted_files import Strays
from .instances.amodal import check_amodal
from .instances.derived_values import check_derived
from .instances.keypoints import check_keypoints, check_visibility, check_visibility_png
from .instances.masks import check_category_map, check_instance_map, check_masks
from .instances.poses import check_poses
from .maps.depth_and_normals import check_depth, check_depth_png, check_normals, check_projection
from .maps.depths import check_depth_of_boxes, check_formats, check_nocs, check_ray_depth, has_several_formats
from .maps.flow import check_flow_of_instances, check_flow_of_rest, check_round_trip
from .maps.points import check_points
from .maps.two_frame_maps import check_against_others, check_later_maps
from .report import Report


@dataclass(frozen=True)
class _Check:
    """Of a frame that has these maps, and something of what `has` asks for.

    Attributes:
        name: for people.
        needs: the maps, or kinds of map that may be in any format.
        has: whether the frame has what is checked.
        run: the check itself.
    """

    name: str
    needs: tuple[DenseMap | MapKind, ...]
    has: Callable[[CheckedFrame], bool]
    run: Callable[[CheckedFrame], Found]


@dataclass(frozen=True)
class _PairCheck:
    """Of a frame and the next one."""

    name: str
    needs: tuple[DenseMap, ...]
    needs_next: tuple[DenseMap, ...]
    pinholes: bool
    run: Callable[[CheckedFrame, CheckedFrame], Found]


def _always(frame: CheckedFrame) -> bool:
    return True


def _has_camera(frame: CheckedFrame) -> bool:
    return frame.record.camera is not None


def _has_soft_masks(frame: CheckedFrame) -> bool:
    return any(one.soft_mask is not None for one in frame.record.instances)


def _has_poses(frame: CheckedFrame) -> bool:
    return frame.record.camera is not None and any(one.pose is not None for one in frame.record.instances)


def _has_keypoints(frame: CheckedFrame) -> bool:
    return any(one.keypoints is not None for one in frame.record.instances)


def _has_amodal(frame: CheckedFrame) -> bool:
    return any(one.amodal is not None for one in frame.record.instances)


def _has_later_maps(frame: CheckedFrame) -> bool:
    later = (map.path(frame.record.path) for map in frame.record.later_maps)
    return bool(frame.later.maps) or any((frame.output / file).exists() for file in later)


# What can be read, and what cannot is left out of the other checks.
_READING = (
    _Check("training images", (), lambda frame: frame.record.colour is not None, check_image),
    _Check("pictures", (), lambda frame: bool(frame.record.pictures), check_pictures),
    _Check("maps can be read", (), lambda frame: bool(frame.record.maps), check_maps),
    _Check("maps of several frames can be read", (), _has_later_maps, check_later_maps),
)
_CHECKS = (
    _Check("masks, boxes and areas", (), _always, check_masks),
    _Check("poses and projected boxes", (), _has_poses, check_poses),
    _Check("amodal masks and counts", (), _has_amodal, check_amodal),
    _Check("keypoints", (), _has_keypoints, check_keypoints),
    _Check("keypoints and depth", (DenseMap.DEPTH_NPY,), _has_keypoints, check_visibility),
    _Check("keypoints and depth PNG", (DenseMap.DEPTH_PNG,), _has_keypoints, check_visibility_png),
    _Check("soft masks", (), _has_soft_masks, check_soft_masks),
    _Check("instance map", (DenseMap.INSTANCES_PNG,), _always, check_instance_map),
    _Check("category map", (DenseMap.CATEGORIES_PNG,), _always, check_category_map),
    _Check("depth and position", (DenseMap.DEPTH_NPY, DenseMap.POSITION_NPY), _always, check_depth),
    _Check("depth PNG and position", (DenseMap.DEPTH_PNG, DenseMap.POSITION_NPY), _always, check_depth_png),
    _Check("projected position", (DenseMap.POSITION_NPY,), _always, check_projection),
    _Check("normals", (DenseMap.NORMALS_NPY,), _always, check_normals),
    _Check("formats of one map", (), has_several_formats, check_formats),
    _Check("depth and ray depth", (MapKind.DEPTH, MapKind.RAY_DEPTH), _has_camera, check_ray_depth),
    _Check("depth and 3D boxes", (MapKind.DEPTH,), _has_poses, check_depth_of_boxes),
    _Check("depth and NOCS", (MapKind.DEPTH, MapKind.NOCS), _has_poses, check_nocs),
    _Check("point cloud", (DenseMap.POINTS_PLY,), _has_camera, check_points),
)
_PAIR_CHECKS = (
    _PairCheck(
        "flow of what is at rest",
        (DenseMap.FLOW_FORWARD_NPY, DenseMap.POSITION_NPY),
        (DenseMap.POSITION_NPY,),
        True,
        check_flow_of_rest,
    ),
    _PairCheck(
        "flow of instances with poses",
        (DenseMap.FLOW_FORWARD_NPY, DenseMap.POSITION_NPY),
        (),
        True,
        check_flow_of_instances,
    ),
    _PairCheck(
        "flow there and back", (DenseMap.FLOW_FORWARD_NPY,), (DenseMap.FLOW_BACKWARD_NPY,), False, check_round_trip
    ),
)


def validate(output: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> Report:
    """Check every record of the wanted sequences, each frame against the next one, and the COCO file against them.

    Args:
        output: the dataset's folder.
        progress: called with how many records are checked, and their number.

    Raises:
        RecordError: there is no record, or what says which sequences are wanted is damaged.
    """
    dataset = DatasetFolder(output)
    records, report = open_records(dataset), Report()
    stream = RecordStream(records)
    checkers = _survey(stream, _merged_files(dataset, report), report)
    contents = Contents(records)
    before: CheckedFrame | None = None
    for number, record in enumerate(stream.in_order(lambda done: progress(done, len(stream))), start=1):
        frame = _open_frame(dataset, record, report)
        report.frames += 1
        report.instances += len(record.instances)
        _check_frame(frame, records, report)
        if record.contents:
            report.count("files as they were written")
            contents.compare(record, frame.later)
        if frame.later.maps:
            _check_later(frame, stream, report)
        streamed = StreamedFrame(number, record, [one.written for one in frame.later.maps.values()])
        for one in checkers:
            report.run(one.name if one.by_frame else "", record.path, one.checker.check(streamed))
        if before and (before.record.sequence, before.record.frame + 1) == (record.sequence, record.frame):
            _check_pair(before, frame, report)
        _note_only_read(before, report)
        before = frame
    _note_only_read(before, report)
    for name, problem in contents.problems():
        report.note(name, problem)
    for one in checkers:
        report.run("" if one.by_frame else one.name, "", one.checker.finish())
    progress(len(stream), len(stream))
    return report


@dataclass(frozen=True)
class _MergedFile:
    """A file that a merge wrote, and what compares it.

    Attributes:
        name: for people.
        checker: see formats/writer.py.
        by_frame: whether it says something of each frame, or of the whole only.
    """

    name: str
    checker: Checker
    by_frame: bool


def _merged_files(dataset: DatasetFolder, report: Report) -> list[_MergedFile]:
    """What can be compared; nothing where nothing is merged yet, as on a farm."""
    files = []
    if dataset.instances.is_file():
        try:
            files.append(_MergedFile("COCO file", CocoFile(dataset), by_frame=True))
        except RecordError as error:
            report.note("", str(error))
    if dataset.instances.is_file() or dataset.description.is_file():
        files.append(_MergedFile(DESCRIPTION_FILE, DescriptionFile(dataset), by_frame=False))
    return files


def _survey(stream: RecordStream, files: Sequence[_MergedFile], report: Report) -> Sequence[_MergedFile]:
    """The first round of the stream.

    Returns:
        The files that can be compared.
    """
    strays, categories, contradiction = Strays(stream.records.dataset), GatheredCategories(stream.records), ""
    for surveyed in stream.surveyed():
        strays.add(surveyed.record)
        if not surveyed.wanted:
            continue
        for one in files:
            one.checker.survey(surveyed.record)
        try:
            categories.add(surveyed.record)
        except RecordError as error:
            contradiction = contradiction or str(error)
    for frame, sentence in stream.damaged:
        report.note(frame, sentence)
    report.left_out = sum(stream.left_out.values())
    if not len(stream) and not report.problems:
        raise RecordError(stream.why_nothing())
    if not stream.damaged:  # nobody knows what a damaged record names
        report.remarks += strays.remarks()
    try:
        if contradiction:
            raise RecordError(contradiction)
        survey = categories.survey(len(stream), complete=not stream.damaged)
    except (RecordError, CategoryError) as error:
        if files:
            report.note("", str(error))
        return [one for one in files if not one.by_frame]
    for one in files:
        report.run("", "", one.checker.begin(survey))
    return files


def _note_only_read(frame: CheckedFrame | None, report: Report) -> None:
    if frame is None:
        return
    for what in frame.only_read():
        report.only_read[what] = report.only_read.get(what, 0) + 1


def _open_frame(dataset: DatasetFolder, record: FrameRecord, report: Report) -> CheckedFrame:
    try:
        return CheckedFrame(dataset.path, record, LaterRecord.read(dataset, record.path))
    except RecordError as error:
        report.note(record.path, str(error))
        return CheckedFrame(dataset.path, record)


def _check_frame(frame: CheckedFrame, records: RecordStore, report: Report) -> None:
    stored = records.read_json(frame.record.path)
    report.run("figures derived from others", frame.record.path, check_derived(frame.record, stored))
    missing = [file for file in frame.record.files() if not (frame.output / file).is_file()]
    for map in frame.record.maps:
        if map.file in missing:
            frame.leave_out(map.map)
    for file in missing:
        report.note(frame.record.path, f"{file} is missing; annotate the frame again")
    if missing:
        return
    for check in (*_READING, *_CHECKS):
        if frame.has(*check.needs) and check.has(frame):
            report.run(check.name, frame.record.path, check.run(frame))
            frame.note_compared(*check.needs)


def _check_pair(frame: CheckedFrame, following: CheckedFrame, report: Report) -> None:
    for check in _PAIR_CHECKS:
        if (
            frame.has(*check.needs)
            and following.has(*check.needs_next)
            and (not check.pinholes or (frame.pinhole() and following.pinhole()))
        ):
            report.run(check.name, frame.record.path, check.run(frame, following))
            frame.note_compared(*check.needs)
            following.note_compared(*check.needs_next)


def _check_later(frame: CheckedFrame, stream: RecordStream, report: Report) -> None:
    """Check the maps that a merge made against the other frame of each."""
    others: dict[str, CheckedFrame] = {}

    def partner(map: DenseMap) -> CheckedFrame | None:
        other = None
        with contextlib.suppress(RecordError):  # it has become a frame that can have no such map
            other = stream.frame_at(*partner_of(map, frame.record))
        if other is not None and other not in others:
            others[other] = _open_frame(stream.records.dataset, stream.read(other), report)
        return None if other is None else others[other]

    check_against_others(frame, partner, report)
