"""Ctrl-C at any moment, once or three times: the command ends with 130 and says what became of its frames.

Before the program's first function is called, Ctrl-C is Python's own.
"""

import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from .. import commands
from ..frames import Frames

_STOPPED = 130
_PRESSES = (1, 3)
# Of the moments half are within the first seconds, in which there is less time for each thing.
_EARLY_SECONDS = 0.5
_SECONDS_BETWEEN = 0.01
# How Python ends while it starts and imports the first modules. A shell calls the first of them 130, too.
_OF_PYTHON = (-signal.SIGINT, 1)
# What is said by then only if a function of the program has been called.
_OF_PROGRAM = re.compile(r'/core/[^"]*", line \d+, in (?!<module>)|annotated|Stopped')


def interrupt(folder: Path, number: int, seconds: float, most: int = 200) -> tuple[int, list[str]]:
    """Go on for some time, at most so often; what is returned is as of fuzz/json_files.fuzz()."""
    frames, random = Frames(folder, 3), Random(number)
    output = folder / "place"
    takes = commands.run(frames.arguments(output)).seconds
    end, wrong, pressed = time.monotonic() + seconds, list[str](), 0
    while pressed < most and (time.monotonic() < end or not pressed):
        shutil.rmtree(output, ignore_errors=True)
        after, times = random.uniform(0.0, random.choice((takes, _EARLY_SECONDS))), random.choice(_PRESSES)
        what = f"{times} times Ctrl-C after {after:.2f} s"
        wrong += [f"{what}: {sentence}" for sentence in _interrupted(frames, output, after, times)]
        pressed += 1
    return pressed, wrong


def _interrupted(frames: Frames, output: Path, after: float, times: int) -> Iterator[str]:
    running = commands.start(frames.arguments(output), listens=True)
    time.sleep(after)
    for _ in range(times):
        running.press_ctrl_c()
        time.sleep(_SECONDS_BETWEEN)
    ended = running.end()
    if ended.code in _OF_PYTHON and not _OF_PROGRAM.search(ended.said):
        return
    yield from ended.wrong(0, _STOPPED)
    if ended.code == _STOPPED and "Stopped" not in ended.said:
        yield f"says {ended.said!r}"
    if output.exists():
        yield from frames.wrong_now(output)
    yield from frames.wrong_after(output)
