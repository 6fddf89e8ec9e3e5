"""Point clouds: what the camera sees as coloured and labelled points of the world, in a PLY file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...base.files import complete_file
from ...base.input_files import read_file
from ...drawing.image_files import Bytes
from .codec import Array

# Little-endian and without padding: type of the numbers, how many, and the header's lines.
_PLACE = ("<f4", (3,)), ("float x", "float y", "float z")
_COLOUR = ("u1", (3,)), ("uchar red", "uchar green", "uchar blue")
_INSTANCE = ("<u2", ()), ("ushort instance",)
_CATEGORY = ("<u2", ()), ("ushort category",)


@dataclass(frozen=True)
class PointCloud:
    """Points of the world, in the order of the pixels that show them.

    Attributes:
        places: (N, 3), metres.
        colours: (N, 3) uint8; None where they are not known.
        instances, categories: (N,) uint16, as in the label maps.
    """

    places: Array
    colours: Bytes | None
    instances: npt.NDArray[np.uint16]
    categories: npt.NDArray[np.uint16]

    @property
    def count(self) -> int:
        """How many points there are."""
        return len(self.places)


@dataclass(frozen=True)
class PointsPly:
    """Binary, with places as 32-bit floats.

    Source: Greg Turk, The PLY Polygon File Format, http://paulbourke.net/dataformats/ply/.
    """

    scale: None = None

    def write(self, path: Path, content: PointCloud) -> int:
        vertices = np.empty(content.count, _layout(content.colours is not None))
        vertices["place"], vertices["instance"] = content.places, content.instances
        vertices["category"] = content.categories
        if content.colours is not None:
            vertices["colour"] = content.colours
        with complete_file(path) as file:
            file.write(_header(content.count, content.colours is not None) + vertices.tobytes())
        return content.count

    def read(self, path: Path, height: int, width: int) -> PointCloud:
        """Of any size: a point does not say in which pixel it was seen."""
        data = read_file(path)
        for has_colours in (True, False):
            layout = _layout(has_colours)
            place = data.find(b"end_header\n") + len(b"end_header\n")
            points = (len(data) - place) // layout.itemsize
            if data.startswith(header := _header(points, has_colours)):
                if len(data) != len(header) + points * layout.itemsize:
                    break
                found = np.frombuffer(data, layout, offset=len(header))
                colours = found["colour"] if has_colours else None
                return PointCloud(found["place"], colours, found["instance"], found["category"])
        raise ValueError("it is cut off or not a PLY file of Labelpass")


def _columns(has_colours: bool) -> dict[str, tuple[Any, Any]]:
    colour = {"colour": _COLOUR} if has_colours else {}
    return {"place": _PLACE, **colour, "instance": _INSTANCE, "category": _CATEGORY}


def _layout(has_colours: bool) -> np.dtype[Any]:
    return np.dtype([(name, *kind) for name, (kind, _) in _columns(has_colours).items()])


def _header(points: int, has_colours: bool) -> bytes:
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {points}"]
    lines += [f"property {text}" for _, texts in _columns(has_colours).values() for text in texts]
    return "\n".join([*lines, "end_header", ""]).encode("ascii")
