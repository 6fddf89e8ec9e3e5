"""Cryptomatte: the id with the largest coverage in each pixel, how much the ids cover, and their names.

Source: Friedman and Jones, "Cryptomatte Specification", version 1.2.0 (2018-05).
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.errors import PassError
from ..base.input_files import parse_json

# What follows a name in "name":"1a2b3c4d", up to the next entry or the end; the name may hold anything.
_AFTER_NAME = re.compile(r'"\s*:\s*"([0-9a-fA-F]{1,8})"\s*(?=,\s*"|\}\s*$)')

Floats = npt.NDArray[np.float32]

# From here on a coverage is 255 of 255.
WHOLE = np.float32(254.5 / 255)


# Few enough for the processor's cache.
_ROWS_AT_ONCE = 32


@dataclass(frozen=True)
class RankBand:
    """Some rows of a rank: in each pixel an id, and how much of the pixel it covers.

    Attributes:
        rank: from 0, the strongest.
        top: the first of the rows in the image.
        id: (R, W) float32, of which the bits are the hash.
        coverage: (R, W) float32, finite.
    """

    rank: int
    top: int
    id: Floats
    coverage: Floats


@dataclass(frozen=True)
class Coverages:
    """How much of each pixel the ids cover, kept small: nearly all pixels of a render belong wholly to one id.

    Where the ranks of a pixel add up to more than 1, all of them are scaled: behind glass Cycles leaves noise of that
    kind.

    Attributes:
        whole: (H, W) bool, where one id covers at least WHOLE and nothing else; it is that of the label image.
        pixel: (E,) int64, of all other pixels with anything in them, numbered row by row; a pixel occurs once for each
            rank that covers some of it.
        id: (E,) uint32, not 0.
        coverage: (E,) float32, above 0.
    """

    whole: npt.NDArray[np.bool_]
    pixel: npt.NDArray[np.int64]
    id: npt.NDArray[np.uint32]
    coverage: Floats


@dataclass(frozen=True)
class Strongest:
    """The id that covers most of each pixel.

    Attributes:
        id: (H, W) uint32, 0 = background. Background covers what the ranks leave over, and what they give to id 0.
        coverage: (H, W) float32, how much of the pixel that id covers; of no meaning where it is background.
        coverages: of all ids; None if not asked for.
        faint: ids that cover much of the image, but in less than half of that more than anything else, ascending.
    """

    id: npt.NDArray[np.uint32]
    coverage: Floats
    coverages: Coverages | None = None
    faint: tuple[int, ...] = ()


def strongest(ranks: Iterable[RankBand], shape: tuple[int, int], keep_coverages: bool = False) -> Strongest:
    """The id that covers most of each pixel, background included; a tie goes to the earlier rank.

    Args:
        ranks: in each pixel the strongest first. They are taken one at a time, so a generator keeps only one in memory.
        shape: (H, W).
        keep_coverages: whether to keep what every id covers as well.
    """
    best = np.zeros(shape, dtype=np.uint32)
    best_coverage = np.zeros(shape, dtype=np.float32)
    covered = np.zeros(shape, dtype=np.float32)
    collected = _Collected(shape) if keep_coverages else None
    sampled = _Sampled(shape)
    for band in ranks:
        if not band.coverage.any():  # no pixel has so many objects
            continue
        bits = np.ascontiguousarray(band.id).view(np.uint32)
        coverage = band.coverage.copy()
        for rows, within in _some_rows(len(bits), band.top):
            np.copyto(coverage[within], np.float32(0), where=bits[within] == 0)
            covered[rows] += coverage[within]
            stronger = coverage[within] > best_coverage[rows]
            np.copyto(best[rows], bits[within], where=stronger)
            np.copyto(best_coverage[rows], coverage[within], where=stronger)
        sampled.add(band, bits, coverage)
        if collected:
            collected.add(band, bits, coverage)
    coverages = collected.coverages(best, best_coverage, covered) if collected else None
    for rows, _ in _some_rows(shape[0]):
        np.copyto(best[rows], np.uint32(0), where=1 - covered[rows] > best_coverage[rows])
    return Strongest(best, best_coverage, coverages, sampled.faint(best))


def _some_rows(number: int, top: int = 0) -> Iterator[tuple[slice, slice]]:
    """A number of rows from one on, some at once: in the image, and counted from the first."""
    for start in range(0, number, _ROWS_AT_ONCE):
        end = min(start + _ROWS_AT_ONCE, number)
        yield slice(top + start, top + end), slice(start, end)


class _Sampled:
    """What ids cover in some pixels, at equal distances from each other."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._step = max(1, math.ceil(math.sqrt(shape[0] * shape[1] / _MOST_SAMPLES)))
        self._found = [(0, np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.float32))]

    def add(self, band: RankBand, id: npt.NDArray[np.uint32], coverage: Floats) -> None:
        pixels = self._pixels_below(band.top)
        id, coverage = id[pixels], coverage[pixels]
        some = coverage > 0
        self._found.append((band.rank, id[some], coverage[some]))

    def _pixels_below(self, top: int) -> tuple[slice, slice]:
        first = self._step // 2
        return slice((first - top) % self._step, None, self._step), slice(first, None, self._step)

    def faint(self, best: npt.NDArray[np.uint32]) -> tuple[int, ...]:
        """As in Strongest; `best` is the label image."""
        _, some_ids, coverage = _rank_by_rank(self._found)
        ids, number = np.unique(some_ids, return_inverse=True)
        covered = np.bincount(number.ravel(), coverage, len(ids))
        candidates = np.flatnonzero(covered >= _LEAST_COVERED)
        if not candidates.size:
            return ()
        shown, count = np.unique(best[self._pixels_below(0)], return_counts=True)
        place = np.minimum(np.searchsorted(shown, ids[candidates]), len(shown) - 1)
        labelled = np.where(shown[place] == ids[candidates], count[place], 0)
        return tuple(ids[candidates[2 * labelled < covered[candidates]]].tolist())


