"""Files of the dataset in an export: hard links where the disk allows it, else copies."""

import os
import shutil
from pathlib import Path

from ..base import input_files
from ..base.errors import RecordError
from ..settings.settings import Media


def place_file(file: Path, path: Path, media: Media) -> None:
    """Put a file in another place, where there is none yet.

    Args:
        file: in the dataset.
        path: the new place, in a folder that is there.
        media: how; not NONE.

    Raises:
        RecordError: the file is not there.
        OSError: it cannot be written.
    """
    if not file.is_file():
        raise missing_file(file)
    if media is Media.LINK:
        try:
            os.link(os.path.realpath(file), path)
            return
        except FileNotFoundError as error:
            raise missing_file(file) from error
        except OSError:
            pass  # another disk, a file system without links, or too many of them: copy
    try:
        source = input_files.open_file(file)
    except OSError as error:
        raise missing_file(file) from error
    with source, path.open("xb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)


def read_file(file: Path) -> bytes:
    """What is in a file of the dataset, for formats that hold images within other files; RecordError where it is not
    there."""
    try:
        return input_files.read_file(file)
    except OSError as error:
        raise missing_file(file) from error


def missing_file(file: Path) -> RecordError:
    """The error for a file of the dataset that is not there."""
    return RecordError(f"{file} is missing, which a frame record names; annotate that frame again")
