"""Stale files: an earlier record of a frame names them and its new record does not, so they are not wanted any more."""

import contextlib

from ..base.dataset_folder import DatasetFolder, former_soft_masks_folder, is_file_of_frame, merge_record_file
from ..base.errors import OutputError, RecordError
from .frame_record import FrameRecord
from .record_store import RecordStore


def earlier_files(records: RecordStore, frame_path: str) -> set[str]:
    """The files that a frame's record names now, as paths below the output folder, or that an interrupted run was about
    to replace; none where there is no record that can be read. `frame_path` is FrameFiles.path."""
    try:
        record = records.read_head(frame_path)
    except RecordError:
        return set(records.voided(frame_path) or ())
    return all_files(record) | record.contents.keys()  # soft masks are named by instances, and like all by contents


def all_files(record: FrameRecord) -> set[str]:
    """The files of a frame, those that are made when all frames are there included."""
    merged = {map.path(record.path) for map in record.later_maps}
    return {*record.files(), *merged, *([merge_record_file(record.path)] if merged else [])}


def give_way(records: RecordStore, earlier: set[str], record: FrameRecord) -> None:
    """Let what a dataset has of a frame give way to other files of it, which are complete and are to take their places.

    From now until the new record is written, the last of all, the frame has none: whatever stops it, no record stands
    over files of another.

    Args:
        records: of the dataset.
        earlier: see earlier_files().
        record: the new record.

    Raises:
        OutputError: that cannot be done.
    """
    records.void(record.path, earlier | all_files(record))
    remove_stale_files(records.dataset, earlier, record)


def remove_stale_files(dataset: DatasetFolder, earlier: set[str], record: FrameRecord) -> None:
    """Remove the files that the record before named and this one does not; to be called when that counts no more.

    Raises:
        OutputError: one of them cannot be removed.
    """
    for file in sorted(earlier - all_files(record)):
        if not is_file_of_frame(file):
            continue  # such a record was not written by Labelpass
        path = dataset.file(file)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"Cannot remove {path}, which an earlier run made: {error.strerror}; remove it yourself"
            ) from error
    former = former_soft_masks_folder(record.path)
    if any(file.startswith(f"{former}/") for file in earlier):
        # The folder was this frame's own. Others may hold what another process is about to write.
        with contextlib.suppress(OSError):
            dataset.file(former).rmdir()
