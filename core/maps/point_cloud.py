"""Point clouds: what the camera sees as coloured and labelled points of the world, in a PLY file."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.files import complete_file
from ..drawing.image_files import Bytes

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
    columns = {"place": places, "colour": colours, "instance": instances, "category": categories}
    vertices = np.empty(len(places), _layout(colours is not None))
    for name in vertices.dtype.names or ():
        vertices[name] = columns[name]
    with complete_file(path) as file:
        file.write(_header(len(places), colours is not None) + vertices.tobytes())


def read_ply(path: Path) -> npt.NDArray[np.void]:
    """Read such a file again.

    Returns:
        (N,) with the fields place, (3,) float32, colour, (3,) uint8, unless there are none, instance and category.

    Raises:
        OSError, ValueError: it is missing, cut off, or not one of these.
    """
    data = path.read_bytes()
    for has_colours in (True, False):
        layout = _layout(has_colours)
        place = data.find(b"end_header\n") + len(b"end_header\n")
        points = (len(data) - place) // layout.itemsize
        if data.startswith(header := _header(points, has_colours)):
            if len(data) != len(header) + points * layout.itemsize:
                break
            return np.frombuffer(data, layout, offset=len(header))
    raise ValueError("it is cut off or no PLY of Labelpass")


def _columns(has_colours: bool) -> dict[str, tuple[Any, Any]]:
    colour = {"colour": _COLOUR} if has_colours else {}
    return {"place": _PLACE, **colour, "instance": _INSTANCE, "category": _CATEGORY}


def _layout(has_colours: bool) -> np.dtype[Any]:
    return np.dtype([(name, *kind) for name, (kind, _) in _columns(has_colours).items()])


def _header(points: int, has_colours: bool) -> bytes:
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {points}"]
    lines += [f"property {text}" for _, texts in _columns(has_colours).values() for text in texts]
    return "\n".join([*lines, "end_header", ""]).encode("ascii")
