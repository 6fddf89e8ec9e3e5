"""The dense maps that need another frame as well; they are made when all frames are there, of maps that both have."""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..base.dataset_folder import DatasetFolder
from ..base.errors import InputError, RecordError
from ..base.files import noting_contents
from ..base.phrases import GET_SCENE_RECORDS
from ..frames.frame_messages import frames_in_words, said_once
from ..geometry.disparity import find_disparity
from ..geometry.occlusion import find_hidden
from ..records.frame_record import FrameRecord
from ..records.merge_record import LaterMap, LaterRecord, later_key, remove
from ..settings.map_table import DenseMap, MapKind, WrittenMap
from .flow_files import write_flow
from .map_files import write_npy, write_png8, write_png16
from .stepped_flow import SteppedFlow, find_stepped_flow
from .surface_map import SurfaceMap

_SEEN, _HIDDEN, _NO_SURFACE = 0, 255, 128
# KITTI: pixels for a step of a disparity PNG.
_DISPARITY_STEP = 1 / 256

_OTHER_EYE = {"left": "right", "right": "left"}
_FLOWS = {
    MapKind.OCCLUSION_FORWARD: (1, DenseMap.FLOW_FORWARD_NPY, DenseMap.FLOW_BACKWARD_NPY),
    MapKind.OCCLUSION_BACKWARD: (-1, DenseMap.FLOW_BACKWARD_NPY, DenseMap.FLOW_FORWARD_NPY),
}


class TwoFrameMaps:
    """Makes the maps that wait for another frame. Give it every record in any order, and then each once more.

    What is there already and was made of the same is neither made nor read again, and what cannot be made any more is
    removed. A frame without a neighbour, as the last of a sequence, has none.

    Args:
        dataset: where they go.
        read: gives the record of a frame by its path, best without reading one again that was asked for just before.
    """

    def __init__(self, dataset: DatasetFolder, read: Callable[[str], FrameRecord]) -> None:
        self._dataset, self._read = dataset, read
        # Sequence and frame number -> FrameRecord.path, of all frames that have maps.
        self._frames: dict[tuple[str, int], str] = {}
        self._failed: dict[str, list[tuple[str, str]]] = {}

    def survey(self, record: FrameRecord) -> None:
        """First round: each record once, in any order."""
        if record.maps:
            self._frames[record.sequence, record.frame] = record.path

    def make(self, record: FrameRecord, checkpoint: Callable[[], None]) -> list[WrittenMap]:
        """Second round: make those of a frame, and say which are there now.

        Args:
            record: of the frame.
            checkpoint: called before anything is made; raises Cancelled to stop there.

        Raises:
            OutputError: a file cannot be written or removed.
        """
        if not record.later_maps:
            return []
        checkpoint()
        before: Mapping[DenseMap, LaterMap] = {}
        with contextlib.suppress(RecordError):  # then all of it is made again
            before = LaterRecord.read(self._dataset, record.path).maps
        now: dict[DenseMap, LaterMap] = {}
        pairs: dict[str, _Pair] = {}
        for map in record.later_maps:
            try:
                other = self._frames.get(partner_of(map, record))
                if other is None:
                    continue
                if other not in pairs:
                    pairs[other] = _Pair(self._dataset, record, self._read(other))
                now[map] = pairs[other].made(map, before.get(map))
            except (InputError, RecordError) as error:
                self._failed.setdefault(map.label, []).append((record.path, str(error)))
        for map in {*record.later_maps, *before} - now.keys():
            remove(self._dataset.file(map.path(record.path)))
        if now != before or not now:
            LaterRecord(now).write(self._dataset, record.path)
        return [one.written for one in now.values()]

    def problems(self) -> list[str]:
        """A sentence on all frames whose maps could not be made for the same reason."""
        return [
            f"No {label} of {frames_in_words(frames)}: {reason}"
            for label, sentences in self._failed.items()
            for frames, reason in said_once(sentences)
        ]


