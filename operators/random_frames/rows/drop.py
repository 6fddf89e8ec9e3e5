"""Rows of things that fall: Blender's rigid bodies say how they come to lie on their surface and on each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ....core.random_frames.dropping import DropRules, DropShape, has_stayed, start
from ....core.random_frames.ground import Ground
from ....core.random_frames.placing import UNIFORMS_PER_THING, Placed, PlacingRules
from ....core.random_frames.streams import Floats
from ...random_rows import LabelpassRandomRow
from ..bodies import ThingBody, still_body, volume_of
from ..drawing import Base, Draw
from ..movers import Mover
from ..shapes import below
from ..simulation import Body, Simulation
from .things import add_placed, class_of_size, rules_of

# Of the size of things: what is not deeper than this is a joint between two boards and no step.
_FLAT = 0.03
_RESTLESS = "things did not come to rest"
_FALLEN = "a thing fell off its surface"


@dataclass(frozen=True)
class Dropping:
    """Things that fall on a surface.

    Attributes:
        row: identity of the row.
        movers: the things.
        rules: of how they start.
        drop: and fall.
        surface: what they fall on, an original object.
        ground: the same as core has it.
        unit: length that is 1 in the simulation, which is at its best with things of that size.
        bodies: thing -> what it is in the simulation; of what other rows place, too, once it was needed.
    """

    row: str
    movers: tuple[Mover, ...]
    rules: PlacingRules
    drop: DropRules
    surface: bpy.types.Object
    ground: Ground
    unit: float
    bodies: dict[bpy.types.Object, ThingBody]

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "Dropping":
        movers = sorted(base.movers(row), key=lambda mover: -class_of_size(mover))
        surface, ground = base.ground_of_row(row, movers)
        drop = DropRules(row.drop_height, row.drop_spread, DropShape(row.drop_shape), row.drop_seconds)
        unit = 1.1 ** float(np.median([class_of_size(mover) for mover in movers]))
        usual = float(np.median([volume_of(mover) for mover in movers]))
        bodies = {mover.object: ThingBody.of(mover, drop.shape, unit, usual) for mover in movers}
        return cls(row.name, tuple(movers), rules_of(row), drop, surface, ground, unit, bodies)

    def draw(self, draw: Draw) -> None:
        above = draw.layout.copy()
        starts = []
        for mover in self.movers:
            u = draw.uniforms(self.row, mover.thing.name, UNIFORMS_PER_THING)
            starts.append(start(mover.thing, self.rules, self.drop, self.ground, u, above))
        what = "location rotation" + (" scale" if self.rules.scale != (1.0, 1.0) else "")
        for mover, found in zip(self.movers, self._fallen(draw, starts), strict=True):
            add_placed(draw, mover, found, what)

    def _fallen(self, draw: Draw, starts: Sequence[Placed]) -> list[Placed]:
        """Where things lie that have started somewhere. What fell off is not there."""
        middle = np.append(self.ground.extent.mean(axis=0), self.ground.lowest)
        falling = [self._body_of(mover) for mover in self.movers]
        things = [*falling, *(self._body_of(one.mover) for one in draw.placed)]
        turned = np.stack([one.turned for one in (*starts, *draw.placed)])
        location = np.stack([one.location for one in (*starts, *draw.placed)])
        present = np.stack([one.present for one in (*starts, *draw.placed)])
        centres = location + np.einsum("tfij,tj->tfi", turned, np.stack([thing.centre for thing in things]))
        matrices = np.zeros((*present.shape, 4, 4))
        matrices[..., :3, :3], matrices[..., 3, 3] = turned, 1.0
        matrices[..., :3, 3] = (centres - middle) / self.unit

        still = self._still_body(draw, starts, middle)
        bodies = [thing.body for thing in things] + ([still] if still else [])
        matrices = np.concatenate((matrices, np.broadcast_to(np.eye(4), (1, *matrices.shape[1:]))))
        present = np.concatenate((present, np.ones((1, present.shape[1]), bool)))[: len(bodies)]
        with Simulation(bodies, self.drop.seconds) as simulation:
            for place in range(len(draw.frames)):
                here = np.flatnonzero(present[:, place])
                falls = here[here < len(falling)]
                if len(falls):
                    rest = simulation.run(falls, here[len(falls) :], matrices[here, place])
                    matrices[falls, place] = rest.matrices
                    if not rest.still.all():
                        draw.failed[place] = _RESTLESS
                draw.progress((place + 1) / len(draw.frames))
        matrices[..., :3, 3] = matrices[..., :3, 3] * self.unit + middle
        return [self._at_rest(draw, *one) for one in zip(falling, starts, matrices, strict=False)]

    def _body_of(self, mover: Mover) -> ThingBody:
        if mover.object not in self.bodies:
            self.bodies[mover.object] = ThingBody.of(mover, self.drop.shape, self.unit)
        return self.bodies[mover.object]

    def _still_body(self, draw: Draw, starts: Sequence[Placed], middle: Floats) -> Body | None:
        """What no row places. Of a table only its top, which may be of a thousand triangles but is as flat as two."""
        (low, high), size = self.ground.extent, max(float(one.radius.max()) for one in starts)
        highest = max(float(one.middle[:, 2].max()) for one in starts)
        # What does not fall off stays in here.
        reach = np.array([[*(low - size), self.ground.lowest - size], [*(high + size), highest + size]])
        top = self.ground.top(_FLAT * self.unit)
        shapes = [shape for shape in draw.still if top is None or not below(shape, self.surface)]
        return still_body(shapes, top, reach, middle, self.unit)

    def _at_rest(self, draw: Draw, thing: ThingBody, began: Placed, matrices: Floats) -> Placed:
        """A thing where it lies, of (F, 4, 4) matrices of its centre of mass; its place is taken."""
        scale = np.cbrt(np.linalg.det(began.turned))[:, None, None]
        turned = matrices[:, :3, :3] / np.linalg.norm(matrices[:, :3, :1], axis=1, keepdims=True) * scale
        centre = matrices[:, :3, 3]
        points = np.einsum("fij,nj->fni", turned, thing.points) + centre[:, None]
        low, high = points.min(axis=1), points.max(axis=1)
        middle = (low + high) / 2
        radius = np.sqrt(((points[:, :, :2] - middle[:, None, :2]) ** 2).sum(axis=2).max(axis=1))
        stayed = has_stayed(self.ground, middle[:, :2], low[:, 2])
        draw.failed |= dict.fromkeys(np.flatnonzero(began.present & ~stayed).tolist(), _FALLEN)
        present = began.present & stayed
        draw.layout.add(middle[:, :2], radius, low[:, 2], high[:, 2], present)
        return Placed(present, began.crowded, turned, centre - turned @ thing.centre, middle, radius)
