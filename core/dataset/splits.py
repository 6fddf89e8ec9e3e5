"""Splits: which frames a model trains on, and which judge it.

A frame's split is a function of its name, or of what it belongs to, and of a seed: frames that are added move none of
the others, and every machine finds the same.
"""

import hashlib
import itertools
import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from ..base.errors import UsageError
from ..base.phrases import listed
from ..records.origin import Origin
from ..scene.random_draw import RandomDraw
from ..settings.settings import Settings, SplitBy

# Split names become names of folders and files.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_RESERVED = ("all", "images", "labels")
_LARGEST_SHARE = 1e9


class SplitFrame(Protocol):
    """What decides on the split of a frame; a FrameRecord has it."""

    @property
    def path(self) -> str: ...
    @property
    def sequence(self) -> str: ...
    @property
    def origin(self) -> Origin | None: ...
    @property
    def random(self) -> RandomDraw | None: ...


@dataclass(frozen=True)
class Splits:
    """How a dataset is divided.

    Attributes:
        shares: split name -> its share, above 0 and of any sum, in the order of the user.
        by: what stays together in one split.
        seed: another one divides otherwise.
    """

    shares: tuple[tuple[str, float], ...]
    by: SplitBy = SplitBy.FRAME
    seed: int = 0

    @classmethod
    def parse(cls, text: str, by: SplitBy = SplitBy.FRAME, seed: int = 0) -> Self:
        """Read splits as a user writes them: "train=80,val=10,test=10".

        Raises:
            UsageError: the text names no splits.
        """
        shares: dict[str, float] = {}
        for part in text.split(","):
            name, sign, number = (piece.strip() for piece in part.partition("="))
            if not sign or not _NAME.fullmatch(name) or name.lower() in _RESERVED:
                raise UsageError(
                    f"{part.strip()!r} is not a split with its share; write for example train=80,val=10,test=10"
                )
            if name.lower() in map(str.lower, shares):
                raise UsageError(f"The split {name!r} is there twice; give each split another name")
            shares[name] = _share(name, number)
        return cls(tuple(shares.items()), by, seed)

    @classmethod
    def of_settings(cls, settings: Settings) -> Self:
        """Those that the user has chosen; UsageError as parse()."""
        return cls.parse(settings.splits, settings.split_by, settings.split_seed)

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the user."""
        return tuple(name for name, _ in self.shares)

    def of(self, record: SplitFrame) -> str:
        """The split of a frame."""
        return self.of_key(_key(record, self.by))

    def of_key(self, key: str) -> str:
        """The split of all that has this name.

        The name's digest is a number from 0 to 1, evenly spread, and the splits divide this range.
        """
        digest = hashlib.blake2b(f"{self.seed}\0{key}".encode("utf-8", "surrogateescape"), digest_size=8).digest()
        place = int.from_bytes(digest, "big") / 2**64
        sums = list(itertools.accumulate(share for _, share in self.shares))
        return self.shares[min(bisect_right(sums, place * sums[-1]), len(sums) - 1)][0]

    def empty_split(self, counts: Sequence[int]) -> str:
        """A sentence on the splits that got no frame; "" where none is empty.

        Args:
            counts: how many frames each split got, in the order of names.
        """
        empty = [name for name, count in zip(self.names, counts, strict=True) if not count]
        if not empty:
            return ""
        what = f"The splits {listed(empty)} are" if len(empty) > 1 else f"The split {empty[0]} is"
        way_out = {
            SplitBy.FRAME: "add frames, give other shares, or another --split-seed",
            SplitBy.SEQUENCE: "add sequences, or split by frame",
            SplitBy.SCENE: "add frames of other scenes or other seeds, or split by frame",
        }[self.by]
        return f"{what} empty: {sum(counts)} frames were divided by {self.by.value}; {way_out}"


def _share(name: str, number: str) -> float:
    try:
        share = float(number)
    except ValueError:
        share = math.nan
    if not 0 < share < _LARGEST_SHARE:
        raise UsageError(f"The share of the split {name!r} cannot be {number!r}; write a number above 0, such as 80")
    return share


def _key(record: SplitFrame, by: SplitBy) -> str:
    """The name of what stays together."""
    if by is SplitBy.FRAME:
        return record.path
    if by is SplitBy.SEQUENCE:
        return record.sequence
    # By names, since datasets of several machines that were combined have the .blend in several places.
    scene = (record.origin and record.origin.scene_in_words) or record.sequence
    # Random frames of another seed are another scene: nothing stands where it stood.
    return f"{scene}, seed {record.random.seed}" if record.random else scene
