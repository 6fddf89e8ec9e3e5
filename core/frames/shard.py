"""Shards: the shares of one run that several machines do, each without knowing of the others."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from ..base.errors import UsageError

_Item = TypeVar("_Item")
_SHARD = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True)
class Shard:
    """One of the shares of a run.

    Attributes:
        number: which one, from 1.
        of: how many there are.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """A shard as people write it: "3/10" is the third of ten.

        Raises:
            UsageError: it is not one.
        """
        match = _SHARD.fullmatch(text.strip())
        if match is None:
            raise UsageError(f"{text!r} is not a shard; write for example 3/10 for the third of ten")
        number, of = int(match[1]), int(match[2])
        if of == 0:
            raise UsageError(f"There is no shard {text.strip()}; give how many shards there are, such as 1/4")
        if not 1 <= number <= of:
            raise UsageError(f"There is no shard {text.strip()}; the shards of {of} are 1/{of} to {of}/{of}")
        return cls(number, of)

    def share(self, items: Sequence[_Item]) -> Sequence[_Item]:
        """The items of this shard.

        Every item is in one shard, neighbours are mostly in the same one, and no shard has two items more than another.
        """
        return items[len(items) * (self.number - 1) // self.of : len(items) * self.number // self.of]

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"
