"""What a frame shows, as arrays: instances, their parts, and regions to ignore."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..base.box import Box
from ..base.errors import InputError, RecordError
from ..drawing.soft_mask_files import read_soft_mask
from ..masks.polygons import exact_polygons
from ..masks.rle import decode_columns
from ..masks.runs import Mask
from ..records.instance import Amodal, Instance, Part
from ..records.record_store import RecordStore
from ..scene.keypoints import Keypoint
from ..scene.poses import Pose

BoolMask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """The frame that a region is in.

    Attributes:
        records: the store that has its record.
        frame: its path.
        height, width: pixels of its image.
        category_ids, part_category_ids, titles, part_titles: as in Source.
    """

    records: RecordStore
    frame: str
    height: int
    width: int
    category_ids: Mapping[str, int]
    part_category_ids: Mapping[str, int]
    titles: Mapping[str, str]
    part_titles: Mapping[str, str]

    @contextmanager
    def reading(self) -> Iterator[None]:
        """RecordError for counts in the record that are not those of a mask of the image's size."""
        try:
            yield
        except ValueError as error:
            raise RecordError(f"{self.records.where(self.frame)} is damaged; annotate the frame again") from error

    def decoded(self, rle: str) -> BoolMask:
        """(H, W) bool, the pixels of compressed COCO counts; RecordError where they are none of an image's size."""
        with self.reading():
            return decode_columns(rle, self.height, 0, self.width)

    def category_id(self, ids: Mapping[str, int], category: str) -> int:
        """The id of a category; RecordError where the dataset did not have it."""
        if category not in ids:
            raise RecordError(
                f"{self.records.where(self.frame)} has the category {category!r}, which was not there when the dataset "
                "was opened; open it again"
            )
        return ids[category]


@dataclass(frozen=True, eq=False)
class Region:
    """Pixels of a frame with a name.

    Attributes:
        name: of the object, the group or the material.
        category: name of its category.
    """

    name: str
    category: str
    _mask: Mask = field(repr=False)
    _place: Place = field(repr=False)

    @property
    def box(self) -> Box:
        """The smallest box around the pixels of the mask: x0, y0, x1, y1 in pixels, half-open (x1 = last column + 1).

        `[*region.box]` is a list of the four numbers. COCO's bbox has x0, y0, width and height instead.
        """
        return self._mask.box

    @property
    def area(self) -> int:
        """How many pixels the mask has."""
        return self._mask.area

    @property
    def rle(self) -> str:
        """The mask as compressed COCO counts, for an image of the frame's size."""
        return self._mask.rle

    def mask(self) -> BoolMask:
        """The pixels that show it.

        Returns:
            (H, W) bool, as large as the image. No pixel of a frame is in the masks of two instances.

        Raises:
            RecordError: the record is damaged.
        """
        return self._place.decoded(self._mask.rle)

    def polygons(self) -> list[npt.NDArray[np.int64]]:
        """The outlines of the mask, as COCO has polygons: nothing of it is lost.

        Returns:
            For each connected piece, from left to right, (P, 2) int64: x and y of corners in pixels, from the outer
            corner of the top-left pixel. Holes are joined to the outline by bridges that go there and back.
            `polygon.ravel().tolist()` is what COCO files hold, and pycocotools makes the same mask of all of them
            together, pixel by pixel.

        Raises:
            RecordError: the record is damaged.
        """
        place = self._place
        with place.reading():
            (polygons,) = exact_polygons([self._mask.rle], place.height, place.width)
        return polygons


@dataclass(frozen=True, eq=False)
class SeenPart(Region):
    """A part of an instance: what it shows of one material, or of one object of a group. Its name is that of the
    material or object."""

    @property
    def part_category_id(self) -> int:
        """The id of its category among those of parts, as in the COCO file."""
        return self._place.category_id(self._place.part_category_ids, self.category)


