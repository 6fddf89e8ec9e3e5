"""Random frames in the plan of a dataset: all machines draw them alike."""

from dataclasses import dataclass

from ..base.errors import UsageError
from ..base.json_fields import JsonObject
from ..base.phrases import counted


@dataclass(frozen=True)
class PlannedDraws(JsonObject):
    """The random frames of a sequence.

    Attributes:
        sequence: their folder, as in FrameFiles.
        seed: of all draws.
        count: how many frames there are, whatever the share of a machine is.
    """

    sequence: str
    seed: int
    count: int

    def __post_init__(self) -> None:
        if self.seed < 0 or self.count < 1:
            raise ValueError("no such random frames")

    def check(self, seed: int | None, count: int | None = None) -> None:
        """Raises UsageError where a machine would draw other frames.

        Args:
            seed: its own; None where it has no random frames.
            count: of frames in all; None where only the seed is known.
        """
        where = f" of the sequence {self.sequence!r}" if self.sequence else ""
        if seed is None:
            raise UsageError(
                f"{counted(self.count, 'random frame')}{where} are planned, with seed {self.seed}, and none are baked; "
                f"bake them, or give --random-frames {self.count}"
            )
        if seed != self.seed:
            raise UsageError(
                f"Random frames{where} are planned with seed {self.seed}, and these have seed {seed}; take that seed, "
                "or plan again"
            )
        if count is not None and count != self.count:
            raise UsageError(
                f"{counted(self.count, 'random frame')}{where} are planned, and not {count}; give that number, or plan "
                "again"
            )
