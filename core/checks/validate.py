"""Every check of a dataset: of the files that records name, of frames, and of what a merge wrote."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..base.dataset_folder import DESCRIPTION_FILE, DatasetFolder
from ..base.errors import CategoryError, InputError, RecordError
from ..dataset.stream import GatheredCategories, RecordStream
from ..formats.writer import Checker, StreamedFrame, Survey
from ..frames.dataset_plan import DatasetPlan
from ..maps.two_frame_maps import partner_of
from ..records.frame_record import FrameRecord
from ..records.merge_record import MergeRecord
from ..records.record_files import StoredRecord
from ..records.record_store import open_records
from ..settings.map_table import DenseMap
from .checked_frame import CheckedFrame
from .files.camera_files import CameraFiles
from .files.coco_file import CocoFile
from .files.coco_text import CocoText
from .files.description import DescriptionFile
from .files.exported_formats import check_exports
from .files.file_digests import Contents
from .files.unlisted_files import Strays
from .instances.derived_values import check_derived
from .maps.two_frame_maps import check_made_of
from .mask_extents import MaskExtents, with_extents
from .report import Problems, Report
from .table import ALONG_TWO_FRAME_MAP, OF_FRAME, OF_FRAME_WITHOUT_MAPS, OF_NEXT_FRAME


def validate(output: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> Report:
    """Check every record of the wanted sequences, each frame against the next one, and the COCO file against them.

    Args:
        output: the dataset's folder.
        progress: called with how many records are checked, and their number.

    Raises:
        RecordError: no record is there, or what says which sequences are wanted is damaged.
    """
    dataset = DatasetFolder(output)
    records, report = open_records(dataset), Report()
    stream = RecordStream(records)
    files = _merged_files(dataset)
    strays = Strays(dataset)
    survey = _survey(stream, files, strays, report)
    checkers = [one for one in files if survey or not one.by_frame]
    contents, is_merged = Contents(records), dataset.description.is_file()
    before: CheckedFrame | None = None
    second = with_extents(stream.stored_in_order(lambda done: progress(done, len(stream))))
    for number, (found, extents) in enumerate(second, start=1):
        record = found.stored.record
        strays.add(record)
        frame = _open_frame(dataset, record, report, extents)
        report.frames += 1
        report.instances += len(record.instances)
        _check_frame(frame, found.stored, report)
        if record.contents:
            report.count("files as they were written")
            contents.compare(record, frame.merged)
        if frame.merged.maps:
            _check_two_frame_maps(frame, stream, report)
        if is_merged:
            report.run("", record.path, _not_made(frame, stream))
        streamed = StreamedFrame(number, found.surveyed, [one.written for one in frame.merged.maps.values()])
        for one in checkers:
            report.run(one.name if one.by_frame else "", record.path, one.checker.check(streamed))
        if before and (before.record.sequence, before.record.frame + 1) == (record.sequence, record.frame):
            for check in OF_NEXT_FRAME:
                check.make(report, before, frame)
        _note_only_read(before, report)
        before = frame
    _note_only_read(before, report)
    _note_damaged(stream, report)
    for name, problem in contents.problems():
        report.note(name, problem)
    for one in checkers:
        report.run("" if one.by_frame else one.name, "", one.checker.finish())
        if isinstance(one.checker, CocoText) and survey and not one.checker.is_same:
            _compare_rows(stream, survey, report)
    if not stream.damaged:  # it is not known what a damaged record names
        report.remarks += strays.remarks()
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


def validate_exports(output: Path, folder: Path | None, report: Report) -> None:
    """Compare the exports of a dataset with its records, and add what is found to a report.

    Args:
        output: the dataset's folder.
        folder: of the exports; None for that in the dataset.
        report: of validate().

    Raises:
        RecordError: there is no export.
    """
    for format, problems in check_exports(DatasetFolder(output), folder):
        report.count(f"the export {format}")
        for problem in problems:
            report.note("", problem)


def _compare_rows(stream: RecordStream, survey: Survey, report: Report) -> None:
    """Say what is wrong with a COCO file that is not what a merge would write: two more rounds."""
    try:
        file = CocoFile(stream.records.dataset)
    except RecordError as error:
        report.note("", str(error))
        return
    for found in stream.stored_in_order():
        file.survey(found.surveyed)
    report.run("", "", file.begin(replace(survey, complete=not stream.damaged)))
    for number, found in enumerate(stream.stored_in_order(), start=1):
        report.run("", found.stored.record.path, file.check(StreamedFrame(number, found.surveyed)))
    report.run("", "", file.finish())


def _note_damaged(stream: RecordStream, report: Report) -> None:
    for frame, sentence in stream.damaged:
        report.note(frame, sentence)


def _merged_files(dataset: DatasetFolder) -> list[_MergedFile]:
    """What can be compared; where nothing is merged yet, as on a farm, only what a merge would find in the records."""
    files: list[_MergedFile] = []
    if dataset.instances.is_file():
        files.append(_MergedFile("COCO file", CocoText(dataset), by_frame=True))
    is_merged = dataset.instances.is_file() or dataset.description.is_file()
    files.append(
        _MergedFile(DESCRIPTION_FILE if is_merged else "", DescriptionFile(dataset, is_merged), by_frame=False)
    )
    cameras = CameraFiles(dataset)
    if cameras.is_there:
        files.append(_MergedFile("cameras", cameras, by_frame=False))
    return files


def _survey(stream: RecordStream, files: Sequence[_MergedFile], strays: Strays, report: Report) -> Survey | None:
    """The first round of the stream. Strays are told of the records that are not in the second one.

    Returns:
        What is known of the whole; None where records contradict each other.
    """
    categories, contradiction = GatheredCategories(stream.records), ""
    for surveyed, is_wanted in stream.outlines():
        if not is_wanted:
            strays.add(surveyed.record)
            continue
        for one in files:
            one.checker.survey(surveyed)
        try:
            categories.add(surveyed.summary)
        except RecordError as error:
            contradiction = contradiction or str(error)
    _note_damaged(stream, report)
    report.left_out = sum(stream.left_out.values())
    if not len(stream) and not report.problems:
        raise RecordError(stream.why_nothing())
    try:
        if plan := DatasetPlan.read(stream.records.dataset):
            plan.check_complete(stream.frames())
    except InputError as error:
        report.note("", str(error))
    try:
        if contradiction:
            raise RecordError(contradiction)
        survey = categories.survey(stream.order, complete=not stream.damaged)
    except (RecordError, CategoryError) as error:
        report.note("", str(error))
        return None
    for one in files:
        report.run("", "", one.checker.begin(survey))
    return survey


def _note_only_read(frame: CheckedFrame | None, report: Report) -> None:
    if frame is None:
        return
    for what in frame.only_read():
        report.only_read[what] = report.only_read.get(what, 0) + 1


def _open_frame(
    dataset: DatasetFolder, record: FrameRecord, report: Report, extents: MaskExtents | None = None
) -> CheckedFrame:
    try:
        return CheckedFrame(dataset, record, MergeRecord.read(dataset, record.path), extents)
    except RecordError as error:
        report.note(record.path, str(error))
        return CheckedFrame(dataset, record, extents=extents)


def _check_frame(frame: CheckedFrame, stored: StoredRecord, report: Report) -> None:
    report.run("derived values", frame.record.path, check_derived(stored))
    missing = [file for file in frame.record.files() if not frame.dataset.file(file).is_file()]
    for map in frame.record.maps:
        if map.file in missing:
            frame.leave_out(map.map)
    for file in missing:
        report.note(frame.record.path, f"{file} is missing; annotate the frame again")
    if missing:
        return
    for check in OF_FRAME if frame.written else OF_FRAME_WITHOUT_MAPS:
        check.make(report, frame)


def _check_two_frame_maps(frame: CheckedFrame, stream: RecordStream, report: Report) -> None:
    """Check the maps that a merge made against the other frame of each."""
    others: dict[str, CheckedFrame] = {}

    def partner(map: DenseMap) -> CheckedFrame | None:
        other = None
        with contextlib.suppress(RecordError):  # it has become a frame that can have no such map
            other = stream.frame_at(*partner_of(map, frame.record))
        if other is not None and other not in others:
            others[other] = _open_frame(stream.records.dataset, stream.read(other), report)
        return None if other is None else others[other]

    report.run("two-frame maps are up to date", frame.record.path, check_made_of(frame, partner))
    map_of_kind = {map.kind: map for map in frame.merged.maps}
    for kind, checks in ALONG_TWO_FRAME_MAP.items():
        other = partner(map_of_kind[kind]) if kind in map_of_kind else None
        if other is None:
            continue
        for check in checks:
            check.make(report, frame, other)


def _not_made(frame: CheckedFrame, stream: RecordStream) -> Problems:
    """The two-frame maps that a merge could not make of a frame, or has not made yet."""
    record = frame.record
    for map in record.later_maps:
        if map in frame.merged.maps:
            continue
        try:
            other = stream.frame_at(*partner_of(map, record))
        except RecordError as error:
            yield f"No {map.label}: {error}"
            continue
        if other is not None and stream.read(other).maps:
            yield f"No {map.label}, though its other frame, {other}, is there; merge again, which makes it or says why"
