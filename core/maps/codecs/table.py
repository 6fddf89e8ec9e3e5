"""Which codec writes and reads which storage of a map; and the maps of a dataset, whole or not at all."""

from collections.abc import Mapping
from typing import Any

from ...base.dataset_folder import DatasetFolder
from ...base.errors import InputError
from ...settings.map_storage import Storage
from ...settings.map_table import DenseMap, WrittenMap
from .codec import DAMAGED, Codec, MapPixels, WrongSize, why
from .floats import FloatExr, FloatNpy
from .flow import FlowFlo, FlowPng
from .points import PointCloud, PointsPly
from .steps import LabelsPng, NocsPng, NormalsPng, OcclusionPng, ScaledPng
from .surfaces import SurfaceMap, SurfacesNpz

_CODECS: Mapping[Storage, Codec[Any]] = {
    Storage.DEPTH_PNG: ScaledPng(1.0),
    Storage.RAY_DEPTH_PNG: ScaledPng(1.0),
    # Source: KITTI 2012 stereo development kit, readme.txt.
    Storage.DISPARITY_PNG: ScaledPng(1 / 256),
    Storage.NORMALS_PNG: NormalsPng(),
    Storage.NOCS_PNG: NocsPng(),
    Storage.FLOW_PNG: FlowPng(),
    Storage.FLOW_FLO: FlowFlo(),
    Storage.OCCLUSION_PNG: OcclusionPng(),
    Storage.LABELS_PNG: LabelsPng(),
    Storage.ONE_FLOAT_NPY: FloatNpy(),
    Storage.TWO_FLOATS_NPY: FloatNpy((2,)),
    Storage.THREE_FLOATS_NPY: FloatNpy((3,)),
    Storage.NORMALS_NPY: FloatNpy((3,), missing=0.0),
    Storage.ONE_FLOAT_EXR: FloatExr("Z"),
    Storage.THREE_FLOATS_EXR: FloatExr("XYZ"),
    Storage.NORMALS_EXR: FloatExr("XYZ", missing=0.0),
    Storage.POINTS_PLY: PointsPly(),
    Storage.SURFACES_NPZ: SurfacesNpz(),
}
# The user chooses how long their steps are.
_SCALED_BY_USER = (Storage.DEPTH_PNG, Storage.RAY_DEPTH_PNG)


def codec_of(map: DenseMap, scale: float | None = None) -> Codec[Any]:
    """The codec of a map.

    Args:
        map: which one.
        scale: units for a step, of maps whose scale the user chooses; others have their own.

    Returns:
        One of PointCloud for points, of SurfaceMap for surfaces, and of MapPixels for all others.
    """
    if map.storage in _SCALED_BY_USER and scale:
        return ScaledPng(scale)
    return _CODECS[map.storage]


def read_content(
    dataset: DatasetFolder, written: WrittenMap, height: int, width: int
) -> MapPixels | PointCloud | SurfaceMap:
    """Read a map of a frame of this size below the output folder.

    Raises:
        InputError: it is missing, cut off or damaged, or has another size.
    """
    content: MapPixels | PointCloud | SurfaceMap
    try:
        content = codec_of(written.map, written.scale).read(dataset.file(written.file), height, width)
    except WrongSize as error:
        raise InputError(
            f"{written.file} has {error.size} pixels, but the record says {width} x {height}; annotate the frame again"
        ) from error
    except DAMAGED as error:
        raise InputError(f"{written.file} cannot be read ({why(error)}); annotate the frame again") from error
    return content


def read_map(dataset: DatasetFolder, written: WrittenMap, height: int, width: int) -> MapPixels:
    """The same of a map of pixels, which is neither points nor surfaces."""
    content = read_content(dataset, written, height, width)
    assert isinstance(content, MapPixels), written.map
    return content
