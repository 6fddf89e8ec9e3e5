"""Lists of frames by their paths, short in JSON also where there are a million of them.

    [{"sequence": "shots/a", "prefix": "shot_", "digits": 4, "suffix": "", "numbers": "1-250, 300"}, ...]

stands for shots/a/shot_0001 to shots/a/shot_0250 and shots/a/shot_0300. A name without a number has 0 digits.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from ..base.errors import UsageError
from ..base.json_fields import JsonObject
from .frame_files import NUMBERED, joined_path, parse_frame_ranges
from .frame_messages import frame_ranges

# More digits than any renderer writes: what is longer is a date or a digest, which parts a name and is no number.
_MOST_DIGITS = 18
_MOST_FRAMES = 100_000_000
_NUMBERS = re.compile(r"[0-9]+(-[0-9]+)?(, [0-9]+(-[0-9]+)?)*")


@dataclass(frozen=True)
class NamedAlike(JsonObject):
    """Frames whose names differ in their numbers only.

    Attributes:
        sequence: their folder, as in FrameFiles.
        prefix, suffix: what stands before and after the number.
        digits: how many digits the number has at least; 0 of a frame whose name has none.
        numbers: as --frames takes them; "" of a frame whose name has none.
    """

    sequence: str
    prefix: str
    digits: int
    suffix: str
    numbers: str

    def __post_init__(self) -> None:
        if not 0 <= self.digits <= _MOST_DIGITS or bool(self.digits) != bool(self.numbers):
            raise ValueError("digits and numbers do not fit together")
        if self.numbers and not _NUMBERS.fullmatch(self.numbers):
            raise ValueError(f"{self.numbers!r} is not a list of frames")
        try:
            _ = self.ranges
        except UsageError as error:
            raise ValueError(str(error)) from error

    @cached_property
    def ranges(self) -> Sequence[range]:
        """The numbers, each once, in their order."""
        return parse_frame_ranges(self.numbers) if self.numbers else []

    def __len__(self) -> int:
        return sum(map(len, self.ranges)) if self.digits else 1

    def paths(self) -> Iterator[str]:
        """Of each frame, as FrameFiles.path."""
        if not self.digits:
            yield joined_path(self.sequence, self.prefix)
        for some in self.ranges:
            for number in some:
                yield joined_path(self.sequence, f"{self.prefix}{number:0{self.digits}}{self.suffix}")


@dataclass(frozen=True)
class FrameList:
    """Frames by their paths, each once, sorted by sequence, prefix, digits, suffix and number."""

    rows: tuple[NamedAlike, ...] = ()

    def __post_init__(self) -> None:
        if len(self) > _MOST_FRAMES:
            raise ValueError("more frames than anybody renders")

    @classmethod
    def of(cls, paths: Iterable[str]) -> Self:
        """The list of some frames, in any order."""
        found: dict[tuple[str, str, int, str], list[int]] = {}
        for path in paths:
            sequence, _, name = path.rpartition("/")
            match = NUMBERED.fullmatch(name)
            if match and match["digits"].isascii() and len(match["digits"]) <= _MOST_DIGITS:
                key = sequence, match["prefix"], len(match["digits"]), match["view"] or ""
                found.setdefault(key, []).append(int(match["digits"]))
            else:
                found[sequence, name, 0, ""] = []
        return cls(tuple(NamedAlike(*key, frame_ranges(found[key])) for key in sorted(found)))

    def __len__(self) -> int:
        return sum(map(len, self.rows))

    def __iter__(self) -> Iterator[str]:
        for row in self.rows:
            yield from row.paths()

    @property
    def sequences(self) -> frozenset[str]:
        return frozenset(row.sequence for row in self.rows)

    def of_sequences(self, sequences: Iterable[str]) -> "FrameList":
        """The frames that are in some sequences."""
        wanted = frozenset(sequences)
        return FrameList(tuple(row for row in self.rows if row.sequence in wanted))

    def of_other_sequences(self, sequences: Iterable[str]) -> "FrameList":
        """The frames that are in none of some sequences."""
        return self.of_sequences(self.sequences - frozenset(sequences))

    def as_json(self) -> list[Any]:
        return [row.as_json() for row in self.rows]

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises KeyError, TypeError or ValueError where the data is not a list of frames."""
        if not isinstance(data, list):
            raise TypeError("not a list")
        return cls(tuple(map(NamedAlike.from_json, data)))
