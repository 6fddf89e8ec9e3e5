"""Things that fall: where they start, above their ground and clear of each other, and whether they stayed on it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..base.choice import Choice
from .ground import UNIFORMS_PER_POINT, Ground
from .layout import Layout
from .placing import BEFORE_PLACES, PLACES, Placed, PlacingRules, Thing, sizes_of, turn
from .streams import Floats


class DropShape(Choice):
    """What a thing is taken for while it falls."""

    HULL = "hull", "Convex Hull", "As if hollows were filled: quick, and right for most things"
    MESH = "mesh", "Mesh", "With its hollows, for rings, cups and hooks; slow"
    BOX = "box", "Box", "The box around it, along its own axes; the quickest"


@dataclass(frozen=True)
class DropRules:
    """How things fall.

    Attributes:
        height: how far above the ground they start, in their own heights.
        spread: part of the ground that they start above, 1 for all of it.
        shape: what they are taken for.
        seconds: how long they may take to come to rest, as if the usual thing of them were a metre large.
    """

    height: float = 0.5
    spread: float = 0.8
    shape: DropShape = DropShape.HULL
    seconds: float = 10.0


# Between a thing that has not fallen yet and what is below it, as a part of its height.
_CLEARANCE = 0.05


def start(thing: Thing, rules: PlacingRules, drop: DropRules, ground: Ground, u: Floats, layout: Layout) -> Placed:
    """Put a thing above a ground, and above everything else that is in the way there.

    A thing always finds a place above the others; there is no room only where the ground itself is too small for it.

    Args:
        thing: what is to fall.
        rules: how it is turned and scaled, and whether it is there.
        drop: from where it falls.
        ground: what it falls on.
        u: (F, UNIFORMS_PER_THING) uniform numbers.
        layout: what is taken before anything has fallen; the thing's start is added.
    """
    turned = turn(rules, u)
    middle, low, tall, radius = sizes_of(thing, turned)
    points = u[:, BEFORE_PLACES:].reshape(len(u), PLACES, UNIFORMS_PER_POINT)
    places = ground.points(points, drop.spread)
    fit = ground.carries(places, radius) & layout.is_open(places[..., :2], radius + rules.gap, places[..., 2])
    wanted = u[:, 0] < rules.chance
    present = wanted & fit.any(axis=1)
    place = places[np.arange(len(u)), np.argmax(fit, axis=1)]
    above = layout.top(place[:, :2], radius + rules.gap)
    bottom = np.maximum(place[:, 2] + drop.height * tall, above + _CLEARANCE * tall)
    layout.add(place[:, :2], radius, bottom, bottom + tall, present)
    location = np.column_stack((place[:, :2] - middle[:, :2], bottom - low))
    return Placed(present, wanted & ~present, turned, location, location + middle, radius)


def has_stayed(ground: Ground, middle: Floats, bottom: Floats) -> npt.NDArray[np.bool_]:
    """Whether things are still on their ground, and have not fallen off or through it.

    Args:
        ground: what they fell on.
        middle: (N, 2) where they are now.
        bottom: (N,) their lowest points.
    """
    stayed: npt.NDArray[np.bool_] = np.isfinite(ground.height(middle)) & (bottom > ground.lowest - 2 * ground.cell)
    return stayed
