"""Things placed at random on a surface or in a volume: upright, lying or turned in any way, and clear of each other."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..base.choice import Choice
from . import rotations
from .distributions import uniform
from .ground import UNIFORMS_PER_POINT, Ground
from .layout import Layout
from .streams import Floats

# Places that are tried for a thing in a frame before it is left out.
PLACES = 48
BEFORE_PLACES = 7
UNIFORMS_PER_THING = BEFORE_PLACES + PLACES * UNIFORMS_PER_POINT


class Turning(Choice):
    """How a thing is turned when it is placed."""

    UPRIGHT = "upright", "Upright", "About the vertical only, as it stands now"
    LYING = "lying", "Upright or Lying", "About the vertical, and some of them lie on their side"
    ANY = "any", "Any Rotation", "All rotations are equally likely"
    KEEP = "keep", "As It Is", "Not turned"


@dataclass(frozen=True)
class Thing:
    """Something that is placed as a whole.

    Attributes:
        name: in Blender, which its random numbers go by.
        points: (N, 3) float64, points of its hull as it is now turned and scaled, from its own origin.
    """

    name: str
    points: Floats


@dataclass(frozen=True)
class PlacingRules:
    """What a row says of the things that it places.

    Attributes:
        chance: that a thing is there.
        turning: how things are turned.
        lying: share of those that lie, for LYING.
        turn: least and greatest turn about the vertical, radians.
        scale: least and greatest, of how large the thing is now.
        gap: to keep to everything else, scene units.
    """

    chance: float = 1.0
    turning: Turning = Turning.UPRIGHT
    lying: float = 0.3
    turn: tuple[float, float] = (-np.pi, np.pi)
    scale: tuple[float, float] = (1.0, 1.0)
    gap: float = 0.0


class Room(Protocol):
    """Where things can be placed."""

    def places(self, u: Floats, radius: Floats, height: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """(F, N, 3) places for the middle of the bottom, and whether each will do.

        Args:
            u: (F, N, 3) uniform numbers.
            radius, height: (F,) of the thing.
        """


@dataclass(frozen=True)
class OnGround:
    """Room on a surface."""

    ground: Ground

    def places(self, u: Floats, radius: Floats, height: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        points = self.ground.points(u)
        return points, self.ground.carries(points, radius)


@dataclass(frozen=True)
class InBox:
    """Room in a box.

    Attributes:
        matrix: (4, 4), from the cube of -1 to 1 to the world.
    """

    matrix: Floats

    def places(self, u: Floats, radius: Floats, height: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        sides = np.linalg.norm(self.matrix[:3, :3], axis=0)
        # Half of the thing along each axis of the box.
        half = np.stack((radius, radius, height / 2), axis=1)
        room = 1 - half / np.maximum(sides, 1e-12)
        inside = (2 * u - 1) * np.maximum(room, 0.0)[:, None]
        points = inside @ self.matrix[:3, :3].T + self.matrix[:3, 3]
        points[..., 2] -= height[:, None] / 2
        return points, np.broadcast_to((room >= 0).all(axis=1)[:, None], points.shape[:2])


@dataclass(frozen=True)
class Placed:
    """A thing in each of the frames.

    Attributes:
        present: (F,) whether it is there.
        crowded: (F,) whether it is not because there was no room.
        turned: (F, 3, 3) rotation and scale, on top of those that it has now.
        location: (F, 3) of its origin, in the world; where it is not there, anywhere.
        middle: (F, 3) of its box along the axes.
        radius: (F,) of its cylinder.
    """

    present: npt.NDArray[np.bool_]
    crowded: npt.NDArray[np.bool_]
    turned: Floats
    location: Floats
    middle: Floats
    radius: Floats


def place(thing: Thing, rules: PlacingRules, room: Room, u: Floats, layout: Layout) -> Placed:
    """Place a thing where there is room, and take that.

    Args:
        thing: what to place.
        rules: how.
        room: where.
        u: (F, UNIFORMS_PER_THING) uniform numbers.
        layout: what is taken already; the thing's place is added.
    """
    turned = turn(rules, u)
    middle, low, height, radius = sizes_of(thing, turned)
    places, fit = room.places(u[:, BEFORE_PLACES:].reshape(len(u), PLACES, UNIFORMS_PER_POINT), radius, height)
    # On a ground it begins a little higher, so that what it stands on is nothing it runs into.
    bottom = places[..., 2] + 1e-3 * height[:, None]
    fit = fit & layout.is_free(places[..., :2], radius + rules.gap, bottom, places[..., 2] + height[:, None])
    wanted = u[:, 0] < rules.chance
    present = wanted & fit.any(axis=1)
    place = places[np.arange(len(u)), np.argmax(fit, axis=1)]
    layout.add(place[:, :2], radius, place[:, 2], place[:, 2] + height, present)
    location = place - np.column_stack((middle[:, :2], low))
    return Placed(present, wanted & ~present, turned, location, location + middle, radius)


def sizes_of(thing: Thing, turned: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The room of a thing that is (F, 3, 3) turned: (F, 3) the middle of its box, from its origin, and (F,) each its
    lowest z, its height, and the radius of an upright cylinder around it."""
    # As many points as a hull has that nobody can tell from the mesh: frames x points stay small.
    points = np.einsum("fij,nj->fni", turned, thing.points)
    low, high = points.min(axis=1), points.max(axis=1)
    middle = (low + high) / 2
    radius = np.sqrt(((points[:, :, :2] - middle[:, None, :2]) ** 2).sum(axis=2).max(axis=1))
    return middle, low[:, 2], high[:, 2] - low[:, 2], radius


def turn(rules: PlacingRules, u: Floats) -> Floats:
    """(F, 3, 3) how a thing is turned and scaled, of its uniform numbers."""
    if rules.turning is Turning.ANY:
        found = rotations.uniform_rotations(u[:, 3:6])
    elif rules.turning is Turning.KEEP:
        found = np.broadcast_to(np.eye(3), (len(u), 3, 3))
    else:
        found = rotations.about("Z", uniform(u[:, 3], *rules.turn))
        if rules.turning is Turning.LYING:
            laid = rotations.about("X", np.full(len(u), np.pi / 2)) @ rotations.about("Z", 2 * np.pi * u[:, 2])
            found = np.where((u[:, 1] < rules.lying)[:, None, None], found @ laid, found)
    scaled: Floats = found * uniform(u[:, 6], *rules.scale)[:, None, None]
    return scaled


def hull_points(points: Floats, count: int = 160) -> Floats:
    """Those of (P, 3) points that lie farthest in any of many directions, (N, 3): a hull that is good enough to stand.

    Args:
        points: of all meshes of a thing.
        count: of the directions, spread evenly in a spiral.
    """
    if len(points) <= count:
        return points
    turns = np.arange(count) * np.pi * (1 + 5**0.5)
    z = 1 - (2 * np.arange(count) + 1) / count
    flat = np.sqrt(1 - z * z)
    directions = np.stack((flat * np.cos(turns), flat * np.sin(turns), z), axis=1)
    directions = np.concatenate((directions, np.eye(3), -np.eye(3)))
    found: Floats = points[np.unique(np.argmax(points @ directions.T, axis=0))]
    return found
