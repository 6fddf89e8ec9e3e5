"""Kills the command, or one of its workers, at random moments."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

from .. import commands
from ..frames import Frames


def kill_at_random(folder: Path, number: int, seconds: float, most: int = 200) -> tuple[int, list[str]]:
    """Kill for some time, at most so often; what is returned is as of fuzz/json_files.fuzz()."""
    frames, random = Frames(folder), Random(number)
    output = folder / "place"
    takes = commands.run(frames.arguments(output)).seconds
    end, wrong, kills = time.monotonic() + seconds, list[str](), 0
    while kills < most and (time.monotonic() < end or not kills):
        shutil.rmtree(output)
        output.mkdir()
        after, of_worker = random.uniform(0.0, takes), random.random() < 0.3
        what = f"a worker killed after {after:.2f} s" if of_worker else f"killed after {after:.2f} s"
        wrong += [f"{what}: {sentence}" for sentence in _killed(frames, output, after, of_worker, random)]
        kills += 1
    return kills, wrong


def _killed(frames: Frames, output: Path, after: float, of_worker: bool, random: Random) -> Iterator[str]:
    running = commands.start(frames.arguments(output))
    time.sleep(after)
    if of_worker:
        (*pids,) = sorted(running.processes())[1:]
        if pids:
            with suppress(ProcessLookupError):
                os.kill(random.choice(pids), signal.SIGKILL)
    else:
        running.kill()
    yield from running.end().wrong(0, *([] if of_worker else [-signal.SIGKILL]))
    yield from frames.wrong_now(output)
    yield from frames.wrong_after(output)
