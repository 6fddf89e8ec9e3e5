"""Synthetic label images and render passes that look to a program like what Blender renders.

Everything is a function of its arguments: the same seed gives the same pixels on every machine.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.exr.cryptomatte import hash_name
from core.masks.runs import LabelArray

Floats = npt.NDArray[np.float32]

# Cycles writes this depth where a ray hits nothing.
_NO_SURFACE = 1e10
_MATERIALS = 5


@dataclass(frozen=True)
class Size:
    """Pixels of an image."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


FULL_HD = Size(1920, 1080)
ULTRA_HD = Size(3840, 2160)


@dataclass(frozen=True)
class _Blob:
    """An ellipse whose outline swings in and out `rays` times: 0 rays make an ellipse, more make a star."""

    x: float
    y: float
    radius: float
    stretch: float
    angle: float
    rays: int
    swing: float

    def cover(self, size: Size) -> tuple[tuple[slice, slice], npt.NDArray[np.bool_]]:
        """The part of an image that the blob can reach, and which of its pixels the blob covers."""
        reach = self.radius * self.stretch * (1 + self.swing) + 1
        rows = slice(max(0, int(self.y - reach)), min(size.height, int(self.y + reach) + 1))
        columns = slice(max(0, int(self.x - reach)), min(size.width, int(self.x + reach) + 1))
        y, x = np.ogrid[rows, columns]
        x, y = x - self.x, y - self.y
        along = (math.cos(self.angle) * x + math.sin(self.angle) * y) / self.stretch
        across = (math.cos(self.angle) * y - math.sin(self.angle) * x) * self.stretch
        outline = self.radius * (1 + self.swing * np.cos(self.rays * np.arctan2(across, along)))
        return (rows, columns), along**2 + across**2 < outline**2


def _blobs(size: Size, objects: int, seed: int) -> Iterator[_Blob]:
    """Objects on a jittered grid, so that they overlap but hardly ever hide each other, in random order of depth."""
    random = np.random.default_rng(seed)
    cell = math.sqrt(size.width * size.height / objects)
    across = math.ceil(size.width / cell)
    down = math.ceil(objects / across)
    for place in random.permutation(objects).tolist():
        row, column = divmod(place, across)
        yield _Blob(
            x=(column + random.uniform(0.1, 0.9)) * size.width / across,
            y=(row + random.uniform(0.1, 0.9)) * size.height / down,
            radius=cell * random.uniform(0.25, 0.6),
            stretch=random.uniform(1.0, 1.6),
            angle=random.uniform(0, math.pi),
            rays=int(random.choice([0, 0, 3, 5, 7])),
            swing=random.uniform(0.1, 0.4),
        )


def paint_labels(size: Size, objects: int, seed: int = 1) -> LabelArray:
    """Overlapping ellipses and stars, numbered from 1 on background 0: the pixels of an Object Index pass.

    Returns:
        (H, W) uint32.
    """
    labels = np.zeros((size.height, size.width), dtype=np.uint32)
    for number, blob in enumerate(_blobs(size, objects, seed), start=1):
        place, covered = blob.cover(size)
        labels[place][covered] = number
    return labels


def as_hashes(labels: LabelArray) -> LabelArray:
    """The same objects with the 32-bit ids that Cryptomatte gives them."""
    return _ids("Object", int(labels.max()))[labels]


