"""`dataset.json` against the records: how many frames and maps there are, and what their numbers mean."""

import json
from pathlib import Path
from typing import Any

from ...dataset.description import DESCRIPTION_FILE, DatasetDescription
from ...records.frame_record import FrameRecord
from ...records.merge_record import LaterRecord
from ..checked_frame import Found

_OF_DATASET = ("frames", "metres_per_scene_unit")
_OF_MAP = (
    "files", "unit", "scale", "step", "axes", "invalid", "frames", "pixels_with_a_value", "pixels_out_of_range",
    "pixels_unknown",
)  # fmt: skip


class DescriptionFile:
    """What a merge wrote, to be compared when all records are known.

    Args:
        output: the dataset's folder.
        complete: whether all records of the dataset will be shown; else the file is only read.
    """

    def __init__(self, output: Path, complete: bool) -> None:
        self._path = output / DESCRIPTION_FILE
        self._complete = complete
        self._expected = DatasetDescription()

    def add(self, record: FrameRecord, later: LaterRecord) -> None:
        self._expected.add(record)
        self._expected.add_later(one.written for one in later.maps.values())

    def compare(self) -> Found:
        try:
            data: Any = json.loads(self._path.read_bytes())
            maps = {one["name"]: one for one in data["maps"]}
            found = {key: data[key] for key in _OF_DATASET}
        except (OSError, KeyError, TypeError, ValueError) as error:
            yield f"{DESCRIPTION_FILE} cannot be read ({error}); merge again"
            return
        if not self._complete:
            return
        expected = self._expected.as_json()
        for key, value in found.items():
            if value != expected[key]:
                yield f"{DESCRIPTION_FILE} says {key} {value} and the records {expected[key]}; merge again"
        for one in expected["maps"]:
            theirs = maps.get(one["name"])
            if not isinstance(theirs, dict):
                yield f"{DESCRIPTION_FILE} lacks the map {one['name']}; merge again"
                continue
            for key in _OF_MAP:
                if theirs.get(key) != one.get(key):
                    yield (
                        f"{DESCRIPTION_FILE} says {key} {theirs.get(key)} of {one['name']} and the records "
                        f"{one.get(key)}; merge again"
                    )
