"""What is known of a dataset besides what its frames tell: what is missing, damaged, or contradicts itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...base.errors import RecordError
from ...dataset.stream import RecordStream
from ...frames.dataset_plan import DatasetPlan
from ...frames.frame_messages import frames_in_words, lines_said_once
from ...scene.scene_record import described_frames


@dataclass(frozen=True)
class Known:
    """What is known besides.

    Attributes:
        damaged: a sentence for each record that cannot be read, or for several alike.
        missing: planned frames that have no record, as those over which a run failed.
        only_described: frames that are not planned and have a scene record of Blender but no frame record, likewise.
        contradictions: sentences on what else disagrees in the dataset as a whole.
        validated: whether a validation has looked for contradictions, in frames too.
        by: what stays together in one split, for people.
    """

    damaged: Sequence[str] = ()
    missing: Sequence[str] = ()
    only_described: Sequence[str] = ()
    contradictions: Sequence[str] = ()
    validated: bool = False
    by: str = "frame"

    @classmethod
    def of(cls, stream: RecordStream, found: Sequence[str], validated: bool, by: str) -> "Known":
        """Of a dataset.

        Args:
            stream: of its records, after the first round.
            found: what a validation found in the dataset as a whole.
            validated, by: as above.

        Raises:
            InputError: the plan of the dataset is damaged.
        """
        missing, sentence = _missing(stream)
        contradictions = [text for text in found if text != sentence]
        described = _only_described(stream, missing)
        return cls(lines_said_once(stream.damaged), missing, described, contradictions, validated, by)

    @property
    def problems(self) -> list[str]:
        """A sentence for each, for a terminal."""
        missing = [f"{frames_in_words(self.missing)}: planned, and without a record"] if self.missing else []
        return [*self.damaged, *missing, *self.contradictions]


def _only_described(stream: RecordStream, missing: Sequence[str]) -> list[str]:
    """Frames besides the missing ones that have a scene record and no frame record, wanted or not."""
    known = {*stream.records.frames(), *missing}
    return sorted(frame for frame in described_frames(stream.records.dataset.scenes) if frame not in known)


def _missing(stream: RecordStream) -> tuple[list[str], str]:
    """Planned frames that have no record, not even a damaged one; and what a validation says of that."""
    plan = DatasetPlan.read(stream.records.dataset)
    if plan is None:
        return [], ""
    there, damaged = frozenset(stream.frames()), {frame for frame, _ in stream.damaged}
    try:
        plan.check_complete(there)
    except RecordError as error:
        return [frame for frame in plan.frames if frame not in there and frame not in damaged], str(error)
    return [], ""
