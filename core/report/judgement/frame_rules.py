"""What to look for in frames."""

from collections.abc import Callable

import numpy as np

from ..facts.gathering import Facts
from ..facts.image_facts import ImageState
from .finding import Floats, Level, Rule, frame_rule, in_percent, where
from .limits import Limits
from .usable_images import dark_images


def frame_rules(limits: Limits) -> tuple[Rule, ...]:
    """All of them but for those of leak_rules.py, with these limits."""
    return (
        frame_rule(
            "disagrees",
            Level.BAD,
            9,
            "frame disagrees with itself",
            "frames disagree with themselves",
            "A check of labelpass validate found files or numbers that contradict each other.",
            "Read the sentences in the frame, and annotate it again.",
            lambda facts: where(facts.frames["disagrees"]),
        ),
        frame_rule(
            "unreadable",
            Level.BAD,
            10,
            "image that cannot be read",
            "images that cannot be read",
            "The file is cut off or damaged, and training would stop there or skip it.",
            "Export the frame again.",
            _is_in_state(ImageState.UNREADABLE),
        ),
        frame_rule(
            "other_size",
            Level.BAD,
            10,
            "image of another size than its labels",
            "images of another size than their labels",
            "Boxes and masks lie in the wrong places of these images.",
            "Somebody has scaled or replaced them: annotate the frames again.",
            _is_in_state(ImageState.OTHER_SIZE),
        ),
        frame_rule(
            "no_image",
            Level.BAD,
            6,
            "frame without an image",
            "frames without an image",
            "They have labels and nothing to look at.",
            "Choose an image format, or render them again.",
            _without_image,
        ),
        frame_rule(
            "dark",
            Level.LOOK,
            5,
            "dark image",
            "dark images",
            "Hardly anything is brighter than black.",
            "Check the lights and the exposure, or raise the lowest light that is drawn.",
            lambda facts: where(dark_images(facts, limits), -facts.frames["brightness"]),
        ),
        frame_rule(
            "flat",
            Level.LOOK,
            4,
            "image without contrast",
            "images without contrast",
            "All pixels have nearly the same brightness, as in fog or before a wall.",
            "Check where the camera is and what the world looks like.",
            lambda facts: _flat(facts, limits),
        ),
        frame_rule(
            "burnt_out",
            Level.LOOK,
            4,
            "burnt-out image",
            "burnt-out images",
            f"More than {in_percent(limits.max_burnt_out)} of the image is white.",
            "Lower the exposure or the strongest light that is drawn.",
            lambda facts: where(facts.frames["burnt_out"] > limits.max_burnt_out, facts.frames["burnt_out"]),
        ),
        frame_rule(
            "all_hidden",
            Level.LOOK,
            4,
            "frame in which all is hidden",
            "frames in which all is hidden",
            f"Less than {in_percent(limits.min_visible)} of each instance is visible.",
            "Something stands in front of the camera: move it, or check the camera's path.",
            lambda facts: _all_hidden(facts, limits),
        ),
        frame_rule(
            "empty",
            Level.LOOK,
            3,
            "image without a label",
            "images without a label",
            "Good in small numbers: they teach what is not an object.",
            "More than a tenth of all is worth a look at the scene.",
            lambda facts: where(facts.frames["instances"] == 0),
        ),
        frame_rule(
            "crowded",
            Level.LOOK,
            2,
            "crowded frame",
            "crowded frames",
            f"{limits.crowded_times:g} times as many instances as in the median frame, or more; many detectors stop at "
            "100.",
            "Check whether copies or particles should be one instance.",
            lambda facts: _crowded(facts, limits),
        ),
        frame_rule(
            "noted",
            Level.LOOK,
            2,
            "frame with notes",
            "frames with notes",
            "The annotation had something to say about them.",
            "Read the notes in the frame.",
            lambda facts: where(facts.frames["noted"]),
        ),
        frame_rule(
            "mostly_dropped",
            Level.LOOK,
            1.5,
            "frame that lost most of its labels",
            "frames that lost most of their labels",
            "Filters left out more instances than they kept, so the image shows things that no label names.",
            "Loosen the filters, or keep what they leave out as regions to ignore.",
            _mostly_dropped,
        ),
        frame_rule(
            "odd_size",
            Level.NOTE,
            1,
            "image of an unusual size",
            "images of unusual sizes",
            f"Fewer than {in_percent(limits.min_size_share)} of the images are of this size.",
            "Check the resolution of these renders.",
            lambda facts: _odd_size(facts, limits),
        ),
    )


def _is_in_state(state: ImageState) -> Callable[[Facts], Floats]:
    return lambda facts: where(facts.frames["image"] == state)


def _without_image(facts: Facts) -> Floats:
    missing = facts.frames["image"] == ImageState.NOT_WRITTEN
    return where(missing & ~missing.all())  # a dataset without any was asked for


def _flat(facts: Facts, limits: Limits) -> Floats:
    frames = facts.frames
    return where((frames["contrast"] < limits.min_contrast) & ~dark_images(facts, limits), -frames["contrast"])


def _all_hidden(facts: Facts, limits: Limits) -> Floats:
    hidden = np.zeros(len(facts.frames), np.int64)
    rows = facts.instances
    np.add.at(hidden, rows["frame"][rows["visible"] < limits.min_visible], 1)
    count = facts.frames["instances"]
    return where((count > 0) & (hidden == count), count)


def _crowded(facts: Facts, limits: Limits) -> Floats:
    count = facts.frames["instances"].astype(np.float64)
    return where((count >= limits.crowded_instances) & (count >= limits.crowded_times * np.median(count)), count)


def _mostly_dropped(facts: Facts) -> Floats:
    dropped, kept = facts.frames["dropped"].astype(np.int64), facts.frames["instances"].astype(np.int64)
    return where(dropped > np.maximum(kept, 1), dropped - kept)


def _odd_size(facts: Facts, limits: Limits) -> Floats:
    sizes = facts.frames["width"].astype(np.int64) << 32 | facts.frames["height"].astype(np.int64)
    _, which, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    mine = counts[which.reshape(-1)]
    return where(mine < limits.min_size_share * len(sizes), -mine)
