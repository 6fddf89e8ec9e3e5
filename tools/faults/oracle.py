"""What has to hold of a dataset at any time, and what is compared with a run that nothing disturbed."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.base.dataset_folder import DatasetFolder
from core.base.errors import RecordError
from core.base.files import Content
from core.base.temporary_names import is_temporary, temporary_files
from core.exports.tables.remembered import SHARDS_FILE
from core.records.merge_record import MergeRecord
from core.records.packs.claims import is_claim
from core.records.record_store import open_records

Bytes = Mapping[str, bytes]

_TIME = re.compile(rb'"mtime_ns": \d+')


def bytes_in(folder: Path) -> dict[str, bytes]:
    """What is in every file below a folder, by its path below it; of temporary files too.

    An export remembers when its shards were written, which is another time in each run and left out.
    """
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {
        file: _TIME.sub(b"", content) if file.endswith(f"/{SHARDS_FILE}") else content
        for file, content in found.items()
    }


def linked_copy(folder: Path, copy: Path, only: str = "") -> Path:
    """A copy of a folder of which every file is a hard link, since nothing of the project writes into a file that is
    there; if something did, other copies would show it. Where a folder in it is named, the others are left out."""

    def others(inside: str, names: list[str]) -> list[str]:
        return [name for name in names if name != only and Path(inside, name).is_dir()] if inside == f"{folder}" else []

    shutil.copytree(folder, copy, copy_function=os.link, ignore=others if only else None)
    return copy


def differences(found: Bytes, wanted: Bytes) -> Iterator[str]:
    """A sentence for each file that is not as it should be, but for temporary ones."""
    for file in sorted(file for file in found.keys() | wanted.keys() if not _is_temporary(file)):
        if file not in wanted:
            yield f"{file} should not be there"
        elif file not in found:
            yield f"{file} is not there"
        elif found[file] != wanted[file]:
            yield f"{file} has other bytes"


def torn_files(found: Bytes, *states: Bytes) -> Iterator[str]:
    """A sentence for each file that is as in none of some states, but for records that say so themselves."""
    for file, content in found.items():
        if _is_temporary(file) or any(state.get(file) == content for state in states):
            continue
        if is_claim(file) and any(content in state.values() for state in states):
            continue  # a record as before, under another name
        if not _is_voided(content):
            yield f"{file} is neither as before nor as afterwards"


def wrong_records(folder: Path) -> Iterator[str]:
    """A sentence for each record of a dataset that can be read and whose files are not as it says."""
    dataset = DatasetFolder(folder)
    records = open_records(dataset)
    for frame in records.frames():
        try:
            record = records.read(frame)
        except RecordError:
            continue
        for file in record.files():
            if _content(dataset.file(file)) != record.contents[file]:
                yield f"the record of {frame} is over another {file}"
        try:
            merged = MergeRecord.read(dataset, frame).maps.values()
        except RecordError:
            continue
        for one in merged:
            if _content(dataset.file(one.written.file)) != one.content:
                yield f"the merge record of {frame} is over another {one.written.file}"


def leftovers(folder: Path) -> Iterator[str]:
    """A sentence for each temporary file or folder."""
    for path in temporary_files(folder):
        yield f"{path.relative_to(folder)} was left"


def _is_temporary(file: str) -> bool:
    return any(is_temporary(part) for part in file.split("/"))


def _content(path: Path) -> Content | None:
    try:
        return Content.of_file(path)
    except OSError:
        return None


def _is_voided(content: bytes) -> bool:
    try:
        return "replaced_files" in json.loads(content)
    except (ValueError, TypeError):
        return False
