"""zlib streams of data that are nearly all runs of equal bytes, such as the rows of a mask less the row above.

zlib and libdeflate look at every byte, and take two to five milliseconds for such rows of a Full HD image. This takes
time with the number of runs only, and nobody has to write all the bytes. Each run is its byte and matches with the byte
before: "the same again, so many times". The codes are always the same ones, made for such rows, so none have to be
worked out.

Source: RFC 1950 and RFC 1951.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from ..base.ragged import Integers

# What is matched: at least and at most so many bytes.
_SHORTEST, _LONGEST = 3, 258
_END = 256
_LITERALS, _LENGTHS = 257, 29  # codes: the bytes and the end, then lengths of matches
_MODULUS = 65521  # of Adler-32
# Tokens are bytes, then lengths of matches from 3, then the end of the stream.
_FIRST_MATCH = 256
_LAST = _FIRST_MATCH + _LONGEST - _SHORTEST + 1


def compress_runs(values: Integers, lengths: Integers) -> list[bytes]:
    """zlib streams of data that are runs of equal bytes; what several of them share is worked out once.

    Args:
        values: (K, R) int64, of K data the bytes of the runs.
        lengths: (R,) int64, how often each stands there, 1 or more; R is 1 or more.
    """
    checksums = _adler32(values, lengths)
    return [
        _packed(tokens) + checksum.to_bytes(4, "big")
        for tokens, checksum in zip(_tokens(values, lengths), checksums, strict=True)
    ]


@lru_cache(maxsize=8)
def _tokens_of_runs(limit: int) -> tuple[Integers, Integers, Integers]:
    """What is said of runs by their lengths below a limit: (limit,) int64 each.

    A run is its byte, then matches of the greatest length and one of the rest; of two or three bytes it is these. If
    the rest were too short for a match, the one before it gives three of its own.

    Returns:
        How many tokens there are, and the last two of them, which are 0 where they are no matches.
    """
    again = np.arange(limit) - 1
    matches = np.where(again < _SHORTEST, 0, (again + _LONGEST - 1) // _LONGEST)
    rest = again - _LONGEST * (matches - 1)
    lacking = np.where(rest < _SHORTEST, _SHORTEST, 0)
    last, before = np.where(matches > 0, rest + lacking, 0), np.where(matches > 1, _LONGEST - lacking, 0)
    counts = 1 + np.where(again < _SHORTEST, again, matches)
    before, last = (np.where(one > 0, one + _FIRST_MATCH - _SHORTEST, 0) for one in (before, last))
    return counts, before, last


def _tokens(values: Integers, lengths: Integers) -> Iterator[Integers]:
    """What the streams say of runs, and their ends: (T,) int64 for each.

    Args:
        values: (K, R) of the runs.
        lengths: (R,) of them.
    """
    limit = 1 << int(lengths.max()).bit_length()
    counts, before, last = (of_length.take(lengths) for of_length in _tokens_of_runs(limit))
    ends = np.cumsum(counts)
    first = ends - counts
    matched, several = np.flatnonzero(last), np.flatnonzero(before)
    last, before = last[matched], before[several]
    at_last, at_before = ends[matched] - 1, ends[several] - 2
    for value in values:
        fill = value.copy()
        fill[matched] = _LAST - 1
        tokens = np.append(fill.repeat(counts), _LAST)
        tokens[first] = value
        tokens[at_before] = before
        tokens[at_last] = last
        yield tokens


def _adler32(values: Integers, lengths: Integers) -> list[int]:
    """The checksum of each: 1 and the sum of all bytes, and the sum of these sums up to each byte."""
    ends = np.cumsum(lengths)
    size = int(ends[-1])
    times = (lengths * (size - ends) + lengths * (lengths + 1) // 2) % _MODULUS
    one, other = 1 + values @ lengths, size + values @ times
    return [low % _MODULUS | high % _MODULUS << 16 for low, high in zip(one.tolist(), other.tolist(), strict=True)]


def _packed(tokens: Integers) -> bytes:
    """The codes of tokens one after the other, behind the header of the stream, in whole bytes."""
    ends = _HEADER_BITS + np.cumsum(_BITS[tokens])
    begins = ends - _BITS[tokens]
    word, codes = begins >> 5, _CODES[tokens] << (begins & 31)
    words = np.zeros((int(ends[-1]) >> 5) + 2)
    # Bits of different tokens never meet, so sums of less than 2^32 put them together, exactly also as floats.
    words[: _HEADER.size] = _HEADER
    words += np.bincount(word, codes & 0xFFFFFFFF, words.size) + np.bincount(word + 1, codes >> 32, words.size)
    return words.astype("<u4").tobytes()[: int(ends[-1] + 7) // 8]


def _code_lengths() -> list[int]:
    """How many bits each code has: few for what is in every row, which is a filter's number, zeros and the longest
    match; then matches and small differences.

    A set of codes is complete if the sum of 2^-bits is 1, as readers want it. These fit made-up frames of 5 to 100
    objects.
    """
    near = {0: 2, 2: 4} | {step % _END: 7 for step in (1, *range(3, 10), *range(-8, 0))}
    far = {step % _END: 9 for step in (*range(10, 18), *range(-16, -8))}
    literals = [(far | near).get(value, 11) for value in range(_END)]
    matches = [8] * 12 + [6] * 16 + [3]
    return [*literals, 10, *matches]


def _canonical(lengths: list[int]) -> list[int]:
    """Codes of these numbers of bits, the first bit lowest (RFC 1951, 3.2.2)."""
    codes, code, before = [0] * len(lengths), 0, 0
    for bits, symbol in sorted((bits, symbol) for symbol, bits in enumerate(lengths)):
        code <<= bits - before
        codes[symbol] = int(f"{code:0{bits}b}"[::-1], 2)
        code, before = code + 1, bits
    return codes


def _table() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Code and number of bits of each token; a match goes on with the rest of its length, and the distance 1."""
    lengths = _code_lengths()
    codes = _canonical(lengths)
    # Of codes for lengths, how many further bits say which one it is (RFC 1951, 3.2.5); 258 has a code of its own.
    further = [max(0, number // 4 - 1) for number in range(_LENGTHS - 1)]
    shortest = list(accumulate((1 << bits for bits in further), initial=_SHORTEST))[:-1]
    rows = [(codes[value], lengths[value]) for value in range(_END)]
    for length in range(_SHORTEST, _LONGEST):
        number = max(place for place, least in enumerate(shortest) if least <= length)
        symbol, rest = _LITERALS + number, length - shortest[number]
        rows.append((codes[symbol] | rest << lengths[symbol], lengths[symbol] + further[number] + 1))
    longest = _LITERALS + _LENGTHS - 1
    rows += [(codes[longest], lengths[longest] + 1), (codes[_END], lengths[_END])]
    code, bits = np.array(rows).T
    return code, bits


def _header() -> tuple[npt.NDArray[np.float64], int]:
    """The beginning of every stream in words of 32 bits, and how many bits it has: zlib's own two bytes, and that a
    last block follows with codes of these numbers of bits, each of which is said in four bits."""
    fields = [(0x78, 8), (0x01, 8), (1, 1), (2, 2), (_LITERALS + _LENGTHS - 257, 5), (0, 5), (19 - 4, 4)]
    fields += [(0, 3)] * 3 + [(4, 3)] * 16
    # The one distance has a code of one bit.
    fields += [(code, 4) for code in map(_canonical([4] * 16).__getitem__, [*_code_lengths(), 1])]
    header = total = 0
    for value, bits in fields:
        header |= value << total
        total += bits
    words = total // 32 + 1
    return np.frombuffer(header.to_bytes(4 * words, "little"), "<u4").astype(np.float64), total


_CODES, _BITS = _table()
_HEADER, _HEADER_BITS = _header()
