"""What a worker may answer: anything else is not taken, since a library may print it and a dying process tear it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base.json_fields import JsonObject


@dataclass(frozen=True)
class AnnotatedFrame(JsonObject):
    """The result of "annotate": how many instances are in the record, how many were left out, its notes, and bytes."""

    instances: int
    dropped: int
    notes: tuple[str, ...]
    written: int


@dataclass(frozen=True)
class DecodedPicture(JsonObject):
    """The result of "decode_combined": whether there is such a pass."""

    decoded: bool


@dataclass(frozen=True)
class MergedDataset(JsonObject):
    """The result of "merge", as dataset.merge.Merged has it."""

    path: str
    frames: int
    instances: int
    categories: int
    problems: tuple[str, ...]
    left_out: Mapping[str, int]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ExportedFormats(JsonObject):
    """The result of "export" and of "report": lines for people, and problems."""

    lines: tuple[str, ...]
    problems: tuple[str, ...]


_RESULTS: Mapping[str, type[JsonObject]] = {
    "annotate": AnnotatedFrame,
    "decode_combined": DecodedPicture,
    "merge": MergedDataset,
    "export": ExportedFormats,
    "report": ExportedFormats,
}


def is_answer(do: str, message: Mapping[str, Any]) -> bool:
    """Whether a message is the progress, the result or the failure of a task, a name in worker.TASKS."""
    if "progress" in message:
        progress = message["progress"]
        return isinstance(progress, list) and [type(one) for one in progress] == [int, int]
    if "result" in message:
        try:
            _RESULTS[do].from_json(message["result"])
        except (KeyError, TypeError, ValueError):
            return False
        return True
    return isinstance(message.get("error"), str)
