"""A Parquet file that is written row by row. This is the one module that imports pyarrow.

Beside the types of its columns the file says under the key `huggingface` what Hugging Face Datasets takes them for, so
that it has them also of a file without rows.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from .columns import ClassLabel, Column, Image, List, Struct, Value

PYARROW_VERSION: str = pyarrow.__version__
ABOUT_WRITTEN = f"The Parquet files were written with pyarrow {PYARROW_VERSION}; other versions may write other bytes."

# Of a row group, whichever comes first. Rows are in memory until it is complete, and readers read it as a whole.
_MOST_ROWS = 100
_MOST_BYTES = 32_000_000


class ParquetFile:
    """Writes rows as they come, and keeps those of one row group.

    Args:
        path: of the file.
        columns: of a row, in their order.
    """

    def __init__(self, path: Path, columns: Mapping[str, Column]) -> None:
        self._schema = arrow_schema(columns)
        self._rows: list[Mapping[str, Any]] = []
        self._bytes = 0
        self._file = path.open("wb")
        self._writer = pyarrow.parquet.ParquetWriter(self._file, self._schema, use_dictionary=False)

    def add(self, row: Mapping[str, Any], size: int) -> None:
        """A row that takes about so many bytes."""
        self._rows.append(row)
        self._bytes += size
        if len(self._rows) == _MOST_ROWS or self._bytes >= _MOST_BYTES:
            self._end_group()

    def close(self) -> None:
        """Complete the file, once; OSError where it cannot be written."""
        if self._file.closed:
            return
        try:
            self._end_group()
            self._writer.close()
        finally:
            self._file.close()

    def _end_group(self) -> None:
        if self._rows:
            self._writer.write_table(pyarrow.Table.from_pylist(self._rows, self._schema))
        self._rows, self._bytes = [], 0


def arrow_schema(columns: Mapping[str, Column]) -> Any:
    """The schema of columns, with what Hugging Face Datasets takes them for."""
    features = {"info": {"features": {name: column.as_json() for name, column in columns.items()}}}
    fields = [(name, _arrow_type(column)) for name, column in columns.items()]
    return pyarrow.schema(fields, metadata={"huggingface": json.dumps(features)})


def _arrow_type(column: Column) -> Any:
    match column:
        case Value(dtype):
            return pyarrow.type_for_alias(dtype)
        case ClassLabel():
            return pyarrow.int64()
        case Image():
            return pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
        case List(of):
            return pyarrow.list_(_arrow_type(of))
        case Struct(fields):
            return pyarrow.struct([(name, _arrow_type(field)) for name, field in fields.items()])
