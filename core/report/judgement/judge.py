"""What is wrong first: all findings of a dataset, the worst frames, and a sentence on whether to train on it."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...base.phrases import counted
from ..facts.gathering import Facts
from ..facts.near_duplicates import near_duplicates
from .dataset_rules import dataset_findings
from .finding import Finding, Level, Of, Remedy, found_by
from .frame_rules import frame_rules
from .instance_rules import instance_rules
from .known import Known
from .leak_rules import leak_rules
from .limits import Limits
from .usable_images import usable_images

# A finding lies within another one if so many of its items do.
_WITHIN = 0.95
_ORDER = {level: number for number, level in enumerate(Level)}


@dataclass(frozen=True)
class Judgement:
    """What is to be said of a dataset.

    Attributes:
        findings: worst first.
        pairs: (P, 2) frames that look the same.
        score: (F,) how much is wrong with each frame.
        level: of the whole.
        headline: a sentence on whether to train on it.
        summary: what is in it, likewise.
        remedies: the fewest settings that leave out all labels that are too weak.
        fine: what was looked for and not found, in a few words each.
        limits: from where on something was a fault.
    """

    findings: Sequence[Finding]
    pairs: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]
    level: Level
    headline: str
    summary: str
    remedies: Sequence[Remedy]
    fine: Sequence[str]
    limits: Limits

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        yield self.headline
        yield self.summary
        for one in self.findings:
            if not one.within:
                yield f"  {_MARKS[one.level]} {one.sentence}"


_MARKS = {Level.BAD: "x", Level.LOOK: "!", Level.NOTE: "-"}


def judge(facts: Facts, known: Known = Known(), limits: Limits = Limits()) -> Judgement:  # noqa: B008 (frozen)
    """Look for all that is worth a look.

    Args:
        facts, known: of the dataset.
        limits: from where on something is a fault.
    """
    frames = facts.frames
    prints, usable = frames["fingerprint"], usable_images(facts, limits)
    pairs = near_duplicates(prints, frames["brightness"], usable, limits.alike_bits, limits.max_alike_brightness)
    rules = (*frame_rules(limits), *leak_rules(pairs, limits), *instance_rules(limits))
    found = [one for rule in rules if (one := found_by(rule, facts))]
    findings = sorted([*_folded(found), *dataset_findings(facts, known, limits)], key=_place)
    weak = _weak(findings, len(facts.instances))
    share = float(weak.mean()) if weak.size else 0.0
    return Judgement(
        findings,
        pairs,
        _scores(facts, findings),
        _level(findings, share, limits),
        _headline(findings, share, limits),
        _summary(facts),
        _remedies(findings),
        _fine(findings, known.validated),
        limits,
    )


def _place(finding: Finding) -> tuple[float, ...]:
    of = {Of.FRAMES: 0, Of.INSTANCES: 1, Of.DATASET: 2}[finding.of]
    return _ORDER[finding.level], of, -finding.weight * finding.count


def _folded(findings: Sequence[Finding]) -> list[Finding]:
    """The same, those that lie within a larger one with its key, so that one thing is not said twice."""
    folded: list[Finding] = []
    for one in sorted(findings, key=lambda one: -one.count):
        holders = (other for other in folded if (other.of, other.level, other.within) == (one.of, one.level, ""))
        within = next((other.key for other in holders if _share_in(one, other) >= _WITHIN), "")
        folded.append(dataclasses.replace(one, within=within))
    return folded


def _share_in(finding: Finding, other: Finding) -> float:
    """Which part of the items of one are items of another."""
    return float(np.isin(finding.items, other.items).mean())


def _weak(findings: Sequence[Finding], count: int) -> npt.NDArray[np.bool_]:
    """(I,) which labels some setting would leave out."""
    weak = np.zeros(count, bool)
    for one in findings:
        if one.remedy:
            weak[one.items] = True
    return weak


def _scores(facts: Facts, findings: Sequence[Finding]) -> npt.NDArray[np.float64]:
    score = np.zeros(len(facts.frames))
    for one in findings:
        if one.of is not Of.DATASET:
            frames = one.items if one.of is Of.FRAMES else facts.instances["frame"][one.items]
            np.add.at(score, frames, one.weight)
    return score


def _level(findings: Sequence[Finding], weak: float, limits: Limits) -> Level:
    if weak > limits.many_weak or any(one.level is Level.BAD for one in findings):
        return Level.BAD
    if weak > limits.few_weak or any(one.level is Level.LOOK for one in findings):
        return Level.LOOK
    return Level.NOTE


def _headline(findings: Sequence[Finding], weak: float, limits: Limits) -> str:
    if findings and findings[0].level is Level.BAD:
        text = findings[0].sentence
        return f"Not ready: {text[0].lower()}{text[1:]}"
    if weak > limits.many_weak:
        return f"Not ready: {weak:.0%} of the labels are too weak to learn from"
    if weak > limits.few_weak:
        return f"Trainable; {weak:.0%} of the labels are too weak"
    if any(one.level is Level.LOOK for one in findings):
        return "Trainable, with a few things to look at"
    return "Ready to train"


def _summary(facts: Facts) -> str:
    sizes = np.bincount(facts.frames["split"], minlength=len(facts.splits))
    splits = ", ".join(f"{size:,} {name}" for name, size in zip(facts.splits, sizes.tolist(), strict=True))
    categories = counted(len(facts.categories), "category")
    return f"{len(facts.frames):,} images: {splits}; {len(facts.instances):,} instances of {categories}."


def _remedies(findings: Sequence[Finding]) -> list[Remedy]:
    """The largest first; those that leave out nothing more are not needed."""
    with_remedy = sorted((one for one in findings if one.remedy), key=lambda one: -one.count)
    gone: set[int] = set()
    needed = []
    for one in with_remedy:
        items = set(one.items.tolist())
        if one.remedy and not items <= gone:
            needed.append(one.remedy)
            gone |= items
    return needed


def _fine(findings: Sequence[Finding], validated: bool) -> list[str]:
    found = {one.key for one in findings}
    fine = [
        text
        for text, keys in {
            "no leak between splits": ("leak", "neighbours"),
            "no near-duplicates": ("duplicates", "leak"),
            "no empty image": ("empty",),
            "no dark, flat or burnt-out image": ("dark", "flat", "burnt_out"),
            "no notes": ("noted",),
        }.items()
        if not found & set(keys)
    ]
    if validated and not found & {"disagrees", "damaged", "missing", "only_described", "contradicts"}:
        fine.append("all checks of validate passed")
    return fine
