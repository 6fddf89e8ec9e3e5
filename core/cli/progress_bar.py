"""A bar that shows how much of a run is done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Show(Protocol):
    def __call__(self, done: int, total: int, words: str = "") -> None:
        """Show how many are done of how many, and words next to the bar."""


@contextmanager
def progress_bar(unit: str, total: int | None = None) -> Iterator[Show]:
    """Show a bar where standard error is a terminal.

    Args:
        unit: what is counted.
        total: how many of them there are, if that is known.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield _show_nothing
        return
    from tqdm import tqdm  # here, since importing it takes a tenth of what a run of one frame does

    with tqdm(unit=unit, total=total) as bar:

        def show(done: int, total: int, words: str = "") -> None:
            bar.total = total
            if words:
                bar.set_postfix_str(words, refresh=False)
            bar.update(done - bar.n)

        yield show


def _show_nothing(done: int, total: int, words: str = "") -> None:
    pass
