"""Processes that the system ends with the one that started them, however that one ends.

    Linux     the kernel kills the process when its parent has gone: prctl(2), PR_SET_PDEATHSIG
    Windows   a job object, which kills all of its processes when its last handle closes
    macOS     the process watches its standard input, see worker.py, as it does on the other two besides

For Linux a parent is the THREAD that started the process, and the threads of a render in Blender end with the render.
So a thread that never ends starts all of them. It lets no Ctrl-C through to them either, from their first instruction:
the whole group of a terminal gets one, and what it means is up to the parent.

Blender's process imports this module, and so does the worker.
"""

import ctypes
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# winnt.h
_JOB_EXTENDED_LIMITS = 9
_KILL_ON_JOB_CLOSE = 0x2000

Process = subprocess.Popen[str]
_Order = tuple[Callable[[], Process], "Future[Process]"]


def start_process(arguments: list[str], **options: Any) -> Process:
    """Start a process that does not outlive this one, if on Linux it calls end_with_parent().

    Args:
        arguments, options: as subprocess.Popen takes them.

    Raises:
        OSError: there is no such program.
    """

    def start() -> Process:
        process = subprocess.Popen(arguments, **options)
        if sys.platform == "win32":
            _put_into_job(process)
        return process

    started: Future[Process] = Future()
    _starter().put((start, started))
    try:
        return started.result()
    except KeyboardInterrupt:  # nobody is going to own it
        started.add_done_callback(_discard)
        raise


def end_with_parent() -> None:
    """Let the kernel kill this process as soon as its parent has gone; on Linux only.

    If the parent has gone already, the standard input of this process has ended, and nothing else says so.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class _Starter:
    """A thread that starts processes for all others until the end of this process."""

    def __init__(self) -> None:
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="labelpass-starter", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Not so in a process that was forked."""
        return self._thread.is_alive()

    def put(self, order: _Order) -> None:
        self._orders.put(order)

    def _run(self) -> None:
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        while True:
            start, started = self._orders.get()
            try:
                started.set_result(start())
            except Exception as error:
                started.set_exception(error)
            del start, started  # which would keep the process until the next one


_known: list[_Starter] = []


def _starter() -> _Starter:
    """The one of this process; a second one, of two threads that are as fast, does no harm."""
    if not (_known and _known[0].is_alive):
        _known[:] = [_Starter()]
    return _known[0]


def _discard(started: "Future[Process]") -> None:
    if not started.exception():
        started.result().kill()


if sys.platform == "win32":
    from ctypes import wintypes

    class _BasicLimits(ctypes.Structure):
        """JOBOBJECT_BASIC_LIMIT_INFORMATION"""

        _fields_ = [
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        ]

    class _ExtendedLimits(ctypes.Structure):
        """JOBOBJECT_EXTENDED_LIMIT_INFORMATION"""

        _fields_ = [
            ("BasicLimitInformation", _BasicLimits),
            ("IoInfo", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        ]

    _jobs: list[int] = []

    def _put_into_job(process: Process) -> None:
        """What cannot be put there still ends with its standard input."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        kernel.CreateJobObjectW.argtypes = [ctypes.c_void_p, wintypes.LPCWSTR]
        kernel.SetInformationJobObject.argtypes = [wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD]
        kernel.AssignProcessToJobObject.argtypes = [wintypes.HANDLE, wintypes.HANDLE]
        if not _jobs:  # only one thread comes here
            job = kernel.CreateJobObjectW(None, None)
            if not job:
                return
            limits = _ExtendedLimits()
            limits.BasicLimitInformation.LimitFlags = _KILL_ON_JOB_CLOSE
            kernel.SetInformationJobObject(job, _JOB_EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
            _jobs.append(job)  # and never closed: the system does that at the end of this process
        kernel.AssignProcessToJobObject(_jobs[0], int(process._handle))  # type: ignore[attr-defined]
