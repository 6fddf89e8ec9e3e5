"""Frames to annotate by the command, and what it makes of them when nothing disturbs it."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import commands
from .children import DATA
from .oracle import bytes_in, differences, leftovers, wrong_records

_OPTIONS = ("--soft-masks", "--maps", "depth_png,depth_npy", "--workers", "2")


class Frames:
    """A folder of renders.

    Attributes:
        folder: where they are.
        number: how many.
        undisturbed: the dataset that they become, file by file.
    """

    def __init__(self, folder: Path, number: int = 6) -> None:
        self.folder, self.number = folder / "renders", number
        self.folder.mkdir(parents=True)
        for place in range(1, number + 1):
            shutil.copy(DATA / "transparent_0001.exr", self.folder / f"shot_{place:04}.exr")
        for finished in self.dataset(folder / "place"):
            if problems := list(finished.wrong(0)):
                raise RuntimeError(f"labelpass fails undisturbed: {problems}")
        self.undisturbed = bytes_in(folder / "place")
        shutil.rmtree(folder / "place")

    def arguments(self, output: Path) -> Sequence[object]:
        """What the command takes to annotate them."""
        return ["annotate", self.folder, "--output", output, *_OPTIONS]

    def dataset(self, output: Path) -> list[commands.Finished]:
        """Annotate what is not done yet, and merge."""
        return [commands.run(self.arguments(output)), commands.run(["merge", output])]

    def wrong_now(self, output: Path) -> Iterator[str]:
        """What is wrong after a fault, before anything else is done."""
        yield from wrong_records(output)

    def wrong_after(self, output: Path) -> Iterator[str]:
        """What is wrong after the next run, which nothing disturbs."""
        for finished in self.dataset(output):
            yield from finished.wrong(0)
        yield from differences(bytes_in(output), self.undisturbed)
        yield from leftovers(output)
