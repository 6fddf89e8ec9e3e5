"""Every check of a dataset: of the files that records name, of frames, and of what a merge wrote."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.dataset_folder import DESCRIPTION_FILE, DatasetFolder
from ..base.errors import CategoryError, InputError, RecordError
from ..dataset.stream import GatheredCategories, RecordStream
from ..formats.writer import Checker, StreamedFrame, SurveyedFrame
from ..frames.dataset_plan import DatasetPlan
from ..maps.two_frame_maps import partner_of
from ..records.frame_record import FrameRecord
from ..records.merge_record import MergeRecord
from ..records.record_store import RecordStore, open_records
from ..settings.map_table import DenseMap
from .checked_frame import CheckedFrame
from .files.camera_files import CameraFiles
from .files.coco_file import CocoFile
from .files.description import DescriptionFile
from .files.exported_formats import check_exports
from .files.file_digests import Contents
from .files.unlisted_files import Strays
from .instances.derived_values import check_derived
from .maps.two_frame_maps import check_made_of
from .report import Problems, Report
from .table import ALONG_TWO_FRAME_MAP, OF_FRAME, OF_NEXT_FRAME


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
    checkers = _survey(stream, _merged_files(dataset, report), report)
    contents, is_merged = Contents(records), dataset.description.is_file()
    before: CheckedFrame | None = None
    for number, record in enumerate(stream.in_order(lambda done: progress(done, len(stream))), start=1):
        frame = _open_frame(dataset, record, report)
        report.frames += 1
        report.instances += len(record.instances)
        _check_frame(frame, records, report)
        if record.contents:
            report.count("files as they were written")
            contents.compare(record, frame.merged)
        if frame.merged.maps:
            _check_two_frame_maps(frame, stream, report)
        if is_merged:
            report.run("", record.path, _not_made(frame, stream))
        streamed = StreamedFrame(number, SurveyedFrame.of(record), [one.written for one in frame.merged.maps.values()])
        for one in checkers:
            report.run(one.name if one.by_frame else "", record.path, one.checker.check(streamed))
        if before and (before.record.sequence, before.record.frame + 1) == (record.sequence, record.frame):
            for check in OF_NEXT_FRAME:
                check.make(report, before, frame)
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


def _merged_files(dataset: DatasetFolder, report: Report) -> list[_MergedFile]:
    """What can be compared; where nothing is merged yet, as on a farm, only what a merge would find in the records."""
    files = []
    if dataset.instances.is_file():
        try:
            files.append(_MergedFile("COCO file", CocoFile(dataset), by_frame=True))
        except RecordError as error:
            report.note("", str(error))
    is_merged = dataset.instances.is_file() or dataset.description.is_file()
    files.append(
        _MergedFile(DESCRIPTION_FILE if is_merged else "", DescriptionFile(dataset, is_merged), by_frame=False)
    )
    cameras = CameraFiles(dataset)
    if cameras.is_there:
        files.append(_MergedFile("cameras", cameras, by_frame=False))
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
    try:
        if plan := DatasetPlan.read(stream.records.dataset):
            plan.check_complete(stream.frames())
    except InputError as error:
        report.note("", str(error))
    if not stream.damaged:  # it is not known what a damaged record names
        report.remarks += strays.remarks()
    try:
        if contradiction:
            raise RecordError(contradiction)
        survey = categories.survey(len(stream), complete=not stream.damaged)
    except (RecordError, CategoryError) as error:
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
        return CheckedFrame(dataset, record, MergeRecord.read(dataset, record.path))
    except RecordError as error:
        report.note(record.path, str(error))
        return CheckedFrame(dataset, record)


def _check_frame(frame: CheckedFrame, records: RecordStore, report: Report) -> None:
    stored = records.read_json(frame.record.path)
    report.run("derived values", frame.record.path, check_derived(frame.record, stored))
    missing = [file for file in frame.record.files() if not frame.dataset.file(file).is_file()]
    for map in frame.record.maps:
        if map.file in missing:
            frame.leave_out(map.map)
    for file in missing:
        report.note(frame.record.path, f"{file} is missing; annotate the frame again")
    if missing:
        return
    for check in OF_FRAME:
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
