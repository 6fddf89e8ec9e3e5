"""Starting a process: nothing comes between it and its owner."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core.run import owned_process
from core.run.owned_process import start_process

SLEEP = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"]


@pytest.fixture(autouse=True)
def ctrl_c_counts() -> Iterator[None]:
    """Also where the tests run in the background of a shell, which lets nobody hear of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The processes that are started, while each of which somebody presses Ctrl-C."""
    popen, found = subprocess.Popen, []

    def start(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        found.append(popen(*arguments, **options))
        os.kill(os.getpid(), signal.SIGINT)
        return found[-1]

    monkeypatch.setattr(owned_process.subprocess, "Popen", start)
    yield found
    for process in found:
        process.kill()
        process.communicate()


def test_ctrl_c_while_a_process_starts(started: list["subprocess.Popen[bytes]"]) -> None:
    """It counts, and the process that nobody got ends."""
    with pytest.raises(KeyboardInterrupt):
        start_process(SLEEP, os.environ, stdin=subprocess.PIPE)
    (process,) = started
    assert process.wait(60) == -signal.SIGKILL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_that_is_noted_while_a_process_starts(
    started: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What whoever notes it does then is up to him."""
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    try:
        process = start_process(SLEEP, os.environ, stdin=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGINT, before)
    assert noted == [signal.SIGINT]
    assert process.poll() is None


def test_the_caller_lets_ctrl_c_through_as_before() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    start_process([sys.executable, "-S", "-c", ""], os.environ).wait()
    with pytest.raises(FileNotFoundError):
        start_process(["no such program"], os.environ)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_what_another_thread_starts_is_told_so() -> None:
    """The kernel would take the end of that thread for that of the program."""
    said: list[bytes] = []

    def start() -> None:
        code = "import os; print(*[name for name in os.environ if name.startswith('LABELPASS')])"
        process = start_process([sys.executable, "-S", "-c", code], os.environ, stdout=subprocess.PIPE)
        said.append(process.communicate()[0].strip())

    start()
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert said == [b"", b"LABELPASS_OF_ANOTHER_THREAD"]
