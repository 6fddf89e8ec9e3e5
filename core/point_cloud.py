"""Point clouds: what the camera sees as coloured and labelled points of the world, in a PLY file."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .files import complete_file
from .images import Bytes

# Little-endian and without padding: type of the numbers, how many, and the header's lines.
_PLACE = ("<f4", (3,)), ("float x", "float y", "float z")
_COLOUR = ("u1", (3,)), ("uchar red", "uchar green", "uchar blue")
_INSTANCE = ("<u2", ()), ("ushort instance",)
_CATEGORY = ("<u2", ()), ("ushort category",)


def write_ply(
    path: Path,
    places: npt.NDArray[Any],
    colours: Bytes | None,
    instances: npt.NDArray[np.uint16],
    categories: npt.NDArray[np.uint16],
) -> None:
    """Write a binary PLY file.

    Source: Greg Turk, The PLY Polygon File Format, http://paulbourke.net/dataformats/ply/.

    Args:
        path: the file.
        places: (N, 3), metres.
        colours: (N, 3) uint8; None where nobody knows them.
        instances, categories: (N,) as in the label maps.

    Raises:
        OutputError: the file cannot be written.
    """
    columns: dict[str, tuple[Any, Any, npt.NDArray[Any]]] = {"place": (*_PLACE, places)}
    if colours is not None:
        columns["colour"] = (*_COLOUR, colours)
    columns |= {"instance": (*_INSTANCE, instances), "category": (*_CATEGORY, categories)}
    vertices = np.empty(len(places), np.dtype([(name, *kind) for name, (kind, _, _) in columns.items()]))
    for name, (_, _, values) in columns.items():
        vertices[name] = values
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(places)}"]
    lines += [f"property {text}" for _, texts, _ in columns.values() for text in texts]
    with complete_file(path) as file:
        file.write("\n".join([*lines, "end_header", ""]).encode("ascii") + vertices.tobytes())
