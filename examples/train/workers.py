"""Processes side by side, none of which outlives the one that started it, however that ends."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The results of a function in the order of its items; as many at once as there are processors."""
    count = min(len(items), os.cpu_count() or 1)
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _end_with_parent) as pool:
        try:
            yield from pool.map(function, items)
        except BaseException:  # and so SystemExit: the pool would wait for what is under way
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def exit_when_terminated() -> None:
    """Let SIGTERM be an exit like others, which ends what this process has started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _end_with_parent() -> None:
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
