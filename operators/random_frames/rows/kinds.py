"""What each kind of row is drawn by."""

from collections.abc import Callable, Mapping

from ....core.random_frames.kinds import RowKind
from ...random_rows import LabelpassRandomRow
from ..drawing import Base, Drawer
from .drop import Dropping
from .images import Images
from .things import Placing, Presence, TurningInPlace
from .values import AnyProperty, Colour, Exposure, WorldStrength, is_colour, resolve
from .views import AroundTarget, LensOfCamera, LightsAround


def _input_of(base: Base, row: LabelpassRandomRow) -> Drawer:
    _, _, prop = resolve(row)
    return Colour.of(base, row) if is_colour(prop) and row.component < 0 else AnyProperty.of(base, row)


_MAKERS: Mapping[RowKind, Callable[[Base, LabelpassRandomRow], Drawer]] = {
    RowKind.PLACE_ON_SURFACE: Placing.of,
    RowKind.DROP: Dropping.of,
    RowKind.PLACE_IN_VOLUME: Placing.of,
    RowKind.DISTRACTORS: Placing.of,
    RowKind.ROTATION: TurningInPlace.of,
    RowKind.SCALE: TurningInPlace.of,
    RowKind.PRESENT: Presence.of,
    RowKind.ONE_OF_SEVERAL: Presence.of,
    RowKind.AROUND_TARGET: AroundTarget.of,
    RowKind.LENS: LensOfCamera.of,
    RowKind.LIGHTS: LightsAround.of,
    RowKind.MATERIAL_INPUT: _input_of,
    RowKind.IMAGES: Images.of,
    RowKind.WORLD: WorldStrength.of,
    RowKind.EXPOSURE: Exposure.of,
    RowKind.PROPERTY: _input_of,
}


def drawer_of(base: Base, row: LabelpassRandomRow) -> Drawer:
    """What draws a row; raises LabelpassError where it cannot be drawn."""
    return _MAKERS[RowKind(row.kind)](base, row)
