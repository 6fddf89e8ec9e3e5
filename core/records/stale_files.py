"""Files of an earlier record of a frame that its new record does not name: they show what nobody wants any more."""

import contextlib
from pathlib import Path, PurePosixPath

from ..base.errors import OutputError, RecordError
from ..settings.map_table import MAPS_FOLDER
from .frame_record import IMAGES_FOLDER, PICTURES_FOLDER, SOFT_MASKS_FOLDER, FrameRecord, record_path
from .merge_record import LATER_FOLDER, later_file

# Where a frame has files of its own. A record that names others was written by somebody else.
FRAME_FOLDERS = (IMAGES_FOLDER, PICTURES_FOLDER, MAPS_FOLDER, SOFT_MASKS_FOLDER, LATER_FOLDER)


def former_files(output: Path, frame_path: str) -> set[str]:
    """The files that a frame's record names now, as paths below the output folder; none where there is no record that
    can be read. `frame_path` is FrameFiles.path."""
    try:
        return all_files(FrameRecord.read(record_path(output, frame_path)))
    except RecordError:
        return set()


def all_files(record: FrameRecord) -> set[str]:
    """The files of a frame, those that are made when all frames are there included."""
    later = {map.path(record.path) for map in record.later_maps}
    return {*record.files(), *later, *([later_file(record.path)] if later else [])}


def remove_former_files(output: Path, former: set[str], record: FrameRecord) -> None:
    """Remove the files that the record before named and this one does not; to be called when it has been written.

    Raises:
        OutputError: one of them cannot be removed.
    """
    for file in sorted(former - all_files(record)):
        inside = PurePosixPath(file)
        if not inside.parts or inside.parts[0] not in FRAME_FOLDERS or ".." in inside.parts:
            continue
        path = output / inside
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"Cannot remove {path}, which an earlier run made: {error.strerror}; remove it yourself"
            ) from error
    if former and not any(instance.soft_mask for instance in record.instances):
        # The folder is this frame's own. Others may hold what another process is about to write.
        with contextlib.suppress(OSError):
            (output / SOFT_MASKS_FOLDER / record.path).rmdir()
