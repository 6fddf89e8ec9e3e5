"""What a record says besides, for readers that do not want to work it out: fractions, dimensions, and so on."""

import json
from collections.abc import Iterator
from typing import Any

from ...records.record_files import StoredRecord
from ..report import Problems


def check_derived(stored: StoredRecord) -> Problems:
    """A record that is written again as it was read has to be the same, but for the version of its form."""
    again = stored.record.as_json()
    if again == stored.json:  # as nearly always; to look where they differ takes far longer
        return
    again = json.loads(stored.record.as_text())
    del again["record_version"]
    for where, value, expected in _differences(stored.json, again, ""):
        yield f"{where} is {value}, but should be {expected}"


def _differences(stored: Any, expected: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(stored, dict) and isinstance(expected, dict):
        for key in stored.keys() & expected.keys():
            yield from _differences(stored[key], expected[key], f"{where}.{key}" if where else key)
    elif isinstance(stored, list) and isinstance(expected, list) and len(stored) == len(expected):
        for number, (one, other) in enumerate(zip(stored, expected, strict=True)):
            named = repr(other["name"]) if isinstance(other, dict) and "name" in other else number
            yield from _differences(one, other, f"{where}[{named}]")
    elif stored != expected:
        yield where, stored, expected
