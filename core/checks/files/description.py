"""`dataset.json` against the records: how many frames and maps there are, and what their numbers mean."""

from collections.abc import Mapping
from typing import Any

from ...base.dataset_folder import DESCRIPTION_FILE, DatasetFolder
from ...base.input_files import read_json
from ...dataset.description import DatasetDescription
from ...formats.writer import StreamedFrame, Survey, SurveyedFrame
from ..report import Problems

_OF_DATASET = ("frames", "metres_per_scene_unit")
_OF_MAP = (
    "files", "unit", "scale", "step", "axes", "invalid", "frames", "pixels_with_a_value", "pixels_out_of_range",
    "pixels_unknown",
)  # fmt: skip


class DescriptionFile:
    """What a merge wrote, to be compared when all records are known. It is a Checker, see formats/writer.py.

    Args:
        dataset: which one.
        is_merged: whether there should be such a file; otherwise only what a merge would say of the records is said.
    """

    def __init__(self, dataset: DatasetFolder, is_merged: bool = True) -> None:
        self._is_merged = is_merged
        self._path = dataset.description
        self._complete = True
        self._ids: Mapping[str, int] = {}
        self._expected = DatasetDescription()

    def survey(self, frame: SurveyedFrame) -> None:
        pass  # the second round gives everything

    def begin(self, survey: Survey) -> Problems:
        self._complete, self._ids = survey.complete, survey.ids
        return iter(())

    def check(self, frame: StreamedFrame) -> Problems:
        self._expected.add(frame)
        return iter(())

    def finish(self) -> Problems:
        if self._is_merged:
            yield from self._compare()
        elif self._complete:
            self._expected.check_ids(self._ids)
            yield from self._expected.problems

    def _compare(self) -> Problems:
        try:
            data: Any = read_json(self._path)
            maps = {one["name"]: one for one in data["maps"]}
            found = {key: data[key] for key in _OF_DATASET}
        except (OSError, KeyError, TypeError, ValueError) as error:
            yield f"{DESCRIPTION_FILE} cannot be read ({error}); merge again"
            return
        if not self._complete:
            return
        self._expected.check_ids(self._ids)
        yield from self._expected.problems
        expected = self._expected.as_json(())
        for key, value in found.items():
            if value != expected[key]:
                yield f"{DESCRIPTION_FILE} says {key} {value}, but the records say {expected[key]}; merge again"
        for one in expected["maps"]:
            theirs = maps.get(one["name"])
            if not isinstance(theirs, dict):
                yield f"{DESCRIPTION_FILE} lacks the map {one['name']}; merge again"
                continue
            for key in _OF_MAP:
                if theirs.get(key) != one.get(key):
                    yield (
                        f"{DESCRIPTION_FILE} says {key} {theirs.get(key)} of {one['name']}, but the records say "
                        f"{one.get(key)}; merge again"
                    )
