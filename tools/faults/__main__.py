"""The fault bench: what becomes of datasets when processes are killed, disks fail and files lie.

    python -m tools.faults --short               a sample of each fault, about a minute of the processor
    python -m tools.faults --minutes 30          each fault for so long, or until all of it is done
    python -m tools.faults --minutes 5 --write   puts the rows of the table into docs/reliability.md
    python -m tools.faults --only kill,json      faults whose names have one of these in them

After each fault the next run ends with the bytes of an undisturbed one; no process, no temporary file and no traceback
is left, and a small file costs at most 2 GB and 20 seconds. The exit code is 1 where something is wrong.

    kills.py            a command is killed at each of its operations on files; cases.py has the commands
    random_kills.py     the command or a worker is killed at any moment
    containers.py       several commands at one dataset, with processes of equal numbers
    disks.py, clocks.py, changing_files.py, odd_files.py, extreme_files.py
    fuzz_json.py        forged files of each kind of JSON; json_kinds.py has these
    fuzz_exr.py         damaged EXR files and manifests
    fuzz_protocol.py    workers that say anything
    oracle.py           what has to hold of a dataset; trial.py: how an attempt may end

Needs Linux, and for containers and disks `unshare` and `mount`, as root or with user namespaces.
"""

import argparse
import functools
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import changing_files, clocks, containers, disks, json_kinds, random_kills
from .cases import CASES, Case
from .children import Children
from .json_kinds import KINDS
from .kills import kill_everywhere
from .table import Row, write_table

# A tmpfs, if there is one: what is written is not of interest for longer than a moment.
_MEMORY = Path("/dev/shm")
_ROUND_SECONDS = 30.0
_SHORT_SECONDS = 2.0
# Of --short: at which share of its operations a command is killed.
_SHORT_EVERY = {"annotate": 11, "merge": 10, "combine": 23, "export": 700}


@dataclass(frozen=True)
class Bench:
    """What all faults share.

    Attributes:
        folder: an empty one for everything.
        children: see children.py.
        seconds: how long each fault may go on.
        is_short: whether a sample is enough.
    """

    folder: Path
    children: Children
    seconds: float
    is_short: bool

    def place(self, name: str) -> Path:
        """A new folder of a fault."""
        place = self.folder / name.replace(" ", "-")
        place.mkdir()
        return place

    @functools.cached_property
    def json_files(self) -> Path:
        """One file of each kind of JSON."""
        folder = self.place("json") / "files"
        folder.mkdir()
        json_kinds.prepare(folder, self.children)
        return folder

    def fuzz(self, what: str, folder: Path, number: int = 0, seconds: float = 0.0, every: int = 1) -> "Found":
        """A round in a child of its own."""
        data = {"what": what, "folder": str(folder), "number": number, "seconds": seconds, "every": every}
        ended = self.children.do("fuzz", data)
        if ended.code:
            return 0, [f"{what}, round {number}: the process ended with {ended.code}: {ended.said}"]
        count, found = json.loads(ended.said)
        return count, found


Found = tuple[int, list[str]]
Fault = Callable[[Bench], Found]


def _killed(case: Case) -> Fault:
    def fault(bench: Bench) -> Found:
        every = _SHORT_EVERY[case.command] if bench.is_short else 1
        return kill_everywhere(case, bench.place(case.command), bench.children, every, bench.seconds * 3)

    return fault


def _fuzzed(what: str) -> Fault:
    """Rounds in children, so that what a library does to a process ends with the round."""

    def fault(bench: Bench) -> Found:
        folder = bench.json_files if what in KINDS else bench.place(what)
        tried, wrong, number, end = 0, list[str](), 0, time.monotonic() + bench.seconds
        while time.monotonic() < end or not number:
            seconds = min(_ROUND_SECONDS, bench.seconds)
            count, found = bench.fuzz(what, folder, number=number, seconds=seconds)
            tried += count
            wrong += [one for one in found if one not in wrong]
            number += 1
        return tried, wrong

    return fault


def _odd_files(bench: Bench) -> Found:
    return bench.fuzz("odd files", bench.json_files, every=9 if bench.is_short else 1)


def _extreme_files(bench: Bench) -> Found:
    return bench.fuzz("extreme files", bench.json_files, every=5 if bench.is_short else 1)


def _in_place(name: str, run: Callable[[Path, Bench], Found]) -> Fault:
    return lambda bench: run(bench.place(name), bench)


def _faults() -> Iterator[tuple[str, str, Fault]]:
    """Name, what is counted, and the fault."""
    for case in CASES:
        yield f"`{case.command}` killed at each operation on files", "kills", _killed(case)
    yield (
        "`annotate` or a worker killed at any moment",
        "kills",
        _in_place("random", lambda folder, bench: random_kills.kill_at_random(folder, 0, bench.seconds)),
    )
    yield (
        "three `annotate` at one dataset in containers, in every second round one is killed",
        "rounds",
        _in_place("containers", lambda folder, bench: containers.share_a_dataset(folder, bench.seconds)),
    )
    failing = _in_place("disks", lambda folder, bench: disks.fail_disks(folder))
    yield "disks that are full, read-only, slow or vanish", "disks", failing
    turned = _in_place("clocks", lambda folder, bench: clocks.turn_clocks(folder, bench.is_short))
    yield "clocks: files of the years 1960 to 2242, and days that pass to and fro during a run", "clocks", turned
    yield (
        "renders that grow or are swapped while they are read",
        "rounds",
        _in_place("changing", lambda folder, bench: changing_files.change_files(folder, bench.seconds)),
    )
    yield "pipes, devices, folders, links and empty files", "files", _odd_files
    yield "small files that want much memory or time", "files", _extreme_files
    yield "fuzz: EXR files and manifests", "files", _fuzzed("exr")
    for kind in KINDS:
        yield f"fuzz: JSON of {kind}", "files", _fuzzed(kind)
    yield "fuzz: answers of workers", "workers", _fuzzed("protocol")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="How long each fault goes on (1)")
    parser.add_argument("--short", action="store_true", help="A sample of each, about a minute of the processor")
    parser.add_argument("--only", default="", help="Parts of the names of faults, with commas")
    parser.add_argument("--write", action="store_true", help="Put the table into docs/reliability.md")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="labelpass-faults-", dir=_MEMORY if _MEMORY.is_dir() else None))
    rows = []
    try:
        with Children() as children:
            seconds = _SHORT_SECONDS if options.short else options.minutes * 60
            bench = Bench(folder, children, seconds, options.short)
            for name, noun, fault in _faults():
                if not any(part in name for part in options.only.split(",")):
                    continue
                began = time.monotonic()
                count, wrong = fault(bench)
                rows.append(Row(name, count, noun, time.monotonic() - began, tuple(wrong)))
                print(rows[-1].line(), flush=True)
                for sentence in wrong:
                    print(f"    {sentence}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.write:
        write_table(rows)
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
