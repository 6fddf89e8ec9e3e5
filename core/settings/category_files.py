"""Category tables as files, so that several .blend files and the command line share one: JSON, or TOML to read.

    {"categories": [{"name": "car", "id": 1, "supercategory": "vehicle", "colour": "#e04010", "grouping": "parent"},
                    {"name": "road", "id": 2, "stuff": true}, {"name": "helpers", "id": 0}],
     "rules": [{"source": "object_name", "pattern": "Car*", "category": "car"}, {"source": "property"}],
     "unknown": "background"}

What is left out is as by default, or as the reader has it; a category without an id gets the smallest free number in
the order of the file.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.errors import CategoryError
from ..base.files import complete_file
from ..base.input_files import parse_json, read_file
from .category_table import Category, CategoryTable, Rule, Source, Unknown, with_ids
from .settings import Grouping

_BY_DEFAULT = CategoryTable()


def table_from_json(data: Mapping[str, Any], base: CategoryTable = _BY_DEFAULT) -> CategoryTable:
    """The table that plain data is, with the rules and `unknown` of `base` where it has none.

    Raises:
        CategoryError: it is not a category table.
    """
    data = _checked(data, {"categories", "rules", "unknown"}, "A category table")
    rules = data.get("rules")
    return CategoryTable(
        with_ids(_category(row) for row in _sequence(data.get("categories", []), "categories")),
        base.rules if rules is None else tuple(_rule(row) for row in _sequence(rules, "rules")),
        _choice(Unknown, data.get("unknown", base.unknown.value), "unknown"),
    )


def read_table(path: Path, base: CategoryTable = _BY_DEFAULT) -> CategoryTable:
    """Read a category table from a JSON or (by its suffix) TOML file; what it leaves out is as in `base`.

    Raises:
        CategoryError: the file is missing, or not a category table.
    """
    return _read(path, lambda data: table_from_json(data, base))


def read_categories(path: Path) -> tuple[Category, ...]:
    """Read what write_categories() has written; CategoryError as read_table().

    Earlier versions wrote categories without a name too, which are left out.
    """

    def named(data: Any) -> CategoryTable:
        rows = data.get("categories") if isinstance(data, Mapping) else None
        if isinstance(rows, list):
            rows = [row for row in rows if not (isinstance(row, Mapping) and row.get("name") == "")]
            data = {**data, "categories": rows}
        return table_from_json(data)

    return _read(path, named).categories


def _read(path: Path, make: Callable[[Any], CategoryTable]) -> CategoryTable:
    try:
        text = read_file(path).decode("utf-8-sig")
        return make(_toml(text) if path.suffix.lower() == ".toml" else parse_json(text))
    except OSError as error:
        raise CategoryError(f"Cannot read {path}: {error.strerror}; check the path") from error
    except (ValueError, RecursionError) as error:  # also of a file that is not JSON, TOML or text
        raise CategoryError(f"{path} is not a category table ({error}); correct it or export it again") from error
    except CategoryError as error:
        raise CategoryError(f"{path}: {error}") from error


def _toml(text: str) -> dict[str, Any]:
    # Here, since it takes long to import for what most programs never meet.
    import tomllib

    return tomllib.loads(text)


def write_table(path: Path, table: CategoryTable) -> None:
    """Write a category table as JSON, a row of it to a line; OutputError where that cannot be done."""
    _write(path, table.as_json())


def write_categories(path: Path, categories: Iterable[Category]) -> None:
    """Write a category table that leaves rules open, as read_table() reads it; OutputError likewise."""
    _write(path, {"categories": [category.as_json() for category in categories]})


def _write(path: Path, data: Mapping[str, Any]) -> None:
    parts = []
    for name, value in data.items():
        rows = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in value) if value else ""
        if not isinstance(value, list):
            parts.append(f'"{name}": {json.dumps(value)}')
        else:
            parts.append(f'"{name}": [\n{rows}\n  ]' if rows else f'"{name}": []')
    with complete_file(path) as file:
        file.write(f"{{\n  {f',{chr(10)}  '.join(parts)}\n}}\n".encode())


def _rule(row: Mapping[str, Any]) -> Rule:
    row = _checked(row, {field.name for field in dataclasses.fields(Rule)}, "A rule")
    return Rule(
        _choice(Source, row.get("source"), "source of a rule"),
        _typed(row, "pattern", str, ""),
        _typed(row, "category", str, ""),
        _typed(row, "ignore", bool, False),
    )


def _category(row: Mapping[str, Any]) -> Category:
    row = _checked(row, {field.name for field in dataclasses.fields(Category)}, "A category")
    grouping, skeleton = row.get("grouping"), row.get("skeleton", [])
    pairs = [tuple(pair) if isinstance(pair, list) else pair for pair in _sequence(skeleton, "skeleton")]
    if not all(isinstance(pair, tuple) and [type(one) for one in pair] == [int, int] for pair in pairs):
        raise CategoryError(
            f"The skeleton {skeleton!r} is not a list of pairs of numbers; write it like [[1, 2], [2, 3]]"
        )
    keypoints = _sequence(row.get("keypoints", []), "keypoints")
    if not all(isinstance(name, str) for name in keypoints):
        raise CategoryError(f"The keypoints {keypoints!r} are not a list of names; write them like ['nose', 'tail']")
    return Category(
        _typed(row, "name", str, ""),
        _typed(row, "id", int, None),
        _typed(row, "supercategory", str, ""),
        _typed(row, "colour", str, "").lower(),
        _typed(row, "stuff", bool, False),
        tuple(keypoints),
        tuple(pairs),
        None if grouping is None else _choice(Grouping, grouping, "grouping"),
        _typed(row, "called", str, ""),
    )


def _checked(data: Any, names: set[str], what: str) -> Mapping[str, Any]:
    """The same data, if it is a mapping with no other names than these."""
    if not isinstance(data, Mapping):
        raise CategoryError(f"{what} cannot be {data!r}; write it with names and values, as docs/formats.md shows")
    if unknown := sorted(set(data) - names):
        raise CategoryError(f"{what} cannot have {unknown[0]!r}; it may have {', '.join(sorted(names))}")
    return data


def _sequence(data: Any, what: str) -> Sequence[Any]:
    if not isinstance(data, list):
        raise CategoryError(f"{what} cannot be {data!r}; make it a list")
    return data


def _typed(row: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:
    value = row.get(name)
    if value is None:
        return default
    if type(value) is not kind:
        noun = {str: "a text", int: "a whole number", bool: "true or false"}[kind]
        raise CategoryError(f"{name} cannot be {value!r}; make it {noun}")
    return value


def _choice(kind: Any, value: Any, what: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise CategoryError(
            f"The {what} cannot be {value!r}; choose one of {', '.join(one.value for one in kind)}"
        ) from None
