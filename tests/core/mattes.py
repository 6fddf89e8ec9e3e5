"""Cryptomattes that are made up from known coverages, and the check of what was read from them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.exr.cryptomatte import RankBand, hash_name
from core.labels.label_image import LabelImage

Array = npt.NDArray[Any]

HEIGHT, WIDTH = 6, 8
# "Cube.623" hashes to a float that is not a number, so pixels hold its id with one bit flipped.
NAMES = ("Cube", "Cube.623", "Würfel", "/root/geo/box1")


def coverages(seed: int = 0, names: Sequence[str] = NAMES) -> dict[str, Array]:
    """Name -> (H, W) float32; they add up to less than 1, in steps that floats hold exactly."""
    random = np.random.default_rng(seed)
    shares = random.integers(0, 64 // len(names) + 1, (len(names), HEIGHT, WIDTH))
    shares[:, :2] = 0
    shares[0, 1] = 64  # the first one covers the second row, nothing the first
    return {name: (share / 64).astype(np.float32) for name, share in zip(names, shares, strict=True)}


def channels_of(layer: str, covered: Mapping[str, Array], letters: Sequence[str] = "RGBA") -> dict[str, Array]:
    """The ranks of a Cryptomatte, strongest first."""
    ids = np.array([hash_name(name) for name in covered], np.uint32)
    stack = np.stack(list(covered.values()))
    order = np.argsort(-stack, axis=0, kind="stable")
    coverage = np.take_along_axis(stack, order, axis=0)
    id = np.where(coverage > 0, ids[order], 0).astype(np.uint32).view(np.float32)
    channels = {}
    for rank in range(len(covered) + len(covered) % 2):
        there = rank < len(covered)
        for letter, values in zip(letters[rank % 2 * 2 :], (id, coverage), strict=False):
            plane = values[rank] if there else np.zeros((HEIGHT, WIDTH), np.float32)
            channels[f"{layer}{rank // 2:02}.{letter}"] = plane
    return channels


def as_ranks(pairs: Iterable[tuple[Array, Array]], rows: int = 1 << 30) -> Iterator[RankBand]:
    """Ids and coverages of whole images, strongest rank first, in bands of so many rows, all ranks of each together."""
    ranks = list(pairs)
    for top in range(0, max((len(id) for id, _ in ranks), default=0), rows):
        for rank, (id, coverage) in enumerate(ranks):
            yield RankBand(rank, top, id[top : top + rows], coverage[top : top + rows])


def manifest_text(names: Sequence[str] = NAMES) -> str:
    """As Blender and others write it: with the hash as it is, before it is made a normal float."""
    unflipped = {"Cube.623": 0xFF9C6197}
    return json.dumps({name: f"{unflipped.get(name, hash_name(name)):08x}" for name in names})


def header(layer: str, key: str = "0123abc", names: Sequence[str] = NAMES, **more: str) -> dict[str, str]:
    entries = {"name": layer, "hash": "MurmurHash3_32", "conversion": "uint32_to_float32"}
    entries |= more or {"manifest": manifest_text(names)}
    return {f"cryptomatte/{key}/{name}": value for name, value in entries.items()}


def check(image: LabelImage, covered: Mapping[str, Array]) -> None:
    """Each pixel is the strongest, and has its name."""
    stack = np.concatenate((np.stack(list(covered.values())), 1 - sum(covered.values())[None]))
    names = [*covered, None]
    strongest = stack.argmax(axis=0)  # the first of equals, as in the ranks
    for row, column in np.ndindex(HEIGHT, WIDTH):
        label = int(image.labels[row, column])
        assert (image.name_of(label) if label else None) == names[strongest[row, column]], (row, column)