def partner_of(map: DenseMap, record: FrameRecord) -> tuple[str, int]:
    """Sequence and number of the frame that a map needs besides its own; RecordError where it can have none."""
    if map.kind in (MapKind.FLOW_STEP, MapKind.OCCLUSION_STEP):
        return record.sequence, record.frame + record.flow_step
    if map.kind is not MapKind.DISPARITY:
        return record.sequence, record.frame + _FLOWS[map.kind][0]
    other = _OTHER_EYE.get(record.view)
    if other is None or not record.sequence.endswith(record.view):
        raise RecordError(
            "it needs the views left and right of a stereo render as sequences with these names; turn on All Views and "
            "export again"
        )
    return record.sequence.removesuffix(record.view) + other, record.frame


class _Pair:
    """A frame and the one that its maps lead to. What several of these maps are made of is made once."""

    def __init__(self, dataset: DatasetFolder, here: FrameRecord, other: FrameRecord) -> None:
        self.dataset, self.here, self.other = dataset, here, other

    def made(self, map: DenseMap, before: LaterMap | None) -> LaterMap:
        """A map as it was made before, if it was made of the same and its file is there; else it is made.

        Raises:
            InputError, RecordError: what it is made of is not there, or does not fit together.
            OutputError: its file cannot be written.
        """
        key = later_key(map, self.here, self.other)
        path = self.dataset.file(map.path(self.here.path))
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
        disparity = _disparity(self.dataset, self.here, self.other)
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
        pixels = _occlusion(self.dataset, map, self.here, self.other)
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
            SurfaceMap.read(self.dataset.file(DenseMap.SURFACES_NPZ.path(one.path))) for one in (here, other)
        )
        depth, depth_there = (_load(self.dataset, one, DenseMap.DEPTH_NPY) for one in (here, other))
        if surfaces.number.shape != depth.shape or surfaces_there.number.shape != depth_there.shape:
            raise InputError("its surfaces are not of the size of its depth; annotate the frames again")
        cameras = here.camera, other.camera
        return find_stepped_flow(surfaces, surfaces_there, depth, depth_there, cameras, here.unit_scale or 1.0)

    def _written(self, map: DenseMap, valid: int, scale: float | None = None, out_of_range: int = 0) -> WrittenMap:
        return WrittenMap(map, map.path(self.here.path), map.kind.unit, scale, valid, out_of_range)

    def _written_step(self, map: DenseMap, valid: int, out_of_range: int) -> WrittenMap:
        written = self._written(map, valid, out_of_range=out_of_range)
        return dataclasses.replace(written, step=self.here.flow_step, unknown=self._stepped.unknown)


def _disparity(dataset: DatasetFolder, here: FrameRecord, other: FrameRecord) -> npt.NDArray[np.float32]:
    if here.camera is None or other.camera is None:
        raise RecordError(f"the record has no camera; {GET_SCENE_RECORDS}")
    depth = _load(dataset, here, DenseMap.DEPTH_NPY)
    return find_disparity(depth, here.camera, other.camera, here.view == "left", here.unit_scale or 1.0)


def _occlusion(dataset: DatasetFolder, map: DenseMap, here: FrameRecord, other: FrameRecord) -> npt.NDArray[np.uint8]:
    _, there, back = _FLOWS[map.kind]
    flow = _load(dataset, here, there)
    cameras = (here.camera, other.camera) if here.camera and other.camera else None
    if cameras and (cameras[0].k is None or cameras[1].k is None):
        cameras = None
    hidden = find_hidden(
        flow,
        _load(dataset, other, back),
        _load(dataset, here, DenseMap.DEPTH_NPY),
        _load(dataset, other, DenseMap.DEPTH_NPY),
        cameras,
        here.unit_scale or 1.0,
    )
    pixels = np.where(hidden, _HIDDEN, _SEEN).astype(np.uint8)
    pixels[np.isnan(flow[..., 0])] = _NO_SURFACE
    return pixels


def _load(dataset: DatasetFolder, record: FrameRecord, map: DenseMap) -> npt.NDArray[np.float32]:
    path = dataset.file(map.path(record.path))
    try:
        values: npt.NDArray[np.float32] = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"Cannot read {path} ({error}); annotate all frames of the sequence with the same maps"
        ) from error
    if values.shape[:2] != (record.height, record.width):
        raise InputError(f"{path} is not of the size of its frame; annotate the frame again")
    return values
