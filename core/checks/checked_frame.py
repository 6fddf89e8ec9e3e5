"""A frame while it is checked: its record, and its maps as they are asked for."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.dataset_folder import DatasetFolder
from ..maps.codecs.codec import MapPixels
from ..maps.codecs.points import PointCloud
from ..maps.codecs.surfaces import SurfaceMap
from ..maps.codecs.table import read_content, read_map
from ..masks.rle import paint_masks
from ..records.frame_record import FrameRecord
from ..records.merge_record import MergeRecord
from ..settings.map_table import DenseMap, MapKind, WrittenMap
from .mask_extents import MaskExtents

Array = npt.NDArray[Any]
TRAINING_IMAGES, PICTURES = "Training Images", "Pictures"

# Of pixels, for a statement about most of them.
FEWEST = 50
# A half float has 11 bits; EEVEE cuts off the rest. What multiplying it in 32 bit adds is far less.
HALF_STEP = 2.0**-10
_ROUNDING = 2.0**-22


class CheckedFrame:
    """A record with its maps, read when they are asked for.

    Args:
        dataset: which one.
        record: that of the frame.
        merged: what a merge has made for it.

    Attributes:
        extents: of its masks, if they are known.
        written: the maps of the record, and those that a merge made, in this order.
        compared: labels of what a check has compared with something else.
    """

    def __init__(
        self,
        dataset: DatasetFolder,
        record: FrameRecord,
        merged: MergeRecord | None = None,
        extents: MaskExtents | None = None,
    ) -> None:
        self.extents = extents
        self.record = record
        self.dataset = dataset
        self.merged = merged or MergeRecord()
        self.compared: set[str] = set()
        self.written = [*record.maps, *(one.written for one in self.merged.maps.values())]
        self._maps: dict[DenseMap, WrittenMap] = {map.map: map for map in self.written}
        self._loaded: dict[DenseMap, MapPixels] = {}
        self._surfaces: SurfaceMap | None = None
        self._numbers: npt.NDArray[np.int64] | None = None

    def has(self, *maps: DenseMap | MapKind) -> bool:
        """Whether there are all of some maps, or a map of each of some kinds."""
        return all(self._those_of(map) for map in maps)

    def leave_out(self, map: DenseMap) -> None:
        """Do as if this map were not there, since it cannot be read."""
        self._maps.pop(map, None)
        self.compared.add(map.label)  # what is wrong with it is reported

    def note_compared(self, *maps: DenseMap | MapKind) -> None:
        self.compared.update(one.label for map in maps for one in self._those_of(map))

    def only_read(self) -> list[str]:
        """Labels of what no check has compared with anything."""
        record = self.record
        images = [TRAINING_IMAGES] if record.colour is not None else []
        pictures = [PICTURES] if record.pictures else []
        maps, merged = ([one.label for one in maps] for maps in ([one.map for one in record.maps], self.merged.maps))
        return [label for label in (*maps, *images, *pictures, *merged) if label not in self.compared]

    def _those_of(self, map: DenseMap | MapKind) -> list[DenseMap]:
        return [one for one in self._maps if map in (one, one.kind)]

    def lacks(self, map: DenseMap | MapKind) -> bool:
        """Whether a map has pixels without a value only because its format cannot hold theirs."""
        return any(self._maps[one].out_of_range for one in self._those_of(map))

    def load(self, map: DenseMap) -> MapPixels:
        """A map of pixels, kept for the next check; InputError where it cannot be read or has another size."""
        if map not in self._loaded:
            self._loaded[map] = read_map(self.dataset, self._maps[map], self.record.height, self.record.width)
        return self._loaded[map]

    def read(self, written: WrittenMap) -> MapPixels | PointCloud | SurfaceMap:
        """A map, not kept; InputError where it cannot be read or has another size."""
        return read_content(self.dataset, written, self.record.height, self.record.width)

    def surfaces(self) -> SurfaceMap:
        """Kept likewise; InputError where they cannot be read or have another size than the record."""
        if self._surfaces is None:
            found = self.read(self._maps[DenseMap.SURFACES_NPZ])
            assert isinstance(found, SurfaceMap)
            self._surfaces = found
        return self._surfaces

    def world_to_camera(self) -> Array:
        """(4, 4), metres."""
        assert self.record.camera is not None
        matrix = np.array(self.record.camera.world_to_camera)
        matrix[:3, 3] *= self.record.unit_scale or 1.0
        return matrix

    def pinhole(self) -> bool:
        return self.record.camera is not None and self.record.camera.k is not None

    def projective(self) -> bool:
        return self.record.camera is not None and self.record.camera.is_projective

    def numbers(self) -> npt.NDArray[np.int64]:
        """(H, W) the place of each pixel's instance in the record's list, from 1; 0 for none.

        All 0 where the masks are bad, which the check of the masks reports.
        """
        if self._numbers is None:
            record = self.record
            try:
                painted = paint_masks([one.mask.rle for one in record.instances], record.height, record.width)
            except ValueError:
                painted = np.zeros((record.height, record.width), np.float32)
            self._numbers = painted.astype(np.int64)
        return self._numbers

    def has_half_positions(self) -> bool:
        """Whether Position holds half floats of scene units, as EEVEE renders it."""
        position = self.load(DenseMap.POSITION_NPY)
        values = position.values[position.valid].astype(np.float64) / (self.record.unit_scale or 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            halves = values.astype(np.float16).astype(np.float64)
            return bool((np.abs(values - halves) <= _ROUNDING * np.abs(values)).all())

    def position_error(self) -> Array:
        """(H, W, 3) metres: how far each coordinate of Position may be off the surface by its number format."""
        position = np.abs(self.load(DenseMap.POSITION_NPY).values.astype(np.float64))
        return position * (HALF_STEP if self.has_half_positions() else 0.0)

    def project(self, points: Array) -> Array:
        """(N, 3) metres of the world to pixels x, y and planar depth in metres."""
        camera = self.record.camera
        assert camera is not None
        projected = camera.project(points / (self.record.unit_scale or 1.0))
        projected[:, 2] *= self.record.unit_scale or 1.0
        return projected

    def to_camera(self, rows: Array, columns: Array, depth: Array) -> Array:
        """The points of (N,) pixels with these depths in metres: (N, 3) metres in the camera's axes."""
        camera, unit_scale = self.record.camera, self.record.unit_scale or 1.0
        assert camera is not None
        pixels = np.column_stack((columns + 0.5, rows + 0.5, depth.astype(np.float64) / unit_scale))
        return camera.from_image(pixels) * unit_scale

    def to_world(self, rows: Array, columns: Array, depth: Array) -> Array:
        """The same in the world."""
        matrix = self.world_to_camera()
        points: Array = (self.to_camera(rows, columns, depth) - matrix[:3, 3]) @ matrix[:3, :3]
        return points
