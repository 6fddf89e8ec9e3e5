"""Keypoints of instances: where they are in the image, and whether they are seen.

Which keypoints there are, the category says. Blender says where in the world each of them is, and how far below the
surface; the depth pass says whether something is in front.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..base.box import MOST_PIXELS
from ..base.json_fields import JsonRow
from .camera import Camera

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.uint32]

# Of its distance, how far a surface may seem to be in front of itself: a step of a half float, as which a tool may have
# stored it. EEVEE takes depth from a buffer of 24 bit between the clip planes, with steps of 6e-8 z / clip_start of it:
# 1e-4 at 200 units with a near clip of 0.1.
_DEPTH_PRECISION = 1e-3
# Of the depth of a keypoint below the surface, how thick the part of the object before it may be: a joint lies in the
# middle of a limb, which may be seen at an angle.
_THICKNESS = 2.0


class Visibility(IntEnum):
    """As COCO counts it: https://cocodataset.org/#format-data."""

    ABSENT = 0
    OCCLUDED = 1
    VISIBLE = 2


@dataclass(frozen=True)
class Keypoint(JsonRow):
    """A keypoint of an instance in a frame.

    Attributes:
        x, y: pixels, like everywhere the origin is the outer corner of the top-left pixel; 0 where it is absent.
        visibility: absent also means that it lies outside the image or behind the camera.
        z: planar depth in metres; 0 where it is absent.
    """

    x: float
    y: float
    visibility: Visibility
    z: float

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises TypeError or ValueError where the data are not a keypoint in an image."""
        found = super().from_json(data)
        if not (0 <= found.x <= MOST_PIXELS and 0 <= found.y <= MOST_PIXELS):
            raise ValueError("a keypoint that no image has")
        return found


ABSENT = Keypoint(0.0, 0.0, Visibility.ABSENT, 0.0)


@dataclass(frozen=True)
class SceneKeypoint(JsonRow):
    """A keypoint of the scene.

    Attributes:
        name: of the keypoint.
        objects: names of the objects that it belongs to.
        position: in the world, scene units.
        below: distance to the nearest surface of these objects, scene units.
    """

    name: str
    objects: tuple[str, ...]
    position: tuple[float, float, float]
    below: float


@dataclass(frozen=True)
class SeenPixels:
    """What is in front in each pixel.

    Attributes:
        label: (H, W) uint32, 0 = background.
        depth: (H, W) float64, planar, scene units, infinite where there is no surface; None without a depth pass.
    """

    label: Labels
    depth: Floats | None

    def sees(self, x: float, y: float, z: float, own: Sequence[int], below: float) -> bool:
        """Whether a point in the image is seen.

        Args:
            x, y: within the image.
            z: its planar depth, scene units.
            own: the labels of its instance.
            below: how far below the surface it lies, scene units.
        """
        row, column = int(y), int(x)
        is_own = int(self.label[row, column]) in own
        if self.depth is None:
            return is_own
        thickness = _THICKNESS * below if is_own else 0.0
        tolerance = _DEPTH_PRECISION * z + _slope(self.depth, row, column)
        return z <= float(self.depth[row, column]) + tolerance + thickness


def _slope(depth: Floats, row: int, column: int) -> float:
    """By how much depth changes within a pixel of a smooth surface.

    On each axis the smaller of the two differences to the neighbours counts, so that no edge takes part.
    """
    here = depth[row, column]
    if not np.isfinite(here):
        return 0.0
    total = 0.0
    for line, place in ((depth[row], column), (depth[:, column], row)):
        around = np.abs(line[max(0, place - 1) : place + 2] - here)
        differences = np.delete(around, min(place, 1))
        finite = differences[np.isfinite(differences)]
        total += float(finite.min()) if finite.size else 0.0
    return total


def find_keypoints(
    names: Sequence[str],
    objects: Sequence[str],
    labels: Sequence[int],
    places: Mapping[str, Sequence[SceneKeypoint]],
    camera: Camera,
    pixels: SeenPixels,
    unit_scale: float,
) -> tuple[Keypoint, ...]:
    """The keypoints of an instance, in the order of its category.

    Args:
        names: of the category's keypoints.
        objects: names of the objects that the instance is made of.
        labels: of the instance.
        places: of all keypoints of the scene, by name.
        camera: a perspective one.
        pixels: what is seen in the frame.
        unit_scale: metres in a scene unit.
    """
    members = set(objects)
    found = []
    for name in names:
        mine = [place for place in places.get(name, ()) if members.intersection(place.objects)]
        if not mine:
            found.append(ABSENT)
            continue
        # What belongs to this instance alone comes before what it shares with others.
        place = min(mine, key=lambda one: (len(one.objects), one.objects, one.position))
        x, y, z = camera.project(np.array([place.position]))[0].tolist()
        height, width = pixels.label.shape
        if z < camera.clip_start or not (0 <= x < width and 0 <= y < height):
            found.append(ABSENT)
            continue
        seen = pixels.sees(x, y, z, labels, place.below)
        visibility = Visibility.VISIBLE if seen else Visibility.OCCLUDED
        found.append(Keypoint(x, y, visibility, z * unit_scale))
    return tuple(found)
