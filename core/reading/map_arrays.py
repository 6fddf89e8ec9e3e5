"""The dense maps of a frame as arrays: of one kind the same numbers, whichever file they come from."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.dataset_folder import DatasetFolder
from ..base.errors import InputError, UsageError
from ..base.phrases import listed
from ..maps.codecs.codec import MapPixels
from ..maps.codecs.points import PointCloud
from ..maps.codecs.surfaces import SurfaceMap
from ..maps.codecs.table import read_content
from ..settings.map_table import MAP_OF_NAME, DenseMap, MapKind, WrittenMap

Array = npt.NDArray[Any]

_HIDDEN, _SEEN, _NO_SURFACE = 255, 0, 128
_FLAGS = (MapKind.OCCLUSION_FORWARD, MapKind.OCCLUSION_BACKWARD, MapKind.OCCLUSION_STEP)
_NUMBERS = (MapKind.INSTANCES, MapKind.CATEGORIES)
_KINDS = {kind.value: kind for kind in MapKind}
# The fields of a point, as the PLY file has them; several numbers of one meaning together.
_POINT = [("place", "f4", 3), ("colour", "u1", 3), ("instance", "u2"), ("category", "u2")]


def chosen_map(maps: Sequence[WrittenMap], later: Collection[DenseMap], name: str, where: str) -> WrittenMap:
    """One of the maps of a frame.

    Args:
        maps: those that there are.
        later: those that a merge makes, if it can.
        name: of a kind ("depth"), which takes floats rather than rounded steps, or of a kind in a format ("depth_png").
        where: the frame, for messages.

    Raises:
        UsageError: there is no map of such a name.
        InputError: the frame has none of that name.
    """
    name = str(name)  # a DenseMap shows itself differently
    if name not in MAP_OF_NAME and name not in _KINDS:
        raise UsageError(f"There is no map {name!r}; the maps are {listed(list(_KINDS))}")
    found = [one for one in maps if name in (one.map.value, one.map.kind.value)]
    if not found and any(name in (map.value, map.kind.value) for map in later):
        raise InputError(
            f"{where} has no map {name!r} yet; run 'labelpass merge', which makes it from two frames and says where it "
            "cannot"
        )
    if not found:
        has = f"it has {listed([one.map.value for one in maps])}, so choose one of these" if maps else "it has no maps"
        raise InputError(f"{where} has no map {name!r}; {has}, or annotate the frame again with this map")
    return min(found, key=lambda one: one.map.storage.suffix == ".png")


def map_array(dataset: DatasetFolder, written: WrittenMap, height: int, width: int) -> Array:
    """The pixels of a map of a frame of this size, or its points, see Frame.map.

    Raises:
        InputError: the file is missing, cut off or damaged, or has another size.
    """
    content = read_content(dataset, written, height, width)
    if isinstance(content, PointCloud):
        return _points(content)
    if isinstance(content, SurfaceMap):
        return content.number
    return _pixels(content, written.map)


def surface_map(dataset: DatasetFolder, written: WrittenMap, height: int, width: int) -> SurfaceMap:
    """The surfaces of a frame of this size; errors as of map_array()."""
    content = read_content(dataset, written, height, width)
    assert isinstance(content, SurfaceMap), written.map
    return content


def _pixels(content: MapPixels, map: DenseMap) -> Array:
    values, valid = content.values, content.valid
    if map.kind in _NUMBERS:
        return values
    if map.kind in _FLAGS:
        flags = np.where(values, np.uint8(_HIDDEN), np.uint8(_SEEN))
        flags[~valid] = _NO_SURFACE
        return flags
    filled = np.array(values, np.float32)
    filled[~valid] = 0 if map.kind is MapKind.NORMALS else np.nan
    return filled


def _points(cloud: PointCloud) -> Array:
    columns = _POINT if cloud.colours is not None else [column for column in _POINT if column[0] != "colour"]
    points = np.empty(cloud.count, np.dtype(columns))
    points["place"], points["instance"], points["category"] = cloud.places, cloud.instances, cloud.categories
    if cloud.colours is not None:
        points["colour"] = cloud.colours
    return points
