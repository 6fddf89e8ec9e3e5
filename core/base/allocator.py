"""The memory of processes that need as much again for each frame, as the C library of Linux hands it out."""

import sys
from collections.abc import MutableMapping

_VARIABLE = "GLIBC_TUNABLES"
# By itself glibc asks the system for every large array and gives it back, and the system clears each of its pages
# anew. A frame has some dozens of such arrays; in pages of 2 MB they need few of the system's tables.
_KEEPING = "glibc.malloc.mmap_threshold=268435456:glibc.malloc.trim_threshold=536870912:glibc.malloc.hugetlb=1"


def keep_memory(environment: MutableMapping[str, str]) -> None:
    """Let a program with this environment keep the memory of one frame for the next, unless the user sets the C
    library otherwise. Other C libraries than that of GNU do not look at it."""
    if sys.platform == "linux":
        environment.setdefault(_VARIABLE, _KEEPING)
