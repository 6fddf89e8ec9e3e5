"""The dense maps that need another frame as well; they are made when all frames are there, of maps that both have."""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..base.errors import InputError, RecordError
from ..base.files import noting_contents
from ..base.phrases import GET_SCENE_RECORDS
from ..frames.frame_messages import frames_in_words, said_once
from ..geometry.disparity import find_disparity
from ..geometry.occlusion import find_hidden
from ..records.frame_record import FrameRecord, record_path
from ..records.merge_record import Awaiting, LaterMap, LaterRecord, later_key, remove
from ..settings.map_table import DenseMap, MapKind, WrittenMap
from .flow_files import write_flow
from .map_files import write_npy, write_png8, write_png16
from .stepped_flow import SteppedFlow, find_stepped_flow
from .surface_map import SurfaceMap

_RECORDS_AT_HAND = 4
_SEEN, _HIDDEN, _NO_SURFACE = 0, 255, 128
# KITTI: pixels for a step of a disparity PNG.
_DISPARITY_STEP = 1 / 256

_OTHER_EYE = {"left": "right", "right": "left"}
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
    """Make the maps that wait for other frames. What is there already and was made of the same is neither made nor read
    again, and what cannot be made any more is removed.

    Args:
        output: the dataset's folder.
        frames: sequence and frame number -> FrameRecord.path, of all frames.
        awaiting: those with maps to make.
        checkpoint: called before each frame; raises Cancelled to stop there.

    Returns:
        The maps that are there now, and a sentence on each frame whose maps could not be made. A frame without a
        neighbour, as the last of a sequence, has none.

    Raises:
        OutputError: a file cannot be written or removed.
    """
    written: list[WrittenMap] = []
    failed: dict[str, list[tuple[str, str]]] = {}

    # A frame is the partner of one and then has one itself.
    @lru_cache(_RECORDS_AT_HAND)
    def record_of(frame_path: str) -> FrameRecord:
        return FrameRecord.read(record_path(output, frame_path))

    for waiting in awaiting:
        checkpoint()
        before: Mapping[DenseMap, LaterMap] = {}
        with contextlib.suppress(RecordError):  # then all of it is made again
            before = LaterRecord.read(output, waiting.path).maps
        now: dict[DenseMap, LaterMap] = {}
        pairs: dict[str, _Pair] = {}
        for map in waiting.maps:
            try:
                other = frames.get(partner_of(map, waiting))
                if other is None:
                    continue
                if other not in pairs:
                    pairs[other] = _Pair(output, record_of(waiting.path), record_of(other))
                now[map] = pairs[other].made(map, before.get(map))
            except (InputError, RecordError) as error:
                failed.setdefault(map.label, []).append((waiting.path, str(error)))
        for map in {*waiting.maps, *before} - now.keys():
            remove(output / map.path(waiting.path))
        if now != before or not now:
            LaterRecord(now).write(output, waiting.path)
        written += [one.written for one in now.values()]
    return written, [
        f"No {label} of {frames_in_words(frames)}: {reason}"
        for label, sentences in failed.items()
        for frames, reason in said_once(sentences)
    ]


def partner_of(map: DenseMap, waiting: Awaiting | FrameRecord) -> tuple[str, int]:
    """Sequence and number of the frame that a map needs besides its own; RecordError where it can have none."""
    if map.kind in (MapKind.FLOW_STEP, MapKind.OCCLUSION_STEP):
        return waiting.sequence, waiting.frame + waiting.flow_step
    if map.kind is not MapKind.DISPARITY:
        return waiting.sequence, waiting.frame + _FLOWS[map.kind][0]
    other = _OTHER_EYE.get(waiting.view)
    if other is None or not waiting.sequence.endswith(waiting.view):
        raise RecordError(
            "it needs the views left and right of a stereo render as sequences with these names; turn on All Views and "
            "export again"
        )
    return waiting.sequence.removesuffix(waiting.view) + other, waiting.frame


