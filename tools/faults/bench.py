"""All faults, and what they share."""

import contextlib
import json
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.settings.export_table import ExportFormat

from .children import Children
from .disturbed import changing_files, clocks, containers, disks, interrupts, random_kills
from .disturbed.cases import CASES, EXPORT, Case, export_case
from .disturbed.kills import kill_everywhere
from .fuzz import json_kinds
from .fuzz.json_kinds import KINDS
from .oracle import linked_copy
from .table import Row

_ROUND_SECONDS = 30.0
_SHORT_SECONDS = 2.0
# A kill at any moment costs some commands.
_LONGER = 1.8
# Of --short: at which share of its operations a command is killed.
_SHORT_EVERY = {"annotate": 11, "merge": 10, "combine": 23, "export": 700, "pack": 9}
_SIDECARS = "sidecar manifests"

Found = tuple[int, list[str]]


@dataclass(frozen=True)
class Place:
    """What one fault has to itself.

    Attributes:
        folder: an empty one.
        children: see children.py.
        seconds: how long it may go on.
        is_short: whether a sample is enough.
        json_files: makes a folder with a file of each kind of JSON.
    """

    folder: Path
    children: Children
    seconds: float
    is_short: bool
    json_files: Callable[[Path], Path]

    def fuzz(self, what: str, folder: Path, number: int = 0, seconds: float = 0.0, every: int = 1) -> Found:
        """A round in a child of its own."""
        data = {"what": what, "folder": str(folder), "number": number, "seconds": seconds, "every": every}
        ended = self.children.do("fuzz", data)
        if ended.code:
            return 0, [f"{what}, round {number}: the process ended with {ended.code}: {ended.said}"]
        count, found = json.loads(ended.said)
        return count, found


@dataclass(frozen=True)
class Fault:
    """
    Attributes:
        name: of it.
        noun: what is counted.
        run: tries it.
        share: how much of the time of a fault it may take.
    """

    name: str
    noun: str
    run: Callable[[Place], Found]
    share: float = 1.0


class Bench:
    """Tries faults, of which several may go on at the same time.

    Args:
        folder: an empty one for everything.
        seconds: how long each fault may go on.
        is_short: whether a sample is enough, which takes less.
    """

    def __init__(self, folder: Path, seconds: float, is_short: bool) -> None:
        self._folder, self._seconds, self._is_short = folder, seconds, is_short
        self._lock = threading.Lock()

    def tried(self, fault: Fault) -> Row:
        """Try one, and say what came of it."""
        folder = self._folder / f"{FAULTS.index(fault)}"
        folder.mkdir()
        seconds = _SHORT_SECONDS if self._is_short else self._seconds * fault.share
        began = time.monotonic()
        with Children() as children:
            place = Place(folder, children, seconds, self._is_short, self._json_files)
            try:
                count, wrong = fault.run(place)
            except Exception:  # what others have found by now is not to be lost
                count, wrong = 0, [traceback.format_exc()]
        return Row(fault.name, count, fault.noun, time.monotonic() - began, tuple(wrong))

    def _json_files(self, folder: Path) -> Path:
        made = self._folder / "json"
        with self._lock:
            if not made.exists():
                with contextlib.ExitStack() as stack:
                    made.mkdir()
                    json_kinds.prepare(made, stack.enter_context(Children()))
        return linked_copy(made, folder / "files")


def _killed(case: Case) -> Callable[[Place], Found]:
    def run(place: Place) -> Found:
        every = _SHORT_EVERY[case.command] if place.is_short else 1
        return kill_everywhere(case, place.folder, place.children, every, place.seconds)

    return run


def _killed_exports(place: Place) -> Found:
    """One format after the other, since all of them in one command would be written again for each kill."""
    if place.is_short:
        return _killed(EXPORT)(place)
    kills, wrong, end = 0, list[str](), time.monotonic() + place.seconds
    for format in ExportFormat:
        left = end - time.monotonic()
        folder = place.folder / format.value
        folder.mkdir()
        count, found = kill_everywhere(export_case(format), folder, place.children, seconds=left)
        kills += count
        wrong += [f"{format.label}: {sentence}" for sentence in found]
    return kills, wrong


def _fuzzed(what: str) -> Callable[[Place], Found]:
    """Rounds in children, so that what a library does to a process ends with the round."""

    def run(place: Place) -> Found:
        folder = place.json_files(place.folder) if what in KINDS else place.folder
        tried, wrong, number, end = 0, list[str](), 0, time.monotonic() + place.seconds
        while time.monotonic() < end or not number:
            seconds = min(_ROUND_SECONDS, place.seconds)
            count, found = place.fuzz(what, folder, number=number, seconds=seconds)
            tried += count
            wrong += [one for one in found if one not in wrong]
            number += 1
        return tried, wrong

    return run


def _odd_files(place: Place) -> Found:
    return place.fuzz("odd files", place.json_files(place.folder), every=9 if place.is_short else 1)


def _extreme_files(place: Place) -> Found:
    return place.fuzz("extreme files", place.json_files(place.folder), every=5 if place.is_short else 1)


def _faults() -> Iterator[Fault]:
    for case in CASES:
        run = _killed_exports if case is EXPORT else _killed(case)
        yield Fault(f"`{case.command}` killed at each operation on files", "kills", run)
    yield Fault(
        "`annotate` or a worker killed at any moment",
        "kills",
        lambda place: random_kills.kill_at_random(place.folder, 0, place.seconds),
        _LONGER,
    )
    yield Fault(
        "Ctrl-C at any moment, once or three times",
        "runs",
        lambda place: interrupts.interrupt(place.folder, 0, place.seconds),
    )
    yield Fault(
        "three `annotate` at one dataset in containers, in every second round one is killed",
        "rounds",
        lambda place: containers.share_a_dataset(place.folder, place.seconds),
    )
    yield Fault("disks that are full, read-only, slow or vanish", "disks", lambda place: disks.fail_disks(place.folder))
    yield Fault(
        "clocks: files of the years 1960 to 2242, and days that pass to and fro during a run",
        "clocks",
        lambda place: clocks.turn_clocks(place.folder, place.is_short),
    )
    yield Fault(
        "renders that grow or are swapped while they are read",
        "rounds",
        lambda place: changing_files.change_files(place.folder, place.seconds),
    )
    yield Fault("pipes, devices, sockets, folders, links and empty files", "files", _odd_files)
    yield Fault("small files that want much memory or time", "files", _extreme_files)
    yield Fault("fuzz: EXR files", "files", _fuzzed("exr"))
    yield Fault("fuzz: manifests in EXR files", "files", _fuzzed("manifests"))
    yield Fault("fuzz: sidecar manifests", "files", _fuzzed(_SIDECARS))
    kinds = [kind for kind in KINDS if kind != _SIDECARS]
    for kind in kinds:
        yield Fault(f"fuzz: JSON of {kind}", "files", _fuzzed(kind), 1 / len(kinds))
    yield Fault("fuzz: answers of workers", "workers", _fuzzed("protocol"))


FAULTS = tuple(_faults())
