"""How many files lie in the folders of frames that no record names, as after a frame that failed."""

import os
from collections import Counter
from pathlib import Path, PurePosixPath

from ...records.frame_record import PICTURES_FOLDER, FrameRecord
from ...records.stale_files import FRAME_FOLDERS, all_files
from ...settings.map_table import MAPS_FOLDER

_WITH_KINDS = (MAPS_FOLDER, PICTURES_FOLDER)


class Strays:
    """Counts, so that it need not remember the name of any file."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._named: Counter[str] = Counter()

    def add(self, record: FrameRecord) -> None:
        """Take note of the files of a record, wanted or not."""
        self._named.update(_folder(file) for file in all_files(record) if (self._output / file).is_file())

    def remarks(self) -> list[str]:
        """A sentence for each folder with files that no record names."""
        there: Counter[str] = Counter()
        for top in FRAME_FOLDERS:
            for folder, _, files in os.walk(self._output / top):
                inside = Path(folder).relative_to(self._output).as_posix()
                there.update(_folder(f"{inside}/{file}") for file in files if not file.startswith("."))
        more = {folder: count - self._named[folder] for folder, count in there.items()}
        return [
            f"{count} {'file' if count == 1 else 'files'} in {folder} that no record names"
            for folder, count in sorted(more.items())
            if count > 0
        ]


def _folder(file: str) -> str:
    parts = PurePosixPath(file).parts
    return "/".join(parts[: 2 if parts[0] in _WITH_KINDS and len(parts) > 2 else 1])
