"""A filter of the page, which is a chart as well: which column it sorts into which bins."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Filter:
    """A filter.

    Attributes:
        key: its name.
        title: for people.
        of: "frames" or "instances".
        column: the column that it is about, or a rule of browser/data.js: "centre", "side", "aspect",
            "camera_field".
        edges: of its bins, one more than bins; what is below or above is in the first or last one. () of choices.
        labels: names of choices; () of numbers.
        ticks: (place from 0 to 1, text) along the axis.
        unit: how browser/text.js writes a number: "share", "px", "m", "ratio", "mm", "count" or "".
        root: whether bars grow with the square root, since one of them dwarfs the others.
        note: what it means.
        at_side: whether it stands in the sidebar.
        as_chart: whether it is a chart by itself.
    """

    key: str
    title: str
    of: str
    column: str
    edges: Sequence[float] = ()
    labels: Sequence[str] = ()
    ticks: Sequence[tuple[float, str]] = ()
    unit: str = ""
    root: bool = False
    note: str = ""
    at_side: bool = False
    as_chart: bool = True

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
