"""6D poses and oriented 3D boxes of instances, in the axes of the camera."""

import functools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from ..base.json_fields import JsonObject, in_json
from .camera import Camera, Matrix3
from .placements import Bounds, Placement, RigidFrame, rigid_frame

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]
Corners = tuple[tuple[float, ...], tuple[float, ...]]

_MOST_NAMES = 3
# Pairs of corners, as Bounds.corners numbers them, that an edge of the box joins.
BOX_EDGES = tuple((low, low | bit) for bit in (1, 2, 4) for low in range(8) if not low & bit)


@dataclass(frozen=True)
class Pose(JsonObject):
    """Where an instance is as seen from the camera: OpenCV axes (x right, y down, z forward), metres.

    Attributes:
        frame: name of the object whose axes and origin these are; "" for the axes of the world around the middle of the
            box, which instances without a common parent have.
        rotation: 3x3 row-major, from the instance's axes to the camera's; its determinant is +1.
        translation: the origin of the instance in the camera's axes.
        scale: of the object's own coordinates along its axes; three negative numbers where it is mirrored.
        low, high: corners of the box along the instance's axes, from its origin.
        corners: pixels (x, y) of the eight corners of the box; corner i has the high x where bit 0 of i is set, the
            high y for bit 1, the high z for bit 2. None for a corner that is not in front of the camera, and for all
            of them where the camera has no projection.
        distance: from the camera to the middle of the box.
    """

    frame: str
    rotation: Matrix3
    translation: tuple[float, ...]
    scale: tuple[float, ...]
    low: tuple[float, ...] = field(
        metadata=in_json(written_as=("box", "dimensions"), made_of=("box",), make=itemgetter(0))
    )
    high: tuple[float, ...] = field(metadata=in_json(written_as=(), made_of=("box",), make=itemgetter(1)))
    corners: tuple[Point | None, ...]
    distance: float

    @property
    def box(self) -> Corners:
        """Both corners."""
        return self.low, self.high

    @property
    def dimensions(self) -> tuple[float, ...]:
        """Edges of the box along the instance's axes, metres."""
        return tuple(high - low for low, high in zip(self.low, self.high, strict=True))

    def corners_in_camera(self) -> Floats:
        """(8, 3): the corners of the box in the camera's axes, metres."""
        bounds = Bounds.from_json([*self.low, *self.high])
        corners: Floats = bounds.corners() @ np.array(self.rotation).T + np.array(self.translation)
        return corners


class _NoPose(Exception):
    """An instance has no pose; the text says why and what to do."""


def find_poses(
    instances: Sequence[tuple[str, Sequence[str]]],
    placements: Mapping[str, Placement],
    camera: Camera,
    unit_scale: float,
) -> tuple[list[Pose | None], list[str]]:
    """The poses of instances.

    Args:
        instances: the name of each, and the names of all objects that it is made of, seen or not.
        placements: of the objects of the scene, by name.
        camera: of the frame.
        unit_scale: metres in a scene unit.

    Returns:
        The pose of each, None where it has none; and sentences on those without.
    """
    poses: list[Pose | None] = []
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, members in instances:
        try:
            head, frame, bounds = _frame_and_bounds(name, members, placements)
            poses.append(_pose(head, frame, bounds, camera, unit_scale))
        except _NoPose as error:
            poses.append(None)
            reasons[str(error)].append(name)
    return poses, [f"No pose of {_listed(names)}: {reason}" for reason, names in reasons.items()]


def _frame_and_bounds(
    name: str, members: Sequence[str], placements: Mapping[str, Placement]
) -> tuple[str, RigidFrame, Bounds]:
    """Whose axes an instance has, these axes in the world, and its box along them."""
    shaped = [placements[member] for member in members if member in placements and placements[member].bounds]
    if not shaped:
        raise _NoPose("the scene record has no shape for it; export the frame again from Blender")
    if any(placement.copies > 1 for placement in shaped):
        raise _NoPose("several copies share its label, so it has no single place; make them real objects")
    # A group is named like its parent, an object alone like itself; all else has no axes of its own.
    head = name if all(name in placement.bounds for placement in shaped) else ""
    if len(members) == 1:
        head = shaped[0].name
    boxes = [box for placement in shaped if (box := placement.bounds[head]) is not None]
    bounds = functools.reduce(Bounds.united, boxes) if boxes else None
    if not head and bounds:
        middle = bounds.corners().mean(axis=0)
        return "", RigidFrame(np.eye(3), np.ones(3), middle), Bounds.around(bounds.corners() - middle)
    frame = rigid_frame(placements[head].matrix) if head else None
    if frame is None or bounds is None:
        raise _NoPose("its axes are flat or not at right angles; apply the scale of its parents")
    return head, frame, bounds


def _pose(head: str, frame: RigidFrame, bounds: Bounds, camera: Camera, unit_scale: float) -> Pose:
    world_to_camera = np.asarray(camera.world_to_camera)
    rotation = world_to_camera[:3, :3] @ frame.rotation
    translation = world_to_camera[:3, :3] @ frame.translation + world_to_camera[:3, 3]
    corners = bounds.corners() @ rotation.T + translation
    return Pose(
        frame=head,
        rotation=tuple(map(_tuple, rotation)),
        translation=_tuple(translation * unit_scale),
        scale=_tuple(frame.scale),
        low=_tuple(np.array(bounds.low) * unit_scale),
        high=_tuple(np.array(bounds.high) * unit_scale),
        corners=_projected(corners, camera),
        distance=float(np.linalg.norm(corners.mean(axis=0))) * unit_scale,
    )


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(repr(name) for name in names[:_MOST_NAMES])
    return f"{listed} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else listed


def _projected(corners: Floats, camera: Camera) -> tuple[Point | None, ...]:
    """Pixels of points in the camera's axes, scene units."""
    if not camera.is_projective:
        return (None,) * len(corners)
    in_front = corners[:, 2] >= camera.clip_start
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels = camera.to_image(corners)
    return tuple((x, y) if front else None for (x, y, _), front in zip(pixels.tolist(), in_front.tolist(), strict=True))


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(map(float, values))
