"""Maps that a merge made of several frames: whether they are there, can be read, and are made of what is there now."""

from collections.abc import Callable

import numpy as np

from ..errors import InputError
from ..later_record import later_key
from ..map_reading import read_map
from ..maps import DenseMap
from .checked_frame import CheckedFrame, Found


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
            pixels = read_map(frame.output, written, record.height, record.width)
        except InputError as error:
            frame.leave_out(written.map)
            yield str(error).replace("annotate the frame again", "remove it and merge again")
            continue
        values = int(np.count_nonzero(pixels.valid))
        if values != written.valid:
            yield (
                f"{written.file} has {values} pixels with a value and the merge counted {written.valid}; remove it and "
                "merge again"
            )


def check_made_of(frame: CheckedFrame, partner: Callable[[DenseMap], CheckedFrame | None]) -> Found:
    """Each was made of the files that its frame and the other one have now.

    Args:
        frame: the frame.
        partner: gives the other frame that a map needs; None where there is none.
    """
    for map, one in frame.later.maps.items():
        other = partner(map)
        if other is None:
            yield f"{one.written.file} was made of a frame that is not there any more; merge again"
        elif one.key != later_key(map, frame.record, other.record):
            yield (
                f"{one.written.file} was made of other files than its frame and {other.record.path} have now; merge "
                "again"
            )
