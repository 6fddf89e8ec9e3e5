"""The columns of frames and instances that the page needs: all but what was drawn at random, and what was found."""

import numpy as np

from ..facts.gathering import Facts
from .columns import Column


def columns_of(facts: Facts) -> list[Column]:
    """Of all frames and instances."""
    frames, rows = facts.frames, facts.instances
    whole_of_frames = ("tile", "instances", "width", "height", "split", "sequence", "number", "image", "dropped")
    columns = [Column.whole(f"frames.{name}", frames[name]) for name in whole_of_frames]
    columns.append(Column.whole("frames.noted", frames["noted"] | frames["disagrees"]))
    columns += [Column.rounded(f"frames.{name}", frames[name], 250) for name in ("brightness", "contrast")]
    columns += [Column.rounded(f"frames.camera_{axis}", frames["camera"][:, i]) for i, axis in enumerate("xyz")]
    columns.append(Column.rounded("frames.lens", frames["lens"], 250))
    names = ("category", "name", "x", "y", "width", "height", "area", "at_border", "view")
    columns += [Column.whole(f"instances.{name}", rows[name]) for name in names]
    columns.append(Column.whole("instances.pieces", np.minimum(rows["pieces"], 255)))
    columns.append(Column.shares("instances.visible", rows["visible"]))
    columns.append(Column.shares("instances.outside", rows["outside"], upwards=True))
    columns.append(Column.rounded("instances.distance", rows["distance"], 1000))
    columns += [Column.rounded(f"instances.{name}", rows[name], 250) for name in ("stands_out", "light")]
    return columns
