"""The surfaces of a frame: which of them each pixel shows, and where all of them are. What motion is found from."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.files import canonical_json, complete_file
from ...base.input_files import open_file, parse_json
from .codec import of_size

# Object whose labels it has, object that it is a copy of, instancer, persistent id, and its place among equal ones.
SurfaceKey = tuple[str, str, str, tuple[int, ...], int]


@dataclass(frozen=True)
class SurfaceMap:
    """The surfaces of a frame.

    Attributes:
        number: (H, W) int32, the surface in each pixel; -1 where there is none, or none is known.
        matrices: (N, 4, 4) float64, row-major, from each surface's mesh to the world, scene units.
        keys: what is equal for one surface in all frames.
        meshes: digest of the mesh of each; "" for what has no triangles. Equal ones have the same shape.
    """

    number: npt.NDArray[np.int32]
    matrices: npt.NDArray[np.float64]
    keys: tuple[SurfaceKey, ...]
    meshes: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many pixels show a surface that is known."""
        return int(np.count_nonzero(self.number >= 0))


@dataclass(frozen=True)
class SurfacesNpz:
    """Arrays of NumPy, one of which is JSON: what is not a number."""

    scale: None = None

    def write(self, path: Path, content: SurfaceMap) -> int:
        rows = [
            [*names, list(persistent_id), repeat, mesh]
            for (*names, persistent_id, repeat), mesh in zip(content.keys, content.meshes, strict=True)
        ]
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            number=content.number,
            matrices=content.matrices,
            surfaces=np.frombuffer(canonical_json(rows), dtype=np.uint8),
        )
        with complete_file(path) as file:
            file.write(buffer.getvalue())
        return content.count

    def read(self, path: Path, height: int, width: int) -> SurfaceMap:
        try:
            with open_file(path) as file, np.load(file, allow_pickle=False) as archive:
                rows: list[Any] = parse_json(archive["surfaces"].tobytes())
                number, matrices = archive["number"], archive["matrices"]
            keys = tuple(
                (str(ob), str(source), str(by), tuple(map(int, persistent_id)), int(repeat))
                for ob, source, by, persistent_id, repeat, _ in rows
            )
        except (KeyError, TypeError) as error:
            raise ValueError(str(error)) from error
        if matrices.shape != (len(rows), 4, 4) or number.max(initial=-1) >= len(rows):
            raise ValueError("it has numbers without a surface")
        of_size(number, height, width)
        return SurfaceMap(number, matrices, keys, tuple(str(row[-1]) for row in rows))
