"""Ids that depend on what they are of, and not on how many others come before it: made of a digest of its name.

They are below 2^53, the largest number up to which JavaScript, and the arrays of floats that pycocotools keeps ids in,
tell all integers apart; and above 0, which pycocotools takes for no annotation.
"""

import hashlib

import numpy as np
import numpy.typing as npt

_BYTES = 8
# The digests take half of the ids, so that there is room after the last one.
_UNUSED_BITS = 64 - 52


def spread(name: bytes) -> int:
    """A number below 2^64 that follows from a name and looks like chance."""
    return int.from_bytes(hashlib.blake2b(name, digest_size=_BYTES).digest())


def own_ids(spreads: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """(N,) the ids that follow from the names alone."""
    return (spreads >> np.uint64(_UNUSED_BITS)).astype(np.int64) + 1


def unique_ids(spreads: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The first of some ids in a row for each of N things, so that no two things have one in common.

    A thing gets the ids that follow from its name, unless these are another one's: of some millions of things that
    happens to one in a run of thousands. It gets the next ones then, and so do those that it would run into.

    Args:
        spreads: (N,) what spread() makes of the name of each. Of two alike, the first one's ids come first.
        counts: (N,) how many ids each needs, 1 or more.

    Returns:
        (N,) the first id of each, from 1 to below 2^53.
    """
    wanted = own_ids(spreads)
    order = np.argsort(wanted, kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    ids = np.empty_like(wanted)
    # An id is at least the one before and its count: less what all counts before sum up to, it never falls.
    ids[order] = np.maximum.accumulate(wanted[order] - before) + before
    return ids