# So many pixels are enough to find what covers much of an image.
_MOST_SAMPLES = 1 << 15
# Of these so many, in all, are more than a few outlines.
_LEAST_COVERED = 100


class _Collected:
    """The coverages of the ranks so far."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._whole = np.zeros(shape, dtype=bool)
        self._found = [(0, np.zeros(0, np.int64), np.zeros(0, np.uint32), np.zeros(0, np.float32))]

    def add(self, band: RankBand, id: npt.NDArray[np.uint32], coverage: Floats) -> None:
        whole = coverage >= WHOLE
        some = np.flatnonzero((coverage > 0) & ~whole)
        self._whole[band.top : band.top + len(whole)] |= whole
        before = band.top * self._whole.shape[1]
        self._found.append((band.rank, some + before, id.ravel()[some], coverage.ravel()[some]))

    def coverages(self, best: npt.NDArray[np.uint32], best_coverage: Floats, covered: Floats) -> Coverages:
        """
        Args:
            best: (H, W) uint32, the strongest id of each pixel, whatever the background has.
            best_coverage: (H, W) float32, of that id.
            covered: (H, W) float32, of all ranks together.
        """
        more = self._whole & (covered > 2 - WHOLE)  # something else covers a part of it as well
        both = np.flatnonzero(more)
        _, pixel, id, coverage = _rank_by_rank(self._found)
        pixel = np.concatenate((pixel, both))
        id, coverage = np.append(id, best.ravel()[both]), np.append(coverage, best_coverage.ravel()[both])
        whole = self._whole & ~more
        kept = np.flatnonzero(~whole.ravel()[pixel])
        pixel, id, coverage = pixel[kept], id[kept], coverage[kept]
        return Coverages(whole, pixel, id, coverage / np.maximum(covered.ravel()[pixel], np.float32(1)))


def _rank_by_rank(found: list[tuple[Any, ...]]) -> list[npt.NDArray[Any]]:
    """What was found in bands, as (rank, array...) each: all of the strongest rank first, whatever the bands were."""
    ranks, *arrays = zip(*sorted(found, key=lambda one: one[0]), strict=True)
    return [np.array(ranks), *(np.concatenate(some) for some in arrays)]


def read_manifest(text: str) -> dict[int, str]:
    """A manifest as id -> name, the id being the one in pixels.

    Blender (4.2 to 5.0 at least) writes quotes, backslashes and line breaks of a name as they are, which is not valid
    JSON; such a manifest is cut at the ids, and if a name can be read in two ways, the one that hashes to its id
    counts. It also writes the hash of the name as it is, where pixels hold the hash made a normal float, see
    id_in_pixels.

    Raises:
        PassError: it is not a manifest.
    """
    if "\\" not in text:
        try:
            return {id_in_pixels(int(id, 16)): str(name) for name, id in parse_json(text).items()}
        except (AttributeError, TypeError, ValueError):
            pass
    entries = ((name, id_in_pixels(int(id, 16))) for name, id in _entries(text))
    names = {id: _unescaped(name, id) for name, id in entries}
    if not names and text.strip() not in ("", "{}"):
        raise PassError("The Cryptomatte manifest is damaged, so objects have no names; render the frame again")
    return names


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """The names and ids of a manifest that is not JSON, as they are written; each letter is looked at once."""
    place = 0
    while (start := text.find('"', place)) >= 0:
        end = _AFTER_NAME.search(text, start + 1)
        if end is None:
            return
        yield text[start + 1 : end.start()], end[1]
        place = end.end()


def _unescaped(name: str, id: int) -> str:
    """A name as another renderer escapes it, unless it hashes to the id as it stands."""
    if "\\" not in name or hash_name(name) == id:
        return name
    try:
        found = str(json.loads(f'"{name}"'))
    except ValueError:
        return name
    return found.encode("utf-8", "replace").decode("utf-8")  # half a letter is none, and no file could hold it


def name_of(id: int, manifest: dict[int, str]) -> str:
    """The name of an id; its eight hexadecimal digits where the manifest lacks it, or has a name of no letters."""
    return manifest.get(id) or f"{id:08x}"


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
    return id_in_pixels(hash)


def id_in_pixels(hash: int) -> int:
    """A hash as a normal float: if the bits of the exponent are all 0 or all 1, the lowest of them is flipped.

    Of 128 names one is flipped. Twice is the same as once.
    """
    exponent = (hash >> 23) & 0xFF
    return hash ^ (1 << 23) if exponent in (0, 255) else hash


def _scramble(block: int) -> int:
    mask = 0xFFFFFFFF
    block = (block * 0xCC9E2D51) & mask
    block = ((block << 15) | (block >> 17)) & mask
    return (block * 0x1B873593) & mask
