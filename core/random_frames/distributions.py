"""Numbers by their distribution, made of uniform ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..base.choice import Choice
from ..base.errors import UsageError
from .streams import Floats, Integers

# How many uniform numbers one value takes, whatever the distribution is, so that another one moves nothing else.
UNIFORMS_PER_NUMBER = 2


class Distribution(Choice):
    """How the values of a row are spread."""

    UNIFORM = "uniform", "Uniform", "All values from Min to Max are equally likely"
    NORMAL = "normal", "Normal", "Values around a mean; Deviation is the standard deviation"
    LOG_UNIFORM = (
        "log_uniform",
        "Log-Uniform",
        "From Min to Max, each doubling equally likely: for energies, sizes and other values above 0",
    )
    CHOICE = "choice", "Choice", "One of several values, each with a weight if you like"
    SAME = "same", "Same As", "The value of another row"


@dataclass(frozen=True)
class NumberSpread:
    """The distribution of a number.

    Attributes:
        kind: which one; not SAME, which draws nothing.
        low, high: of UNIFORM and LOG_UNIFORM.
        mean, deviation: of NORMAL.
        choices, weights: of CHOICE, as many of the one as of the other.
        whole: whether only whole numbers are wanted; both ends are among them then.
    """

    kind: Distribution = Distribution.UNIFORM
    low: float = 0.0
    high: float = 1.0
    mean: float = 0.0
    deviation: float = 1.0
    choices: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    whole: bool = False

    def check(self) -> None:
        """Raises UsageError where nothing can be drawn."""
        if self.kind in (Distribution.UNIFORM, Distribution.LOG_UNIFORM) and self.low > self.high:
            raise UsageError(f"Min {self.low:g} is above Max {self.high:g}; exchange them")
        if self.kind is Distribution.LOG_UNIFORM and self.low <= 0:
            raise UsageError(f"Log-Uniform has no value such as {self.low:g}; give a Min above 0, or choose Uniform")
        if self.kind is Distribution.CHOICE and not self.choices:
            raise UsageError("There is nothing to choose from; give values with commas, such as 1, 2, 5")

    def draw(self, u: Floats) -> Floats:
        """(F,) values of (F, UNIFORMS_PER_NUMBER) uniform numbers."""
        if self.kind is Distribution.NORMAL:
            found = normal(u, self.mean, self.deviation)
        elif self.kind is Distribution.LOG_UNIFORM:
            found = log_uniform(u[:, 0], self.low, self.high)
        elif self.kind is Distribution.CHOICE:
            found = np.array(self.choices)[chosen(u[:, 0], self.weights)]
        elif self.whole:
            return np.minimum(np.floor(uniform(u[:, 0], self.low, self.high + 1)), self.high)
        else:
            found = uniform(u[:, 0], self.low, self.high)
        return np.round(found) if self.whole else found


def uniform(u: Floats, low: float, high: float) -> Floats:
    """Even from low to high; (...) as u."""
    return low + u * (high - low)


def log_uniform(u: Floats, low: float, high: float) -> Floats:
    """With an even logarithm; both ends above 0."""
    found: Floats = np.exp(uniform(u, math.log(low), math.log(high)))
    return found


def normal(u: Floats, mean: float, deviation: float) -> Floats:
    """(...) normal values of (..., 2) uniform ones.

    Source: Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.
    """
    found: Floats = mean + deviation * np.sqrt(-2 * np.log1p(-u[..., 0])) * np.cos(2 * np.pi * u[..., 1])
    return found


def chosen(u: Floats, weights: Sequence[float]) -> Integers:
    """Numbers of the things that are chosen, likely as their weights say; (...) as u."""
    sums = np.cumsum(np.asarray(weights, float))
    found: Integers = np.minimum(np.searchsorted(sums, u * sums[-1], side="right"), len(sums) - 1)
    return found


def parse_choices(text: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Read values with their weights: "1, 2, 5", or "POINT: 3, SPOT: 1".

    Returns:
        The values as they are written, and their weights, 1 where none is given.

    Raises:
        UsageError: a weight is none.
    """
    values, weights = [], []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        value, _, weight = (piece.strip() for piece in part.partition(":"))
        try:
            number = float(weight) if weight else 1.0
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            raise UsageError(f"{weight!r} is not the weight of a choice; write a number above 0, such as {value}: 3")
        values.append(value)
        weights.append(number)
    return tuple(values), tuple(weights)
