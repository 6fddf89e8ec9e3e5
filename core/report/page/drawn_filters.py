"""Filters of what was drawn at random for each frame: whatever that is becomes a filter and a chart by itself."""

import math
import re
from collections.abc import Sequence

import numpy as np

from ..facts.gathering import Facts, Value
from .columns import Column
from .filter import Filter
from .filter_bins import even_bins

# A number that has at most so many values is a choice, and so is a text; to how many steps numbers are rounded; and how
# many filters there are, since each makes the page larger.
_MOST_CHOICES, _MOST_TEXTS, _DRAWN_STEPS, _MOST_DRAWN = 12, 200, 250, 40


def drawn_filters(facts: Facts) -> tuple[list[Filter], list[Column]]:
    """What was drawn at random and is not the same for all frames: numbers in even bins, few values or texts as
    choices."""
    filters: list[Filter] = []
    columns: list[Column] = []
    for number, (name, values) in enumerate(sorted(facts.drawn.items(), key=_rank)):
        key, different = f"drawn_{number}", set(values)
        if len(different) < 2 or len(filters) == _MOST_DRAWN:
            continue
        is_number = all(value is None or isinstance(value, int | float) for value in different)
        if is_number and len(different) > _MOST_CHOICES:
            numbers = np.array([math.nan if value is None else float(value) for value in values])
            columns.append(Column.rounded(f"frames.{key}", numbers, _DRAWN_STEPS))
            filters.append(Filter(key, name, "frames", key, *even_bins(numbers), at_side=True, as_chart=False))
        elif len(different) <= _MOST_TEXTS:
            texts = ["(none)" if value is None else f"{value:g}" if is_number else str(value) for value in values]
            labels = sorted(set(texts))
            columns.append(Column.whole(f"frames.{key}", np.array([labels.index(text) for text in texts])))
            filters.append(Filter(key, name, "frames", key, labels=labels, at_side=True, as_chart=False))
    return filters, columns


def _rank(drawn: tuple[str, Sequence[Value | None]]) -> int:
    """What says most comes first, such as the distance of the camera or the strength of a light; then what has two
    values, such as whether an object is there; then numbers of several under one name, such as those of a place."""
    name, values = drawn
    if re.search(r" \d+$", name):
        return 2
    return int(len(set(values) - {None}) <= 2)
