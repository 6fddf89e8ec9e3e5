"""Sequences of which a format needs all frames in their order: splits must not divide them."""

from collections.abc import Sequence

from ..base.errors import RecordError
from ..records.frame_record import FrameRecord
from ..settings.export_table import ExportFormat
from ..settings.settings import SplitBy
from .export_writer import ExportTarget
from .file_names import name_of_one_word

_UNNAMED = "sequence"


class WholeSequences:
    """Refuses splits that divide sequences, and gives sequences names for their folders.

    Args:
        reserved: names that folders of sequences must not have.
    """

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self._reserved = reserved
        self._scenes: dict[str, str] = {}
        self._is_broken_by_scene = False

    def survey(self, record: FrameRecord) -> None:
        """First round: each record."""
        scene = record.origin.scene_in_words if record.origin else ""
        if self._scenes.setdefault(record.sequence, scene) != scene:
            self._is_broken_by_scene = True

    def check(self, format: ExportFormat, target: ExportTarget) -> None:
        """After it: RecordError where frames of a sequence are in several splits."""
        if sum(size > 0 for size in target.split_sizes.values()) < 2:
            return  # nothing is divided
        by = target.settings.split_by
        if by is SplitBy.FRAME or (by is SplitBy.SCENE and self._is_broken_by_scene):
            raise RecordError(
                f"The format {format} needs whole sequences, and by {by.value} their frames are divided among the "
                "splits; export with --split-by sequence"
            )

    def folder(self, sequence: str) -> str:
        """One word, which no other sequence has."""
        name = name_of_one_word(sequence)
        if sequence and name not in self._reserved:
            return name
        name = name or _UNNAMED
        taken = {*map(name_of_one_word, self._scenes), *self._reserved}
        while name in taken:
            name += "_"
        return name
