"""Ctrl-C: a program stops by the first one, says what became of its work, and is not hindered by more of them.

The command line imports this before all else, so it imports little itself.
"""

import signal
from contextlib import contextmanager

TYPE_CHECKING = False  # type checkers take a variable of this name for true, as they do that of typing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler = Callable[[int, FrameType | None], object]


@contextmanager
def first_ctrl_c_only(for_good: bool) -> "Iterator[None]":
    """In the block, the first Ctrl-C raises KeyboardInterrupt, and later ones do nothing.

    Args:
        for_good: whether none does anything after the block either: the program has said what it did, and the
            interpreter takes a while to end.
    """
    before = _replaced(_raise_once)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN if for_good else before)


@contextmanager
def ctrl_c_noted() -> "Iterator[Callable[[], bool]]":
    """In the block, Ctrl-C raises nothing; what the block gets says whether there was one.

    Within first_ctrl_c_only() it is the first one: whoever ends the block has to stop.

    Elsewhere than in the main thread, and where Ctrl-C means nothing to Python, the answer is always no.
    """
    pressed: list[bool] = []
    before = _replaced(lambda *_: pressed.append(True))
    try:
        yield lambda: bool(pressed)
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN if pressed and before is _raise_once else before)


@contextmanager
def ctrl_c_later() -> "Iterator[None]":
    """In the block, Ctrl-C does nothing; after it, what it would have done."""
    pressed: list[bool] = []
    before = _replaced(lambda *_: pressed.append(True))
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)
            if pressed:
                signal.raise_signal(signal.SIGINT)


def _replaced(handler: "Handler") -> "Handler | None":
    """Have this called on Ctrl-C; returns what was called before, None where that is not for us to change."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        return None
    try:
        signal.signal(signal.SIGINT, handler)
    except ValueError:  # this is not the main thread
        return None
    return before


def _raise_once(*_: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
