"""The filters of the page, which are its charts as well: which column each sorts into which bins.

A column of numbers has edges, one of choices has labels. All that the page knows of a filter is here.
"""

import numpy as np

from ..facts.gathering import Facts
from ..facts.image_facts import ImageState
from ..facts.views import NO_VIEW
from .columns import Column
from .drawn_filters import drawn_filters
from .filter import Filter
from .filter_bins import USUAL_BINS, count_bins, even_bins, log_bins, share_bins

# Fields of the heat map of centres, each way; and of the map of cameras, across and down.
CENTRES = 15
CAMERAS = 24, 15


def filters_of(facts: Facts) -> tuple[list[Filter], list[Column]]:
    """All filters that mean something for a dataset, and the columns of those that were drawn at random."""
    drawn, columns = drawn_filters(facts)
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
            *log_bins(sides),
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
                *share_bins(20),
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
                *even_bins(rows["distance"], unit="m"),
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
                *even_bins(rows["stands_out"], 0.0, 0.5, 20, "share"),
                unit="share",
                note="Mean colour of the object against that of the pixels around it.",
            ),
            Filter(
                "light",
                "Light on the object",
                "instances",
                "light",
                *share_bins(20),
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
            *count_bins(frames["instances"]),
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
                *share_bins(USUAL_BINS, ("dark", "50%", "bright")),
                unit="share",
                at_side=True,
                note="Mean of the image's grey values.",
            ),
            Filter(
                "contrast",
                "Contrast",
                "frames",
                "contrast",
                *even_bins(frames["contrast"], 0.0, 0.5, unit="share"),
                unit="share",
                note="Standard deviation of the image's grey values.",
            ),
        ]
    if not np.isnan(frames["camera"]).all():
        fields = ["" for _ in range(CAMERAS[0] * CAMERAS[1] + 1)]  # and one for frames without a camera
        filters.append(Filter("camera", "Cameras", "frames", "camera_field", labels=fields, as_chart=False))
        filters.append(
            Filter(
                "height", "Camera height", "frames", "camera_z", *even_bins(frames["camera"][:, 2], unit="m"), unit="m"
            )
        )
    lenses = frames["lens"]
    if np.unique(lenses[~np.isnan(lenses)]).size > 1:
        filters.append(Filter("lens", "Lens", "frames", "lens", *even_bins(lenses, unit="mm"), unit="mm"))
    return filters
