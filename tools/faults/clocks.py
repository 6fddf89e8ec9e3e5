"""Files whose times are of long ago or far ahead, as clocks of other machines make them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from core.base.temporary_names import temporary_name

from .frames import Frames

_YEAR = 365 * 24 * 3600
_TIMES = (0, 1, -(10 * _YEAR), 2**31, 2**33)


def turn_clocks(folder: Path, only_one: bool = False) -> tuple[int, list[str]]:
    """Each time once, or only one of them; what is returned is as of fuzz_json.fuzz()."""
    frames, output = Frames(folder, 2), folder / "place"
    wrong = []
    times = _TIMES[-1:] if only_one else _TIMES
    for seconds in times:
        wrong += [f"times of {seconds}: {sentence}" for sentence in _with_times(frames, output, seconds)]
        shutil.rmtree(output)
    return len(times), wrong


def _with_times(frames: Frames, output: Path, seconds: int) -> Iterator[str]:
    for path in frames.folder.iterdir():
        os.utime(path, (seconds, seconds))
    for finished in frames.dataset(output):
        yield from finished.wrong(0)
    for path in output.rglob("*"):
        os.utime(path, (seconds, seconds))
    # What a dead process of this machine has left, whatever the time says.
    left = output / "records" / temporary_name().replace(f"-{os.getpid()}-", f"-{2**22 + 1}-")
    left.write_bytes(b"")
    os.utime(left, (seconds, seconds))
    again, merged = frames.dataset(output)
    yield from (*again.wrong(0), *merged.wrong(0))
    if not again.said.startswith(f"0 frames annotated, {frames.number} up to date"):
        yield f"says {again.said!r}"
    if left.exists():
        yield "an unfinished file of a dead process was left"