class _Pair:
    """A frame and the one that its maps lead to. What several of these maps are made of is made once."""

    def __init__(self, output: Path, here: FrameRecord, other: FrameRecord) -> None:
        self.output, self.here, self.other = output, here, other

    def made(self, map: DenseMap, before: LaterMap | None) -> LaterMap:
        """A map as it was made before, if it was made of the same and its file is there; else it is made.

        Raises:
            InputError, RecordError: what it is made of is not there, or does not fit together.
            OutputError: its file cannot be written.
        """
        key = later_key(map, self.here, self.other)
        path = self.output / map.path(self.here.path)
        if before and before.key == key and before.content.is_size_of(path):
            return before
        makers = {
            MapKind.DISPARITY: self._disparity,
            MapKind.FLOW_STEP: self._flow_step,
            MapKind.OCCLUSION_STEP: self._occlusion_step,
        }
        with noting_contents() as noted:
            written = makers.get(map.kind, self._occlusion)(map, path)
        return LaterMap(written, key, noted[path])

    def _disparity(self, map: DenseMap, path: Path) -> WrittenMap:
        disparity = _disparity(self.output, self.here, self.other)
        has = int(np.count_nonzero(~np.isnan(disparity)))
        if map.suffix == ".npy":
            write_npy(path, disparity)
            return self._written(map, has)
        # Source: KITTI 2012 stereo development kit, readme.txt.
        with np.errstate(invalid="ignore"):
            steps = np.rint(disparity / _DISPARITY_STEP)
            pixels = np.where((steps >= 1) & (steps <= 0xFFFF), steps, 0).astype(np.uint16)
        write_png16(path, pixels)
        held = int(np.count_nonzero(pixels))
        return self._written(map, held, _DISPARITY_STEP, has - held)

    def _occlusion(self, map: DenseMap, path: Path) -> WrittenMap:
        pixels = _occlusion(self.output, map, self.here, self.other)
        write_png8(path, pixels)
        return self._written(map, int(np.count_nonzero(pixels != _NO_SURFACE)))

    def _flow_step(self, map: DenseMap, path: Path) -> WrittenMap:
        flow = self._stepped.flow
        has = ~np.isnan(flow[..., 0])
        held = write_flow(path, flow, has)
        return self._written_step(map, held, int(np.count_nonzero(has)) - held)

    def _occlusion_step(self, map: DenseMap, path: Path) -> WrittenMap:
        has = ~np.isnan(self._stepped.flow[..., 0])
        pixels = np.where(self._stepped.hidden, _HIDDEN, _SEEN).astype(np.uint8)
        pixels[~has] = _NO_SURFACE
        write_png8(path, pixels)
        return self._written_step(map, int(np.count_nonzero(has)), 0)

    @cached_property
    def _stepped(self) -> SteppedFlow:
        here, other = self.here, self.other
        if here.camera is None or other.camera is None:
            raise RecordError(f"the record has no camera; {GET_SCENE_RECORDS}")
        surfaces, surfaces_there = (
            SurfaceMap.read(self.output / DenseMap.SURFACES_NPZ.path(one.path)) for one in (here, other)
        )
        depth, depth_there = (_load(self.output, one, DenseMap.DEPTH_NPY) for one in (here, other))
        if surfaces.number.shape != depth.shape or surfaces_there.number.shape != depth_there.shape:
            raise InputError("its surfaces are not of the size of its depth; annotate the frames again")
        cameras = here.camera, other.camera
        return find_stepped_flow(surfaces, surfaces_there, depth, depth_there, cameras, here.unit_scale or 1.0)

    def _written(self, map: DenseMap, valid: int, scale: float | None = None, out_of_range: int = 0) -> WrittenMap:
        return WrittenMap(map, map.path(self.here.path), map.kind.unit, scale, valid, out_of_range)

    def _written_step(self, map: DenseMap, valid: int, out_of_range: int) -> WrittenMap:
        written = self._written(map, valid, out_of_range=out_of_range)
        return dataclasses.replace(written, step=self.here.flow_step, unknown=self._stepped.unknown)


def _disparity(output: Path, here: FrameRecord, other: FrameRecord) -> npt.NDArray[np.float32]:
    if here.camera is None or other.camera is None:
        raise RecordError(f"the record has no camera; {GET_SCENE_RECORDS}")
    depth = _load(output, here, DenseMap.DEPTH_NPY)
    return find_disparity(depth, here.camera, other.camera, here.view == "left", here.unit_scale or 1.0)


def _occlusion(output: Path, map: DenseMap, here: FrameRecord, other: FrameRecord) -> npt.NDArray[np.uint8]:
    _, there, back = _FLOWS[map.kind]
    flow = _load(output, here, there)
    cameras = (here.camera, other.camera) if here.camera and other.camera else None
    if cameras and (cameras[0].k is None or cameras[1].k is None):
        cameras = None
    hidden = find_hidden(
        flow,
        _load(output, other, back),
        _load(output, here, DenseMap.DEPTH_NPY),
        _load(output, other, DenseMap.DEPTH_NPY),
        cameras,
        here.unit_scale or 1.0,
    )
    pixels = np.where(hidden, _HIDDEN, _SEEN).astype(np.uint8)
    pixels[np.isnan(flow[..., 0])] = _NO_SURFACE
    return pixels


def _load(output: Path, record: FrameRecord, map: DenseMap) -> npt.NDArray[np.float32]:
    path = output / map.path(record.path)
    try:
        values: npt.NDArray[np.float32] = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"Cannot read {path} ({error}); annotate all frames of the sequence with the same maps"
        ) from error
    if values.shape[:2] != (record.height, record.width):
        raise InputError(f"{path} is not of the size of its frame; annotate the frame again")
    return values
