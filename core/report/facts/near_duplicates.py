"""Frames whose images look the same, by fingerprints that differ in few bits."""

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Fingerprints = npt.NDArray[np.uint64]

_BITS = 64
# Of fingerprints that share a group of bits, how many are compared with each other at once.
_AT_ONCE = 2000


def near_duplicates(
    fingerprints: Fingerprints,
    brightness: npt.NDArray[np.float32],
    usable: npt.NDArray[np.bool_],
    most_bits: int,
    most_brighter: float,
) -> Integers:
    """Pairs of frames that look the same.

    Args:
        fingerprints, brightness: (F,) of each frame, see ImageFacts.
        usable: (F,) bool, whether a frame has an image that shows something.
        most_bits: in how many of the 64 bits of their fingerprints the same pictures may differ.
        most_brighter: how far their brightness may be apart, 0 to 1.

    Returns:
        (P, 2) int64, the earlier frame first; pairs that differ least come first. Of many frames that are all alike,
        each is paired with the one before it only.
    """
    frames = np.flatnonzero(usable)
    if frames.size < 2:
        return np.zeros((0, 2), np.int64)
    prints, first, which = np.unique(fingerprints[frames], return_index=True, return_inverse=True)
    which = which.reshape(-1)
    order = np.argsort(which, kind="stable")
    same = which[order][1:] == which[order][:-1]
    equal = np.stack((frames[order][:-1][same], frames[order][1:][same]), axis=1)
    alike = [np.sort(frames[first[pairs]], axis=1) for pairs in _close_pairs(prints, most_bits)]
    found = np.unique(np.concatenate((equal, *alike)), axis=0)
    found = found[np.abs(brightness[found[:, 0]] - brightness[found[:, 1]]) <= most_brighter]
    bits = bits_apart(fingerprints[found[:, 0]], fingerprints[found[:, 1]])
    by_bits: Integers = found[np.argsort(bits, kind="stable")]
    return by_bits


def bits_apart(one: Fingerprints, other: Fingerprints) -> npt.NDArray[np.uint8]:
    """In how many bits fingerprints differ."""
    return _bits(one ^ other)


def _bits(values: Fingerprints) -> npt.NDArray[np.uint8]:
    """How many bits of each are 1."""
    as_bytes = np.ascontiguousarray(values).view(np.uint8).reshape(*values.shape, 8)
    counts: npt.NDArray[np.uint8] = _OF_BYTE[as_bytes].sum(axis=-1, dtype=np.uint8)
    return counts


_OF_BYTE = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)


def _close_pairs(prints: Fingerprints, most_bits: int) -> Iterator[Integers]:
    """Pairs of different fingerprints, by their places, that differ in at most so many bits.

    They agree in at least one of one group of bits more.
    """
    edges_of_groups = [_BITS * number // (most_bits + 1) for number in range(most_bits + 2)]
    for start, end in itertools.pairwise(edges_of_groups):
        group = (prints >> np.uint64(start)) & np.uint64((1 << (end - start)) - 1)
        order = np.argsort(group, kind="stable")
        edges = np.flatnonzero(np.diff(group[order], prepend=group[order][0] + np.uint64(1)))
        for members in np.split(order, edges[1:]):
            for begin in range(0, members.size, _AT_ONCE):
                some = members[begin : begin + _AT_ONCE]
                apart = _bits(prints[some][:, None] ^ prints[members[begin:]][None, :])
                one, other = np.nonzero(apart <= most_bits)
                later = other > one
                yield np.stack((some[one[later]], members[begin:][other[later]]), axis=1)
