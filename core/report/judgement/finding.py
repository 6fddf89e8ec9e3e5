"""A finding: one thing that somebody should know before training, with all frames or instances that it is about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from ...settings.settings import Settings
from ..facts.gathering import Facts

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Level(str, Enum):
    """How much a finding weighs. A page that cries wolf is not read, so few are BAD."""

    BAD = "bad"  # fix it before training
    LOOK = "look"  # look at it, and decide
    NOTE = "note"  # good to know


class Of(str, Enum):
    """What a finding is about."""

    FRAMES = "frames"
    INSTANCES = "instances"
    DATASET = "dataset"


@dataclass(frozen=True)
class Remedy:
    """A setting that leaves out what a finding is about.

    Attributes:
        setting: name of a field of Settings.
        value: which it should have.
    """

    setting: str
    value: float

    @property
    def label(self) -> str:
        """The name of the setting in the sidebar."""
        found = next(one for one in fields(Settings) if one.name == self.setting)
        return str(found.metadata["label"])

    @property
    def option(self) -> str:
        """As the command line has it."""
        return f"--{self.setting.replace('_', '-')} {self.value:g}"


@dataclass(frozen=True)
class Rule:
    """What to look for in frames or instances.

    Attributes:
        key: its name in figures.json, which stays.
        of: FRAMES or INSTANCES.
        level: how much it weighs.
        weight: what each counts in the order of the worst frames.
        one, many: what is found, after its number.
        why: what is wrong with it, for people.
        way_out: what to do about it; "" where the remedy says it.
        find: gives how bad each of them is, worst highest; NaN for all others. Of frames (F,), of instances (I,).
        caption: unit of what find() gives, as the page writes it under a picture, or "" for nothing.
        remedy: None where no setting leaves them out.
    """

    key: str
    of: Of
    level: Level
    weight: float
    one: str
    many: str
    why: str
    way_out: str
    find: Callable[[Facts], Floats]
    remedy: Remedy | None = None


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        key, of, level, weight, why, way_out, remedy: as of Rule.
        count: of how many; 0 where it is about the dataset as a whole.
        text: what is found, after its number if it has one.
        one: the same of one of them.
        items: numbers of frames or instances, worst first; of the dataset those that show it, if any.
        within: key of another finding that holds nearly all of these; "" if there is none.
        filter: what else shows it on the page: key of a filter -> the bins to choose.
    """

    key: str
    of: Of
    level: Level
    text: str
    why: str
    way_out: str
    count: int = 0
    weight: float = 0.0
    items: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    remedy: Remedy | None = None
    within: str = ""
    one: str = ""
    filter: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The same in one line."""
        return f"{self.count:,} {self.text}" if self.count else self.text


def dataset_finding(
    key: str,
    level: Level,
    text: str,
    why: str,
    way_out: str,
    count: int = 0,
    filter: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> Finding:
    """A finding about a dataset as a whole; the arguments are those of Finding."""
    return Finding(key, Of.DATASET, level, text, why, way_out, count, filter=dict(filter))


def frame_rule(
    key: str, level: Level, weight: float, one: str, many: str, why: str, way_out: str, find: Callable[[Facts], Floats]
) -> Rule:
    """A rule about frames that no setting leaves out; the arguments are those of Rule."""
    return Rule(key, Of.FRAMES, level, weight, one, many, why, way_out, find)


def in_percent(share: float) -> str:
    """A limit as a sentence has it: "10%", "0.5%"."""
    return f"{100 * share:.3g}%"


def where(condition: npt.NDArray[np.bool_], how_bad: npt.NDArray[np.generic] | float = 0.0) -> Floats:
    """How bad each is for which a condition holds, NaN for all others."""
    return np.where(condition, how_bad, np.nan).astype(np.float64)


def found_by(rule: Rule, facts: Facts) -> Finding | None:
    """What a rule finds; None where that is nothing."""
    bad = rule.find(facts)
    items = np.flatnonzero(~np.isnan(bad))
    if not items.size:
        return None
    items = items[np.argsort(-bad[items], kind="stable")]
    return Finding(
        rule.key,
        rule.of,
        rule.level,
        rule.one if items.size == 1 else rule.many,
        rule.why,
        rule.way_out,
        int(items.size),
        rule.weight,
        items,
        rule.remedy,
        one=rule.one,
    )
