"""The dense maps that need another frame as well; they are made when all frames are there, of maps that both have."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from .dataset_description import Awaiting
from .errors import InputError, RecordError
from .map_files import write_png8
from .maps import DenseMap, MapKind, WrittenMap
from .occlusion import find_hidden
from .record import FrameRecord, record_path

_SEEN, _HIDDEN, _NO_SURFACE = 0, 255, 128

_FLOWS = {
    MapKind.OCCLUSION_FORWARD: (1, DenseMap.FLOW_FORWARD_NPY, DenseMap.FLOW_BACKWARD_NPY),
    MapKind.OCCLUSION_BACKWARD: (-1, DenseMap.FLOW_BACKWARD_NPY, DenseMap.FLOW_FORWARD_NPY),
}


def make_later_maps(
    output: Path,
    frames: Mapping[tuple[str, int], str],
    awaiting: list[Awaiting],
    checkpoint: Callable[[], None],
) -> tuple[list[WrittenMap], list[str]]:
    """Make the maps that wait for other frames. What is there already and was made of the same is left as it is.

    Args:
        output: the dataset's folder.
        frames: sequence and frame number -> FrameRecord.path, of all frames.
        awaiting: those with maps to make.
        checkpoint: called before each frame; raises Cancelled to stop there.

    Returns:
        The maps that are there now, and a sentence on each frame whose maps could not be made. A frame without a
        neighbour, as the last of a sequence, has none.

    Raises:
        OutputError: a file cannot be written.
    """
    written, problems = [], []
    for waiting in awaiting:
        checkpoint()
        for map in waiting.maps:
            step, there, back = _FLOWS[map.kind]
            path = output / map.path(waiting.path)
            neighbour = frames.get((waiting.sequence, waiting.frame + step))
            if neighbour is None:
                path.unlink(missing_ok=True)  # of an earlier run, in which there was one
                continue
            try:
                here, other = (FrameRecord.read(record_path(output, name)) for name in (waiting.path, neighbour))
                written.append(_occlusion(output, map, path, here, other, there, back))
            except (InputError, RecordError) as error:
                problems.append(str(error))
    return written, problems


def _occlusion(
    output: Path, map: DenseMap, path: Path, here: FrameRecord, other: FrameRecord, there: DenseMap, back: DenseMap
) -> WrittenMap:
    pixels = _up_to_date(path, [record_path(output, record.path) for record in (here, other)])
    if pixels is None:
        flow, depth = _load(output, here, there), _load(output, here, DenseMap.DEPTH_NPY)
        cameras = (here.camera, other.camera) if here.camera and other.camera else None
        if cameras and (cameras[0].k is None or cameras[1].k is None):
            cameras = None
        hidden = find_hidden(
            flow,
            _load(output, other, back),
            depth,
            _load(output, other, DenseMap.DEPTH_NPY),
            cameras,
            here.unit_scale or 1.0,
        )
        pixels = np.where(hidden, _HIDDEN, _SEEN).astype(np.uint8)
        pixels[np.isnan(flow[..., 0])] = _NO_SURFACE
        write_png8(path, pixels)
    valid = int(np.count_nonzero(pixels != _NO_SURFACE))
    return WrittenMap(map, map.path(here.path), map.kind.unit, None, valid, 0)


def _up_to_date(path: Path, records: list[Path]) -> npt.NDArray[np.uint8] | None:
    """The pixels of a map that is newer than the records that it is made of; None where there is none, or it is
    damaged."""
    try:
        # A record is written after all that belongs to it.
        if path.stat().st_mtime_ns <= max(record.stat().st_mtime_ns for record in records):
            return None
        with Image.open(path) as image:
            return np.asarray(image)
    except (OSError, SyntaxError, ValueError):
        return None


def _load(output: Path, record: FrameRecord, map: DenseMap) -> npt.NDArray[np.float32]:
    path = output / map.path(record.path)
    try:
        values: npt.NDArray[np.float32] = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"Cannot read {path}, which {record.path} and its neighbours need for occlusion ({error}); annotate all "
            "frames of the sequence with the same maps"
        ) from error
    if values.shape[:2] != (record.height, record.width):
        raise InputError(f"{path} is not of the size of its frame; annotate the frame again")
    return values
