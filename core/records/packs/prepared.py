"""What a pack holds of each record besides: prepared for a merge, so that this need not read the record again.

What that is, formats/frame_summary.py knows. Here it is a value of JSON and some lines of text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any


@dataclass(frozen=True, slots=True)
class PreparedFrame:
    """What is prepared of a frame.

    Attributes:
        facts: what has to be known of the frame, as a list of JSON.
        shared: what many frames have in common, as JSON; the same object for all frames of a pack that share it.
        texts: gives lines of ASCII, without their ends, that go into files as they are.
    """

    facts: list[Any]
    shared: Any
    texts: Callable[[], Sequence[str]]


@dataclass(frozen=True)
class PreparedFrames:
    """Those of all frames of a pack.

    Attributes:
        version: of what is prepared.
        frames: name of a frame, without its sequence -> what is prepared of it.
    """

    version: str
    frames: dict[str, PreparedFrame]


class PreparedPack:
    """The same as it is stored: to make something of a thousand frames at once would cost more.

    Attributes:
        shared: what frames have in common.
        rows: of each frame the place of that, the number of its lines, and its facts.
    """

    def __init__(self, shared: Sequence[Any], rows: Sequence[list[Any]], texts: Callable[[], Sequence[str]]) -> None:
        """
        Args:
            texts: gives the lines of all frames.

        Raises:
            ValueError, TypeError, IndexError: this is not what is prepared of some frames.
        """
        self.shared, self.rows, self._read_texts = shared, rows, texts
        self._ends = [0, *accumulate(row[1] for row in rows)]
        if not all(0 <= row[0] < len(shared) and row[1] >= 0 for row in rows):
            raise ValueError("not what is prepared of frames")

    def frame(self, place: int) -> PreparedFrame:
        """What is prepared of the frame at a place in the pack."""
        place_of_shared, _, *facts = self.rows[place]
        return PreparedFrame(facts, self.shared[place_of_shared], lambda: self.texts(place))

    def texts(self, place: int) -> Sequence[str]:
        """Its lines; RecordError where the pack has changed."""
        return self._all_texts[self._ends[place] : self._ends[place + 1]]

    @cached_property
    def _all_texts(self) -> Sequence[str]:
        return self._read_texts()
