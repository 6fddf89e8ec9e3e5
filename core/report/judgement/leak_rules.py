"""What to look for in frames that look the same: in one split they cost time, and in several they are leaks."""

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from ..facts.gathering import Facts, Value
from ..facts.near_duplicates import bits_apart
from .finding import Floats, Level, Rule, frame_rule, where
from .limits import Limits
from .usable_images import usable_images


def leak_rules(pairs: npt.NDArray[np.int64], limits: Limits) -> tuple[Rule, ...]:
    """All of them.

    Args:
        pairs: (P, 2) frames that look the same, see near_duplicates().
        limits: from where on something is a fault.
    """
    return (
        frame_rule(
            "leak",
            Level.BAD,
            8,
            "frame nearly the same in two splits",
            "frames nearly the same in two splits",
            "A model has seen in training what it is judged by, so its figures flatter it.",
            "Split by sequence or by scene (--split-by), or render the frames of one split anew.",
            lambda facts: _paired(facts, pairs, across=True),
        ),
        frame_rule(
            "same_draw",
            Level.BAD,
            8,
            "frame drawn alike in another split",
            "frames drawn alike in other splits",
            "All that was drawn at random for them is the same, the seed too, so they are the same frames.",
            "Give the splits other seeds, or divide by what was drawn.",
            _same_draws,
        ),
        frame_rule(
            "neighbours",
            Level.BAD,
            5,
            "frame whose neighbour is in another split",
            "frames whose neighbours are in other splits",
            "Neighbouring frames of a sequence look alike, so a model is judged by what it has seen.",
            "Split by sequence (--split-by sequence).",
            lambda facts: _alike_neighbours(facts, pairs, limits),
        ),
        frame_rule(
            "duplicates",
            Level.LOOK,
            2,
            "frame nearly the same as another",
            "frames nearly the same as others",
            "They cost training time and teach nothing new.",
            "Let more vary from frame to frame, or leave every second one out.",
            lambda facts: _paired(facts, pairs, across=False),
        ),
    )


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
