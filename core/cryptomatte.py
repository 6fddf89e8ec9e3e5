"""Cryptomatte: the id with the largest coverage in each pixel, and the names of the ids.

Source: Friedman and Jones, "Cryptomatte Specification", version 1.2.0 (2018-05).
"""

import json
import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from .errors import PassError

# "name":"1a2b3c4d" up to the next entry or the end; the name may hold anything.
_MANIFEST_ENTRY = re.compile(r'"(.*?)"\s*:\s*"([0-9a-fA-F]{1,8})"\s*(?=,\s*"|\}\s*$)', re.DOTALL)

Floats = npt.NDArray[np.float32]
Ranks = Iterable[tuple[Floats, Floats]]


def strongest_ids(ranks: Ranks, shape: tuple[int, int]) -> npt.NDArray[np.uint32]:
    """The id that covers most of each pixel, background included; a tie goes to the earlier rank.

    Args:
        ranks: pairs of (H, W) float32 arrays, id and coverage, strongest rank first. An id is a float whose bits are
            the hash; a coverage is finite. The pairs are taken one at a time, so a generator keeps only one in memory.
        shape: (H, W).

    Returns:
        (H, W) uint32, 0 = background. Background covers what the ranks leave over, and what they give to id 0.
    """
    best = np.zeros(shape, dtype=np.uint32)
    best_coverage = np.zeros(shape, dtype=np.float32)
    covered = np.zeros(shape, dtype=np.float32)
    for id, coverage in ranks:
        bits = np.ascontiguousarray(id).view(np.uint32)
        coverage = np.where(bits == 0, np.float32(0), coverage)
        covered += coverage
        stronger = coverage > best_coverage
        np.copyto(best, bits, where=stronger)
        np.copyto(best_coverage, coverage, where=stronger)
    best[1 - covered > best_coverage] = 0
    return best


def read_manifest(text: str) -> dict[int, str]:
    """The manifest attribute as id -> name.

    Blender (4.2 to 5.0 at least) writes quotes, backslashes and line breaks of a name as they are, which is no JSON;
    such a manifest is taken apart at the ids, and of two readings of a name the one counts that hashes to its id.

    Raises:
        PassError: it is no manifest.
    """
    if "\\" not in text:
        try:
            return {int(id, 16): str(name) for name, id in json.loads(text).items()}
        except (AttributeError, TypeError, ValueError):
            pass
    names = {int(id, 16): _unescaped(name, int(id, 16)) for name, id in _MANIFEST_ENTRY.findall(text)}
    if not names and text.strip() not in ("", "{}"):
        raise PassError("The Cryptomatte manifest is damaged, so objects have no names; render the frame again")
    return names


def _unescaped(name: str, id: int) -> str:
    """A name as another renderer escapes it, unless it hashes to the id as it stands."""
    if "\\" not in name or hash_name(name) == id:
        return name
    try:
        return str(json.loads(f'"{name}"'))
    except ValueError:
        return name


def name_of(id: int, manifest: dict[int, str]) -> str:
    """The name of an id; its eight hexadecimal digits where the manifest lacks it."""
    return manifest.get(id, f"{id:08x}")


def hash_name(name: str) -> int:
    """The id of a name: MurmurHash3 x86 32 with seed 0 of its UTF-8 bytes, made a normal float.

    Source: Austin Appleby, MurmurHash3.cpp (public domain); Cryptomatte Specification, "ID Generation".
    """
    data = name.encode("utf-8")
    mask = 0xFFFFFFFF
    hash = 0
    whole = len(data) - len(data) % 4
    for start in range(0, whole, 4):
        hash ^= _scramble(int.from_bytes(data[start : start + 4], "little"))
        hash = ((hash << 13) | (hash >> 19)) & mask
        hash = (hash * 5 + 0xE6546B64) & mask
    hash ^= _scramble(int.from_bytes(data[whole:], "little"))
    hash ^= len(data)
    hash ^= hash >> 16
    hash = (hash * 0x85EBCA6B) & mask
    hash ^= hash >> 13
    hash = (hash * 0xC2B2AE35) & mask
    hash ^= hash >> 16
    exponent = (hash >> 23) & 0xFF
    return hash ^ (1 << 23) if exponent in (0, 255) else hash


def _scramble(block: int) -> int:
    mask = 0xFFFFFFFF
    block = (block * 0xCC9E2D51) & mask
    block = ((block << 15) | (block >> 17)) & mask
    return (block * 0x1B873593) & mask
