"""What libraries do by themselves in a process, as the environment that it starts with tells them.

Each function sets variables of an environment that the user has not set.
"""

import sys
from collections.abc import MutableMapping

# The threads of OpenBLAS, MKL, and Apple's Accelerate.
_BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_MEMORY_VARIABLE = "GLIBC_TUNABLES"
# By itself glibc asks the system for every large array and gives it back, and the system clears each of its pages
# anew. A frame has some dozens of such arrays; in pages of 2 MB they need few of the system's tables.
_KEEPING = "glibc.malloc.mmap_threshold=268435456:glibc.malloc.trim_threshold=536870912:glibc.malloc.hugetlb=1"


def use_one_blas_thread(environment: MutableMapping[str, str]) -> None:
    """Let the library that numpy calculates with have one thread; by itself it starts one for each processor.

    Labelpass multiplies no large matrices; in each of its processes the others would only cost time and memory at
    the start.
    """
    for name in _BLAS_VARIABLES:
        environment.setdefault(name, "1")


def keep_memory(environment: MutableMapping[str, str]) -> None:
    """Let the C library of Linux keep the memory of one frame for the next. Other C libraries than that of GNU do not
    look at it."""
    if sys.platform == "linux":
        environment.setdefault(_MEMORY_VARIABLE, _KEEPING)
