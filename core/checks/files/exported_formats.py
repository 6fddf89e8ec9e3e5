"""Exports, file by file: whether each says what the records say now.

The same records give the same bytes, so an export is made once more, into a temporary folder, and compared. What
readers make of a format is not known here: their own tests are in tests/readers.
"""

import filecmp
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from ...base.dataset_folder import DatasetFolder
from ...base.errors import LabelpassError, RecordError
from ...base.phrases import counted
from ...base.version import VERSION
from ...dataset.export import export
from ...exports.export_folder import EXPORT_FILE, ExportFolder
from ...exports.tables.remembered import SHARDS_FILE, remembered_shards
from ...settings.export_table import ExportFormat
from ...settings.settings import Settings
from ..report import Problems

_MOST_FILES = 20  # named of each format
_MOST_CHARACTERS = 80  # shown of a line
_EXPORTED_AGAIN = "export the dataset again"


def check_exports(dataset: DatasetFolder, folder: Path | None = None) -> Iterator[tuple[ExportFormat, Problems]]:
    """Compare exports with the records.

    Args:
        dataset: which the exports are of.
        folder: that holds a folder for each format; None for that in the dataset.

    Yields:
        Each format that is there, and what is wrong with it.

    Raises:
        RecordError: there is no export, or one of them does not say how it was made.
    """
    folder = folder or dataset.exports
    there = [folder / format.value for format in ExportFormat if (folder / format.value).is_dir()]
    if not there:
        raise RecordError(f"{folder} holds no export; run 'labelpass export' first, or give the folder of the exports")
    made = {path: ExportFolder.read(path) for path in there}
    # Those that were made with the same settings are made again in one go.
    by_settings: dict[Settings, list[Path]] = {}
    for path, one in made.items():
        by_settings.setdefault(replace(one.settings, formats=()), []).append(path)
    for settings, paths in by_settings.items():
        formats = tuple(made[path].format for path in paths)
        with _temporary_folder(folder) as again:
            try:
                export(dataset.path, replace(settings, formats=formats), Path(again))
            except LabelpassError as error:
                # None of them can be right then, and the sentence says why.
                yield from ((format, iter((str(error),))) for format in formats)
                continue
            for path in paths:
                yield made[path].format, _differences(path, Path(again) / path.name, made[path].version)


def _temporary_folder(beside: Path) -> AbstractContextManager[str]:
    """On the same disk if possible, where images need not be copied."""
    try:
        return tempfile.TemporaryDirectory(prefix=".labelpass-", dir=beside)
    except OSError:
        return tempfile.TemporaryDirectory(prefix="labelpass-")


def _differences(folder: Path, again: Path, version: str) -> Problems:
    """A sentence for each file that is not as the records say, and one for all beyond some."""
    if version != VERSION:
        yield f"{folder} was written by Labelpass {version}, and this is {VERSION}; {_EXPORTED_AGAIN}"
        return
    found, wanted = _files(folder), _files(again)
    told = _each(folder, again, found, wanted)
    yield from itertools.islice(told, _MOST_FILES)
    more = sum(1 for _ in told)
    if more:
        yield f"{folder} has {counted(more, 'file')} more that the records contradict; {_EXPORTED_AGAIN}"


def _each(folder: Path, again: Path, found: set[str], wanted: set[str]) -> Problems:
    # What the next export would take over, since nothing but its bytes is another than when it was written.
    trusted = {shard.file for shard in remembered_shards(folder).values()}
    for name in sorted(wanted - found):
        yield f"{folder / name} is missing; {_EXPORTED_AGAIN}"
    for name in sorted(found & wanted):
        if not _is_same(folder / name, again / name):
            way_out = f"; remove it, and {_EXPORTED_AGAIN}" if name in trusted else ""
            yield f"{folder / name} is not what the records say{_first_line(folder / name, again / name)}{way_out}"
    for name in sorted(found - wanted):
        yield f"{folder / name} belongs to no frame of the dataset; remove it, or {_EXPORTED_AGAIN}"


def _files(folder: Path) -> set[str]:
    # Readers leave their caches beside the files that they read.
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".cache")
    return {path.relative_to(folder).as_posix() for path in files} - {EXPORT_FILE, SHARDS_FILE}


def _is_same(file: Path, other: Path) -> bool:
    return file.samefile(other) or filecmp.cmp(file, other, shallow=False)


def _first_line(file: Path, other: Path) -> str:
    """The first line that differs, of two text files; "" of others."""
    try:
        with file.open(encoding="utf-8") as found, other.open(encoding="utf-8") as wanted:
            for number, (line, right) in enumerate(itertools.zip_longest(found, wanted), start=1):
                if line is None:
                    return f": line {number} is missing, {_shown(right)}"
                if right is None:
                    return f": line {number} should not be there, {_shown(line)}"
                if line != right:
                    return f": line {number} is {_shown(line)} and should be {_shown(right)}"
    except ValueError:
        pass
    return ""


def _shown(line: str) -> str:
    text = line.rstrip("\n")
    return repr(text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…")
