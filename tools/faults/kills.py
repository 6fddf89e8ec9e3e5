"""Kills each command at each of its operations on files.

What is left at any of them is right, or known not to be, and whatever command comes next ends with the bytes of one
that was never disturbed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .cases import Case, do_steps, remove
from .children import Children
from .oracle import bytes_in, differences, leftovers, linked_copy, torn_files, wrong_records

_MOST_OPERATIONS = 20_000


@dataclass(frozen=True)
class Prepared:
    """A case with what it leads to when nothing disturbs it.

    Attributes:
        case: the case.
        before: the folder before the command.
        states: what is in the dataset before it, and after it.
        goals: of each next command, what is in the folder after it.
    """

    case: Case
    before: Path
    states: tuple[dict[str, bytes], dict[str, bytes]]
    goals: dict[str, dict[str, bytes]]


class Killing:
    """Copies of a folder, in which a command is killed.

    All of them have the same path one after the other, since some files know where they are.
    """

    def __init__(self, case: Case, folder: Path, children: Children) -> None:
        self.case, self.children = case, children
        self.kept, self.place = folder / "kept", folder / "place"
        case.prepare(self.place, children)
        self.place.rename(self.kept)
        self.states = [bytes_in(case.dataset(self.kept))]
        self._copy()
        do_steps([case.step(self.place)], children)
        self.states.append(bytes_in(case.dataset(self.place)))
        self.goals = {}
        for name, steps in case.again.items():
            self._copy(self._put_aside("undisturbed"))
            do_steps(steps(self.place), children)
            self.goals[name] = bytes_in(case.dataset(self.place))
            remove(self.place)
            (folder / "undisturbed").rename(self.place)
        self._folder = folder

    def _put_aside(self, name: str) -> Path:
        aside = self.place.with_name(name)
        if aside.exists():
            remove(aside)
        return self.place.rename(aside)

    def _copy(self, folder: Path | None = None) -> None:
        if self.place.exists():
            remove(self.place)
        linked_copy(folder or self.kept, self.place)

    def killed_at(self, number: int) -> Iterator[str] | None:
        """A sentence for all that is wrong after a kill at an operation; None where there is no such operation."""
        self._copy()
        do, data = self.case.step(self.place)
        ended = self.children.do_disturbed(do, data, self.place, number)
        if ended.code == 0:
            return None
        return self._wrong(ended.was_killed, ended.said)

    def _wrong(self, was_killed: bool, said: str) -> Iterator[str]:
        if not was_killed:
            yield said
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


def kill_everywhere(case: Case, folder: Path, children: Children, every: int = 1) -> tuple[int, list[str]]:
    """Kill a command at each of its operations, or at every so many.

    Returns:
        How many kills that were, and what was wrong after them.
    """
    killing = Killing(case, folder, children)
    kills, wrong = 0, []
    for number in range(0, _MOST_OPERATIONS, every):
        found = killing.killed_at(number)
        if found is None:
            break
        kills += 1
        wrong += [f"{case.command} killed at operation {number}: {sentence}" for sentence in found]
    return kills, wrong
