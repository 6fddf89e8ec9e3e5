"""Pipes to and from another process, for a program that must not wait for it and has no thread that could.

Blender's process is such a program. POSIX has pipes that do not block; on Windows it is asked first how much is there.
"""

import contextlib
import os
import selectors
import sys
import time
from collections.abc import Collection
from typing import IO

# As much as a pipe holds on Linux.
_CHUNK = 1 << 16
# Whatever the other side writes, the reader comes to an end.
_MOST_CHUNKS_AT_ONCE = 32
# Windows has nothing to wait with for a pipe.
_SECONDS_BETWEEN_LOOKS = 0.005


class LinesFrom:
    """What another process writes, line by line.

    Args:
        pipe: an unbuffered one.

    Attributes:
        ended: whether nothing more comes.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self.ended = False
        self._pipe = pipe
        self._begun = b""
        _do_not_block(pipe)

    def fileno(self) -> int:
        return self._pipe.fileno()

    def read(self) -> list[str]:
        """The lines that have come since the last call; at the end also the last one, if it was not finished."""
        chunks = [self._begun]
        for _ in range(_MOST_CHUNKS_AT_ONCE):
            chunk = None if self.ended else _read_now(self.fileno())
            if chunk is None:
                break
            self.ended = not chunk
            chunks.append(chunk)
        *lines, self._begun = b"".join(chunks).split(b"\n")
        if self.ended and self._begun:
            lines.append(self._begun)
            self._begun = b""
        return [line.decode("utf-8", "replace") for line in lines]

    def close(self) -> None:
        self.ended = True
        self._pipe.close()


class LinesTo:
    """What another process is to read, line by line. Lines to one that has ended are lost.

    Args:
        pipe: an unbuffered one.

    Attributes:
        waits: whether there is something that did not go into the pipe so far.
    """

    # Whether a write may wait for the other process to read.
    blocks = sys.platform == "win32"

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._waiting = bytearray()
        _do_not_block(pipe)

    def fileno(self) -> int:
        return self._pipe.fileno()

    @property
    def waits(self) -> bool:
        return bool(self._waiting)

    def put(self, line: str) -> None:
        """Have a line written at the next flush()."""
        self._waiting += line.encode() + b"\n"

    def flush(self) -> None:
        """Write as much as goes into the pipe."""
        try:
            while self._waiting:
                written = os.write(self.fileno(), self._waiting[:_CHUNK])
                del self._waiting[:written]
        except BlockingIOError:
            pass
        except OSError:
            self._waiting.clear()

    def close(self) -> None:
        self._waiting.clear()
        with contextlib.suppress(OSError):
            self._pipe.close()


def wait_for_any(sources: Collection[LinesFrom], targets: Collection[LinesTo], seconds: float) -> None:
    """Return when there is something to read, or room to write, after so many seconds at the latest.

    Args:
        sources: those that have not ended.
        targets: those in which something waits.
    """
    if sys.platform == "win32":
        end = time.monotonic() + seconds
        while time.monotonic() < end and not any(_is_readable(source.fileno()) for source in sources):
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return
    with selectors.DefaultSelector() as selector:
        for source in sources:
            selector.register(source, selectors.EVENT_READ)
        for target in targets:
            selector.register(target, selectors.EVENT_WRITE)
        selector.select(seconds)


if sys.platform == "win32":
    import _winapi
    import msvcrt

    def _do_not_block(pipe: IO[bytes]) -> None:
        """Pipes of Python 3.11 can do nothing else here."""

    def _is_readable(pipe: int) -> bool:
        """Whether there is something to read, or nothing more will come."""
        try:
            return bool(_winapi.PeekNamedPipe(msvcrt.get_osfhandle(pipe), 0)[0])
        except BrokenPipeError:
            return True

    def _read_now(pipe: int) -> bytes | None:
        """What is there; nothing at the end, None before anything has come."""
        try:
            there = _winapi.PeekNamedPipe(msvcrt.get_osfhandle(pipe), 0)[0]
        except BrokenPipeError:
            return b""
        return os.read(pipe, min(there, _CHUNK)) if there else None

else:

    def _do_not_block(pipe: IO[bytes]) -> None:
        os.set_blocking(pipe.fileno(), False)

    def _read_now(pipe: int) -> bytes | None:
        """What is there; nothing at the end, None before anything has come."""
        try:
            return os.read(pipe, _CHUNK)
        except BlockingIOError:
            return None
