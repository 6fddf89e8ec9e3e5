"""How much of the disk a run will take, told long before the disk is full."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..base.phrases import in_units

# What needs less than this, and leaves most of the disk free, is not worth a line.
_WORTH_A_LINE = 1e9
_MOST_OF_FREE = 0.9


@dataclass(frozen=True)
class DiskOutlook:
    """What is needed, and what is there.

    Attributes:
        frames: how many are still to come.
        needed: bytes for these.
        free: bytes on the disk.
    """

    frames: int
    needed: float
    free: float

    @classmethod
    def of(cls, folder: Path, frames: int, bytes_each: float) -> "DiskOutlook":
        """The outlook for so many more frames in a folder."""
        return cls(frames, frames * bytes_each, shutil.disk_usage(folder).free)

    @property
    def is_short(self) -> bool:
        """Whether the disk will be full, or nearly so, before the end."""
        return self.needed > _MOST_OF_FREE * self.free

    @property
    def is_worth_telling(self) -> bool:
        return self.frames > 0 and (self.is_short or self.needed > _WORTH_A_LINE)

    def __str__(self) -> str:
        frames = "frame takes" if self.frames == 1 else f"{self.frames} frames take"
        text = f"The next {frames} about {in_units(self.needed)}; {in_units(self.free)} are free"
        if self.is_short:
            text += ". Make room, write fewer maps and previews, or take another folder; finished frames stay"
        return text
