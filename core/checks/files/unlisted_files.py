"""How many files lie in the folders of frames that no record names, as after a frame that failed."""

import os
from collections import Counter
from pathlib import Path

from ...base.dataset_folder import FRAME_FOLDERS, DatasetFolder, top_folder
from ...base.phrases import counted
from ...base.temporary_names import temporary_files
from ...records.frame_record import FrameRecord
from ...records.stale_files import all_files


class Strays:
    """Counts, so that it need not remember the name of any file."""

    def __init__(self, dataset: DatasetFolder) -> None:
        self._dataset = dataset
        self._named: Counter[str] = Counter()

    def add(self, record: FrameRecord) -> None:
        """Take note of the files of a record, wanted or not."""
        self._named.update(top_folder(file) for file in all_files(record) if self._dataset.file(file).is_file())

    def remarks(self) -> list[str]:
        """A sentence for each folder with files that no record names, and one on files that are not finished."""
        there: Counter[str] = Counter()
        for top in FRAME_FOLDERS:
            for folder, _, files in os.walk(self._dataset.file(top)):
                inside = Path(folder).relative_to(self._dataset.path).as_posix()
                there.update(top_folder(f"{inside}/{file}") for file in files if not file.startswith("."))
        unfinished = sum(1 for _ in temporary_files(self._dataset.path))
        more = {folder: count - self._named[folder] for folder, count in there.items()}
        left = [
            f"{counted(unfinished, 'unfinished file')} of runs that were killed, or that still go on; a run removes "
            "what is certainly nobody's, and what is of other machines after a day"
        ]
        return (left if unfinished else []) + [
            f"{count} {'file' if count == 1 else 'files'} in {folder} that no record names"
            for folder, count in sorted(more.items())
            if count > 0
        ]