def noise_labels(size: Size, objects: int, block: int = 1, seed: int = 1) -> LabelArray:
    """A random label in each square of `block` pixels, background included: far worse than any render."""
    random = np.random.default_rng(seed)
    rows, columns = -(-size.height // block), -(-size.width // block)
    squares = random.integers(0, objects + 1, (rows, columns), dtype=np.uint32)
    return np.ascontiguousarray(squares.repeat(block, axis=0).repeat(block, axis=1)[: size.height, : size.width])


def _ids(kind: str, count: int) -> LabelArray:
    """Number -> Cryptomatte id, 0 -> 0."""
    return np.array([0, *(hash_name(_name(kind, number)) for number in range(1, count + 1))], dtype=np.uint32)


def _name(kind: str, number: int) -> str:
    return f"{kind}.{number:03}"


@dataclass(frozen=True)
class RenderedFrame:
    """The passes of a frame.

    Attributes:
        passes: name of the pass in a file of Blender 5 -> component -> (H, W) float32.
        manifests: name of the Cryptomatte -> name of the object -> id.
    """

    passes: dict[str, dict[str, Floats]]
    manifests: dict[str, dict[str, int]]


def render(size: Size, objects: int, seed: int = 1) -> RenderedFrame:
    """All passes of a frame: domes and flat boards before an empty background.

    The values change from pixel to pixel as they do in a render: a frame that Cycles rendered, with a ground that fills
    the image, has half as many bytes again and takes about as long to decode.
    """
    labels = paint_labels(size, objects, seed)
    materials = np.where(labels > 0, labels % _MATERIALS + 1, 0).astype(np.uint32)
    object_levels, object_manifest = _cryptomatte("Object", labels, seed)
    material_levels, material_manifest = _cryptomatte("Material", materials, seed)
    passes = {
        **_surface(size, labels, objects, seed),
        "Object Index": {"X": labels.astype(np.float32)},
        "Material Index": {"X": materials.astype(np.float32)},
    }
    manifests = {}
    for name, levels, manifest in (
        ("CryptoObject", object_levels, object_manifest),
        ("CryptoMaterial", material_levels, material_manifest),
        ("CryptoAsset", object_levels, object_manifest),  # no object has a parent here
    ):
        passes |= {f"{name}{level:02}": components for level, components in enumerate(levels)}
        manifests[name] = manifest
    return RenderedFrame(passes, manifests)


def _surface(size: Size, labels: LabelArray, objects: int, seed: int) -> dict[str, dict[str, Floats]]:
    """Combined, Depth, Position, Normal and Vector: what varies over each object."""
    random = np.random.default_rng(seed)
    zero = np.float32(0)
    hit = labels > 0
    dome = hit & (labels % 2 == 0)  # the others are boards that face the camera
    y, x = np.mgrid[: size.height, : size.width].astype(np.float32)
    blobs = list(_blobs(size, objects, seed))
    centre_x, centre_y, radius = (
        np.array([0, *(getattr(blob, name) for blob in blobs)], dtype=np.float32) for name in ("x", "y", "radius")
    )
    radius[0] = 1
    slope_x = np.where(dome, (x - centre_x[labels]) / (2 * radius[labels]), zero)
    slope_y = np.where(dome, (y - centre_y[labels]) / (2 * radius[labels]), zero)
    facing = np.sqrt(np.maximum(1 - slope_x**2 - slope_y**2, np.float32(0.01)))
    distance = np.linspace(20, 3, objects + 1, dtype=np.float32)[labels]
    depth = np.where(hit, distance - facing, np.float32(_NO_SURFACE))

    def where_hit(values: npt.NDArray[np.floating]) -> Floats:
        return np.where(hit, values, zero).astype(np.float32)

    colour = random.uniform(0.1, 0.9, (objects + 1, 3)).astype(np.float32)
    # Few samples make a noisy image; noise in few steps keeps it as compressible as a render.
    light = facing * (1 + random.integers(-1, 2, labels.shape, dtype=np.int8) * np.float32(1 / 32))
    motion = (4 / depth).astype(np.float16)
    still = np.zeros_like(depth)
    return {
        "Combined": {
            **{
                name: where_hit((colour[labels, channel] * light).astype(np.float16))
                for channel, name in enumerate("RGB")
            },
            "A": hit.astype(np.float32),
        },
        "Depth": {"Z": depth},
        "Position": {
            "X": where_hit((x - size.width / 2) / size.width * depth),
            "Y": where_hit(depth),
            "Z": where_hit((size.height / 2 - y) / size.width * depth),
        },
        "Normal": {"X": where_hit(slope_x), "Y": where_hit(-facing), "Z": where_hit(-slope_y)},
        "Vector": {"X": where_hit(motion), "Y": still, "Z": where_hit(-motion), "W": still},
    }


def _cryptomatte(kind: str, labels: LabelArray, seed: int) -> tuple[list[dict[str, Floats]], dict[str, int]]:
    """Three levels of two ranks each, and the manifest: pixels next to an outline belong to two objects."""
    count = int(labels.max())
    ids = _ids(kind, count)
    neighbour = labels.copy()
    neighbour[:, :-1] = labels[:, 1:]
    level_with_below = neighbour == labels
    neighbour[:-1][level_with_below[:-1]] = labels[1:][level_with_below[:-1]]
    shared = neighbour != labels
    # Coverage is a number of samples out of 16.
    part = np.random.default_rng(seed).integers(1, 8, labels.shape, dtype=np.int8) * np.float32(1 / 16)
    second_coverage = np.where(shared & (neighbour > 0), part, np.float32(0))
    first_coverage = np.where(labels > 0, np.where(shared, 1 - part, np.float32(1)), np.float32(0))
    first_id = ids[labels].view(np.float32)
    second_id = np.where(second_coverage > 0, ids[neighbour], np.uint32(0)).view(np.float32)
    empty = np.zeros(labels.shape, dtype=np.float32)
    levels = [
        {"r": first_id, "g": first_coverage, "b": second_id, "a": second_coverage},
        {"r": empty, "g": empty, "b": empty, "a": empty},
        {"r": empty, "g": empty, "b": empty, "a": empty},
    ]
    return levels, {_name(kind, number): int(ids[number]) for number in range(1, count + 1)}
