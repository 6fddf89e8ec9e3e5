"""Renders that grow while they are read, and renders that are swapped for others."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from .. import commands
from ..children import DATA
from ..frames import Frames
from ..oracle import bytes_in, differences, leftovers

_STEPS = 12


def change_files(folder: Path, seconds: float) -> tuple[int, list[str]]:
    """Go on for some time; what is returned is as of fuzz/json_files.fuzz()."""
    frames, output = Frames(folder, 3), folder / "place"
    end, wrong, rounds = time.monotonic() + seconds, list[str](), 0
    while time.monotonic() < end or not rounds:
        for change in (_grow, _swap):
            wrong += [f"{change.__name__.strip('_')}: {sentence}" for sentence in _changed(frames, output, change)]
            shutil.rmtree(output)
        rounds += 1
    return rounds, wrong


def _changed(frames: Frames, output: Path, change: object) -> Iterator[str]:
    assert callable(change)
    done = threading.Event()
    thread = threading.Thread(target=change, args=(sorted(frames.folder.iterdir()), done))
    thread.start()
    try:
        yield from commands.run(frames.arguments(output)).wrong(0, 1)
        yield from frames.wrong_now(output)
    finally:
        done.set()
        thread.join()
    yield from _wrong_after(frames, output)


def _wrong_after(frames: Frames, output: Path) -> Iterator[str]:
    """Compared with a dataset that is made only now, since records know the times of their files."""
    fresh = output.with_name("fresh")
    for folder in (output, fresh):
        for finished in frames.dataset(folder):
            yield from finished.wrong(0)
    yield from differences(bytes_in(output), bytes_in(fresh))
    yield from leftovers(output)
    shutil.rmtree(fresh)


def _grow(paths: list[Path], done: threading.Event) -> None:
    """A program writes them in place, again and again, and stops when they are complete."""
    contents = [path.read_bytes() for path in paths]
    while not done.is_set():
        for step in range(1, _STEPS + 1):
            for path, content in zip(paths, contents, strict=True):
                path.write_bytes(content[: len(content) * step // _STEPS])
            time.sleep(0.02)


def _swap(paths: list[Path], done: threading.Event) -> None:
    """Others take their places, again and again; the last are those of before."""
    others = [DATA / "crypto_only_0001.exr", DATA / "transparent_0001.exr"]
    while not done.is_set():
        for other in others:
            for path in paths:
                new = path.with_name(f"{path.name}.new")
                shutil.copyfile(other, new)
                new.replace(path)
            time.sleep(0.03)
