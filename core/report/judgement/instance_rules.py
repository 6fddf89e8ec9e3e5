"""What to look for in instances."""

from collections.abc import Callable

import numpy as np

from ..facts.gathering import Facts
from ..facts.instance_rows import Rows
from .finding import Floats, Level, Of, Remedy, Rule, in_percent, where
from .limits import Limits

_FEW_PIXELS = "Too few pixels to say what they are: detectors take them for noise, and recall drops."


def instance_rules(limits: Limits) -> tuple[Rule, ...]:
    """All of them, with these limits. Those of stuff have no boxes that could be bad."""
    return (
        _rule(
            "hidden",
            Level.LOOK,
            1.5,
            f"under {in_percent(limits.min_visible)} visible",
            f"under {in_percent(limits.min_visible)} visible",
            "Nearly all of the object is behind others or outside of the image.",
            "",
            lambda rows: where(~rows["stuff"] & (rows["visible"] < limits.min_visible), -rows["visible"]),
            Remedy("min_visibility", limits.min_visible),
        ),
        _rule(
            "few_pixels",
            Level.LOOK,
            1,
            f"sliver under {limits.min_pixels} pixels",
            f"slivers under {limits.min_pixels} pixels",
            _FEW_PIXELS,
            "",
            lambda rows: where(~rows["stuff"] & (rows["area"] < limits.min_pixels), -rows["area"]),
            Remedy("min_area", limits.min_pixels),
        ),
        _rule(
            "narrow",
            Level.LOOK,
            1,
            f"box under {limits.min_side} pixels wide",
            f"boxes under {limits.min_side} pixels wide",
            "Less than one cell of the finest grid on which the usual detectors look for boxes.",
            "",
            lambda rows: where(~rows["stuff"] & (_shorter(rows) < limits.min_side), -_shorter(rows)),
            Remedy("min_side", limits.min_side),
        ),
        _rule(
            "long",
            Level.LOOK,
            1,
            f"box longer than {limits.max_ratio:g} to 1",
            f"boxes longer than {limits.max_ratio:g} to 1",
            "No anchor of the usual detectors is as long.",
            "Rules of the category table can ignore such objects.",
            lambda rows: _long(rows, limits),
        ),
        _rule(
            "outside",
            Level.LOOK,
            0.5,
            f"over {in_percent(limits.max_outside)} outside",
            f"over {in_percent(limits.max_outside)} outside",
            "The border of the image cuts off most of the object.",
            "Aim the camera at the middle of the objects, or set At Border to Drop.",
            lambda rows: where(rows["outside"] > limits.max_outside, rows["outside"]),
        ),
        _rule(
            "torn",
            Level.LOOK,
            0.7,
            f"mask in {limits.torn_pieces} or more pieces",
            f"masks in {limits.torn_pieces} or more pieces",
            "Something in front divides the object, or noise in the label pass frays its edge.",
            "Look whether what is in front should be there.",
            lambda rows: where(~rows["stuff"] & (rows["pieces"] >= limits.torn_pieces), rows["pieces"]),
        ),
        _rule(
            "blends_in",
            Level.LOOK,
            0.6,
            "blends in",
            "blend in",
            f"Mean colour within {in_percent(limits.min_stands_out)} of the pixels around it; a person may not find it "
            "either.",
            "Spread light and background further, or keep them as hard cases.",
            lambda rows: where(
                (rows["stands_out"] < limits.min_stands_out) & (rows["area"] >= limits.min_pixels), -rows["stands_out"]
            ),
        ),
        _rule(
            "unlit",
            Level.LOOK,
            0.6,
            "in the dark",
            "in the dark",
            "The object itself is black, however bright the rest of the image is.",
            "Check its light and its material.",
            lambda rows: where(rows["light"] < limits.min_light, -rows["light"]),
        ),
        _rule(
            "overlit",
            Level.LOOK,
            0.6,
            "burnt out",
            "burnt out",
            "The object itself is white, with no surface left to see.",
            "Check its light and its material.",
            lambda rows: where(rows["light"] > limits.max_light, rows["light"]),
        ),
        _rule(
            "hollow",
            Level.LOOK,
            0.6,
            "mask that is mostly holes",
            "masks that are mostly holes",
            f"The mask fills less than {in_percent(limits.min_of_box)} of its box, which mostly shows something else.",
            "Let a box around each part be an instance of its own, or leave such objects out.",
            lambda rows: where(~rows["stuff"] & (_of_box(rows) < limits.min_of_box), -_of_box(rows)),
        ),
        _rule(
            "same_box",
            Level.LOOK,
            1.5,
            "with the same box as another",
            "with the same box as others",
            "Two labels in one place: detectors suppress one of them.",
            "Objects that are one thing should be one instance: parent them, or give them one instance_id.",
            lambda rows: _same_box(rows, limits),
        ),
        _rule(
            "camera_inside",
            Level.BAD,
            3,
            "seen from inside",
            "seen from inside",
            "The camera is within the 3D box of the object, so it sees its inside or nothing else.",
            "Keep the camera away from objects.",
            lambda rows: where(rows["camera_inside"], -rows["distance"]),
        ),
        _rule(
            "no_keypoint",
            Level.LOOK,
            0.6,
            "without a visible keypoint",
            "without a visible keypoint",
            "All keypoints are hidden or outside of the image, so there is nothing to learn from its pose.",
            "Leave them out by Minimum Visibility, or check where the keypoints are.",
            lambda rows: where(rows["keypoints"] == 0),
        ),
        Rule(
            "fills_image",
            Of.INSTANCES,
            Level.LOOK,
            1,
            "fills the image",
            "fill the image",
            f"Its box covers over {in_percent(limits.max_of_image)} of the image.",
            "Keep the camera away from it; if it is a ground or a wall, make its category stuff.",
            lambda facts: _fills_image(facts, limits),
        ),
    )


def _rule(
    key: str,
    level: Level,
    weight: float,
    one: str,
    many: str,
    why: str,
    way_out: str,
    find: Callable[[Rows], Floats],
    remedy: Remedy | None = None,
) -> Rule:
    return Rule(key, Of.INSTANCES, level, weight, one, many, why, way_out, lambda facts: find(facts.instances), remedy)


def _shorter(rows: Rows) -> Rows:
    return np.minimum(rows["width"], rows["height"])


def _of_box(rows: Rows) -> Floats:
    """Which part of its box each mask fills."""
    share: Floats = rows["area"] / (rows["width"].astype(np.float64) * rows["height"])
    return share


def _long(rows: Rows, limits: Limits) -> Floats:
    times = np.maximum(rows["width"], rows["height"]) / _shorter(rows)
    return where(~rows["stuff"] & (times > limits.max_ratio), times)


def _same_box(rows: Rows, limits: Limits) -> Floats:
    """Instances of a frame whose boxes are the same, where these are no mere specks."""
    keys = np.stack([rows[name] for name in ("frame", "x", "y", "width", "height")], axis=1)
    _, which, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    same = counts[which.reshape(-1)] > 1
    return where(~rows["stuff"] & same & (_shorter(rows) >= limits.min_side), rows["area"])


def _fills_image(facts: Facts, limits: Limits) -> Floats:
    rows, frames = facts.instances, facts.frames[facts.instances["frame"]]
    share = rows["width"] * rows["height"].astype(np.float64) / (frames["width"] * frames["height"].astype(np.float64))
    return where(~rows["stuff"] & (share > limits.max_of_image), share)
