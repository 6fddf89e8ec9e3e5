"""Three commands at the same frames at once, as in containers: processes have equal numbers, and one host name.

One of them is killed in the middle in every second round. Needs `unshare` of util-linux, and root or user namespaces.
"""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from core.base.temporary_names import temporary_files

from .. import commands
from ..frames import Frames

UNSHARE = ("unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]))
_CONTAINER = (*UNSHARE, "--pid", "--fork", "--kill-child", "--mount-proc")
_CONTAINERS = 3
_DAY_SECONDS = 25 * 3600


def share_a_dataset(folder: Path, seconds: float) -> tuple[int, list[str]]:
    """Go on for some time; what is returned is as of fuzz/json_files.fuzz()."""
    frames, output = Frames(folder, 4), folder / "place"
    end, wrong, rounds = time.monotonic() + seconds, list[str](), 0
    while time.monotonic() < end or not rounds:
        output.mkdir()
        wrong += [f"round {rounds}: {sentence}" for sentence in _round(frames, output, kills=rounds % 2 == 1)]
        shutil.rmtree(output)
        rounds += 1
    return rounds, wrong


def _round(frames: Frames, output: Path, kills: bool) -> Iterator[str]:
    running = [commands.start(frames.arguments(output), within=_CONTAINER) for _ in range(_CONTAINERS)]
    if kills:
        while not running[0].has_ended and not any(output.rglob("*.json")):
            time.sleep(0.01)
        running[0].kill()
    for place, one in enumerate(running):
        yield from one.end().wrong(0, *([-9] if kills and place == 0 else []))
    yield from frames.wrong_now(output)
    # Nobody outside of a container knows whether its processes are dead, so their files stay for a day.
    _let_a_day_pass(output)
    yield from frames.wrong_after(output)


def _let_a_day_pass(output: Path) -> None:
    yesterday = time.time() - _DAY_SECONDS
    for path in temporary_files(output):
        os.utime(path, (yesterday, yesterday))
