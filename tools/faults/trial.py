"""One attempt to break something: it ends well or in one sentence, soon, and with little memory."""

import contextlib
import re
import signal
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from core.base.errors import LabelpassError

# Of the processor.
MOST_SECONDS = 20
MOST_BYTES = 2 << 30
_LONGEST_SENTENCE = 2100
# A library that does not come back to Python is ended with its process.
_SECONDS_OF_LIBRARY = 60.0
# By the clock, of what waits and does nothing; a busy machine has to come so far.
_SECONDS_OF_WAITING = 300
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class _TooSlow(BaseException):
    """Nothing catches this by chance."""


def attempt(call: Callable[[], object]) -> str:
    """Call something that may refuse; what is wrong with how it ended, or ""."""
    _CLEAR.write_text("5")  # proc(5): the most memory so far is what there is now
    before = _peak()
    try:
        with _limited_time():
            call()
    except LabelpassError as error:
        if problem := wrong_sentence(str(error)):
            return problem
    except _TooSlow:
        return f"took more than {MOST_SECONDS} seconds of the processor, or waited for more than {_SECONDS_OF_WAITING}"
    except BaseException:
        return "".join(traceback.format_exc(limit=-3))
    took = _peak() - before
    return f"took {took / 2**30:.1f} GB of memory" if took > MOST_BYTES else ""


def wrong_sentence(text: str) -> str:
    """What is wrong with the sentence of an error; "" where nothing is."""
    if not text or ("\n" in text.strip() and len(text) > _LONGEST_SENTENCE):
        return f"is not a sentence: {text[:200]!r}"
    if len(text) > _LONGEST_SENTENCE:
        return f"says a sentence of {len(text)} characters"
    if "has a bug here" in text or "Traceback" in text:
        return f"says {text[:300]!r}"
    return ""


@contextlib.contextmanager
def _limited_time() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooSlow

    clocks = signal.SIGALRM, signal.SIGPROF
    before = [signal.signal(clock, stop) for clock in clocks]
    signal.alarm(_SECONDS_OF_WAITING)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS_OF_LIBRARY)
    try:
        yield
    finally:
        signal.alarm(0)
        for timer in (signal.ITIMER_PROF, signal.ITIMER_VIRTUAL):
            signal.setitimer(timer, 0.0)
        for clock, handler in zip(clocks, before, strict=True):
            signal.signal(clock, handler)


def _peak() -> int:
    match = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
    return int(match[1]) * 1024 if match else 0
