"""The folder of an exported format: written under another name, and there only when all of it is complete.

`export.json` in it says how it was made. A folder without this file is not an export, and is never replaced.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import LabelpassError, OutputError, RecordError
from ..base.files import pretty_json, replaced_folder
from ..base.input_files import read_json
from ..base.version import VERSION
from ..settings.export_table import ExportFormat
from ..settings.settings import Settings, Stage, settings_of_stage

ABOUT_FILE = "LABELPASS.md"
EXPORT_FILE = "export.json"


@dataclass(frozen=True)
class ExportFolder:
    """How an export was made.

    Attributes:
        format: of its files.
        version: of the Labelpass that wrote it.
        settings: of the export; all others have their defaults.
    """

    format: ExportFormat
    version: str
    settings: Settings

    @classmethod
    def read(cls, folder: Path) -> "ExportFolder":
        """RecordError where the folder is not an export, or its file is damaged."""
        path = folder / EXPORT_FILE
        try:
            data = read_json(path)
            settings = Settings.from_json({**data["settings"], "formats": [data["format"]]})
            return cls(settings.formats[0], str(data["labelpass"]), settings)
        except OSError as error:
            raise RecordError(f"Cannot read {path}: {error.strerror}; export the dataset again") from error
        except (KeyError, TypeError, ValueError, RecursionError, LabelpassError) as error:
            raise RecordError(f"{path} is damaged; export the dataset again") from error


def export_json(format: ExportFormat, settings: Settings) -> bytes:
    """What EXPORT_FILE says."""
    chosen: Mapping[str, Any] = settings_of_stage(settings, Stage.EXPORT)
    kept = {name: value for name, value in chosen.items() if name != "formats"}
    return pretty_json({"format": format.value, "labelpass": VERSION, "settings": kept})


def check_replaceable(folder: Path) -> None:
    """Raises OutputError where there is something that is not an earlier export."""
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_dir() and ((folder / EXPORT_FILE).is_file() or not any(folder.iterdir())):
        return
    raise OutputError(
        f"{folder} is there and is not an export of Labelpass, so it is not replaced; move it away, or choose another "
        "folder with --output"
    )


@contextmanager
def complete_export(folder: Path) -> Iterator[Path]:
    """Make a temporary folder that takes the place of an earlier export when the block ends without an error.

    Raises:
        OutputError: the folder holds something else, or cannot be written.
    """
    check_replaceable(folder)
    was_there = folder.parent.is_dir()
    try:
        with replaced_folder(folder) as temporary:
            yield temporary
            if hasattr(os, "sync"):
                os.sync()  # the files are many and small, and forcing each to disk would take far longer
    except BaseException:
        if not was_there:
            with suppress(OSError):  # of several formats the others may have theirs in it still
                folder.parent.rmdir()
        raise
