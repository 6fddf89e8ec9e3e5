"""New rows, with values that suit the scene as it is; and the rows of a scene that has none."""

import itertools
import math

import bpy
import numpy as np

from ...core.base.errors import SceneError
from ...core.base.phrases import listed
from ...core.random_frames.distributions import Distribution
from ...core.random_frames.kinds import RowKind
from ...core.random_frames.placing import Turning
from ..labelling.labelled_objects import label_objects
from ..random_rows import LabelpassRandomRow
from .drawing import Base
from .rows.views import angle_of, lights_of
from .shapes import Shape, Shapes
from .titles import title_of

# Of how far the camera is from the things now, and of its lens.
_NEARER, _FARTHER = 0.7, 1.3
_WIDER, _NARROWER = 0.85, 1.2


def add_row(scene: bpy.types.Scene, kind: RowKind) -> LabelpassRandomRow:
    """Add a row below the others, and make it the active one."""
    stored = scene.labelpass.random_frames
    row = stored.rows.add()
    known = {other.name for other in stored.rows}
    # The name is what random numbers go by: a row that is added again draws what it drew before.
    row.name = next(name for number in itertools.count(1) if (name := _name(kind, number)) not in known)
    row.kind = kind.value
    stored.row_index = len(stored.rows) - 1
    if kind in (RowKind.AROUND_TARGET, RowKind.LENS) and scene.camera and scene.camera.type == "CAMERA":
        _fit_camera(scene, row)
    if kind is RowKind.DROP:
        row.turning = Turning.ANY.value
    if kind is RowKind.SCALE:
        row.scale_min, row.scale_max = 0.8, 1.25
    if kind in (RowKind.PRESENT, RowKind.DISTRACTORS):
        row.chance = 0.5
    if kind is RowKind.WORLD:
        row.distribution, row.low, row.high = Distribution.LOG_UNIFORM.value, 0.3, 3.0
    if kind is RowKind.EXPOSURE:
        row.low, row.high = -1.0, 1.0
    return row


def _name(kind: RowKind, number: int) -> str:
    return kind.value if number == 1 else f"{kind.value}.{number}"


def _fit_camera(scene: bpy.types.Scene, row: LabelpassRandomRow) -> None:
    """Distances around that of now."""
    camera = scene.camera
    lens = camera.data.lens
    row.lens_min, row.lens_max = lens * _WIDER, lens * _NARROWER
    points = [shape.world_points for shape in _shapes() if _has_category(scene, shape.owner)]
    if not points:
        return
    everything = np.concatenate(points)
    middle, radius = everything.mean(axis=0), float(np.linalg.norm(np.ptp(everything, axis=0))) / 2
    distance, _, _ = angle_of(np.array(camera.matrix_world.translation) - middle)
    if distance < radius / 2:  # it looks elsewhere, or stands among them
        distance = 3 * radius
    row.distance_min, row.distance_max = distance * _NEARER, distance * _FARTHER
    row.elevation_min, row.elevation_max = math.radians(10), math.radians(70)


def add_default_rows(scene: bpy.types.Scene) -> str:
    """Rows for a scene that has none: camera, things and lights; returns what varies then, in words.

    Raises:
        SceneError: the scene has nothing with a category, or no camera.
    """
    shapes = _shapes()
    labelled = label_objects(scene)[0]
    base = Base(scene, tuple(shapes), tuple(labelled))
    if not any(one.category is not None for one in labelled):
        raise SceneError("Nothing in the scene has a category, so there is nothing to vary; see the panel Categories")
    if scene.camera is None:
        raise SceneError("The scene has no camera to move; add one and make it the active camera")
    rows = scene.labelpass.random_frames.rows
    row = add_row(scene, RowKind.PLACE_ON_SURFACE)
    movers = base.movers(row)
    if base.stand_on(movers) is None:
        rows.remove(len(rows) - 1)
        row = add_row(scene, RowKind.ROTATION)
        row.turning = Turning.ANY.value
    add_row(scene, RowKind.AROUND_TARGET)
    if lights_of(scene):
        add_row(scene, RowKind.LIGHTS)
    return listed([title_of(one) for one in rows])


def _shapes() -> list[Shape]:
    return Shapes().read(bpy.context.evaluated_depsgraph_get())


def _has_category(scene: bpy.types.Scene, ob: bpy.types.Object) -> bool:
    return any(one.object == ob and one.category is not None for one in label_objects(scene)[0])
