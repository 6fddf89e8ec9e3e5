"""Uniform random numbers that depend on seed, frame, try and what they are for, and on nothing else.

So a frame is the same whether it is drawn alone or with others, and a row that is added changes none of the others.
The generator is counter-based: it needs no state to be carried from one frame to the next.
"""

import hashlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# What a float64 from 0 to 1 can hold.
_BITS = 53
_WORD = 2**64 - 1


def uniforms(seed: int, frames: Integers, tries: Integers, what: str, count: int) -> Floats:
    """Numbers from 0 to below 1, evenly spread; the same on every machine and with every version of numpy.

    Only the raw bits of Philox are used, which numpy keeps as they are, and not its distributions, which it may change.

    Args:
        seed: of the whole run.
        frames: (F,) frame numbers.
        tries: (F,) which draw of each frame this is; 0 is the first.
        what: what is drawn: the identity of a row, and of a thing in it.
        count: how many numbers each frame needs.

    Returns:
        (F, count). Of a larger count the first numbers are the same.

    Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011.
    """
    name = f"{seed}\0{what}".encode("utf-8", "surrogateescape")
    key = np.frombuffer(hashlib.blake2b(name, digest_size=16).digest(), "<u8")
    raw = np.empty((len(frames), count), np.uint64)
    for row, (frame, attempt) in enumerate(zip(frames.tolist(), tries.tolist(), strict=True)):
        counter = np.array([0, frame & _WORD, attempt, 0], np.uint64)
        raw[row] = np.random.Philox(key=key, counter=counter).random_raw(count)
    return (raw >> np.uint64(64 - _BITS)) * 2.0**-_BITS
