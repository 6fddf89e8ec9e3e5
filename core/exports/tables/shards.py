"""Shards: a split in files of bounded size, which many processes read at once.

A shard ends after MOST_FRAMES frames, or before the frame that would take it beyond MOST_BYTES. So the same records
give the same shards on every machine, and frames that are added at the end of a dataset change only the last shards.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from ..export_writer import ExportTarget

MOST_FRAMES = 1000
MOST_BYTES = 500_000_000

ABOUT_SHARDS = f"A shard holds up to {MOST_FRAMES} images and, unless a single one is larger, {MOST_BYTES // 10**6} MB."


class Shard(Protocol):
    """A file that is written frame by frame."""

    def close(self) -> None:
        """Complete it; OSError where it cannot be written."""


AnyShard = TypeVar("AnyShard", bound=Shard)


class Shards(Generic[AnyShard]):
    """The shards of a split, of which one is open at a time.

    Args:
        target: of the export.
        split: whose.
        suffix: of the files, with its dot.
        open_shard: begins a file.

    Attributes:
        sizes: name of each file in the folder of the split -> how many frames are in it.
    """

    def __init__(self, target: ExportTarget, split: str, suffix: str, open_shard: Callable[[Path], AnyShard]) -> None:
        self.sizes: dict[str, int] = {}
        self._target, self._split, self._suffix, self._open = target, split, suffix, open_shard
        self._shard: AnyShard | None = None
        self._frames = self._bytes = 0
        target.files.callback(self.close)

    def of(self, size: int) -> AnyShard:
        """The shard that a frame of so many bytes goes to."""
        if self._shard is None or self._frames == MOST_FRAMES or (self._bytes and self._bytes + size > MOST_BYTES):
            self._shard = self._begin()
        self._frames += 1
        self._bytes += size
        self.sizes[next(reversed(self.sizes))] += 1
        return self._shard

    def close(self) -> None:
        """Complete the last one; there may be none."""
        shard, self._shard = self._shard, None
        if shard is not None:
            shard.close()

    def _begin(self) -> AnyShard:
        """Another shard, without frames so far."""
        self.close()
        name = f"{self._split}-{len(self.sizes):06}{self._suffix}"
        self.sizes[name] = self._frames = self._bytes = 0
        return self._open(self._target.path(f"{self._split}/{name}"))
