"""What a row is called in the panel and in messages: the thing, and what varies of it."""

from collections.abc import Mapping

from ...core.random_frames.kinds import RowKind
from ..random_rows import LabelpassRandomRow

_WHAT: Mapping[RowKind, str] = {
    RowKind.PLACE_IN_VOLUME: "In Volume",
    RowKind.DISTRACTORS: "Distractors",
    RowKind.IMAGES: "Images",
}


def title_of(row: LabelpassRandomRow) -> str:
    """For example "Bottle: On Table"."""
    kind = RowKind(row.kind)
    if kind in (RowKind.WORLD, RowKind.EXPOSURE):
        return {RowKind.WORLD: "World: Strength", RowKind.EXPOSURE: "Image: Exposure"}[kind]
    if kind is RowKind.LIGHTS:
        return f"{row.collection.name if row.collection else 'Lights'}: Energy, Place"
    if kind is RowKind.LENS:
        return "Camera: Lens"
    if kind is RowKind.AROUND_TARGET:
        return f"Camera: Around {row.around.name if row.around else _things_of(row)}"
    if kind in (RowKind.MATERIAL_INPUT, RowKind.PROPERTY, RowKind.IMAGES):
        what = _WHAT.get(kind) or (_short(row.path) if row.path else "Choose a Property")
        return f"{row.block.name}: {what}" if row.block else what
    if kind is RowKind.DROP and row.surface:
        return f"{_things_of(row)}: Drop on {row.surface.name}"
    if kind is RowKind.PLACE_ON_SURFACE:
        return f"{_things_of(row)}: On {row.surface.name if row.surface else 'Surface'}"
    return f"{_things_of(row)}: {_WHAT.get(kind, kind.label)}"


def _things_of(row: LabelpassRandomRow) -> str:
    if row.collection:
        return row.collection.name
    return row.things or "Things"


def _short(path: str) -> str:
    """The end of a path that says most: nodes["Principled BSDF"].inputs[2].default_value -> inputs[2]."""
    steps = [step for step in path.split(".") if step != "default_value"]
    return steps[-1].replace("_", " ").title() if "[" not in steps[-1] else steps[-1]
