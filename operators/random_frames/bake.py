"""Baking: rows to values, values to keyframes, and again for frames that do not show what they should."""

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Sequence

import bpy
import numpy as np
import numpy.typing as npt

from ...core.base.errors import LabelpassError, SceneError
from ...core.random_frames.kinds import RowKind
from ...core.random_frames.layout import Layout
from ...core.random_frames.stored_draws import pack_integers, pack_values
from ...core.random_frames.streams import Floats, Integers
from ..labelling.labelled_objects import label_objects
from ..random_rows import LabelpassRandomRow
from ..scene.parents import with_parents
from .bake_report import BakeReport
from .conditions import Conditions
from .drawing import Base, Draw
from .keyed import Keyed
from .keyframes import Keyframes, remove_keyframes
from .rows.drop import Dropping
from .rows.kinds import drawer_of
from .rows.things import Placing
from .rows.views import AroundTarget
from .shapes import Shape, Shapes

_FRAMES_AT_ONCE = 512
_RANGE = ("frame_start", "frame_end", "frame_step")

Progress = Callable[[float], None]


def bake(
    scene: bpy.types.Scene,
    frames: Sequence[int],
    seed: int,
    rows: Sequence[LabelpassRandomRow],
    progress: Progress = lambda _: None,
    trial: bool = False,
) -> BakeReport:
    """Give the scene random keyframes, in the place of those that it has.

    Args:
        scene: the one that the user looks at.
        frames: their numbers.
        seed: of the run.
        rows: what varies.
        progress: is told which part is done.
        trial: whether this is only to be looked at in the viewport, which then shows what a render would.

    Raises:
        LabelpassError: a row cannot be drawn. The scene is then as it was before.
    """
    remove(scene)
    stood_at = scene.frame_current, scene.frame_subframe
    try:
        return _Baking(scene, np.unique(np.array(frames, np.int64)), seed, rows, trial).run(progress)
    except LabelpassError:
        remove(scene)
        raise
    finally:
        scene.frame_set(stood_at[0], subframe=stood_at[1])


def remove(scene: bpy.types.Scene) -> int:
    """Bring back what was there before random frames; returns how many data blocks that changed."""
    stored = scene.labelpass.random_frames
    count = remove_keyframes(scene)
    if stored.before:
        for path, value in json.loads(stored.before).items():
            holder, _, name = path.rpartition(".")
            setattr(scene.path_resolve(holder) if holder else scene, name, value)
    for name in ("before", "frames", "frame_tries", "report"):
        setattr(stored, name, "")
    stored.baked, stored.tried, stored.trying = 0, 0, False
    stored.drawn.clear()
    if count:
        scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)
    return count


