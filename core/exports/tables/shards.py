"""Shards: a split in files of bounded size, which many processes read at once.

cells.py says which frames share one. A shard that would become what a file of the earlier export is, is taken over from
there: frames that have changed cost the writing of their own shards, and a small part of the reading of all others.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from ...base.errors import RecordError
from ...base.files import canonical_json
from ...base.version import VERSION
from ...settings.settings import Media
from ..export_writer import ExportedFrame, ExportTarget
from ..media import place_file
from ..surveyed_frames import FrameTable
from .cells import MOST_BYTES, MOST_FRAMES, shard_ends
from .remembered import SHARDS_FILE, remembered_shards, shards_json

# Of what is in a shard besides what its writer knows. To be raised when the same frames give other bytes.
_VERSION = f"{VERSION}/1"
_DIGEST_BYTES = 16

ABOUT_SHARDS = (
    f"A shard holds up to {MOST_FRAMES} images and, unless a single one is larger, about {MOST_BYTES // 10**6} MB."
)
ABOUT_REMEMBERED = (
    f"`{SHARDS_FILE}`: what each shard was made of, so that the next export writes only those again that change. "
    "Readers do not need it."
)


class Shard(Protocol):
    """A file that is written frame by frame."""

    def close(self) -> None:
        """Complete it; OSError where it cannot be written."""


AnyShard = TypeVar("AnyShard", bound=Shard)


class Shards(Generic[AnyShard]):
    """The shards of a format. They have the numbers 000000, 000001 and so on in each split, in the order of the
    dataset; of each split one is open at a time.

    Args:
        target: of the export.
        suffix: of the files, with its dot.
        made_by: what decides on the bytes of a file besides frames, images and categories, as JSON.
        open_shard: begins a file.

    Attributes:
        sizes: split -> name of each file in its folder -> how many frames are in it.
        unchanged: see ExportWriter.
    """

    def __init__(
        self, target: ExportTarget, suffix: str, made_by: Sequence[Any], open_shard: Callable[[Path], AnyShard]
    ) -> None:
        self._target, self._open_shard = target, open_shard
        self._table = target.frame_table
        common = [_VERSION, target.settings.media is Media.NONE, *made_by]
        common += [[category.id, category.name, category.title] for category in target.categories]
        self._common = canonical_json(common)
        self.sizes: dict[str, dict[str, int]] = {split: {} for split in target.split_sizes}
        self._shard_of = np.zeros(len(self._table.ids), np.int32)
        self._splits: list[str] = []
        self._files: list[str] = []
        self._made_of: list[str] = []
        for number, split in enumerate(target.split_sizes):
            self._plan(split, np.flatnonzero(self._table.splits == number), suffix)
        self._taken_over = self._take_over()
        self._open: dict[str, tuple[int, AnyShard]] = {}
        target.files.callback(self.close)

    def _plan(self, split: str, frames: Any, suffix: str) -> None:
        """Cut a split into shards; `frames` are the places of its frames in the table."""
        table, start = self._table, 0
        for end in shard_ends(table.cells[frames], table.names[frames], table.sizes[frames]):
            own, start = frames[start:end], end
            name = f"{split}-{len(self.sizes[split]):06}{suffix}"
            self.sizes[split][name] = len(own)
            self._shard_of[own] = len(self._files)
            self._splits.append(split)
            self._files.append(f"{split}/{name}")
            self._made_of.append(_digest(self._common, table, own))

    def _take_over(self) -> list[bool]:
        """Of each shard, whether it is there already, as a link to a file of the earlier export or a copy of it."""
        earlier = remembered_shards(self._target.earlier)
        taken_over = [False] * len(self._files)
        for number, (file, made_of) in enumerate(zip(self._files, self._made_of, strict=True)):
            if shard := earlier.get(made_of):
                with suppress(OSError, RecordError):  # it has gone just now, or the disk is full: it is written then
                    place_file(self._target.earlier / shard.file, self._target.path(file), Media.LINK)
                    taken_over[number] = True
        self.unchanged = (sum(taken_over), len(taken_over)) if earlier else None
        return taken_over

    def wants(self, number: int) -> bool:
        """Whether the frame of this number is in a shard that has to be written."""
        return not self._taken_over[self._shard_of[number - 1]]

    def of(self, frame: ExportedFrame) -> AnyShard:
        """The shard that such a frame goes to."""
        number = int(self._shard_of[frame.number - 1])
        if not self._table.is_as_surveyed(frame.number, frame.record, frame.checksum):
            self._made_of[number] = ""  # somebody annotates while this runs: the next export looks again
        split = self._splits[number]
        last, shard = self._open.get(split, (-1, None))
        if shard is None or last != number:
            if shard is not None:
                self._complete(split)
            shard = self._open_shard(self._target.path(self._files[number]))
            self._open[split] = number, shard
        return shard

    def close(self) -> None:
        """Complete those that are open."""
        for split in list(self._open):
            self._complete(split)

    def _complete(self, split: str) -> None:
        number, shard = self._open.pop(split)
        shard.close()
        if not hasattr(os, "sync"):  # with which an export ends elsewhere: no power cut may leave half of a shard
            with (self._target.folder / self._files[number]).open("rb+") as file:
                os.fsync(file.fileno())

    def finish(self) -> None:
        """Complete all of them, and remember what they are made of."""
        self.close()
        made_of = {file: text for file, text in zip(self._files, self._made_of, strict=True) if text}
        self._target.write(SHARDS_FILE, shards_json(self._target.folder, made_of))


def _digest(common: bytes, table: FrameTable, frames: Any) -> str:
    """Of all that decides on the bytes of a shard. Its own number and split do not: a file may get another name."""
    digest = hashlib.blake2b(common, digest_size=_DIGEST_BYTES)
    digest.update(table.digests[frames].tobytes())
    digest.update(table.ids[frames].astype("<i8").tobytes())
    return digest.hexdigest()
