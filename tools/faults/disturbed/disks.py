"""Disks that are full, read-only, slow or gone, while the command writes.

    python -m tools.faults.disturbed.disks FOLDER FAULT        in a mount namespace of its own; prints a sentence a line

The disk is a tmpfs, which nobody else sees, and which is gone with the process.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from .. import commands
from ..children import ROOT
from ..frames import Frames
from .containers import UNSHARE

_SLOW_WORKERS = """
import sys
sys.executable = sys.argv.pop(1)
from core.cli.main import main
sys.exit(main())
"""
_INTERPRETER = """#!/bin/sh
exec '{python}' -s -P -m tools.faults.disturbed.slow_worker "$5" "$6"
"""


def fail_disks(folder: Path) -> tuple[int, list[str]]:
    """All kinds of failing disks, each once; what is returned is as of fuzz/json_files.fuzz()."""
    wrong = []
    for fault in FAULTS:
        inside = folder / fault.replace(" ", "-")
        command = [*UNSHARE, "--mount", sys.executable, "-m", "tools.faults.disturbed.disks", str(inside), fault]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        lines = [*done.stdout.splitlines(), *([done.stderr] if done.returncode else [])]
        wrong += [f"{fault} disk: {line}" for line in lines]
    return len(FAULTS), wrong


def _mount(folder: Path, *options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", folder], check=True)


def _remount(folder: Path, *options: str) -> None:
    subprocess.run(["mount", "-o", ",".join(["remount", *options]), folder], check=True)


def _size(frames: Frames) -> int:
    return sum(map(len, frames.undisturbed.values())) // 1024


def _full(frames: Frames, disk: Path) -> Iterator[str]:
    """It fills up when half of the frames are there; then it gets larger."""
    _mount(disk, f"size={_size(frames) // 2}k")
    failed = commands.run(frames.arguments(disk))
    yield from failed.wrong(1)
    if "No space left on device" not in failed.said:
        yield f"says {failed.said!r}"
    yield from frames.wrong_now(disk)
    _remount(disk, "size=100%")
    yield from frames.wrong_after(disk)


def _read_only(frames: Frames, disk: Path) -> Iterator[str]:
    """Also with a dataset on it."""
    _mount(disk, "size=100%")
    for _ in range(2):
        _remount(disk, "ro")
        failed = commands.run([*frames.arguments(disk), "--redo"])
        yield from failed.wrong(1, 3)
        if "Read-only file system" not in failed.said:
            yield f"says {failed.said!r}"
        _remount(disk, "rw")
        yield from frames.wrong_after(disk)


def _vanishing(frames: Frames, disk: Path) -> Iterator[str]:
    """It is gone when the first record is there; then another one is in its place."""
    _mount(disk, "size=100%")
    running = commands.start(frames.arguments(disk))
    while not running.has_ended and not any(disk.rglob("records/*.json")):
        time.sleep(0.01)
    subprocess.run(["umount", "--lazy", disk], check=True)
    failed = running.end()
    yield from failed.wrong(1)
    if "was removed or replaced" not in failed.said and "is gone, with what was written there" not in failed.said:
        yield f"says {failed.said!r}"
    yield from (f"{path.name} was written to where the disk was" for path in disk.iterdir())
    _mount(disk, "size=100%")
    yield from frames.wrong_after(disk)


def _slow(frames: Frames, disk: Path) -> Iterator[str]:
    """Each operation on files takes a while; nobody takes that for a worker that hangs."""
    interpreter = disk.with_name("python-of-slow-workers")
    interpreter.write_text(_INTERPRETER.format(python=sys.executable))
    interpreter.chmod(0o755)
    program = (sys.executable, "-c", _SLOW_WORKERS, str(interpreter))
    done = commands.run([*frames.arguments(disk), "--hung-after", "2"], program=program)
    yield from done.wrong(0)
    if "was replaced" in done.said:
        yield f"says {done.said!r}"
    yield from frames.wrong_after(disk)


FAULTS: Mapping[str, Callable[[Frames, Path], Iterator[str]]] = {
    "full": _full,
    "read-only": _read_only,
    "vanishing": _vanishing,
    "slow": _slow,
}


def main() -> None:
    folder, fault = Path(sys.argv[1]), sys.argv[2]
    frames = Frames(folder, 4)
    disk = folder / "place"
    disk.mkdir()
    try:
        for sentence in FAULTS[fault](frames, disk):
            print(sentence.replace("\n", " | "))
    finally:
        subprocess.run(["umount", "--lazy", disk], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
