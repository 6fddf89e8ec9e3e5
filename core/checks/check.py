"""A check of frames: what it is called, which maps it needs, and of which frames."""

from collections.abc import Callable
from dataclasses import dataclass

from ..settings.map_table import DenseMap, MapKind
from .checked_frame import CheckedFrame
from .report import Problems, Report

# A map in one format, or in any.
Needed = DenseMap | MapKind
Condition = Callable[[CheckedFrame], bool]


def _any_frame(frame: CheckedFrame) -> bool:
    return True


@dataclass(frozen=True)
class Check:
    """A check of a frame, or of a frame and another one.

    Attributes:
        name: for people.
        run: the check itself: of the frame, and of the other one after it.
        needs: the maps that it needs of the frame.
        has: whether the frame has what is checked.
        needs_other: the maps that it needs of the other frame.
        both: what has to be true of both frames.
    """

    name: str
    run: Callable[..., Problems]
    needs: tuple[Needed, ...] = ()
    has: Condition = _any_frame
    needs_other: tuple[Needed, ...] = ()
    both: Condition = _any_frame

    def make(self, report: Report, frame: CheckedFrame, *others: CheckedFrame) -> None:
        """Make it if the frames have what it needs; no other one, or one."""
        if not self.has(frame) or (self.needs and not frame.has(*self.needs)):
            return
        if not all(other.has(*self.needs_other) for other in others) or not all(map(self.both, (frame, *others))):
            return
        report.run(self.name, frame.record.path, self.run(frame, *others))
        frame.note_compared(*self.needs)
        for other in others:
            other.note_compared(*self.needs_other)
