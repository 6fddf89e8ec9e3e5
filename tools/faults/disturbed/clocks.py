"""Clocks that are wrong: files whose times are of long ago or far ahead, and clocks that jump while commands run."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from core.base.temporary_names import temporary_name

from .. import commands
from ..frames import Frames

_YEAR = 365 * 24 * 3600
_TIMES = (0, 1, -(10 * _YEAR), 2**31, 2**33)
_JUMPING = (sys.executable, "-m", "tools.faults.disturbed.jumping_clock")
_COMMANDS = 3
_NOBODY = 2**22 + 1  # more than Linux has numbers for


def turn_clocks(folder: Path, only_some: bool = False) -> tuple[int, list[str]]:
    """Each once, or only some of them; what is returned is as of fuzz/json_files.fuzz()."""
    frames, output = Frames(folder, 3), folder / "place"
    wrong = []
    clocks: dict[str, Callable[[], Iterator[str]]] = {
        "a clock that jumps": lambda: _with_jumps(frames, output),  # first, since the others change the renders
        **{f"times of {one}": lambda one=one: _with_times(frames, output, one) for one in _TIMES},  # type: ignore[misc]
    }
    tried = list(clocks)[:2] if only_some else list(clocks)
    for name in tried:
        output.mkdir(exist_ok=True)
        wrong += [f"{name}: {sentence}" for sentence in clocks[name]()]
        shutil.rmtree(output)
    return len(tried), wrong


def _with_times(frames: Frames, output: Path, seconds: int) -> Iterator[str]:
    for path in frames.folder.iterdir():
        os.utime(path, (seconds, seconds))
    for finished in frames.dataset(output):
        yield from finished.wrong(0)
    for path in output.rglob("*"):
        os.utime(path, (seconds, seconds))
    # What a dead process of this machine has left, whatever the time says.
    left = _left_by(output, _NOBODY)
    left.write_bytes(b"")
    os.utime(left, (seconds, seconds))
    again, merged = frames.dataset(output)
    yield from (*again.wrong(0), *merged.wrong(0))
    if not again.said.startswith(f"0 frames annotated, {frames.number} up to date"):
        yield f"says {again.said!r}"
    if left.exists():
        yield "an unfinished file of a dead process was left"


def _with_jumps(frames: Frames, output: Path) -> Iterator[str]:
    """Several commands write one dataset, each with a clock of its own; a later one begins while others write."""
    writing = _left_by(output, os.getpid())
    writing.write_bytes(b"")  # this process may still be at it, whatever the time is
    running = []
    for _ in range(_COMMANDS):
        running.append(commands.start(frames.arguments(output), program=_JUMPING))
        time.sleep(0.3)
    for one in running:
        yield from one.end().wrong(0)
    if not writing.exists():
        yield "a file that a process is writing was removed"
    writing.unlink(missing_ok=True)
    yield from frames.wrong_now(output)
    again = commands.run(frames.arguments(output), program=_JUMPING)
    yield from again.wrong(0)
    if not again.said.startswith(f"0 frames annotated, {frames.number} up to date"):
        yield f"says {again.said!r}"
    yield from commands.run(["merge", output], program=_JUMPING).wrong(0)
    yield from frames.wrong_after(output)


def _left_by(output: Path, pid: int) -> Path:
    """An unfinished file of a process."""
    folder = output / "records"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / temporary_name().replace(f"-{os.getpid()}-", f"-{pid}-")
