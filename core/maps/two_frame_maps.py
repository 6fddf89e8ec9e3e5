"""The dense maps that need another frame as well; they are made when all frames are there, of maps that both have."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..base.dataset_folder import DatasetFolder
from ..base.errors import InputError, RecordError
from ..base.files import files_at_once, noting_contents
from ..base.phrases import GET_SCENE_RECORDS
from ..frames.frame_messages import frames_in_words, said_once
from ..geometry.disparity import find_disparity
from ..geometry.occlusion import find_hidden
from ..records.frame_record import FrameRecord
from ..records.merge_record import MergeRecord, TwoFrameMap, remove, two_frame_key
from ..scene.camera import Camera
from ..settings.map_table import DenseMap, MapKind, WrittenMap
from .codecs.codec import DAMAGED, MapPixels, WrongSize
from .codecs.table import codec_of
from .stepped_flow import SteppedFlow, find_stepped_flow

_OTHER_VIEW = {"left": "right", "right": "left"}
_FLOWS = {
    MapKind.OCCLUSION_FORWARD: (1, DenseMap.FLOW_FORWARD_NPY, DenseMap.FLOW_BACKWARD_NPY),
    MapKind.OCCLUSION_BACKWARD: (-1, DenseMap.FLOW_BACKWARD_NPY, DenseMap.FLOW_FORWARD_NPY),
}


class HasMaps(Protocol):
    """A record, or a summary of one."""

    @property
    def sequence(self) -> str: ...
    @property
    def frame(self) -> int: ...
    @property
    def path(self) -> str: ...
    @property
    def maps(self) -> Sequence[WrittenMap]: ...


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

    def survey(self, frame: HasMaps) -> None:
        """First round: each frame once, in any order."""
        if frame.maps:
            self._frames[frame.sequence, frame.frame] = frame.path

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
        before: Mapping[DenseMap, TwoFrameMap] = {}
        with contextlib.suppress(RecordError):  # then all of it is made again
            before = MergeRecord.read(self._dataset, record.path).maps
        now: dict[DenseMap, TwoFrameMap] = {}

        def forget_before() -> None:
            """No merge record stands over maps of another one, whatever stops it while they take their places."""
            if now != before:
                remove(self._dataset.merge_record(record.path))

        with files_at_once(forget_before):
            now.update(self._made(record, before))
            for map in {*record.later_maps, *before} - now.keys():
                remove(self._dataset.file(map.path(record.path)))
            if now != before or not now:
                MergeRecord(now).write(self._dataset, record.path)
        return [one.written for one in now.values()]

    def _made(
        self, record: FrameRecord, before: Mapping[DenseMap, TwoFrameMap]
    ) -> Iterator[tuple[DenseMap, TwoFrameMap]]:
        """The maps of a frame that can be made, each as it was before where that is still right."""
        pairs: dict[str, _Pair] = {}
        for map in record.later_maps:
            try:
                other = self._frames.get(partner_of(map, record))
                if other is None:
                    continue
                if other not in pairs:
                    pairs[other] = _Pair(self._dataset, record, self._read(other))
                yield map, pairs[other].made(map, before.get(map))
            except (InputError, RecordError) as error:
                self._failed.setdefault(map.label, []).append((record.path, str(error)))

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
    other = _OTHER_VIEW.get(record.view)
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

    def made(self, map: DenseMap, before: TwoFrameMap | None) -> TwoFrameMap:
        """A map as it was made before, if it was made of the same and its file is there; else it is made.

        Raises:
            InputError, RecordError: what it is made of is not there, or does not fit together.
            OutputError: its file cannot be written.
        """
        key = two_frame_key(map, self.here, self.other)
        path = self.dataset.file(map.path(self.here.path))
        if before and before.key == key and before.content.is_size_of(path):
            return before
        with noting_contents() as noted:
            written = self._write(map, path)
        return TwoFrameMap(written, key, noted[path])

    def _write(self, map: DenseMap, path: Path) -> WrittenMap:
        content, codec = self._content(map.kind), codec_of(map)
        held = codec.write(path, content)
        by_step = map.kind in (MapKind.FLOW_STEP, MapKind.OCCLUSION_STEP)
        return WrittenMap(
            map=map,
            file=map.path(self.here.path),
            unit=map.kind.unit,
            scale=codec.scale,
            valid=held,
            out_of_range=content.count - held,
            step=self.here.flow_step if by_step else None,
            unknown=self._stepped.unknown if by_step else {},
        )

    def _content(self, kind: MapKind) -> MapPixels:
        if kind is MapKind.DISPARITY:
            return self._disparity
        if kind in _FLOWS:
            return self._occlusion(kind)
        has = ~np.isnan(self._stepped.flow[..., 0])
        return MapPixels(self._stepped.flow if kind is MapKind.FLOW_STEP else self._stepped.hidden, has)

    @cached_property
    def _disparity(self) -> MapPixels:
        here, cameras = self.here, self._cameras()
        depth = self._read(here, DenseMap.DEPTH_NPY).values
        disparity = find_disparity(depth, *cameras, here.view == "left", here.unit_scale or 1.0)
        return MapPixels(disparity, ~np.isnan(disparity))

    def _occlusion(self, kind: MapKind) -> MapPixels:
        here, other = self.here, self.other
        _, there, back = _FLOWS[kind]
        flow = self._read(here, there)
        cameras = (here.camera, other.camera) if here.camera and other.camera else None
        if cameras and (cameras[0].k is None or cameras[1].k is None):
            cameras = None
        hidden = find_hidden(
            flow.values,
            self._read(other, back).values,
            self._read(here, DenseMap.DEPTH_NPY).values,
            self._read(other, DenseMap.DEPTH_NPY).values,
            cameras,
            here.unit_scale or 1.0,
        )
        return MapPixels(hidden, flow.valid)

    @cached_property
    def _stepped(self) -> SteppedFlow:
        here, other, cameras = self.here, self.other, self._cameras()
        return find_stepped_flow(
            self._read(here, DenseMap.SURFACES_NPZ),
            self._read(other, DenseMap.SURFACES_NPZ),
            self._read(here, DenseMap.DEPTH_NPY).values,
            self._read(other, DenseMap.DEPTH_NPY).values,
            cameras,
            here.unit_scale or 1.0,
        )

    def _cameras(self) -> tuple[Camera, Camera]:
        if self.here.camera is None or self.other.camera is None:
            raise RecordError(f"the record has no camera; {GET_SCENE_RECORDS}")
        return self.here.camera, self.other.camera

    def _read(self, record: FrameRecord, map: DenseMap) -> Any:
        """What the codec of a map reads, of one of the two frames."""
        path = self.dataset.file(map.path(record.path))
        try:
            return codec_of(map).read(path, record.height, record.width)
        except WrongSize as error:
            raise InputError(f"{path} does not have the size of its frame; annotate the frame again") from error
        except DAMAGED as error:
            raise InputError(
                f"Cannot read {path} ({error}); annotate all frames of the sequence with the same maps"
            ) from error
