"""Maps that a merge made of two frames: whether they are there, can be read, and are made of what is there now."""

from collections.abc import Callable

from ...base.errors import InputError
from ...records.merge_record import two_frame_key
from ...settings.map_table import DenseMap
from ..checked_frame import CheckedFrame
from ..report import Problems

# Gives the other frame that a map needs; None where there is none.
Partner = Callable[[DenseMap], CheckedFrame | None]


def check_two_frame_maps(frame: CheckedFrame) -> Problems:
    """Each that the merge made is there, can be read, and has as many pixels with a value as it counted.

    What cannot be read is left out of the checks that follow. A frame without its neighbour has no such maps.
    """
    record = frame.record
    for map in record.later_maps:
        file = map.path(record.path)
        if map not in frame.merged.maps and frame.dataset.file(file).exists():
            yield f"{file} is not from the latest merge; merge again"
    for one in frame.merged.maps.values():
        written = one.written
        if not frame.dataset.file(written.file).is_file():
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
                f"{written.file} has {values} pixels with a value, but the merge counted {written.valid}; remove it "
                "and merge again"
            )


def check_made_of(frame: CheckedFrame, partner: Partner) -> Problems:
    """Each was made of the files that its frame and the other one have now."""
    for map, one in frame.merged.maps.items():
        other = partner(map)
        if other is None:
            yield f"{one.written.file} was made from a frame that is not there any more; merge again"
        elif one.key != two_frame_key(map, frame.record, other.record):
            yield (
                f"{one.written.file} was made from other files than its frame and {other.record.path} have now; merge "
                "again"
            )
