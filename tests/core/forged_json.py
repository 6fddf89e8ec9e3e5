"""JSON in which values are replaced by others: of another type, that nothing has, or that a terminal would obey."""

import copy
from collections.abc import Iterator
from typing import Any

VALUES: tuple[Any, ...] = (None, True, -1, 0, 1e308, 10**30, "", "x\x1b[31m", [], {}, [None], {"x": 1}, [1, 2, 3, 4])

Place = tuple[str | int, ...]


def places(data: Any, path: Place = ()) -> Iterator[Place]:
    """Where values are in JSON, the whole first."""
    yield path
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from places(value, (*path, key))


def replaced(data: Any, path: Place, value: Any) -> Any:
    """The same with another value in a place."""
    if not path:
        return value
    changed = copy.copy(data)
    changed[path[0]] = replaced(data[path[0]], path[1:], value)
    return changed


def renamed(data: Any, path: Place, key: str) -> Any:
    """The same with another key for the value in a place; KeyError or TypeError where it has none."""
    *outer, name = path or (0,)
    inside = data
    for step in outer:
        inside = inside[step]
    if not isinstance(inside, dict):
        raise TypeError("no key")
    return replaced(data, tuple(outer), {key if one == name else one: value for one, value in inside.items()})
