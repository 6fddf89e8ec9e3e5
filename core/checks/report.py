"""What a validation found."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..base.errors import InputError
from ..frames.frame_messages import frames_in_words, said_once

# What a check finds: sentences, none where everything agrees.
Problems = Iterator[str]


@dataclass
class Report:
    """What a validation found.

    Attributes:
        frames, instances: how many were looked at.
        left_out: how many records are there of sequences that are not wanted, and were not looked at.
        checks: name of a check -> how many frames it was made on.
        only_read: what could be read, and was compared with nothing but its own record -> in how many frames.
        remarks: sentences on what does not disagree.
        problems: path of a frame, or "" for the dataset -> sentences.
    """

    frames: int = 0
    instances: int = 0
    left_out: int = 0
    checks: dict[str, int] = field(default_factory=dict)
    only_read: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    problems: dict[str, list[str]] = field(default_factory=dict)

    def count(self, check: str) -> None:
        """Take note that a check is made on one more frame."""
        self.checks[check] = self.checks.get(check, 0) + 1

    def run(self, check: str, frame: str, found: Problems) -> None:
        """Make a check on a frame and note what it finds, or why it cannot be made; it counts if it has a name."""
        if check:
            self.count(check)
        try:
            for problem in found:
                self.note(frame, problem)
        except InputError as error:
            self.note(frame, str(error))

    def note(self, frame: str, problem: str) -> None:
        known = self.problems.setdefault(frame, [])
        if problem not in known:
            known.append(problem)

    def lines(self) -> list[str]:
        """What was found, for people."""
        made = _listed(self.checks)
        what = f"{_count(self.frames, 'frame')} with {_count(self.instances, 'instance')}"
        head = [f"{what} checked: {made or 'nothing'}"]
        if self.only_read:
            head.append(f"Read, but compared with nothing else: {_listed(self.only_read)}")
        head += self.remarks
        if self.left_out:
            records = _count(self.left_out, "record")
            head.append(f"Left out: {records} of sequences that the latest export does not make")
        said = said_once((frame, text) for frame, all in self.problems.items() if frame for text in all)
        lines = [f"Disagrees: {frames_in_words(frames)}: {text}" for frames, text in said]
        lines += [f"Disagrees: dataset: {text}" for text in self.problems.get("", [])]
        bad = len(self.problems.keys() - {""})
        frames = f"{bad} {'frame disagrees' if bad == 1 else 'frames disagree'}" if bad else ""
        whole = "the dataset as a whole disagrees" if "" in self.problems else ""
        end = " and ".join(part for part in (frames, whole) if part) or "Everything agrees"
        return [*head, *lines, end[0].upper() + end[1:]]


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in counts.items())


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
