"""How time is measured: processor time on one core, the best of several runs, candidates taking turns.

Processor time, because other programs on the machine do not count in it; the best, because whatever disturbs a run
makes it slower; turns, because a machine that slows down then does so for all candidates.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

# Windows counts processor time in steps of 16 ms.
_cpu_clock = time.perf_counter if sys.platform == "win32" else time.process_time


@dataclass(frozen=True)
class Timing:
    """Seconds that something took: of processor time, summed over threads, and by the clock on the wall."""

    cpu: float
    wall: float


def time_once(function: Callable[[], object]) -> Timing:
    cpu, wall = _cpu_clock(), time.perf_counter()
    result = function()
    timing = Timing(_cpu_clock() - cpu, time.perf_counter() - wall)
    del result  # after the clock: letting go of gigabytes is not what is measured
    return timing


def best(timings: list[Timing]) -> Timing:
    """The lowest of each kind, which need not be of the same run."""
    return Timing(min(timing.cpu for timing in timings), min(timing.wall for timing in timings))


def compare(
    candidates: Mapping[str, Callable[[], object]], *, seconds: float = 10.0, most_runs: int = 20
) -> dict[str, Timing]:
    """Time functions in turns.

    Args:
        candidates: name -> function.
        seconds: a function that has run for so long, summed over its runs, is not run again.
        most_runs: of each function; there is at least one.
    """
    timings: dict[str, list[Timing]] = {name: [] for name in candidates}
    for _ in range(most_runs):
        for name, function in candidates.items():
            if sum(timing.wall for timing in timings[name]) < seconds:
                timings[name].append(time_once(function))
    return {name: best(runs) for name, runs in timings.items()}


@contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and those that it starts, on one core; does nothing where the system has no such thing."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
