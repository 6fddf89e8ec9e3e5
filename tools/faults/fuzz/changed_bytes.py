"""Files of which some bytes are others: changed, cut out, repeated or cut off."""

from collections.abc import Callable
from random import Random

# What readers of texts stumble over.
LETTERS = (b'"', b"\\", b"{", b"}", b"[", b":", b",", b"\0", b"\xff", b"\x1b", b"\xed\xa0\x80", b"9" * 40)

Change = Callable[[bytearray, Random], bytearray]


def bits(data: bytearray, random: Random) -> bytearray:
    for _ in range(random.randint(1, 8)):
        place = random.randrange(len(data))
        data[place] ^= 1 << random.randrange(8)
    return data


def cut_off(data: bytearray, random: Random) -> bytearray:
    return data[: random.randrange(1, len(data) + 1)]


def cut_out(data: bytearray, random: Random) -> bytearray:
    place = random.randrange(len(data))
    del data[place : place + random.randint(1, 64)]
    return data or bytearray(b"v")


def repeated(data: bytearray, random: Random) -> bytearray:
    place, length = random.randrange(len(data)), random.randint(1, 256)
    data[place:place] = data[place : place + length]
    return data


def letters(data: bytearray, random: Random) -> bytearray:
    """Some of LETTERS in place of others."""
    for _ in range(random.randint(1, 8)):
        place, some = random.randrange(len(data)), random.choice(LETTERS)
        data[place : place + len(some)] = some
    return data


def changed(data: bytes, random: Random) -> bytes:
    """Data, not empty, with one to three of these changes."""
    found = bytearray(data)
    for change in random.choices((bits, cut_off, cut_out, repeated, letters), k=random.randint(1, 3)):
        found = change(found, random)
    return bytes(found)
