"""What to look for in frames."""

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..facts.gathering import Facts, Value
from ..facts.image_facts import ImageState
from ..facts.near_duplicates import bits_apart
from .finding import Floats, Level, Of, Rule, in_percent, where
from .limits import Limits


def dark_images(facts: Facts, limits: Limits) -> npt.NDArray[np.bool_]:
    """(F,) which frames have an image in which hardly anything is brighter than black."""
    frames = facts.frames
    dark: npt.NDArray[np.bool_] = (frames["image"] == ImageState.FINE) & (frames["bright_level"] <= limits.dark_level)
    return dark


def usable_images(facts: Facts, limits: Limits) -> npt.NDArray[np.bool_]:
    """(F,) which frames have an image that shows something."""
    frames = facts.frames
    usable: npt.NDArray[np.bool_] = frames["image"] == ImageState.FINE
    return usable & ~dark_images(facts, limits) & (frames["contrast"] >= limits.min_contrast)


def frame_rules(pairs: npt.NDArray[np.int64], limits: Limits) -> tuple[Rule, ...]:
    """All of them.

    Args:
        pairs: (P, 2) frames that look the same, see near_duplicates().
        limits: from where on something is a fault.
    """
    return (
        _rule(
            "disagrees",
            Level.BAD,
            9,
            "frame disagrees with itself",
            "frames disagree with themselves",
            "A check of labelpass validate found files or numbers that contradict each other.",
            "Read the sentences in the frame, and annotate it again.",
            lambda facts: where(facts.frames["disagrees"]),
        ),
        _rule(
            "unreadable",
            Level.BAD,
            10,
            "image that cannot be read",
            "images that cannot be read",
            "The file is cut off or damaged, and training would stop there or skip it.",
            "Export the frame again.",
            _is_in_state(ImageState.UNREADABLE),
        ),
        _rule(
            "other_size",
            Level.BAD,
            10,
            "image of another size than its labels",
            "images of another size than their labels",
            "Boxes and masks lie in the wrong places of these images.",
            "Somebody has scaled or replaced them: annotate the frames again.",
            _is_in_state(ImageState.OTHER_SIZE),
        ),
        _rule(
            "no_image",
            Level.BAD,
            6,
            "frame without an image",
            "frames without an image",
            "They have labels and nothing to look at.",
            "Choose an image format, or render them again.",
            _without_image,
        ),
        _rule(
            "leak",
            Level.BAD,
            8,
            "frame nearly the same in two splits",
            "frames nearly the same in two splits",
            "A model has seen in training what it is judged by, so its figures flatter it.",
            "Split by sequence or by scene (--split-by), or render the frames of one split anew.",
            lambda facts: _paired(facts, pairs, across=True),
        ),
        _rule(
            "same_draw",
            Level.BAD,
            8,
            "frame drawn alike in another split",
            "frames drawn alike in other splits",
            "All that was drawn at random for them is the same, the seed too, so they are the same frames.",
            "Give the splits other seeds, or divide by what was drawn.",
            _same_draws,
        ),
        _rule(
            "neighbours",
            Level.BAD,
            5,
            "frame whose neighbour is in another split",
            "frames whose neighbours are in other splits",
            "Neighbouring frames of a sequence look alike, so a model is judged by what it has seen.",
            "Split by sequence (--split-by sequence).",
            lambda facts: _alike_neighbours(facts, pairs, limits),
        ),
        _rule(
            "dark",
            Level.LOOK,
            5,
            "dark image",
            "dark images",
            "Hardly anything is brighter than black.",
            "Check the lights and the exposure, or raise the lowest light that is drawn.",
            lambda facts: where(dark_images(facts, limits), -facts.frames["brightness"]),
        ),
        _rule(
            "flat",
            Level.LOOK,
            4,
            "image without contrast",
            "images without contrast",
            "All pixels have nearly the same brightness, as in fog or before a wall.",
            "Check where the camera is and what the world looks like.",
            lambda facts: _flat(facts, limits),
        ),
        _rule(
            "burnt_out",
            Level.LOOK,
            4,
            "burnt-out image",
            "burnt-out images",
            f"More than {in_percent(limits.max_burnt_out)} of the image is white.",
            "Lower the exposure or the strongest light that is drawn.",
            lambda facts: where(facts.frames["burnt_out"] > limits.max_burnt_out, facts.frames["burnt_out"]),
        ),
        _rule(
            "duplicates",
            Level.LOOK,
            2,
            "frame nearly the same as another",
            "frames nearly the same as others",
            "They cost training time and teach nothing new.",
            "Let more vary from frame to frame, or leave every second one out.",
            lambda facts: _paired(facts, pairs, across=False),
        ),
        _rule(
            "all_hidden",
            Level.LOOK,
            4,
            "frame in which all is hidden",
            "frames in which all is hidden",
            f"Less than {in_percent(limits.min_visible)} of each instance is visible.",
            "Something stands in front of the camera: move it, or check the camera's path.",
            lambda facts: _all_hidden(facts, limits),
        ),
        _rule(
            "empty",
            Level.LOOK,
            3,
            "image without a label",
            "images without a label",
            "Good in small numbers: they teach what is not an object.",
            "More than a tenth of all is worth a look at the scene.",
            lambda facts: where(facts.frames["instances"] == 0),
        ),
        _rule(
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
        _rule(
            "noted",
            Level.LOOK,
            2,
            "frame with notes",
            "frames with notes",
            "The annotation had something to say about them.",
            "Read the notes in the frame.",
            lambda facts: where(facts.frames["noted"]),
        ),
        _rule(
            "mostly_dropped",
            Level.LOOK,
            1.5,
            "frame that lost most of its labels",
            "frames that lost most of their labels",
            "Filters left out more instances than they kept, so the image shows things that no label names.",
            "Loosen the filters, or keep what they leave out as regions to ignore.",
            _mostly_dropped,
        ),
        _rule(
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


def _rule(
    key: str, level: Level, weight: float, one: str, many: str, why: str, way_out: str, find: Callable[[Facts], Floats]
) -> Rule:
    return Rule(key, Of.FRAMES, level, weight, one, many, why, way_out, find)


def _is_in_state(state: ImageState) -> Callable[[Facts], Floats]:
    return lambda facts: where(facts.frames["image"] == state)


def _without_image(facts: Facts) -> Floats:
    missing = facts.frames["image"] == ImageState.NOT_WRITTEN
    return where(missing & ~missing.all())  # a dataset without any was asked for


def _paired(facts: Facts, pairs: npt.NDArray[np.int64], across: bool) -> Floats:
    """Frames that look the same as another one; the worst are those of the pairs that come first."""
    split = facts.frames["split"]
    chosen = pairs[(split[pairs[:, 0]] != split[pairs[:, 1]]) == across]
    bad = np.full(len(facts.frames), np.nan)
    order = np.arange(len(chosen), 0, -1, dtype=np.float64)
    for side in (1, 0):
        bad[chosen[::-1, side]] = order[::-1]
    return bad


def _same_draws(facts: Facts) -> Floats:
    """Frames for which all is drawn as for one in another split."""
    splits: dict[tuple[Value | None, ...], set[int]] = defaultdict(set)
    drawn, split = list(zip(*facts.drawn.values(), strict=True)), facts.frames["split"].tolist()
    for values, own in zip(drawn, split, strict=False):
        if any(value is not None for value in values):
            splits[values].add(own)
    alike = [len(splits.get(values, ())) > 1 for values in drawn] or [False] * len(split)
    return where(np.array(alike, bool))


def _alike_neighbours(facts: Facts, pairs: npt.NDArray[np.int64], limits: Limits) -> Floats:
    """Frames that follow each other in a sequence, look alike, and are in different splits; without near-duplicates."""
    frames = facts.frames
    here, after = frames[:-1], frames[1:]
    apart = bits_apart(here["fingerprint"], after["fingerprint"])
    usable = usable_images(facts, limits)
    leaks = (
        (here["sequence"] == after["sequence"])
        & (here["number"] + 1 == after["number"])
        & (here["split"] != after["split"])
        & (apart <= limits.neighbour_bits)
        & usable[:-1]
        & usable[1:]
    )
    places = np.flatnonzero(leaks)
    bad = np.full(len(frames), np.nan)
    for step in (1, 0):
        bad[places + step] = -apart[places].astype(np.float64)
    bad[~np.isnan(_paired(facts, pairs, across=True))] = np.nan
    return bad


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
