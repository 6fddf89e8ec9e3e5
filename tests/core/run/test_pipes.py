"""Lines through pipes that nobody waits for, as POSIX has them and, with stand-ins for two calls of it, as Windows."""

import importlib.util
import os
import select
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from core.run import pipes as own_pipes


def _peek(handle: int, size: int) -> tuple[int, int]:
    """As _winapi.PeekNamedPipe: how much is there, and how much is left of this message."""
    import array
    import fcntl
    import termios

    assert size == 0
    there = array.array("i", [0])
    fcntl.ioctl(handle, termios.FIONREAD, there)
    if not there[0]:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if any(event & select.POLLHUP for _, event in poll.poll(0)):
            raise BrokenPipeError
    return there[0], 0


@pytest.fixture(params=["posix", "windows"])
def pipes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    if request.param == "posix":
        return own_pipes
    for name, call, function in (("_winapi", "PeekNamedPipe", _peek), ("msvcrt", "get_osfhandle", int)):
        module = types.ModuleType(name)
        setattr(module, call, function)
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("pipes_of_windows", Path(own_pipes.__file__))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "platform", "win32")
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ends() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    reading, writing = (os.fdopen(end, mode, buffering=0) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))
    yield reading, writing
    reading.close()
    writing.close()


def test_lines_in_pieces(pipes: Any, ends: tuple[IO[bytes], IO[bytes]]) -> None:
    reading, writing = ends
    source = pipes.LinesFrom(reading)
    assert source.read() == []
    writing.write(b"one\ntw")
    assert source.read() == ["one"]
    assert source.read() == []
    writing.write("o\nWürfel\n\nthr".encode())
    assert source.read() == ["two", "Würfel", ""]
    assert not source.ended
    writing.close()
    assert source.read() == ["thr"]
    assert source.ended
    assert source.read() == []


def test_more_than_is_read_at_once(pipes: Any, ends: tuple[IO[bytes], IO[bytes]]) -> None:
    reading, writing = ends
    source = pipes.LinesFrom(reading)
    text = "".join(f"{number}\n" for number in range(500_000))
    thread = threading.Thread(target=lambda: (writing.write(text.encode()), writing.close()))
    thread.start()
    lines: list[str] = []
    while not source.ended:
        pipes.wait_for_any([source], [], 60.0)
        lines += source.read()
    thread.join()
    assert lines == text.split()


def test_waiting(pipes: Any, ends: tuple[IO[bytes], IO[bytes]]) -> None:
    """It ends with the first byte, with the end of the other side, and with the time."""
    reading, writing = ends
    source = pipes.LinesFrom(reading)
    began = time.monotonic()
    pipes.wait_for_any([source], [], 0.02)
    assert time.monotonic() - began >= 0.02
    for happens in (lambda: writing.write(b"x"), writing.close):
        happens()
        pipes.wait_for_any([source], [], 3600.0)
        source.read()
    assert source.ended


def test_lines_to_another(pipes: Any, ends: tuple[IO[bytes], IO[bytes]]) -> None:
    reading, writing = ends
    target = pipes.LinesTo(writing)
    target.put("a")
    target.put("ü")
    assert target.waits
    target.flush()
    assert not target.waits
    assert reading.read(100) == "a\nü\n".encode()
    reading.close()
    target.put("lost")
    target.flush()
    assert not target.waits
    target.close()


def test_lines_to_one_that_does_not_read(ends: tuple[IO[bytes], IO[bytes]]) -> None:
    reading, writing = ends
    source, target = own_pipes.LinesFrom(reading), own_pipes.LinesTo(writing)
    target.put("x" * 1_000_000)
    target.flush()
    assert target.waits
    lines: list[str] = []
    while not lines:
        own_pipes.wait_for_any([source], [target] if target.waits else [], 60.0)
        target.flush()
        lines += source.read()
    assert lines == ["x" * 1_000_000]
