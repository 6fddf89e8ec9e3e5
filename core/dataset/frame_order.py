"""Millions of frames in their order, in the memory of what is said of them: lists of tuples would take ten times it."""

from array import array
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

# Names of files are bytes on Linux, and Python stands for those that are not text by halves of letters.
_HALVES = "surrogateescape"
_AT_ONCE = 1000


class PackedTexts:
    """Short texts, one after the other."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._letters = bytearray()
        self._ends = array("q")
        for text in texts:
            self.append(text)

    def append(self, text: str) -> None:
        self._letters += text.encode("utf-8", _HALVES)
        self._ends.append(len(self._letters))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, place: int) -> str:
        start = self._ends[place - 1] if place else 0
        return self._letters[start : self._ends[place]].decode("utf-8", _HALVES)

    def __iter__(self) -> Iterator[str]:
        start = 0
        for end in self._ends:
            yield self._letters[start:end].decode("utf-8", _HALVES)
            start = end


class FrameOrder:
    """Frames by sequence, number and name. Add all of them in any order, then sort() them once."""

    def __init__(self) -> None:
        self._sequences: dict[str, int] = {}
        self._sequence = array("i")
        self._number: array[int] | list[int] = array("q")
        self._place = array("i")
        self._order: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    def add(self, sequence: str, number: int, place: int) -> None:
        """Add a frame; `place` is where it stands among all that there are, in ascending order."""
        self._sequence.append(self._sequences.setdefault(sequence, len(self._sequences)))
        try:
            self._number.append(number)
        except OverflowError:  # the digits in a file's name may be any number
            self._number = [*self._number, number]
        self._place.append(place)

    def __len__(self) -> int:
        return len(self._place)

    def sort(self, name_at: Callable[[int], str]) -> None:
        """Sort them; `name_at` gives the name of the frame at a place, for those of one sequence and number."""
        names = sorted(self._sequences)
        rank_of = np.zeros(len(names), np.int32)
        rank_of[[self._sequences[name] for name in names]] = np.arange(len(names))
        rank = rank_of[np.asarray(self._sequence)] if len(self) else np.zeros(0, np.int32)
        number = np.asarray(self._number)
        order = np.argsort(number, kind="stable").astype(np.int32)
        order = order[np.argsort(rank[order], kind="stable")]
        same = (rank[order[1:]] == rank[order[:-1]]) & (number[order[1:]] == number[order[:-1]])
        self._order = order
        self._sort_by_name(np.flatnonzero(same), name_at)

    def _sort_by_name(self, same: npt.NDArray[np.int64], name_at: Callable[[int], str]) -> None:
        """Sort the frames that only their names tell apart: those at these places are like the one after them."""
        runs = np.split(same, np.flatnonzero(np.diff(same) > 1) + 1) if same.size else []
        for run in runs:
            part = slice(int(run[0]), int(run[-1]) + 2)
            places = ((self._place[one], one) for one in self._order[part])
            self._order[part] = [one for *_, one in sorted((name_at(place), place, one) for place, one in places)]

    @property
    def order(self) -> npt.NDArray[np.int32]:
        """After sort(): (N,) the frames in their order, numbered as they were added."""
        return self._order

    def places(self) -> Iterator[int]:
        """After sort(): where each frame stands among all that there are."""
        place = np.asarray(self._place)
        for first in range(0, len(self), _AT_ONCE):  # one number of an array after the other would take far longer
            yield from place[self._order[first : first + _AT_ONCE]].tolist()

    def keys(self) -> Iterator[tuple[str, int]]:
        """After sort(): sequence and number of each frame."""
        names = list(self._sequences)
        return ((names[self._sequence[one]], self._number[one]) for one in self._order)