class _Baking:
    """One bake on its way; random keyframes of before are gone."""

    def __init__(
        self,
        scene: bpy.types.Scene,
        frames: Integers,
        seed: int,
        rows: Sequence[LabelpassRandomRow],
        trial: bool,
    ) -> None:
        self._scene, self._frames, self._seed, self._trial = scene, frames, seed, trial
        self._report = BakeReport(len(frames))
        # As the animation begins, so that a share of the frames is drawn from the same scene as all of them.
        scene.frame_set(scene.frame_start)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        shapes = Shapes().read(depsgraph)
        base = Base(scene, tuple(shapes), tuple(label_objects(scene)[0]))
        self._drawers = [drawer_of(base, row) for row in _in_order(rows)]
        if not self._drawers:
            raise SceneError("Nothing varies yet; add a row to Random Frames")
        placing = [drawer for drawer in self._drawers if isinstance(drawer, Placing | Dropping)]
        movers = [mover for drawer in placing for mover in drawer.movers]
        grounds = {ob for drawer in placing if (ob := drawer.surface)}
        placed = {mover.object for mover in movers}
        self._still = [shape for shape in shapes if not placed.intersection(with_parents(shape.owner))]
        self._boxes = _boxes(self._still, grounds)
        self._conditions = Conditions(
            scene,
            scene.labelpass.random_frames,
            base.labelled,
            placed,
            grounds,
            {mover.object for one in self._drawers if isinstance(one, AroundTarget) for mover in one.only},
        )
        self._keyed: dict[tuple[bpy.types.ID, str, int], Keyed] = {}
        self._named: dict[str, Floats] = {}
        self._crowded = np.zeros(len(frames), np.int64)
        self._tries = np.zeros(len(frames), np.int64)
        self._failed: dict[int, str] = {}  # of the draws of now

    def run(self, progress: Progress) -> BakeReport:
        frames, tries = self._frames, self._scene.labelpass.random_frames.tries
        keyframes = Keyframes(self._scene, frames)
        todo = np.arange(len(frames))
        for attempt in range(tries):
            self._tries[todo] = attempt
            self._failed.clear()
            with self._report.timed("draw"):
                for start in range(0, len(todo), _FRAMES_AT_ONCE):
                    self._draw(todo[start : start + _FRAMES_AT_ONCE], attempt, progress)
            with self._report.timed("write"):
                keyframes.write(list(self._keyed.values()))
            with self._report.timed("check"):
                unmet = self._check(todo, attempt, progress)
            if attempt:
                self._report.draws += len(todo)
            todo = np.array(sorted(unmet), np.int64)
            if not len(todo):
                break
        self._report.unmet = Counter(unmet.values())
        self._report.keys = keyframes.count
        self._report.redrawn = int(np.count_nonzero(self._tries))
        self._report.crowded = int(self._crowded.sum())
        # Headless runs save nothing.
        compresses = bpy.context.preferences.filepaths.use_file_compression
        self._report.saved_in_full = not (bpy.app.background or compresses or self._trial)
        self._store()
        return self._report

    def _draw(self, places: npt.NDArray[np.int64], attempt: int, progress: Progress) -> None:
        """Draw some of the frames, in the place of what was drawn for them before."""
        draw = Draw(
            self._seed,
            self._frames[places],
            self._tries[places],
            Layout(len(places), self._boxes),
            self._still,
            lambda part: progress(_part_done(attempt, part / 2)),
        )
        for drawer in self._drawers:
            drawer.draw(draw)
        if self._trial:
            hidden = [one for one in draw.keyed if one.path == "hide_render"]
            draw.keyed += [dataclasses.replace(one, path="hide_viewport") for one in hidden]
        for one in draw.keyed:
            key = one.block, one.path, one.component
            if key not in self._keyed:
                values = np.empty((len(self._frames), one.values.shape[1]))
                self._keyed[key] = Keyed(one.block, one.path, values, one.component)
            self._keyed[key].values[places] = one.values
        for name, found in draw.named.items():
            if name not in self._named:
                self._named[name] = np.empty((len(self._frames), *found.shape[1:]), np.float32)
            self._named[name][places] = found
        self._crowded[places] = draw.crowded
        self._failed |= {int(places[place]): reason for place, reason in draw.failed.items()}

    def _check(self, places: npt.NDArray[np.int64], attempt: int, progress: Progress) -> dict[int, str]:
        """Which of some frames are not as they should be, and why."""
        unmet = dict(self._failed)
        if not self._conditions.any_wanted:
            return unmet
        for number, place in enumerate(places.tolist()):
            if place in unmet:
                continue
            self._scene.frame_set(int(self._frames[place]))
            if reason := self._conditions.unmet(bpy.context.evaluated_depsgraph_get()):
                unmet[place] = reason
            if number % 16 == 0:
                progress(_part_done(attempt, (1 + number / len(places)) / 2))
        return unmet

    def _store(self) -> None:
        """Keep what was drawn, and let the animation be these frames."""
        scene, stored = self._scene, self._scene.labelpass.random_frames
        stored.baked, stored.baked_seed, stored.trying = len(self._frames), self._seed, self._trial
        stored.report = "\n".join(self._report.lines())
        if self._trial:
            return
        before = {name: getattr(scene, name) for name in _RANGE}
        if hasattr(scene, "cycles") and not scene.cycles.use_animated_seed:
            before["cycles.use_animated_seed"] = False
            scene.cycles.use_animated_seed = True  # or all frames have the same pattern of noise
        stored.before = json.dumps(before)
        scene.frame_start, scene.frame_end, scene.frame_step = int(self._frames[0]), int(self._frames[-1]), 1
        stored.frames, stored.frame_tries = pack_integers(self._frames), pack_integers(self._tries)
        for name, values in self._named.items():
            item = stored.drawn.add()
            item.name, item.values = name, pack_values(values)


def _part_done(attempt: int, part: float) -> float:
    """Of a bake: most frames are done in the first round, and each further one is shorter."""
    return 1 - 0.5**attempt * (1 - 0.5 * part)


def _in_order(rows: Sequence[LabelpassRandomRow]) -> list[LabelpassRandomRow]:
    """Rows that are used: first those that place things, which others look at, then all others as they stand."""
    used = [row for row in rows if row.use]
    return sorted(used, key=lambda row: not RowKind(row.kind).is_placing)


def _boxes(still: Sequence[Shape], grounds: set[bpy.types.Object]) -> Floats:
    """(B, 2, 3) boxes of what stands still and may be in the way.

    What is wider than the ground, such as a room or a backdrop, is around the things and not among them.
    """
    boxes, widest = [], 0.0
    for shape in still:
        box = shape.world_box()
        if grounds.intersection(with_parents(shape.owner)):
            widest = max(widest, float((box[1] - box[0])[:2].max()))
        else:
            boxes.append(box)
    found = np.array(boxes, float).reshape(-1, 2, 3)
    wide = (found[:, 1] - found[:, 0])[:, :2].max(axis=1, initial=0.0)
    return found[wide < widest] if widest else found
