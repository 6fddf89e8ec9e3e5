"""The threads of the library that numpy calculates with, which starts one for each processor when numpy is imported."""

from collections.abc import MutableMapping

# OpenBLAS, MKL, and Apple's Accelerate.
_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def one_thread(environment: MutableMapping[str, str]) -> None:
    """Let a program with this environment have one such thread, unless the user wants it otherwise.

    Labelpass multiplies no large matrices; in each of its processes the others would only cost time and memory at
    the start.
    """
    for name in _VARIABLES:
        environment.setdefault(name, "1")
