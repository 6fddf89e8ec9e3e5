"""Tables of a scene that are the same in many frames, each kept once beside the scene records that have it.

    scenes/shots/a/tables/9f86d081....json

A file is named by the SHA-256 of what is in it, and a scene record has {"shared": "9f86d081..."} in place of the table.
Tables of small scenes stay in their records, which then say everything by themselves.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..base.files import canonical_json, complete_file, digest
from ..base.input_files import parse_json, read_file

TABLES_FOLDER = "tables"
_KEY = "shared"
_NAME = re.compile(r"[0-9a-f]{64}")
# Bytes of JSON from which on a table is shared: that of some hundred objects.
_SHARED_FROM = 16_384
# A frame has five tables at most, and several sequences may be read in turns.
_TABLES_AT_HAND = 32


def tables_folder(scene_file: Path) -> Path:
    """Where the shared tables of a scene record lie, and of all those next to it."""
    return scene_file.parent / TABLES_FOLDER


def is_shared_table(file: Path) -> bool:
    """Whether a file below a folder of scene records is a table, by its name, and no scene record."""
    return file.parent.name == TABLES_FOLDER and _NAME.fullmatch(file.stem) is not None


def share_tables(tables: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Write those that are large, unless they are there, and give what stands for each in a scene record.

    Args:
        tables: name -> JSON.
        folder: see tables_folder().

    Raises:
        OutputError: a file cannot be written.
    """
    return {name: _shared(table, folder) for name, table in tables.items()}


def _shared(table: Any, folder: Path) -> Any:
    body = canonical_json(table)
    if len(body) < _SHARED_FROM:
        return table
    name = digest(body)
    path = _file(folder, name)
    if not _holds(path, body):
        with complete_file(path) as file:
            file.write(body)
    return {_KEY: name}


def _holds(path: Path, content: bytes) -> bool:
    try:
        return read_file(path) == content
    except OSError:
        return False


def digest_of_shared(value: Any) -> str:
    """The digest of a table that a scene record shares with others; "" where it has the table itself.

    Raises:
        ValueError: it is neither.
    """
    if not isinstance(value, dict) or _KEY not in value:
        return ""
    name = value[_KEY]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("not the name of a table")
    return name


@lru_cache(_TABLES_AT_HAND)
def read_table(folder: Path, name: str, kind: Any) -> Any:
    """A shared table, the same object for all scene records that have it.

    Args:
        folder: see tables_folder().
        name: its digest.
        kind: a JsonObject, which it is.

    Raises:
        OSError: it cannot be read.
        KeyError, TypeError, ValueError: it is damaged, or none.
    """
    content = read_file(_file(folder, name))
    if digest(content) != name:
        raise ValueError("another content than was written")
    return kind.from_json(parse_json(content))


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"
