"""A frame of a dataset, read when it is asked for: its image, instances, maps and camera."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.errors import InputError
from ..drawing.read_images import read_image
from ..maps.codecs.surfaces import SurfaceMap
from ..records.frame_record import FrameRecord
from ..records.merge_record import MergeRecord
from ..records.record_store import RecordStore
from ..scene.camera import Camera
from ..scene.random_draw import RandomDraw
from ..settings.map_table import DenseMap, WrittenMap
from .map_arrays import chosen_map, map_array, surface_map
from .regions import IgnoredRegion, Place, SeenInstance, ignored_region, seen_instance


@dataclass(frozen=True)
class Source:
    """Where the frames of a dataset come from.

    Attributes:
        records: their store.
        category_ids, part_category_ids: name -> id, of all categories, as the dataset calls them.
        titles, part_titles: what records know a category by -> what the dataset calls it, where the two differ.
    """

    records: RecordStore
    category_ids: Mapping[str, int]
    part_category_ids: Mapping[str, int]
    titles: Mapping[str, str]
    part_titles: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a dataset. Its record is read when the first of its attributes is asked for, and then kept; images,
    masks and maps are read at each call, and not kept.

    Attributes:
        path: its sequence and name with a slash between them, as `Dataset.frame` takes it.
    """

    path: str
    _source: Source = field(repr=False)

    @cached_property
    def record(self) -> FrameRecord:
        """All that is known of it. RecordError where the record is missing, damaged or of another version."""
        return self._source.records.read(self.path)

    @property
    def sequence(self) -> str:
        """The name of its sequence; "" where that has none."""
        return self.record.sequence

    @property
    def name(self) -> str:
        """Unique in its sequence."""
        return self.record.name

    @property
    def number(self) -> int:
        """The frame number."""
        return self.record.frame

    @property
    def width(self) -> int:
        """Pixels of the image."""
        return self.record.width

    @property
    def height(self) -> int:
        """Pixels of the image."""
        return self.record.height

    @property
    def random(self) -> RandomDraw | None:
        """What was drawn for it, where it is a random frame: seed, and values such as "Camera.distance"."""
        return self.record.random

    @property
    def camera(self) -> Camera | None:
        """How the world is projected into the image; None without a scene record. Lengths are scene units."""
        return self.record.camera

    @property
    def unit_scale(self) -> float | None:
        """Metres in a scene unit; None without a scene record."""
        return self.record.unit_scale

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what you should know about the frame."""
        return self.record.notes

    @cached_property
    def instances(self) -> tuple[SeenInstance, ...]:
        """Those that are seen, sorted by name. The map of instances counts them from 1 in this order."""
        return tuple(seen_instance(one, self._place) for one in self.record.instances)

    @cached_property
    def ignored(self) -> tuple[IgnoredRegion, ...]:
        """The regions to ignore, sorted by name."""
        return tuple(ignored_region(one, self._place) for one in self.record.ignored)

    @property
    def _place(self) -> Place:
        source, record = self._source, self.record
        return Place(
            source.records,
            self.path,
            record.height,
            record.width,
            source.category_ids,
            source.part_category_ids,
            source.titles,
            source.part_titles,
        )

    @property
    def image_file(self) -> Path:
        """Where the training image is. InputError where the frame was annotated without one."""
        if self.record.colour is None:
            raise InputError(
                f"Frame {self.path} was annotated without a training image; annotate it again with one "
                "(--image-format png)"
            )
        return self._source.records.dataset.file(self.record.image)

    def image(self) -> npt.NDArray[np.uint8]:
        """The training image.

        Returns:
            (H, W, 3) uint8, RGB as displayed (sRGB, or what Blender's view transform makes).

        Raises:
            InputError: there is none, or its file is missing, damaged or of another size.
        """
        pixels = read_image(self.image_file)
        if pixels.shape[:2] != (self.height, self.width):
            raise InputError(
                f"{self.record.image} has {pixels.shape[1]} x {pixels.shape[0]} pixels, but the record says "
                f"{self.width} x {self.height}; annotate the frame again"
            )
        return pixels

    @cached_property
    def maps(self) -> Sequence[WrittenMap]:
        """The dense maps of the frame, with the unit of each, also those that a merge has made.

        Raises:
            RecordError: what a merge has noted of its maps is damaged.
        """
        merged = MergeRecord.read(self._source.records.dataset, self.path)
        return *self.record.maps, *(one.written for one in merged.maps.values())

    def map(self, name: str) -> npt.NDArray[Any]:
        """A dense map. Numbers and values of pixels without one are the same whichever file a map comes from:

        - `depth`, `ray_depth`: (H, W) float32, metres; NaN = no surface.
        - `disparity`: (H, W) float32, pixels; NaN = none.
        - `flow_forward`, `flow_backward`, `flow_step`: (H, W, 2) float32, pixels, u right and v down; NaN = none.
        - `occlusion_forward`, `occlusion_backward`, `occlusion_step`: (H, W) uint8, 0 = seen, 255 = hidden, 128 = no
          surface.
        - `normals`: (H, W, 3) float32, unit vectors in the camera's axes (x right, y down, z forward); 0 0 0 = no
          surface.
        - `position`: (H, W, 3) float32, metres in the world; NaN = no surface.
        - `nocs`: (H, W, 3) float32, the place in the 3D box; NaN = none.
        - `uv`: (H, W, 2) float32, the place on the UV map; NaN = none.
        - `instances`: (H, W) uint16, the place in `Frame.instances` counted from 1; 0 = none.
        - `categories`: (H, W) uint16, ids of categories; 0 = none.
        - `surfaces`: (H, W) int32, the surface of the scene; -1 = none. `Frame.surfaces` says where each is.
        - `points`: (N,) with the fields `place`, (3,) float32 metres in the world; `colour`, (3,) uint8, which may be
          missing; `instance` and `category`, uint16 as in the maps of these.

        Without a scene record lengths are scene units; `WrittenMap.unit` in `Frame.maps` says so.

        Args:
            name: of a kind of map, or of a kind in one format, such as `depth_png` or `DenseMap.DEPTH_PNG`. Of a kind
                in several formats, one of floats is taken rather than one of rounded steps.

        Raises:
            UsageError: there is no such map.
            InputError: the frame has none, or its file is missing, damaged or of another size.
            RecordError: as of `maps`.
        """
        return map_array(self._source.records.dataset, self._chosen(name), self.height, self.width)

    def surfaces(self) -> SurfaceMap:
        """The map of surfaces with the place, name and shape of each; errors as of map()."""
        written = self._chosen(DenseMap.SURFACES_NPZ)
        return surface_map(self._source.records.dataset, written, self.height, self.width)

    def _chosen(self, name: str) -> WrittenMap:
        return chosen_map(self.maps, self.record.later_maps, name, f"Frame {self.path}")
