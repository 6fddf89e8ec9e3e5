"""Which record an image belongs to: an image of a dataset, or one of a frame's EXR files."""

import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.dataset_folder import DatasetFolder, frame_of_image
from ..base.errors import RecordError
from ..frames.frame_files import frame_paths, joined_path
from ..frames.sequences import WantedSequences, shot_of
from .record_store import RecordStore, open_records


@dataclass(frozen=True)
class FoundRecord:
    """The record of a frame, which is there and not yet read.

    Attributes:
        records: the store that has it.
        frame: the frame's path.
        variant: which of the frame's sequences it is of, as in FrameFiles; "" where the frame has one.
    """

    records: RecordStore
    frame: str
    variant: str = ""


def find_records(file: Path, outputs: Sequence[Path] = (), sequence: str = "") -> list[FoundRecord]:
    """The records of the frame that an image file shows.

    Args:
        file: an image of a dataset, or one of a frame's EXR files: next to the records, or anywhere.
        outputs: the datasets that may have the records of an EXR file that lies elsewhere.
        sequence: the name that the sequence of EXR files may have instead of their folder.

    Returns:
        The nearest by that name; several where the dataset makes several sequences of the file, in their order.
    """
    is_exr = file.suffix.lower() == ".exr"
    for folder in file.parents:
        names = _frame_paths(folder, file, sequence) if is_exr else []
        if name := frame_of_image(file.relative_to(folder).as_posix()):
            names.append(name)
        if found := _records_of(folder, names):
            return found
    if is_exr:
        # Below which folder the files were searched is not known; the longest name says most.
        for output, folder in itertools.product(outputs, reversed(file.parents)):
            if found := _records_of(output, _frame_paths(folder, file, sequence)):
                return found
    return []


def _frame_paths(root: Path, file: Path, sequence: str) -> list[str]:
    """frame_paths() of a file, those in a sequence of some name first."""
    paths = frame_paths(root, file)
    named = [joined_path(sequence, path.rpartition("/")[2]) for path in paths] if sequence else []
    return [*named, *paths]


def existing_records(output: Path, frames: Sequence[tuple[str, str]]) -> list[FoundRecord]:
    """Those records of a dataset that are there, of frames and their variants."""
    records = open_records(DatasetFolder(output))
    return [FoundRecord(records, frame, variant) for frame, variant in frames if records.stamp(frame)]


def _records_of(output: Path, names: Sequence[str]) -> list[FoundRecord]:
    """The records that are there of a frame which can have any of some paths: of all its sequences, or by one path."""
    dataset = DatasetFolder(output)
    if not dataset.records.is_dir():
        return []
    found: dict[str, str] = {}
    with contextlib.suppress(RecordError):
        wanted = WantedSequences.read(dataset)
        for name in names:
            folder, _, stem = name.rpartition("/")
            for sequence in wanted.of_shot.get(shot_of(folder, "", stem), ()):
                variant = sequence.removeprefix(folder).removeprefix("/")
                found.setdefault(joined_path(sequence, stem), variant)
    several = existing_records(output, list(found.items()))
    return several or existing_records(output, [(name, "") for name in names])[:1]