@dataclass(frozen=True, eq=False)
class IgnoredRegion(Region):
    """A region in which detections count neither as right nor as wrong; a category "" means those of all categories."""


@dataclass(frozen=True, eq=False)
class SeenInstance(Region):
    """An instance that a frame shows. Its name is unique in the frame where the scene is known.

    Attributes:
        instance: what the record says of it.
    """

    instance: Instance = field(repr=False)

    @property
    def category_id(self) -> int:
        """The id of its category, from 1, as in the COCO file."""
        return self._place.category_id(self._place.category_ids, self.category)

    @property
    def labels(self) -> tuple[int, ...]:
        """The pass indices or Cryptomatte ids that it is made of, ascending."""
        return self.instance.labels

    @property
    def track_id(self) -> int | None:
        """The same in all frames of the sequence; None where it is not known."""
        return self.instance.track_id

    @property
    def at_border(self) -> bool | None:
        """Whether it touches the border of the image; None if it was annotated without At Border: Mark."""
        return self.instance.at_border

    @property
    def pose(self) -> Pose | None:
        """Where it is as seen from the camera, and its 3D box, in metres; None if it was annotated without poses, or
        has none."""
        return self.instance.pose

    @property
    def keypoints(self) -> tuple[Keypoint, ...] | None:
        """x, y, visibility and depth of each, in the order of the category's keypoints; None where that has none."""
        return self.instance.keypoints

    @property
    def amodal(self) -> Amodal | None:
        """All of it, seen or not: box, pixel counts and visibility; None if it was annotated without amodal masks, or
        they are not known."""
        return self.instance.amodal

    @cached_property
    def parts(self) -> tuple[SeenPart, ...]:
        """Its parts that are seen, sorted by name; none if it was annotated without parts."""
        return tuple(map(self._part, self.instance.parts or ()))

    def _part(self, part: Part) -> SeenPart:
        return SeenPart(part.name, _title(part, self._place.part_titles), part.mask, self._place)

    def amodal_mask(self) -> BoolMask:
        """All the pixels that it would cover if nothing were in front of it.

        Returns:
            (H, W) bool, as large as the image.

        Raises:
            InputError: the instance has no amodal mask.
            RecordError: the record is damaged.
        """
        if self.instance.amodal is None:
            raise InputError(
                f"{self.name!r} in frame {self._place.frame} has no amodal mask; export the frame again from Blender "
                "with Amodal Masks"
            )
        return self._place.decoded(self.instance.amodal.rle)

    def soft_mask(self) -> npt.NDArray[np.uint8]:
        """How much of each pixel it covers.

        Returns:
            (H, W) uint8, as large as the image; 255 is a whole pixel.

        Raises:
            InputError: the instance has no soft mask, or its file is missing or damaged.
        """
        soft_mask = self.instance.soft_mask
        if soft_mask is None:
            raise InputError(
                f"{self.name!r} in frame {self._place.frame} has no soft mask; annotate the frame again with Soft Masks"
            )
        box, dataset = soft_mask.box, self._place.records.dataset
        whole = np.zeros((self._place.height, self._place.width), np.uint8)
        try:
            whole[box.y0 : box.y1, box.x0 : box.x1] = read_soft_mask(dataset, soft_mask)
        except (OSError, SyntaxError, ValueError) as error:
            raise InputError(f"{soft_mask.file} cannot be read ({error}); annotate the frame again") from error
        return whole


def seen_instance(instance: Instance, place: Place) -> SeenInstance:
    """An instance of a record in its frame."""
    return SeenInstance(instance.name, _title(instance, place.titles), instance.mask, place, instance)


def ignored_region(region: Instance, place: Place) -> IgnoredRegion:
    """A region to ignore of a record in its frame."""
    return IgnoredRegion(region.name, _title(region, place.titles), region.mask, place)


def _title(one: Instance | Part, titles: Mapping[str, str]) -> str:
    """What the dataset calls the category of something in a record."""
    return titles.get(one.category, one.category)
