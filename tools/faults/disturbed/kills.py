"""Kills each command at each of its operations on files.

What is left at any of them is right, or known not to be, and whatever command comes next ends with the bytes of one
that was never disturbed.
"""

import math
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from ..children import Children
from ..oracle import bytes_in, differences, leftovers, linked_copy, torn_files, wrong_records
from .cases import Case, do_steps, remove

_NEVER = 1 << 30


class Killing:
    """Copies of a folder, in which a command is killed.

    Attributes:
        operations: how many the command makes on files when nothing disturbs it.

    All copies have the same path one after the other, since some files know where they are.
    """

    def __init__(self, case: Case, folder: Path, children: Children) -> None:
        self.case, self.children = case, children
        self.kept, self.place = folder / "kept", folder / "place"
        case.prepare(self.place, children)
        self.place.rename(self.kept)
        self.states = [bytes_in(case.dataset(self.kept))]
        self._copy()
        do, data = case.step(self.place)
        undisturbed = children.do_disturbed(do, data, self.place, _NEVER)
        undisturbed.check_done(do)
        self.operations = undisturbed.operations
        self.states.append(bytes_in(case.dataset(self.place)))
        self.goals = {}
        for name, steps in case.again.items():
            self._copy(self._put_aside("undisturbed"))
            do_steps(steps(self.place), children)
            self.goals[name] = bytes_in(case.dataset(self.place))
            remove(self.place)
            (folder / "undisturbed").rename(self.place)

    def _put_aside(self, name: str) -> Path:
        aside = self.place.with_name(name)
        if aside.exists():
            remove(aside)
        return self.place.rename(aside)

    def _copy(self, folder: Path | None = None) -> None:
        if self.place.exists():
            remove(self.place)
        linked_copy(folder or self.kept, self.place)

    def killed_at(self, number: int) -> Iterator[str]:
        """A sentence for all that is wrong after a kill at an operation."""
        self._copy()
        do, data = self.case.step(self.place)
        ended = self.children.do_disturbed(do, data, self.place, number)
        if not ended.was_killed:
            yield f"it was not killed: {ended.said}"
            return
        dataset = self.case.dataset(self.place)
        yield from torn_files(bytes_in(dataset), *self.states)
        yield from wrong_records(dataset)
        left = self._put_aside("left")
        for name, steps in self.case.again.items():
            self._copy(left)
            for do, data in steps(self.place):
                if (ended := self.children.do(do, data, seconds=20)).code:
                    yield f"{name}: {do} ended with {ended.code}: {ended.said}"
            for sentence in (*differences(bytes_in(dataset), self.goals[name]), *leftovers(dataset)):
                yield f"{name}: {sentence}"


def kill_everywhere(
    case: Case, folder: Path, children: Children, every: int = 1, seconds: float = math.inf
) -> tuple[int, list[str]]:
    """Kill a command at each of its operations, or at every so many, as far as the time goes.

    Returns:
        How many kills that were, and what was wrong after them.
    """
    killing, end = Killing(case, folder, children), time.monotonic() + seconds
    numbers = list(range(0, killing.operations, every))
    if seconds < math.inf:
        Random(0).shuffle(numbers)  # if the time is short, some of all parts
    kills, wrong = 0, list[str]()
    for number in numbers:
        if time.monotonic() > end:
            break
        kills += 1
        found = killing.killed_at(number)
        wrong += [f"{case.command} killed at operation {number}: {sentence}" for sentence in found]
    return kills, wrong
