"""Processes that the system ends with the one that started them, however that one ends.

    Linux     the kernel kills the process when its parent has gone: prctl(2), PR_SET_PDEATHSIG
    Windows   a job object, which kills all of its processes when its last handle closes
    macOS     the process watches its standard input, see worker.py, as it does on the other two besides

For Linux a parent is the THREAD that started the process, and other threads than a program's first may end before it.
What they start goes without the kernel, and ends with its standard input. A process gets no Ctrl-C either, from its
first instruction: the whole group of a terminal gets one, and what it means is up to the parent.

Blender's process imports this module, and so does the worker.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .interrupts import ctrl_c_later

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# proc(5): what is added to the share of the memory that a process uses, in thousandths.
_OWN_SCORE, _ENDED_FIRST = Path("/proc/self/oom_score_adj"), "1000"
# winnt.h
_JOB_EXTENDED_LIMITS = 9
_KILL_ON_JOB_CLOSE = 0x2000
# In the environment of a process that its parent's first thread has not started.
_OF_ANOTHER_THREAD = "LABELPASS_OF_ANOTHER_THREAD"

Process = subprocess.Popen[bytes]


def start_process(arguments: list[str], environment: Mapping[str, str], **options: Any) -> Process:
    """Start a process that does not outlive this one, if on Linux it calls end_with_parent().

    Args:
        arguments, options: as subprocess.Popen takes them.
        environment: of the process.

    Raises:
        OSError: there is no such program.
    """
    environment = dict(environment)
    if sys.platform == "linux" and threading.get_native_id() != os.getpid():
        environment[_OF_ANOTHER_THREAD] = "1"
    process = None
    try:
        with ctrl_c_later(), _children_without_ctrl_c():
            process = subprocess.Popen(arguments, env=environment, **options)
            if sys.platform == "win32":
                _put_into_job(process)
        return process
    except KeyboardInterrupt:  # which came meanwhile, so nobody is going to own the process
        if process:
            process.kill()
        raise


def end_with_parent() -> None:
    """Let the kernel kill this process as soon as its parent has gone; on Linux only.

    If the parent has gone already, the standard input of this process has ended, and nothing else says so.
    """
    if sys.platform == "linux" and _OF_ANOTHER_THREAD not in os.environ:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def end_before_others() -> None:
    """Where memory runs out, let the kernel end this process rather than another one, such as Blender with work that is
    not saved; on Linux only."""
    with suppress(OSError):
        _OWN_SCORE.write_text(_ENDED_FIRST, "ascii")


@contextmanager
def _children_without_ctrl_c() -> Iterator[None]:
    """What is started in the block inherits that this thread lets no Ctrl-C through; on Windows a process without a
    console gets none."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
        _make_job(kernel)
        if _jobs:
            kernel.AssignProcessToJobObject(_jobs[0], int(process._handle))  # type: ignore[attr-defined]

    def _make_job(kernel: Any) -> None:
        if not _jobs:
            job = kernel.CreateJobObjectW(None, None)
            if not job:
                return
            limits = _ExtendedLimits()
            limits.BasicLimitInformation.LimitFlags = _KILL_ON_JOB_CLOSE
            kernel.SetInformationJobObject(job, _JOB_EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
            _jobs.append(job)  # and never closed: the system does that at the end of this process
