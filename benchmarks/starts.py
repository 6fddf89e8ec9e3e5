"""How long programs take to start, compared with another commit: python -m benchmarks.starts COMMIT [--turns 30]

An export of one frame is hardly more than the start and the end of its processes. Both commits take turns on one core;
times are processor time, those of the processes that a program starts included.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tools.other_commit import CHECKOUT, checked_out

from .commands import processor_time
from .report import describe_machine, duration
from .timing import one_core

FRAME = CHECKOUT / "tests/data/4.5/multilayer_0001.exr"
# Where the worker is in this commit, and where it was in earlier ones.
WORKERS = "core/run/worker_program.py", "core/run/worker.py", "core/worker.py"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starts", description=__doc__.splitlines()[0])
    parser.add_argument("commit", help="what this checkout is compared with")
    parser.add_argument("--turns", type=int, default=30, help="runs of each; default: %(default)s")
    options = parser.parse_args()
    print(f"Measured on: {describe_machine()}.\n")
    print(f"| what | this checkout | {options.commit} | ratio of the best | ratio in the middle |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="labelpass-benchmarks-") as temporary, one_core():
        output = Path(temporary, "dataset")
        with checked_out(options.commit, Path(temporary, "checkout")) as other:
            for title, program in _programs(output).items():
                ours, theirs = _in_turns(partial(program, CHECKOUT), partial(program, other), options.turns)
                best = min(ours) / min(theirs)
                middle = statistics.median(mine / its for mine, its in zip(ours, theirs, strict=True))
                cells = duration(min(ours)), duration(min(theirs)), f"{best:.3f}", f"{middle:.3f}"
                print(f"| {title} | {' | '.join(cells)} |", flush=True)
    return 0


def _programs(output: Path) -> Mapping[str, Callable[[Path], float]]:
    """What is measured: a checkout -> seconds of processor time."""

    def version(checkout: Path) -> float:
        return processor_time(checkout, ["-m", "core", "--version"])

    def annotate(checkout: Path) -> float:
        options = ["--output", str(output / checkout.name), "--workers", "1", "--redo"]
        return processor_time(checkout, ["-m", "core", "annotate", str(FRAME), *options])

    return {
        "worker, from its start to its end without a task": _worker,
        "`labelpass --version`": version,
        "`labelpass annotate`, one small frame": annotate,
    }


def _in_turns(ours: Callable[[], float], theirs: Callable[[], float], turns: int) -> tuple[list[float], list[float]]:
    ours(), theirs()  # compiles what is imported
    times: dict[Callable[[], float], list[float]] = {ours: [], theirs: []}
    for turn in range(turns):
        for run in (ours, theirs) if turn % 2 else (theirs, ours):
            times[run].append(run())
    return times[ours], times[theirs]


def _worker(checkout: Path) -> float:
    """A worker that is asked to end as soon as it is ready."""
    program = next(path for path in WORKERS if (checkout / path).is_file())
    command = ["-s", "-P", "-m", program.removesuffix(".py").replace("/", "."), "0", "0"]
    return processor_time(checkout, command, PYTHONPATH=str(checkout), PYTHONUTF8="1")


if __name__ == "__main__":
    sys.exit(main())
