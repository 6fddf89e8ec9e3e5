"""Rows about things: where they are, how they are turned, how large, and whether they are there."""

from dataclasses import dataclass

import bpy
import numpy as np

from ....core.base.errors import SceneError
from ....core.random_frames.distributions import chosen
from ....core.random_frames.kinds import RowKind
from ....core.random_frames.placing import (
    UNIFORMS_PER_THING,
    InBox,
    OnGround,
    Placed,
    PlacingRules,
    Room,
    Turning,
    place,
    turn,
)
from ....core.random_frames.streams import Floats
from ...random_rows import LabelpassRandomRow
from ..drawing import Base, Draw, PlacedMover
from ..movers import Mover, pose, shown


@dataclass(frozen=True)
class Placing:
    """Things that are placed in a room."""

    row: str
    movers: tuple[Mover, ...]
    rules: PlacingRules
    room: Room
    surface: bpy.types.Object | None

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "Placing":
        movers = base.movers(row)
        # The largest first, since it finds no room later.
        movers.sort(key=lambda mover: -class_of_size(mover))
        if RowKind(row.kind) is RowKind.PLACE_IN_VOLUME:
            return cls(row.name, tuple(movers), rules_of(row), InBox(_box_of(row)), None)
        surface, ground = base.ground_of_row(row, movers)
        return cls(row.name, tuple(movers), rules_of(row), OnGround(ground), surface)

    def draw(self, draw: Draw) -> None:
        for mover in self.movers:
            thing = mover.thing
            u = draw.uniforms(self.row, thing.name, UNIFORMS_PER_THING)
            found = place(thing, self.rules, self.room, u, draw.layout)
            what = "location"
            what += " rotation" if self.rules.turning is not Turning.KEEP else ""
            what += " scale" if self.rules.scale != (1.0, 1.0) else ""
            add_placed(draw, mover, found, what)


def add_placed(draw: Draw, mover: Mover, found: Placed, what: str) -> None:
    """Add to a draw where a thing is, and which of location, rotation and scale of it vary."""
    name = mover.thing.name
    draw.crowded += found.crowded
    draw.present[mover.object] = found.present
    draw.middles[mover.object] = found.middle
    draw.placed.append(PlacedMover(mover, found.turned, found.location, found.present))
    draw.keyed += [*pose(mover, found.turned, found.location, what), *shown(mover, found.present)]
    draw.named[f"{name}.present"] = found.present.astype(float)
    draw.named[f"{name}.location"] = found.location


@dataclass(frozen=True)
class TurningInPlace:
    """Things that are turned or scaled where they are."""

    row: str
    movers: tuple[Mover, ...]
    rules: PlacingRules
    what: str

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "TurningInPlace":
        rules = rules_of(row)
        if RowKind(row.kind) is RowKind.SCALE:
            return cls(
                row.name, tuple(base.movers(row)), PlacingRules(turning=Turning.KEEP, scale=rules.scale), "scale"
            )
        return cls(
            row.name, tuple(base.movers(row)), PlacingRules(1.0, rules.turning, rules.lying, rules.turn), "rotation"
        )

    def draw(self, draw: Draw) -> None:
        for mover in self.movers:
            name = mover.object.name_full
            u = draw.uniforms(self.row, name, UNIFORMS_PER_THING)
            turned = turn(self.rules, u)
            location = np.broadcast_to(mover.matrix[:3, 3], (len(u), 3))
            keyed = pose(mover, turned, location, self.what)
            draw.keyed += keyed
            draw.named[f"{name}.{self.what}"] = keyed[0].values


@dataclass(frozen=True)
class Presence:
    """Things that are there in some of the frames; of several, one at a time."""

    row: str
    movers: tuple[Mover, ...]
    chance: float
    one_of_all: bool

    @classmethod
    def of(cls, base: Base, row: LabelpassRandomRow) -> "Presence":
        return cls(row.name, tuple(base.movers(row)), row.chance, RowKind(row.kind) is RowKind.ONE_OF_SEVERAL)

    def draw(self, draw: Draw) -> None:
        if self.one_of_all:
            which = chosen(draw.uniforms(self.row, "", 1)[:, 0], [1.0] * len(self.movers))
        for number, mover in enumerate(self.movers):
            name = mover.object.name_full
            here = which == number if self.one_of_all else draw.uniforms(self.row, name, 1)[:, 0] < self.chance
            # What another row leaves out stays out.
            here = here & draw.present.get(mover.object, True)
            draw.present[mover.object] = here
            draw.keyed += shown(mover, here)
            draw.named[f"{name}.present"] = here.astype(float)


def rules_of(row: LabelpassRandomRow) -> PlacingRules:
    return PlacingRules(
        row.chance,
        Turning(row.turning),
        row.lying,
        (row.turn_min, row.turn_max),
        (row.scale_min, row.scale_max),
        row.gap,
    )


def _box_of(row: LabelpassRandomRow) -> Floats:
    """(4, 4) from the cube of -1 to 1 to the box around the volume of a row."""
    if row.volume is None:
        raise SceneError("A row places things in a volume and has none; choose the object whose box they are put into")
    return box_matrix(row.volume)


def box_matrix(ob: bpy.types.Object) -> Floats:
    """The same for the box of an object, of an empty that of its display size."""
    if ob.type == "EMPTY":
        middle, half = np.zeros(3), np.full(3, ob.empty_display_size)
    else:
        corners = np.array(ob.bound_box)
        middle, half = (corners.min(axis=0) + corners.max(axis=0)) / 2, np.ptp(corners, axis=0) / 2
    local = np.diag([*half, 1.0])
    local[:3, 3] = middle
    found: Floats = np.array(ob.matrix_world, float) @ local
    return found


def class_of_size(mover: Mover) -> int:
    """How large a thing is, in steps of a tenth: versions of Blender evaluate meshes a little differently."""
    return round(float(np.log(np.ptp(mover.points, axis=0).max()) / np.log(1.1)))
