"""What a pack holds of each record besides: prepared for a merge, so that this need not read the record again.

What that is, formats/frame_summary.py knows. Here it is a value of JSON and some lines of text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    texts: Callable[[], Sequence[bytes]]


@dataclass(frozen=True)
class PreparedFrames:
    """Those of all frames of a pack.

    Attributes:
        version: of what is prepared.
        frames: name of a frame, without its sequence -> what is prepared of it.
    """

    version: str
    frames: dict[str, PreparedFrame]
