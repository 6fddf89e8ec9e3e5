"""The filters of the page, which are its charts as well: which column each sorts into which bins.

A column of numbers has edges, one of choices has labels. All that the page knows of a filter is here, so whatever is
drawn at random for a frame becomes a filter and a chart by itself.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..facts.gathering import Facts
from ..facts.image_facts import ImageState
from ..facts.views import NO_VIEW
from .columns import Column

Floats = npt.NDArray[np.float64]

_BINS = 24
# Fields of the heat map of centres, each way.
CENTRES = 15
# Of values drawn at random: a number that has at most so many values is a choice, and so is a text; to how many steps
# numbers are rounded; and how many filters there are, since each makes the page larger.
_MOST_CHOICES, _MOST_TEXTS, _DRAWN_STEPS, _MOST_DRAWN = 12, 200, 250, 40


@dataclass(frozen=True)
class Filter:
    """A filter.

    Attributes:
        key: its name.
        title: for people.
        of: "frames" or "instances".
        column: the column that it is about, or a rule of browser/crossfilter.js: "centre", "side", "aspect".
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


def filters_of(facts: Facts) -> tuple[list[Filter], list[Column]]:
    """All filters that mean something for a dataset, and the columns of those that were drawn at random."""
    drawn, columns = _drawn(facts)
    return [*_of_names(facts), *_of_instances(facts), *_of_frames(facts), *drawn], columns


def _of_names(facts: Facts) -> list[Filter]:
    split_note = "As labelpass export divides the dataset with the same options."
    filters = [
        Filter("category", "Category", "instances", "category", labels=facts.categories, at_side=True, as_chart=False),
        Filter("split", "Split", "frames", "split", labels=facts.splits, note=split_note, at_side=True, as_chart=False),
    ]
    if len(facts.sequences) > 1:
        names = [name or "(none)" for name in facts.sequences]
        filters.append(Filter("sequence", "Sequence", "frames", "sequence", labels=names, at_side=True, as_chart=False))
    if facts.notes:
        labels = ["without", "with notes"]
        filters.append(Filter("notes", "Notes", "frames", "noted", labels=labels, at_side=True, as_chart=False))
    return filters


def _of_instances(facts: Facts) -> list[Filter]:
    rows = facts.instances
    sides = np.sqrt(rows["area"])
    filters = [
        Filter(
            "size",
            "Size",
            "instances",
            "side",
            *_log_bins(sides),
            unit="px",
            at_side=True,
            note="Square root of the mask's area. COCO calls less than 32 small, and from 96 on large.",
        ),
    ]
    if not np.isnan(rows["visible"]).all():
        filters += [
            Filter(
                "visible",
                "Visible",
                "instances",
                "visible",
                *_share_bins(20),
                unit="share",
                root=True,
                at_side=True,
                note="Which part of the whole object is seen: what hides it and what the border cuts off both count.",
            ),
            Filter(
                "outside",
                "Cut by the border",
                "instances",
                "outside",
                (0, 1e-4, *np.linspace(0.1, 1, 10).tolist()),
                (),
                [(0, "whole"), (1, "100% outside")],
                unit="share",
                root=True,
                at_side=True,
                note="How much of the object lies outside of the image.",
            ),
        ]
    if not np.isnan(rows["distance"]).all():
        filters += [
            Filter(
                "distance",
                "Distance",
                "instances",
                "distance",
                *_even_bins(rows["distance"], unit="m"),
                unit="m",
                at_side=True,
                note="From the camera to the middle of the 3D box.",
            ),
            Filter("view", "Seen from", "instances", "view", labels=["" for _ in range(NO_VIEW + 1)], as_chart=False),
        ]
    aspects = [2 ** (k / 4 - 3) for k in range(25)]
    filters += [
        Filter(
            "aspect",
            "Box shape",
            "instances",
            "aspect",
            aspects,
            (),
            [
                (place, text)
                for place, text in ((1 / 6, "1:4"), (1 / 3, "1:2"), (0.5, "1:1"), (2 / 3, "2:1"), (5 / 6, "4:1"))
            ],
            unit="ratio",
            note="Width to height of the box; tall ones are on the left.",
        ),
        Filter(
            "centre", "Centre of the box", "instances", "centre", labels=["" for _ in range(CENTRES**2)], as_chart=False
        ),
    ]
    if not np.isnan(rows["stands_out"]).all():
        filters += [
            Filter(
                "stands_out",
                "Stands out",
                "instances",
                "stands_out",
                *_even_bins(rows["stands_out"], 0.0, 0.5, 20, "share"),
                unit="share",
                note="Mean colour of the object against that of the pixels around it.",
            ),
            Filter(
                "light",
                "Light on the object",
                "instances",
                "light",
                *_share_bins(20),
                unit="share",
                note="Mean of its grey values.",
            ),
        ]
    return filters


