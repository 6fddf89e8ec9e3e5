"""What a bake did, and how long that took."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ...core.base.phrases import counted

# Of Blender's BezTriple, in which a keyframe is stored, and the number of them from which on that matters.
BYTES_PER_KEY, MANY_KEYS = 72, 200_000


@dataclass
class BakeReport:
    """What a bake did.

    Attributes:
        frames: how many.
        keys: how many keyframes.
        redrawn: how many frames were drawn more than once.
        draws: how many draws that took beyond the first ones.
        unmet: what is still not as it should be -> in how many frames.
        crowded: how many things found no room, over all frames.
        saved_in_full: whether Blender will save all keyframes as they are, without Compress.
        seconds: of drawing, writing and checking, processor time.
    """

    frames: int
    keys: int = 0
    redrawn: int = 0
    draws: int = 0
    unmet: Counter[str] = field(default_factory=Counter)
    crowded: int = 0
    saved_in_full: bool = False
    seconds: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """Sentences for the user."""
        yield f"{counted(self.frames, 'frame')} baked, {counted(self.keys, 'keyframe')}"
        if self.redrawn:
            yield f"{counted(self.redrawn, 'frame')} drawn again, {counted(self.draws, 'time')} in all"
        for reason, count in self.unmet.most_common():
            yield f"{counted(count, 'frame')} still not as wanted: {reason}"
        if self.crowded:
            yield f"No room was found {counted(self.crowded, 'time')} for a thing, which its frame does not show"
        if self.saved_in_full and self.keys >= MANY_KEYS:
            megabytes = self.keys * BYTES_PER_KEY / 1e6
            yield f"Turn on Compress when you save: the .blend grows by {megabytes:.0f} MB without, a sixth of it with"

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Adds the processor time of a block."""
        start = time.process_time()
        yield
        self.seconds[what] += time.process_time() - start
