"""What to look for in a dataset as a whole: categories, splits, and from where objects are seen."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ...base.phrases import listed
from ...drawing.text_labels import short_name
from ..facts.gathering import Facts
from ..facts.views import FIELDS, NO_VIEW, RINGS
from .finding import Finding, Level, dataset_finding, in_percent
from .known import Known
from .known_rules import known_findings
from .limits import Limits

# A direction is known to be missing only of so many instances, and a place of so many frames.
_ENOUGH_VIEWS, _ENOUGH_FRAMES = 200, 20
_SIDES = {"the front": 0, "the right": FIELDS // 4, "behind": FIELDS // 2, "the left": 3 * FIELDS // 4}
_MOST_NAMES = 3


def dataset_findings(facts: Facts, known: Known, limits: Limits) -> Iterator[Finding]:
    """What is found in a dataset as a whole.

    Args:
        facts, known: of it.
        limits: from where on something is a fault.
    """
    counts = _by_category_and_split(facts)
    yield from known_findings(known)
    yield from _categories(facts, counts.sum(axis=1), limits)
    yield from _splits(facts, counts, known.by)
    yield from _borders(facts, limits)
    yield from _views(facts, limits)
    yield from _cameras(facts, limits)
    empty = np.flatnonzero(facts.frames["instances"] == 0)
    if empty.size > limits.max_empty * len(facts.frames):
        yield dataset_finding(
            "many_empty",
            Level.LOOK,
            f"{empty.size / len(facts.frames):.0%} of the images have no label",
            f"More than {in_percent(limits.max_empty)} of such images teach a detector little.",
            "Aim the camera at the objects, or leave such frames out.",
        )


def _by_category_and_split(facts: Facts) -> npt.NDArray[np.int64]:
    """(C, S) how many instances there are."""
    rows, shape = facts.instances, (len(facts.categories), len(facts.splits))
    split = facts.frames["split"][rows["frame"]].astype(np.int64)
    flat = np.bincount(rows["category"].astype(np.int64) * shape[1] + split, minlength=shape[0] * shape[1])
    return flat.reshape(shape)


def _categories(facts: Facts, counts: npt.NDArray[np.int64], limits: Limits) -> Iterator[Finding]:
    unseen = np.flatnonzero(counts == 0)
    if unseen.size:
        yield dataset_finding(
            "unseen",
            Level.BAD,
            f"No instance of {_names(facts, unseen)}",
            "A category that is never seen is not learned.",
            "Show its objects, or take it out of the category table.",
        )
    few = np.flatnonzero((counts > 0) & (counts < limits.min_instances))
    for number in few:
        yield dataset_finding(
            "few_instances",
            Level.BAD,
            f"Only {counts[number]} of {short_name(facts.categories[number])}",
            f"A category with fewer than {limits.min_instances} instances is hardly learned.",
            "Render more frames that show it.",
            filter={"category": [int(number)]},
        )
    there = np.flatnonzero(counts)
    if there.size > 1:
        most, least = there[counts[there].argmax()], there[counts[there].argmin()]
        if counts[most] > limits.max_imbalance * counts[least]:
            yield dataset_finding(
                "imbalance",
                Level.LOOK,
                f"{counts[most] / counts[least]:.0f} times as many {short_name(facts.categories[most])} as "
                f"{short_name(facts.categories[least])}",
                "What is rare is learned last, and figures over all categories hide it.",
                "Show the rare one more often, or weight it in training.",
                filter={"category": [int(least)]},
            )
    yield from _single_objects(facts, counts, limits)


def _single_objects(facts: Facts, counts: npt.NDArray[np.int64], limits: Limits) -> Iterator[Finding]:
    rows = facts.instances
    pairs = np.unique(np.stack((rows["category"].astype(np.int64), rows["name"].astype(np.int64))), axis=1)
    objects = np.bincount(pairs[0], minlength=len(counts))
    single = np.flatnonzero((objects == 1) & (counts >= limits.min_instances))
    if single.size:
        yield dataset_finding(
            "single_object",
            Level.NOTE,
            f"One object only of {_names(facts, single)}",
            "All instances are views of one object, so a model learns that object, not its kind.",
            "Add objects of other shapes and materials.",
            filter={"category": [int(number) for number in single]},
        )


def _splits(facts: Facts, counts: npt.NDArray[np.int64], by: str) -> Iterator[Finding]:
    frames = np.bincount(facts.frames["split"], minlength=len(facts.splits))
    for number in np.flatnonzero(frames == 0):
        yield dataset_finding(
            "empty_split",
            Level.BAD,
            f"No frame is in the split {facts.splits[number]}",
            f"{len(facts.frames)} frames were divided by {by}.",
            "Add frames, or divide them in another way (--splits, --split-by, --split-seed).",
        )
    for split in np.flatnonzero(frames):
        lacking = np.flatnonzero((counts[:, split] == 0) & (counts.sum(axis=1) > 0))
        if lacking.size:
            yield dataset_finding(
                "lacking",
                Level.BAD,
                f"No {_names(facts, lacking)} in {facts.splits[split]}",
                "A split that lacks a category neither teaches it nor judges it.",
                "Add frames, or divide them in another way (--splits, --split-by, --split-seed).",
                filter={"category": [int(number) for number in lacking]},
            )
    yield from _known_objects(facts)


def _known_objects(facts: Facts) -> Iterator[Finding]:
    """All objects of a later split are in the first one too."""
    rows = facts.instances
    split, names = facts.frames["split"][rows["frame"]], len(facts.names)
    known = np.zeros((len(facts.splits), names), bool)
    known[split, rows["name"]] = True
    first, *others = known if len(known) else [np.zeros(0, bool)]
    same = [facts.splits[number] for number, one in enumerate(others, 1) if one.any() and not (one & ~first).any()]
    if same:
        yield dataset_finding(
            "same_objects",
            Level.NOTE,
            f"All objects of {listed(same)} are in {facts.splits[0]} too",
            "So it says how well a model knows these objects, not how it does with new ones.",
            "Keep some objects for it, in scenes of their own, and split by scene.",
        )


def _borders(facts: Facts, limits: Limits) -> Iterator[Finding]:
    rows = facts.instances[~facts.instances["stuff"]]
    if not rows.size or rows["at_border"].mean() <= limits.max_at_border:
        return
    all_of = np.bincount(rows["category"], minlength=len(facts.categories))
    cut = np.bincount(rows["category"][rows["at_border"]], minlength=len(facts.categories))
    share = cut / np.maximum(all_of, 1)
    worst = int(share.argmax())
    yield dataset_finding(
        "at_border",
        Level.NOTE,
        f"{share[worst]:.0%} of {_names(facts, [worst])} touch the border; of all {rows['at_border'].mean():.0%}",
        "What is cut off is harder to find, and to judge.",
        "Aim the camera at the middle of the objects, or set At Border to Drop.",
        filter={"category": [worst]},
    )


def _views(facts: Facts, limits: Limits) -> Iterator[Finding]:
    view = facts.instances["view"][facts.instances["view"] != NO_VIEW].astype(np.int64)
    if view.size < _ENOUGH_VIEWS:
        return
    ring, sector = np.divmod(view, FIELDS)

    def is_towards(middle: int) -> npt.NDArray[np.bool_]:
        away = (sector - middle + FIELDS // 2) % FIELDS - FIELDS // 2
        near: npt.NDArray[np.bool_] = np.abs(away) <= FIELDS // 8
        return near

    missing = [side for side, middle in _SIDES.items() if is_towards(middle).mean() < limits.min_from_side]
    if (ring == 0).mean() < limits.min_from_above:
        missing.append("straight above")
    if (ring >= RINGS // 2).mean() < limits.min_from_below:
        missing.append("below")
    if missing:
        yield dataset_finding(
            "never_seen_from",
            Level.NOTE,
            f"Hardly seen from {' or '.join(missing)}",
            "A model does not know what it has not seen: the discs under Charts show it for each category.",
            "Let the camera, or the objects, turn further.",
        )


def _cameras(facts: Facts, limits: Limits) -> Iterator[Finding]:
    places = facts.frames["camera"]
    if len(places) < _ENOUGH_FRAMES or np.isnan(places).any():
        return
    if (np.ptp(places, axis=0) < limits.min_camera_move).all():
        yield dataset_finding(
            "one_camera",
            Level.LOOK,
            "All images are from one place",
            "The background is the same everywhere, and a model learns it instead of the objects.",
            "Move the camera from frame to frame.",
        )


def _names(facts: Facts, numbers: Sequence[int] | npt.NDArray[np.int64]) -> str:
    names = [short_name(facts.categories[number]) for number in numbers]
    return listed([*names[:_MOST_NAMES], f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else names)