def _of_frames(facts: Facts) -> list[Filter]:
    frames = facts.frames
    filters = [
        Filter(
            "per_image",
            "Instances in an image",
            "frames",
            "instances",
            *_count_bins(frames["instances"]),
            unit="count",
            at_side=True,
        ),
    ]
    if (frames["image"] == ImageState.FINE).any():
        filters += [
            Filter(
                "brightness",
                "Brightness",
                "frames",
                "brightness",
                *_share_bins(_BINS, ("dark", "50%", "bright")),
                unit="share",
                at_side=True,
                note="Mean of the image's grey values.",
            ),
            Filter(
                "contrast",
                "Contrast",
                "frames",
                "contrast",
                *_even_bins(frames["contrast"], 0.0, 0.5, unit="share"),
                unit="share",
                note="Standard deviation of the image's grey values.",
            ),
        ]
    if not np.isnan(frames["camera"]).all():
        filters.append(
            Filter(
                "height", "Camera height", "frames", "camera_z", *_even_bins(frames["camera"][:, 2], unit="m"), unit="m"
            )
        )
    lenses = frames["lens"]
    if np.unique(lenses[~np.isnan(lenses)]).size > 1:
        filters.append(Filter("lens", "Lens", "frames", "lens", *_even_bins(lenses, unit="mm"), unit="mm"))
    return filters


def _drawn(facts: Facts) -> tuple[list[Filter], list[Column]]:
    """What was drawn at random and is not the same for all frames: numbers in even bins, few values or texts as
    choices."""
    filters: list[Filter] = []
    columns: list[Column] = []
    for number, (name, values) in enumerate(facts.drawn.items()):
        key, different = f"drawn_{number}", set(values)
        if len(different) < 2 or len(filters) == _MOST_DRAWN:
            continue
        is_number = all(value is None or isinstance(value, int | float) for value in different)
        if is_number and len(different) > _MOST_CHOICES:
            numbers = np.array([math.nan if value is None else float(value) for value in values])
            columns.append(Column.rounded(f"frames.{key}", numbers, _DRAWN_STEPS))
            filters.append(Filter(key, name, "frames", key, *_even_bins(numbers), at_side=True, as_chart=False))
        elif len(different) <= _MOST_TEXTS:
            texts = ["(none)" if value is None else f"{value:g}" if is_number else str(value) for value in values]
            labels = sorted(set(texts))
            columns.append(Column.whole(f"frames.{key}", np.array([labels.index(text) for text in texts])))
            filters.append(Filter(key, name, "frames", key, labels=labels, at_side=True, as_chart=False))
    return filters, columns


_Bins = tuple[Sequence[float], Sequence[str], Sequence[tuple[float, str]]]


def _share_bins(count: int, ends: tuple[str, str, str] = ("0%", "50%", "100%")) -> _Bins:
    edges = [k / count for k in range(count + 1)]
    return edges, (), [(0, ends[0]), (0.5, ends[1]), (1, ends[2])]


def _even_bins(
    values: npt.NDArray[np.generic],
    low: float | None = None,
    high: float | None = None,
    count: int = _BINS,
    unit: str = "",
) -> _Bins:
    known = values[np.isfinite(values.astype(np.float64))].astype(np.float64)
    low = (float(known.min()) if known.size else 0.0) if low is None else low
    high = (float(known.max()) if known.size else 1.0) if high is None else high
    if high <= low:
        high = low + 1
    edges = np.linspace(low, high, count + 1).tolist()
    at = [low + place * (high - low) for place in (0.0, 0.5, 1.0)]
    if unit == "share":
        return edges, (), [(0.0, f"{at[0]:.0%}"), (0.5, f"{at[1]:.0%}"), (1.0, f"{at[2]:.0%}")]
    return edges, (), [(0.0, f"{at[0]:.3g}"), (0.5, f"{at[1]:.3g}"), (1.0, f"{at[2]:.3g} {unit}".rstrip())]


def _log_bins(values: Floats) -> _Bins:
    """Each twice as large as the third before it."""
    top = max(6, math.ceil(math.log2(max(float(values.max(initial=1)), 1.0)) + 1e-9))
    edges = [2 ** (k / 3) for k in range(3 * top + 1)]
    ticks = [(math.log2(side) / top, str(side)) for side in (2, 8, 32, 96, 256, 1024, 4096) if side <= 2**top]
    return edges, (), ticks


def _count_bins(values: npt.NDArray[np.generic]) -> _Bins:
    most = int(values.max(initial=0))
    step = max(1, -(-(most + 1) // _BINS))
    count = most // step + 1
    ticks = [((place + 0.5) / count, str(place * step)) for place in range(0, count, max(1, count // 4))]
    return [place * step for place in range(count + 1)], (), ticks


def columns_of(facts: Facts) -> list[Column]:
    """The columns of frames and instances that the page needs besides those drawn at random."""
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
