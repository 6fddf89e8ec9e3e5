"""What rows draw from and into: the scene as it stands before anything varies, and the frames of one draw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import bpy
import numpy as np
import numpy.typing as npt

from ...core.base.errors import SceneError
from ...core.random_frames.ground import Ground
from ...core.random_frames.layout import Layout
from ...core.random_frames.streams import Floats, Integers, uniforms
from ..labelling.labelled_objects import LabelledObject
from ..random_rows import LabelpassRandomRow
from .keyed import Keyed
from .movers import Mover, labelled_roots, movers_of
from .shapes import Shape, below


@dataclass(frozen=True)
class Base:
    """The scene as it stands before anything varies.

    Attributes:
        scene: the original scene.
        shapes: its meshes.
        labelled: its objects that leave pixels.
    """

    scene: bpy.types.Scene
    shapes: tuple[Shape, ...]
    labelled: tuple[LabelledObject, ...]

    def movers(self, row: LabelpassRandomRow) -> list[Mover]:
        """The things that a row is about.

        Raises:
            SceneError: there are none.
        """
        if row.collection:
            objects = [ob for ob in row.collection.all_objects if ob.name in self.scene.objects]
        else:
            categories = [name.strip() for name in row.things.split(",")]
            objects = labelled_roots(self.labelled, [name for name in categories if name])
        found = movers_of(objects, self.shapes)
        if not found:
            of_what = f"the collection {row.collection.name!r}" if row.collection else "a category"
            raise SceneError(f"Nothing of {of_what} has a mesh that renders show; choose what this row is about")
        return found

    @cached_property
    def grounds(self) -> dict[bpy.types.Object, Ground]:
        """What things without a category are to stand on, where anything of them is level."""
        categorised = {one.object for one in self.labelled if one.category is not None}
        objects = dict.fromkeys(shape.owner for shape in self.shapes if shape.owner not in categorised)
        found = {ob: self.ground_of(ob) for ob in objects}
        return {ob: ground for ob, ground in found.items() if ground is not None}

    def ground_of(self, surface: bpy.types.Object) -> Ground | None:
        """What stands on an object; None where nothing of it is level."""
        points, triangles, count = [], [], 0
        for shape in self.shapes:
            if below(shape, surface):
                points.append(shape.world_points)
                triangles.append(shape.mesh.triangles + count)
                count += len(points[-1])
        return Ground.of(np.concatenate(points).astype(float), np.concatenate(triangles)) if points else None

    def ground_of_row(self, row: LabelpassRandomRow, movers: Sequence[Mover]) -> tuple[bpy.types.Object, Ground]:
        """What a row puts things on.

        Raises:
            SceneError: there is nothing level to stand on.
        """
        surface = row.surface or self.stand_on(movers)
        ground = self.ground_of(surface) if surface else None
        if surface is None or ground is None:
            what = f"Nothing of {surface.name!r} is level" if surface else "Nothing is below the things of a row"
            raise SceneError(f"{what}, so they cannot stand on it; choose another surface for the row")
        return surface, ground

    def stand_on(self, movers: Sequence[Mover]) -> bpy.types.Object | None:
        """What most of some things stand on; None where nothing is below them."""
        votes: list[bpy.types.Object] = []
        for mover in movers:
            bottom, height = mover.points[:, 2].min(), np.ptp(mover.points[:, 2])
            drops = {ob: bottom - float(ground.height(mover.middle[:2])) for ob, ground in self.grounds.items()}
            if under := {ob: drop for ob, drop in drops.items() if -0.3 * height <= drop < np.inf}:
                votes.append(min(under, key=lambda ob: under[ob]))
        return max(votes, key=lambda ob: (votes.count(ob), ob.name)) if votes else None


@dataclass(frozen=True)
class PlacedMover:
    """A thing that a row has placed.

    Attributes:
        mover: the thing.
        turned: (F, 3, 3) rotation and scale, on top of those that it has now.
        location: (F, 3) of its origin, in the world.
        present: (F,) whether it is there.
    """

    mover: Mover
    turned: Floats
    location: Floats
    present: npt.NDArray[np.bool_]


@dataclass
class Draw:
    """Some frames that are being drawn; rows fill it one after the other.

    Attributes:
        seed: of the run.
        frames: (F,) numbers of the frames.
        tries: (F,) how often each was drawn before.
        layout: where something stands.
        still: what no row places.
        progress: is told which part of the frames is drawn, by rows that take long.
        keyed: properties with their values.
        named: what was drawn, by a name that a person understands, (F,) or (F, N).
        present: thing -> (F,) whether it is there, for those that a row shows in some frames only.
        middles: thing -> (F, 3) its middle, for those that a row has placed.
        placed: the same things, with how they are turned.
        failed: place among the frames -> why a frame cannot stay as it is.
        crowded: (F,) how many things found no room.
    """

    seed: int
    frames: Integers
    tries: Integers
    layout: Layout
    still: Sequence[Shape] = ()
    progress: Callable[[float], None] = lambda _: None
    keyed: list[Keyed] = field(default_factory=list)
    named: dict[str, Floats] = field(default_factory=dict)
    numbers: dict[str, Floats] = field(default_factory=dict)
    present: dict[bpy.types.Object, npt.NDArray[np.bool_]] = field(default_factory=dict)
    middles: dict[bpy.types.Object, Floats] = field(default_factory=dict)
    placed: list[PlacedMover] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.crowded: Integers = np.zeros(len(self.frames), np.int64)

    def uniforms(self, row: str, thing: str, count: int) -> Floats:
        """(F, count) uniform numbers for a thing of a row."""
        return uniforms(self.seed, self.frames, self.tries, f"{row}\0{thing}", count)

    def add_named(self, name: str, row: str, values: Floats) -> None:
        """Say what was drawn, under a name that two rows may have."""
        self.named[f"{name} ({row})" if name in self.named else name] = values

    def middle_of(self, movers: Sequence[Mover]) -> Floats:
        """(F, 3) the middle of those of some things that are there; of frames that show none, of all."""
        still = (np.broadcast_to(one.middle, (len(self.frames), 3)) for one in movers)
        middles = np.stack([self.middles.get(one.object, middle) for one, middle in zip(movers, still, strict=True)])
        there = np.stack([self.present.get(one.object, np.ones(len(self.frames), bool)) for one in movers])
        weights = np.where(there.any(axis=0), there, True)
        found: Floats = (middles * weights[:, :, None]).sum(axis=0) / weights.sum(axis=0)[:, None]
        return found


class Drawer(Protocol):
    """What a row varies, ready to draw."""

    def draw(self, draw: Draw) -> None:
        """Add the values of a draw's frames."""
