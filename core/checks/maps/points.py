"""The point cloud against the pixels that its points are seen in: camera, labels, colours and depth."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ...base.errors import InputError
from ...drawing.image_files import SRGB
from ...drawing.read_images import read_image
from ...maps.codecs.points import PointCloud
from ...settings.map_table import DenseMap, MapKind
from ...settings.settings import ImageFormat
from ..checked_frame import TRAINING_IMAGES, Array, CheckedFrame
from ..report import Problems
from .depths import OF_VALUE, best

_FLOAT_STEP = 2.0**-23
# Of a pixel: roundings of the projection itself.
_OFF = 1e-3


def check_points(frame: CheckedFrame) -> Problems:
    """Each point of the cloud is at the centre of a pixel, row by row, as far away as depth says, and labelled so."""
    record = frame.record
    camera = record.camera
    if camera is None or not camera.is_projective:
        return
    written = next(map for map in record.maps if map.map is DenseMap.POINTS_PLY)
    points = frame.read(written)
    assert isinstance(points, PointCloud)
    place = points.places.astype(np.float64)
    x, y, z = frame.project(place).T
    with np.errstate(invalid="ignore"):
        inside = (x >= 0) & (x < record.width) & (y >= 0) & (y < record.height)
    if not inside.all():
        yield f"{np.count_nonzero(~inside)} points of the cloud are outside the image"
        return
    rows, columns = y.astype(np.int64), x.astype(np.int64)
    matrix = np.asarray(camera.k if camera.k is not None else camera.parallel_k)
    # A point that is off by so much of its number format is seen by that much elsewhere.
    off = (np.abs(place).sum(axis=1) + np.linalg.norm(frame.world_to_camera()[:3, 3])) * _FLOAT_STEP
    metres = z if camera.k is not None else np.full_like(z, record.unit_scale or 1.0)
    pixels = _OFF + 2 * off * np.abs(matrix[:2, :2]).max() / metres
    off_centre = np.maximum(np.abs(x - columns - 0.5), np.abs(y - rows - 0.5)) > pixels
    order = np.diff(rows * record.width + columns) <= 0
    wrong = int(np.count_nonzero(off_centre)) + int(np.count_nonzero(order))
    if wrong:
        yield f"{wrong} points of the cloud are not at the centres of pixels, or not in their order"
        return
    for name, found, pixels in _labels(frame, points):
        wrong = int(np.count_nonzero(found != pixels[rows, columns]))
        if wrong:
            yield f"{wrong} points of the cloud have a different {name} from their pixels"
    yield from _compare_colours(frame, points, rows, columns)
    yield from _compare_with_depth(frame, rows, columns, z, off)


def _compare_with_depth(
    frame: CheckedFrame, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], z: Array, off: Array
) -> Problems:
    depth = best(frame, MapKind.DEPTH)
    if depth is None:
        return
    both = depth.valid[rows, columns]
    miss = np.abs(z - depth.values[rows, columns])
    wrong = int(np.count_nonzero(both & (miss > depth.rounding + OF_VALUE * np.abs(z) + 2 * off)))
    if not depth.rounding:  # a PNG has no value beyond its range
        wrong += int(np.count_nonzero(~both)) + int(np.count_nonzero(depth.valid)) - int(np.count_nonzero(both))
    if wrong:
        yield f"{wrong} points of the cloud do not match the depth"


def _compare_colours(
    frame: CheckedFrame, points: PointCloud, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]
) -> Problems:
    record = frame.record
    # Points have the colours from before the image was compressed, unless Blender made it.
    lossy = record.image.endswith(ImageFormat.JPEG.suffix) and (record.colour or {}).get("made_by") == SRGB["made_by"]
    if record.colour is None or lossy or points.colours is None:
        return
    try:
        colours = read_image(frame.dataset.file(record.image))
    except InputError:
        return  # which the check of the images reports
    if colours.shape[:2] != (record.height, record.width):
        return
    frame.compared.add(TRAINING_IMAGES)
    wrong = int(np.count_nonzero((colours[rows, columns] != points.colours).any(axis=1)))
    if wrong:
        yield f"{wrong} points of the cloud do not have the colours of {record.image}"


def _labels(frame: CheckedFrame, points: PointCloud) -> Iterator[tuple[str, Array, Array]]:
    """Name, those of the points, and those of all pixels."""
    yield "instance", points.instances, frame.numbers()
    if frame.has(DenseMap.CATEGORIES_PNG):
        yield "category", points.categories, frame.load(DenseMap.CATEGORIES_PNG).values
